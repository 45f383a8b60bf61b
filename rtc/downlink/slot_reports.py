"""What receiver reports say of one slot: the loss on the way down, and jitter.

A packet that never came from the publisher is missing at the viewer too, and stands in the viewer's report as
lost. It is taken out again here: who loses on the way up must not look like one who loses on the way down.
"""

from rtc.rtp.rtcp import ReportBlock

_WRAP = 1 << 32
_LOST_WRAP = 1 << 24


class SlotReports:
    """The reports on one slot since figures were last taken. `clock_rate` is its timestamps'."""

    __slots__ = ("_before", "_clock_rate", "_expected", "_holes", "_lost", "_stretch", "jitter_ms")

    def __init__(self, *, clock_rate: int) -> None:
        self._clock_rate = clock_rate
        self._before: ReportBlock | None = None
        self._stretch: object = None
        self._holes = 0
        self._expected = 0
        self._lost = 0
        self.jitter_ms: float | None = None

    def note(self, block: ReportBlock, *, holes: int, stretch: object) -> float:
        """The share (0..1) that the interval of this report lost between us and the receiver.

        `holes` is how many packets of what the slot carries never came, so far. It may fall: what was lost on
        the way up comes late. `stretch` is one and the same for as long as these are counted; an interval in
        which it changed is taken as it is.
        """
        self.jitter_ms = 1000 * block.jitter / self._clock_rate
        before, self._before = self._before, block
        same, self._stretch = stretch is self._stretch, stretch
        more_holes, self._holes = holes - self._holes, holes
        if before is None:
            return block.fraction_lost / 256
        expected = (block.highest - before.highest) % _WRAP
        if expected == 0 or expected >= _WRAP // 2:  # nothing new, or it counts anew
            return block.fraction_lost / 256
        lost = (block.lost - before.lost) % _LOST_WRAP
        lost = lost - _LOST_WRAP if lost >= _LOST_WRAP // 2 else lost  # less than before: some came late
        if same:
            expected, lost = expected - more_holes, lost - more_holes
        self._expected += expected
        self._lost += lost
        return _share(lost, expected)

    def take(self) -> tuple[int, int] | None:
        """Packets that should have arrived and packets lost since the last call; None without a report."""
        expected, lost, self._expected, self._lost = self._expected, self._lost, 0, 0
        return (expected, min(expected, max(0, lost))) if expected > 0 else None


def _share(lost: int, expected: int) -> float:
    return min(expected, max(0, lost)) / expected if expected > 0 else 0.0
