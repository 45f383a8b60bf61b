"""What a subscriber's way carries, from what it reports: arrival times (transport-cc), its own estimate
(REMB), or lost shares alone.

Nothing is known until the way has shown a limit; until then everything wanted is sent. A growing queue or
heavy loss shows one: it is a little below what came through. From there the figure grows slowly while what is
sent comes near it; how far above that it lies is only told by a probe (rtc/downlink/probe.py).
"""

from collections import deque

from rtc.downlink.delay_trend import DelayTrend, StandingQueue, Usage
from rtc.downlink.way_report import WayReport

DECREASE = 0.85  # of what came through while the queue grew
GROWTH_PER_S = 0.08
HEAVY_LOSS, CALM_LOSS = 0.10, 0.02
MIN_BPS = 50_000.0
QUEUE_S = 0.1  # waited for that long, what is lost was lost for want of room
NEAR = 0.6  # of the figure: below, what is sent proves nothing about more
MEASURE_S = 1.0
LOSS_WINDOW_S = 1.0
LOSS_PACKETS = 20  # fewer prove nothing
SETTLE_S = 0.5  # between two decreases: the last one must show first
REPORT_SETTLE_S = 3.0  # where only receiver reports tell
REPORT_WEIGHT = 0.3  # of the newest report
TRIAL = 1.5
FIRST_PATIENCE_S, MAX_PATIENCE_S = 10.0, 120.0
FAILED_WITHIN_S = 15.0  # a trial that is taken back this soon was a mistake
HEADERS = 46  # bytes of IP, UDP, SRTP and header extension with every packet


class Bandwidth:
    """The judgement on one subscriber. Times are monotonic seconds."""

    __slots__ = (
        "_arrived",
        "_decreased_at",
        "_grown_at",
        "_patience_s",
        "_queue",
        "_reported_loss",
        "_seen",
        "_trend",
        "_tried_at",
        "_window_at",
        "available_bps",
        "limited_at",
        "loss",
    )

    def __init__(self, now: float) -> None:
        self.available_bps: float | None = None
        """None: the way has shown no limit."""
        self.loss = 0.0  # share (0..1) of what was sent lately
        self.limited_at = -1e9  # when the way last showed its limit
        self._trend = DelayTrend()
        self._queue = StandingQueue()
        self._arrived: deque[tuple[float, float, int]] = deque()  # first and last arrival, bytes
        self._seen = [0, 0, 0]  # packets, of them lost, bytes: since the window began
        self._window_at = now
        self._decreased_at = self._tried_at = -1e9
        self._patience_s = FIRST_PATIENCE_S
        self._grown_at = now
        self._reported_loss = 0.0

    @property
    def numbered(self) -> bool:
        """Whether arrival times are reported."""
        return bool(self._arrived)

    @property
    def spotty(self) -> bool:
        """Whether so much is lost that answers get lost too, and not for want of room."""
        return CALM_LOSS < self.loss < HEAVY_LOSS and self._queue.waiting_s < QUEUE_S

    def note_report(self, report: WayReport, now: float, *, probing: bool) -> None:
        """A report on numbered packets was taken in; what a probe provokes is its own matter."""
        if not report.packets:
            return
        octets = report.octets + HEADERS * report.packets
        for index, more in enumerate((report.packets, report.lost, octets)):
            self._seen[index] += more
        came = report.packets - report.lost
        if came:
            arrived = report.arrived_octets + HEADERS * came
            self._arrived.append((report.first_at, report.last_at, arrived))
            while self._arrived[-1][1] - self._arrived[0][0] > MEASURE_S and len(self._arrived) > 2:
                self._arrived.popleft()
            self._queue.note(report)
        usage = self._trend.note(report.groups)
        if usage is Usage.OVER and not probing:
            self._decrease(DECREASE * self.arrived_bps, now, SETTLE_S)
        if now - self._window_at >= LOSS_WINDOW_S and self._seen[0] >= LOSS_PACKETS:
            packets, lost, octets = self._seen
            self.loss = lost / packets
            sent_bps = 8 * octets / (now - self._window_at)
            if probing:
                pass
            elif self.loss > CALM_LOSS and self._queue.waiting_s > QUEUE_S:
                self._decrease(DECREASE * self.arrived_bps, now, SETTLE_S)
            elif self.loss > HEAVY_LOSS:
                self._decrease(sent_bps * (1 - self.loss / 2), now, SETTLE_S)
            self._seen = [0, 0, 0]
            self._window_at = now
        if usage is Usage.NORMAL and self.loss < CALM_LOSS:
            self._grow(now)
        else:
            self._grown_at = now

    @property
    def arrived_bps(self) -> float:
        """What came through in the last second that was reported."""
        if len(self._arrived) < 2:
            return 0.0
        octets = sum(each[2] for each in self._arrived)
        return 8 * octets / max(0.1, self._arrived[-1][1] - self._arrived[0][0])

    def note_estimate(self, bps: float, sent_bps: float, now: float) -> None:
        """The receiver has told its own estimate. It never lies far above what is sent, so that only one
        below it says something; arrival times, where they come, say more.
        """
        if not self.numbered and bps < sent_bps:
            self._decrease(bps, now, REPORT_SETTLE_S)

    def note_loss(self, loss: float, sent_bps: float, now: float) -> None:
        """A receiver report says that this share (0..1) was lost of what is sent at that rate."""
        if self.numbered:
            return
        self._reported_loss += REPORT_WEIGHT * (loss - self._reported_loss)
        self.loss = self._reported_loss
        if self.loss > HEAVY_LOSS:
            if now - self._tried_at < FAILED_WITHIN_S:
                self._patience_s = min(MAX_PATIENCE_S, 2 * self._patience_s)
                self._tried_at = -1e9
            self._decrease(sent_bps * (1 - self.loss / 2), now, REPORT_SETTLE_S)
        elif (
            self.loss < CALM_LOSS
            and self.available_bps is not None
            and now - max(self.limited_at, self._tried_at) > self._patience_s
        ):
            self._tried_at = now  # nothing can be probed: more is simply used
            self.available_bps *= TRIAL

    def proved(self, bps: float, now: float) -> None:
        """A probe came through at that rate."""
        if self.available_bps is not None:
            self.available_bps = max(self.available_bps, bps)
            self._grown_at = now

    def _decrease(self, bps: float, now: float, settle_s: float) -> None:
        self.limited_at = now
        if now - self._decreased_at < settle_s:
            return
        self._decreased_at = now
        known = self.available_bps
        self.available_bps = max(MIN_BPS, bps if known is None else min(known, bps))

    def _grow(self, now: float) -> None:
        elapsed = min(1.0, now - self._grown_at)
        self._grown_at = now
        if self.available_bps is not None and self.arrived_bps > NEAR * self.available_bps:
            self.available_bps *= 1 + GROWTH_PER_S * elapsed
