"""Whose turn it is: everyone after so long, a few at one moment, so that many hold up nothing urgent."""

from collections import deque
from collections.abc import Container


class Turns:
    """Those who wait, the longest waiting first. Times are monotonic seconds."""

    __slots__ = ("_at_once", "_every_s", "_waiting")

    def __init__(self, *, every_s: float, at_once: int) -> None:
        self._every_s = every_s
        self._at_once = at_once
        self._waiting: deque[tuple[float, str]] = deque()

    def add(self, name: str, now: float) -> None:
        """Its first turn comes after the usual time."""
        self._waiting.append((now + self._every_s, name))

    def due(self, now: float, present: Container[str]) -> list[str]:
        """Those whose turn it is now; who is not present any more is forgotten."""
        turn: list[str] = []
        while self._waiting and self._waiting[0][0] <= now and len(turn) < self._at_once:
            _, name = self._waiting.popleft()
            if name in present:
                turn.append(name)
                self.add(name, now)
        return turn
