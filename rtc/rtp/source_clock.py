"""Where a publisher's media clocks stand in the worker's own time: keeps lips and voices in step.

A publisher's sender reports pair its wall clock with the RTP clock of each track. Wall clocks of strangers
are never passed on: a slot would jump between them. Instead the least delay seen between a publisher's clock
and ours becomes one offset for all its tracks, so that sound and picture stay together exactly.
"""

from rtc.rtp.serial import TS_MASK, ts_delta

DRIFT_PER_S = 0.0002  # how fast the least delay may be forgotten: clocks of cheap cameras run apart


class SourceClock:
    """The offset between one publisher's wall clock and the worker's monotonic one."""

    __slots__ = ("_offset_at", "_offset_s")

    def __init__(self) -> None:
        self._offset_s: float | None = None
        self._offset_at = 0.0

    def note(self, sender_s: float, now: float) -> float:
        """A report written at `sender_s` arrived now; what that moment is in the worker's time."""
        sample = now - sender_s
        if self._offset_s is None or abs(sample - self._offset_s) > 5.0:  # the first, or the clock was set
            self._offset_s = sample
        else:
            crept = self._offset_s + DRIFT_PER_S * (now - self._offset_at)
            self._offset_s = min(crept, sample)
        self._offset_at = now
        return sender_s + self._offset_s


class TrackClock:
    """The RTP clock of one track in the worker's time: from sender reports, until then from arrivals."""

    __slots__ = ("_at", "_from_report", "_last_sr", "_last_sr_at", "_rtp_ts", "_source", "clock_rate")

    def __init__(self, source: SourceClock, *, clock_rate: int) -> None:
        self._source = source
        self.clock_rate = clock_rate
        self._rtp_ts: int | None = None
        self._at = 0.0
        self._from_report = False
        self._last_sr = 0
        self._last_sr_at = 0.0

    def note_arrival(self, ts: int, now: float) -> None:
        """A packet of that timestamp arrived; believed only before the first sender report."""
        if not self._from_report and (self._rtp_ts is None or ts != self._rtp_ts):
            self._rtp_ts = ts
            self._at = now

    def note_report(self, ntp: int, rtp_ts: int, now: float) -> None:
        """A sender report arrived."""
        self._at = self._source.note(ntp / 2**32, now)
        self._rtp_ts = rtp_ts
        self._from_report = True
        self._last_sr = ntp >> 16 & 0xFFFFFFFF
        self._last_sr_at = now

    def forget(self) -> None:
        """The track began anew."""
        self._rtp_ts = None
        self._from_report = False
        self._last_sr = 0

    def rtp_at(self, now: float, newest_ts: int) -> int | None:
        """The RTP time that belongs to now, None if nothing is known.

        An answer more than ten seconds from the newest packet is not to be believed, and not given.
        """
        if self._rtp_ts is None:
            return None
        ts = (self._rtp_ts + int((now - self._at) * self.clock_rate)) & TS_MASK
        return ts if abs(ts_delta(ts, newest_ts)) < 10 * self.clock_rate else None

    def moment_of(self, ts: int, now: float) -> float:
        """When, in the worker's time, the frame of that timestamp was taken; now, if that is not known."""
        if self._rtp_ts is None:
            return now
        moment = self._at + ts_delta(ts, self._rtp_ts) / self.clock_rate
        return moment if abs(moment - now) < 2.0 else now

    def last_report(self, now: float) -> tuple[int, int]:
        """LSR and DLSR of RFC 3550 section 6.4.1."""
        if self._last_sr == 0:
            return 0, 0
        return self._last_sr, int((now - self._last_sr_at) * 65536) & 0xFFFFFFFF
