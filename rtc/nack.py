"""Which packets of a publisher are missing, and when to ask for them again.

Bounded: 256 missing packets, each asked for at most 10 times within a second; what is dropped is the request.
"""

from rtc.serial import SEQ_MASK, seq_delta

MAX_MISSING = 256
MAX_TRIES = 10
GIVE_UP_S = 1.0
REORDER_S = 0.01  # a packet that is merely out of order has this long to arrive
FIRST_RETRY_S = 0.06


class Missing:
    """The gaps in one stream of a publisher."""

    __slots__ = ("_gaps", "retry_s")

    def __init__(self) -> None:
        self._gaps: dict[int, list[float]] = {}  # seq → [since, next request at, tries]
        self.retry_s = FIRST_RETRY_S

    def __len__(self) -> int:
        return len(self._gaps)

    def gap(self, before: int, after: int, now: float) -> bool:
        """Everything between the two is missing; False when that is too much to ask for."""
        count = seq_delta(after, before) - 1
        if count <= 0:
            return True
        if count + len(self._gaps) > MAX_MISSING:
            self._gaps.clear()
            return False
        for step in range(1, count + 1):
            self._gaps[(before + step) & SEQ_MASK] = [now, now + REORDER_S, 0]
        return True

    def arrived(self, seq: int, now: float) -> float | None:
        """It is missing no longer; if it came upon a single request, the seconds that took."""
        gap = self._gaps.pop(seq, None)
        if gap is None or gap[2] != 1:
            return None
        return now - (gap[1] - self.retry_s)

    def due(self, now: float) -> list[int]:
        """The packets to ask for now, in order; those asked for in vain for long are given up."""
        ask: list[int] = []
        for seq, gap in list(self._gaps.items()):
            if now - gap[0] > GIVE_UP_S or gap[2] >= MAX_TRIES:
                del self._gaps[seq]
            elif now >= gap[1]:
                gap[1] = now + self.retry_s
                gap[2] += 1
                ask.append(seq)
        return ask

    def clear(self) -> None:
        """Nothing is missing any more."""
        self._gaps.clear()
