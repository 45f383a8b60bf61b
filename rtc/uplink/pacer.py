"""Evens out what a publisher sends all at once: a keyframe of a hundred packets in a row would fill the queue
of every viewer's way, and this worker's own buffers, for a moment; what does not fit in is lost.

A usual frame passes as it comes. Of more, the rest leaves a little later, at several times the picture's own
rate. Browsers even out themselves; encoders in cameras do not.
"""

from collections import deque
from typing import Generic, TypeVar

BURST = 24.0  # packets: a frame of 28 KB
LEAST_PER_S = 2_500.0  # about 24 Mbps
AHEAD = 3.0  # times the rate at which packets come
MOST_HELD = 1_500  # beyond this the oldest leave at once
RATE_WEIGHT = 0.2

Item = TypeVar("Item")


class Pacer(Generic[Item]):
    """One source's pictures. Times are monotonic seconds."""

    __slots__ = ("_at", "_counted", "_counted_at", "_held", "_left", "_per_s")

    def __init__(self, now: float) -> None:
        self._held: deque[tuple[Item, float]] = deque()
        self._left = BURST
        self._at = now
        self._per_s = LEAST_PER_S
        self._counted = 0
        self._counted_at = now

    @property
    def holding(self) -> bool:
        """Whether something waits."""
        return bool(self._held)

    def passes(self, item: Item, now: float) -> bool:
        """Whether it may leave at once; else it is held and comes out of `due` in its turn."""
        self._note_rate(now)
        self._refill(now)
        if not self._held and self._left >= 1:
            self._left -= 1
            return True
        self._held.append((item, now))
        return False

    def due(self, now: float) -> list[tuple[Item, float]]:
        """What leaves now, with the time at which it arrived; in order."""
        self._refill(now)
        leaving = []
        while self._held and (self._left >= 1 or len(self._held) > MOST_HELD):
            self._left = max(0.0, self._left - 1)
            leaving.append(self._held.popleft())
        return leaving

    def _refill(self, now: float) -> None:
        self._left = min(BURST, self._left + max(0.0, now - self._at) * self._per_s)
        self._at = now

    def _note_rate(self, now: float) -> None:
        self._counted += 1
        elapsed = now - self._counted_at
        if elapsed >= 1.0:
            wanted = max(LEAST_PER_S, AHEAD * self._counted / elapsed)
            self._per_s += RATE_WEIGHT * (wanted - self._per_s)
            self._counted, self._counted_at = 0, now
