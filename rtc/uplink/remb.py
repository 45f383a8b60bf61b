"""How much a publisher may send that gets no transport-wide feedback: told to it as REMB
(draft-alvestrand-rmcat-remb), by loss, by what arrives and, where its packets tell when they left, by delay.

A browser trusts the first two seconds' REMB outright, so the opening figure decides how soon the picture is
good. After that the figure grows by a twelfth a second while nothing is lost. It follows what arrives when
much is lost, and lies a little below that when the delay grows, so that the queue which did that drains.
"""

from collections import deque

from rtc.downlink.delay_trend import DelayTrend, Usage

START_BPS = 2_500_000
MIN_BPS = 150_000
MAX_BPS = 6_000_000
GROWTH_PER_S = 0.08
CALM_LOSS = 0.02
HEAVY_LOSS = 0.10
DECREASE = 0.85  # of what came through while the queue grew
SETTLE_S = 0.5  # between two decreases: the last one must show first
MEASURE_S = 0.5
GROUP_S = 0.005  # packets that left within it are one group


class UplinkEstimate:
    """What one publisher's uplink is believed to carry."""

    __slots__ = ("_arrived", "_at", "_decreased_at", "_group", "_trend", "bitrate_bps", "pressing")

    def __init__(self, now: float) -> None:
        self.bitrate_bps = START_BPS
        self.pressing = False
        """The figure was lowered, and the publisher should hear of it at once."""
        self._at = now
        self._decreased_at = -1e9
        self._trend = DelayTrend()
        self._arrived: deque[tuple[float, int]] = deque()  # when and how much, in the last half second
        self._group: tuple[float, float, float] | None = None  # first and last departure, last arrival

    def note(self, left_at: float, size: int, now: float) -> None:
        """A packet of so many bytes arrived that told when it left, by its sender's clock."""
        self._arrived.append((now, size))
        while now - self._arrived[0][0] > MEASURE_S:
            self._arrived.popleft()
        group = self._group
        if group is not None and left_at - group[0] <= GROUP_S:
            if left_at >= group[0]:  # else it is of an earlier group, and late
                self._group = (group[0], left_at, now)
            return
        self._group = (left_at, left_at, now)
        if group is not None and self._trend.note((group[1:],)) is Usage.OVER:
            self._decrease(now)

    def _decrease(self, now: float) -> None:
        if now - self._decreased_at < SETTLE_S:
            return
        figure = _bounded(DECREASE * 8 * sum(size for _, size in self._arrived) / MEASURE_S)
        if figure < self.bitrate_bps:
            self._decreased_at = now
            self.bitrate_bps = figure
            self.pressing = True

    def update(self, *, received_bps: float, loss: float, now: float) -> int:
        """The new figure, from what arrived and the share (0..1) that was lost since the last call."""
        elapsed = min(5.0, max(0.0, now - self._at))
        self._at = now
        self.pressing = False
        figure = float(self.bitrate_bps)
        if loss > HEAVY_LOSS:
            figure = min(figure, max(received_bps, MIN_BPS) * (1 - loss / 2))
        elif loss < CALM_LOSS and self._trend.usage is Usage.NORMAL:
            # Never far above what is sent: an encoder that sends little proves nothing about the rest.
            figure = max(
                figure, min(figure * (1 + GROWTH_PER_S * elapsed), max(2.5 * received_bps, START_BPS))
            )
        self.bitrate_bps = _bounded(figure)
        return self.bitrate_bps


def _bounded(bps: float) -> int:
    return int(max(MIN_BPS, min(MAX_BPS, bps)))
