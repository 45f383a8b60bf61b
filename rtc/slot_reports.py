"""What receiver reports say of one slot: the loss on the way down, and jitter.

A packet that never came from the publisher is missing at the viewer too, and stands in the viewer's report as
lost. It is taken out again here: who loses on the way up must not look like one who loses on the way down.
"""

from rtc.rtcp import ReportBlock
from rtc.slot import Carried

_WRAP = 1 << 32
_LOST_WRAP = 1 << 24


class SlotReports:
    """The reports on one slot since figures were last taken. `clock_rate` is its timestamps'."""

    __slots__ = ("_before", "_clock_rate", "_expected", "_holes", "_lost", "_track", "jitter_ms")

    def __init__(self, *, clock_rate: int) -> None:
        self._clock_rate = clock_rate
        self._before: ReportBlock | None = None
        self._track: Carried | None = None
        self._holes = 0
        self._expected = 0
        self._lost = 0
        self.jitter_ms: float | None = None

    def note(self, block: ReportBlock, carried: Carried | None) -> float:
        """The share (0..1) that the interval of this report lost between us and the receiver.

        `carried` is what the slot carries now; an interval in which that changed is taken as it is.
        """
        self.jitter_ms = 1000 * block.jitter / self._clock_rate
        before, self._before = self._before, block
        same, self._track = carried is self._track, carried
        holes = carried.holes if carried is not None else 0
        more_holes, self._holes = max(0, holes - self._holes), holes
        if before is None:
            return block.fraction_lost / 256
        expected = (block.highest - before.highest) % _WRAP
        if expected == 0 or expected >= _WRAP // 2:  # nothing new, or it counts anew
            return block.fraction_lost / 256
        lost = (block.lost - before.lost) % _LOST_WRAP
        lost = lost - _LOST_WRAP if lost >= _LOST_WRAP // 2 else lost  # less than before: some came late
        if same:
            expected, lost = expected - more_holes, lost - more_holes
        if expected <= 0:
            return 0.0
        lost = min(expected, max(0, lost))
        self._expected += expected
        self._lost += lost
        return lost / expected

    def take(self) -> tuple[int, int] | None:
        """Packets that should have arrived and packets lost since the last call; None without a report."""
        expected, lost, self._expected, self._lost = self._expected, self._lost, 0, 0
        return (expected, lost) if expected else None
