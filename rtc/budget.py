"""What one peer may cost in a while: beyond it, what it sends or asks for is dropped and counted."""


class Budget:
    """A purse that fills by `per_s` every second, up to `burst`. Times are monotonic seconds."""

    __slots__ = ("_at", "_burst", "_left", "_per_s", "refused")

    def __init__(self, *, per_s: float, burst: float, now: float) -> None:
        self._per_s = per_s
        self._burst = burst
        self._left = burst
        self._at = now
        self.refused = 0

    def take(self, cost: float, now: float) -> bool:
        """Whether there was enough for it; else it is counted as refused, and nothing was taken."""
        self._left = min(self._burst, self._left + (now - self._at) * self._per_s)
        self._at = now
        if self._left < cost:
            self.refused += 1
            return False
        self._left -= cost
        return True
