"""Whether a way fills up: the trend of the one-way delay (draft-ietf-rmcat-gcc-02, sections 5.1 to 5.4, with
the slope of a line in place of the Kalman filter, as browsers do).

Packets that left within a few milliseconds of one another are one group. How much longer the gap between two
groups is at the receiver than it was here, summed up, is how much the queue has grown.
"""

from collections import deque
from collections.abc import Sequence
from enum import Enum

from rtc.downlink.way_report import WayReport

WINDOW = 20  # groups
SMOOTHING = 0.9
GAIN = 4.0
MOST_COUNTED = 60
FIRST_THRESHOLD_MS, LEAST_MS, MOST_MS = 12.5, 6.0, 600.0
RISE_PER_MS, FALL_PER_MS = 0.0087, 0.039
OUTLIER_MS = 15.0  # beyond the threshold: one spike does not raise it
LASTING_S = 0.010
FLOOR_WINDOW_S = 15.0


class Usage(Enum):
    """What the delay says of the way."""

    UNDER = "under"  # the queue drains
    NORMAL = "normal"
    OVER = "over"  # the queue grows


class StandingQueue:
    """How much longer packets take at present than the fastest of the last while did. A queue that is full
    grows no more, and shows no trend.
    """

    __slots__ = ("_began_at", "_floors", "waiting_s")

    def __init__(self) -> None:
        self.waiting_s = 0.0  # of the last packets that were reported
        self._floors = [float("inf"), float("inf")]  # of the last whole window and the present one
        self._began_at: float | None = None

    def note(self, report: WayReport) -> None:
        """The report, by which something arrived, was taken in."""
        if self._began_at is None or report.left_at - self._began_at > FLOOR_WINDOW_S:
            self._began_at = report.left_at
            self._floors = [self._floors[1], float("inf")]
        self._floors[1] = min(self._floors[1], report.least_delay)
        self.waiting_s = report.least_delay - min(self._floors)


class DelayTrend:
    """The judgement after the last group that was reported."""

    __slots__ = (
        "_count",
        "_first_arrival",
        "_judged_at",
        "_last",
        "_over_since",
        "_points",
        "_smoothed",
        "_sum_ms",
        "_threshold_ms",
        "_trend_before",
        "usage",
    )

    def __init__(self) -> None:
        self.usage = Usage.NORMAL
        self._threshold_ms = FIRST_THRESHOLD_MS
        self._last: tuple[float, float] | None = None  # of the group before: departure, arrival
        self._points: deque[tuple[float, float]] = deque(maxlen=WINDOW)
        self._count = 0
        self._sum_ms = self._smoothed = 0.0
        self._first_arrival: float | None = None
        self._over_since: float | None = None
        self._trend_before = 0.0
        self._judged_at: float | None = None

    def note(self, groups: Sequence[tuple[float, float]]) -> Usage:
        """What these groups (last departure, last arrival), in order, say."""
        for left_at, arrived_at in groups:
            self._take(left_at, arrived_at)
        if groups and len(self._points) == WINDOW:
            self._judge(self._count * GAIN * _slope(self._points), groups[-1][1])
        return self.usage

    def _take(self, left_at: float, arrived_at: float) -> None:
        last = self._last
        if last is not None and left_at <= last[0]:
            return  # it was late to be reported: of an earlier group
        self._last = (left_at, arrived_at)
        if last is None:
            return
        growth_ms = 1000 * ((arrived_at - last[1]) - (left_at - last[0]))
        if self._first_arrival is None:
            self._first_arrival = arrived_at
        self._count = min(MOST_COUNTED, self._count + 1)
        self._sum_ms += growth_ms
        self._smoothed = SMOOTHING * self._smoothed + (1 - SMOOTHING) * self._sum_ms
        self._points.append((1000 * (arrived_at - self._first_arrival), self._smoothed))

    def _judge(self, trend_ms: float, at: float) -> None:
        if trend_ms > self._threshold_ms:
            self._over_since = at if self._over_since is None else self._over_since
            if at - self._over_since >= LASTING_S and trend_ms >= self._trend_before:
                self.usage = Usage.OVER
        else:
            self._over_since = None
            self.usage = Usage.UNDER if trend_ms < -self._threshold_ms else Usage.NORMAL
        self._trend_before = trend_ms
        self._adapt(trend_ms, at)

    def _adapt(self, trend_ms: float, at: float) -> None:
        """The threshold follows the trend, up slowly and down fast: other traffic is not to starve us."""
        before, self._judged_at = self._judged_at, at
        if before is None or abs(trend_ms) > self._threshold_ms + OUTLIER_MS:
            return
        rate = FALL_PER_MS if abs(trend_ms) < self._threshold_ms else RISE_PER_MS
        elapsed_ms = min(100.0, max(0.0, 1000 * (at - before)))
        moved = self._threshold_ms + rate * (abs(trend_ms) - self._threshold_ms) * elapsed_ms
        self._threshold_ms = min(MOST_MS, max(LEAST_MS, moved))


def _slope(points: Sequence[tuple[float, float]]) -> float:
    """Of the line through the points with the least squares; 0 for points above one another."""
    count = len(points)
    mean_x = sum(x for x, _ in points) / count
    mean_y = sum(y for _, y in points) / count
    across = sum((x - mean_x) ** 2 for x, _ in points)
    if across <= 0:
        return 0.0
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / across
