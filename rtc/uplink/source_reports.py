"""What a publisher is told of its packets and asked for, and what the world is told of its uplink."""

from typing import NamedTuple

from rtc.downlink.opinion import picture_score, sound_score
from rtc.figures import SourceStats, TrackStats
from rtc.kind import Kind
from rtc.rtp.rtcp import pack_fir, pack_nack, pack_pli, pack_receiver_report, pack_remb
from rtc.uplink.remb import MAX_BPS
from rtc.uplink.source import OWN_SSRC, Source
from rtc.uplink.track import Track


class _Count(NamedTuple):
    """Of one track, since its numbering began."""

    octets: int
    lost: int
    expected: int
    holes: int


class SourceReports:
    """The feedback on one source, and its figures. Times are monotonic seconds."""

    __slots__ = ("_counted", "_fir_command", "_source", "_stats_at")

    def __init__(self, source: Source, now: float) -> None:
        self._source = source
        self._fir_command = 0
        self._stats_at = now
        self._counted: dict[Track, _Count] = {}

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
        uplink = self._source.uplink
        if uplink.pressing:
            uplink.pressing = False
            asked += self._remb(uplink.bitrate_bps)
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
        if any(track.reception.started for track in self._source.layers(Kind.VIDEO)):
            figure = self._source.uplink.update(received_bps=received_bps, loss=lost / 256, now=now)
            data += self._remb(figure)
        return data

    def _remb(self, bitrate_bps: int) -> bytes:
        video = [track.ssrc for track in self._source.layers(Kind.VIDEO) if track.reception.started]
        return pack_remb(OWN_SSRC, video, bitrate_bps) if video else b""

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
        tracks = []
        rtt_s = None
        for track in self._source.tracks:
            past = self._past(track)
            octets, lost, expected = octets + past.octets, lost + past.lost, expected + past.expected
            rtt_s = track.missing.rtt_s if track.missing.rtt_s is not None else rtt_s
            if past.octets:
                tracks.append(_track_stats(track, past, elapsed, rtt_s))
        best = self._source.track_for(Kind.VIDEO, 0, now)
        size = best.picture_size() if best is not None else None
        return SourceStats(
            source_id=self._source.source_id,
            bitrate_bps=int(octets * 8 / elapsed),
            loss_pct=_percent(lost, expected),
            rtt_ms=round(rtt_s * 1000, 1) if rtt_s is not None else None,
            jitter_ms=max((track.jitter_ms for track in tracks), default=0.0),
            width=size[0] if size else None,
            height=size[1] if size else None,
            tracks=tuple(tracks),
        )

    def _past(self, track: Track) -> _Count:
        """What happened to the track since the last call."""
        reception = track.reception
        now = _Count(reception.octets, reception.lost, reception.expected, track.holes)
        before, self._counted[track] = self._counted.get(track, _Count(0, 0, 0, 0)), now
        return _Count(*(max(0, each - former) for each, former in zip(now, before, strict=True)))


def _track_stats(track: Track, past: _Count, elapsed: float, rtt_s: float | None) -> TrackStats:
    bitrate_bps = int(past.octets * 8 / elapsed)
    missing_pct = _percent(past.holes, past.expected)
    jitter_ms = round(track.reception.jitter_s * 1000, 1)
    size = track.picture_size() if track.kind is Kind.VIDEO else None
    score: float | None = None
    if track.kind is Kind.AUDIO:
        score = sound_score(delay_ms=500 * (rtt_s or 0.0) + 2 * jitter_ms, loss_pct=missing_pct)
    elif size is not None:
        score = picture_score(bitrate_bps=bitrate_bps, height=size[1], loss_pct=missing_pct)
    return TrackStats(
        kind=track.kind,
        rid=track.rid,
        codec=track.codec.value,
        bitrate_bps=bitrate_bps,
        loss_pct=_percent(past.lost, past.expected),
        missing_pct=missing_pct,
        jitter_ms=jitter_ms,
        height=size[1] if size else None,
        score=score,
    )


def _percent(part: int, whole: int) -> float:
    return round(100 * min(part, whole) / whole, 2) if whole > 0 else 0.0
