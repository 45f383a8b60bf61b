"""What a publisher is told of its packets and asked for, and what the world is told of its uplink."""

from rtc.plane import Kind, SourceStats
from rtc.remb import MAX_BPS, UplinkEstimate
from rtc.rtcp import pack_fir, pack_nack, pack_pli, pack_receiver_report, pack_remb
from rtc.source import OWN_SSRC, Source
from rtc.track import Track


class SourceReports:
    """The feedback on one source, and its figures. Times are monotonic seconds."""

    __slots__ = ("_counted", "_estimate", "_fir_command", "_source", "_stats_at")

    def __init__(self, source: Source, now: float) -> None:
        self._source = source
        self._estimate = UplinkEstimate(now)
        self._fir_command = 0
        self._stats_at = now
        self._counted: dict[Track, tuple[int, int, int]] = {}  # octets, received, expected

    def requests(self, now: float) -> bytes:
        """What to ask the publisher for at this moment, as RTCP; empty when nothing."""
        asked = b""
        for track in self._source.layers(Kind.VIDEO):
            if not track.ssrc:
                continue
            missing = track.missing.due(now)
            if missing:
                asked += pack_nack(OWN_SSRC, track.ssrc, missing)
            if track.keyframes.due(now):
                asked += pack_pli(OWN_SSRC, track.ssrc)
                if track.keyframes.sent % 3 == 0:  # some know only the older request
                    self._fir_command += 1
                    asked += pack_fir(OWN_SSRC, track.ssrc, self._fir_command)
        return pack_receiver_report(OWN_SSRC, ()) + asked if asked else b""

    def report(self, now: float) -> bytes:
        """The receiver report and estimate, due about once a second; empty before the first packet."""
        blocks = []
        lost = 0
        received_bps = 0.0
        for track in self._source.tracks:
            if not track.reception.started:
                continue
            last_sr, since_sr = track.clock.last_report(now)
            block = track.reception.report(ssrc=track.ssrc, last_sr=last_sr, since_sr=since_sr)
            blocks.append(block)
            if track.kind is Kind.VIDEO:
                lost = max(lost, block.fraction_lost)
                received_bps += track.reception.rate_bps(now)
        if not blocks:
            return b""
        data = pack_receiver_report(OWN_SSRC, blocks)
        if self._source.arrivals.active:  # it finds out for itself what fits, up to what one source may take
            return data + pack_remb(OWN_SSRC, [block.ssrc for block in blocks], MAX_BPS)
        video = [track.ssrc for track in self._source.layers(Kind.VIDEO) if track.reception.started]
        if video:
            figure = self._estimate.update(received_bps=received_bps, loss=lost / 256, now=now)
            data += pack_remb(OWN_SSRC, video, figure)
        return data

    def transport_feedback(self) -> bytes:
        """When the publisher's packets arrived; empty when there is nothing to tell."""
        if not self._source.arrivals.active:
            return b""
        return self._source.arrivals.feedback(
            next((track.ssrc for track in self._source.tracks if track.ssrc), 0)
        )

    def stats(self, now: float) -> SourceStats:
        """How the uplink did since the last call; the picture's size is its largest layer's."""
        elapsed = max(0.001, now - self._stats_at)
        self._stats_at = now
        octets = lost = expected = 0
        jitter_s = 0.0
        rtt_s = None
        for track in self._source.tracks:
            reception = track.reception
            before = self._counted.get(track, (0, 0, 0))
            counted = (reception.octets, reception.lost, reception.expected)
            self._counted[track] = counted
            octets += max(0, counted[0] - before[0])
            lost += max(0, counted[1] - before[1])
            expected += max(0, counted[2] - before[2])
            jitter_s = max(jitter_s, reception.jitter_s)
            rtt_s = track.missing.rtt_s if track.missing.rtt_s is not None else rtt_s
        best = self._source.track_for(Kind.VIDEO, 0, now)
        size = best.picture_size() if best is not None else None
        return SourceStats(
            source_id=self._source.source_id,
            bitrate_bps=int(octets * 8 / elapsed),
            loss_pct=round(100 * lost / expected, 2) if expected else 0.0,
            rtt_ms=round(rtt_s * 1000, 1) if rtt_s is not None else None,
            jitter_ms=round(jitter_s * 1000, 1),
            width=size[0] if size else None,
            height=size[1] if size else None,
        )
