"""What has arrived of one RTP stream: order, loss, jitter (RFC 3550 appendix A)."""

from enum import StrEnum

from rtc.rtp.rtcp import ReportBlock
from rtc.rtp.serial import SEQ_MASK, TS_MASK, seq_delta

# A packet further behind than this is taken for a duplicate or a stray: SRTP's replay window is as long.
MAX_BEHIND = 1000
# A packet further ahead than this is believed only when the next one follows it.
MAX_AHEAD = 3000


class Arrival(StrEnum):
    """How a packet stands to those before it."""

    NEXT = "next"  # newer than all before, perhaps after a gap
    LATE = "late"  # older than the newest: reordered or retransmitted
    RESTART = "restart"  # the numbering began anew
    STRAY = "stray"  # not to be believed (yet)


class Reception:
    """The receiver's side of one SSRC."""

    __slots__ = (
        "_cycles",
        "_expected_before",
        "_first",
        "_jitter",
        "_last_transit",
        "_rate_at",
        "_rate_octets",
        "_received_before",
        "_stray",
        "clock_rate",
        "highest",
        "octets",
        "received",
        "started",
    )

    def __init__(self, *, clock_rate: int) -> None:
        self.clock_rate = clock_rate
        self.octets = 0
        self.received = 0
        self.highest = 0
        self.started = False
        self._first = 0
        self._cycles = 0
        self._jitter = 0.0
        self._last_transit: float | None = None
        self._stray: int | None = None
        self._expected_before = 0
        self._received_before = 0
        self._rate_at = 0.0
        self._rate_octets = 0

    def note(self, seq: int, timestamp: int, octets: int, now: float) -> Arrival:
        """The packet is counted; what is to be done with it follows from the answer."""
        if not self.started:
            self._restart(seq)
            self._count(timestamp, octets, now)
            return Arrival.NEXT
        ahead = seq_delta(seq, self.highest)
        if 0 < ahead <= MAX_AHEAD:
            if seq < self.highest:
                self._cycles += 1
            self.highest = seq
            self._stray = None
            self._count(timestamp, octets, now)
            return Arrival.NEXT
        if -MAX_BEHIND < ahead < 0:
            self.received += 1
            self.octets += octets
            return Arrival.LATE
        if ahead != 0 and self._stray == seq:
            self._restart(seq)
            self._count(timestamp, octets, now)
            return Arrival.RESTART
        if ahead != 0:
            self._stray = (seq + 1) & SEQ_MASK
        return Arrival.STRAY

    @property
    def extended_highest(self) -> int:
        """The highest sequence number with its wraps counted."""
        return (self._cycles << 16) | self.highest

    @property
    def expected(self) -> int:
        """How many packets this numbering has had so far."""
        return self.extended_highest - self._first + 1 if self.started else 0

    @property
    def lost(self) -> int:
        """How many packets of this numbering never came; negative when some came twice."""
        return self.expected - self.received if self.started else 0

    @property
    def jitter_s(self) -> float:
        """Interarrival jitter in seconds (RFC 3550 section 6.4.1)."""
        return self._jitter / self.clock_rate

    def rate_bps(self, now: float) -> float:
        """Bits per second since the last call."""
        elapsed = now - self._rate_at
        octets, self._rate_octets = self.octets - self._rate_octets, self.octets
        self._rate_at = now
        return 8 * octets / elapsed if 0 < elapsed < 60 else 0.0

    def report(self, *, ssrc: int, last_sr: int, since_sr: int) -> ReportBlock:
        """The report of the interval since the last one; `last_sr`, `since_sr` are RFC 3550's LSR, DLSR."""
        expected = self.expected
        expected_now = expected - self._expected_before
        lost_now = expected_now - (self.received - self._received_before)
        self._expected_before = expected
        self._received_before = self.received
        fraction = min(255, (lost_now << 8) // expected_now) if expected_now > 0 and lost_now > 0 else 0
        return ReportBlock(
            ssrc=ssrc,
            fraction_lost=fraction,
            lost=self.lost,
            highest=self.extended_highest & TS_MASK,
            jitter=int(self._jitter) & TS_MASK,
            last_sr=last_sr,
            since_sr=since_sr,
        )

    def _restart(self, seq: int) -> None:
        self.started = True
        self.highest = seq
        self.received = 0
        self._first = seq
        self._cycles = 0
        self._jitter = 0.0
        self._last_transit = None
        self._stray = None
        self._expected_before = 0
        self._received_before = 0

    def _count(self, timestamp: int, octets: int, now: float) -> None:
        self.received += 1
        self.octets += octets
        transit = now * self.clock_rate - timestamp
        if self._last_transit is not None:
            difference = abs(transit - self._last_transit)
            if difference < self.clock_rate * 10:  # a jump of the clock is no jitter
                self._jitter += (difference - self._jitter) / 16
        self._last_transit = transit
