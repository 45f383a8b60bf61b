"""A publisher's source: its tracks, what its uplink does, and the feedback it is sent."""

from collections.abc import Callable
from dataclasses import dataclass

from rtc.codecs import KINDS, Codec
from rtc.fanout import Fanout, Outlet
from rtc.loudness import Loudness
from rtc.plane import Kind, SourceStats
from rtc.remb import MAX_BPS, UplinkEstimate
from rtc.rtcp import (
    RtcpFact,
    SenderReport,
    pack_fir,
    pack_nack,
    pack_pli,
    pack_receiver_report,
    pack_remb,
)
from rtc.rtp_packet import RtpPacket, parse_rtp
from rtc.slot import Slot
from rtc.source_clock import SourceClock
from rtc.track import Track
from rtc.transport_feedback import ArrivalLog

OWN_SSRC = 1  # of the worker as a receiver: it sends no media on a publisher's connection
SSRC_SILENT_S = 0.5  # a track's SSRC may be replaced by another when it has been silent for this long


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamPlan:
    """What was agreed for one m-line of a publisher."""

    codec: Codec
    payload_type: int
    ssrc: int | None = None
    rtx_payload_type: int | None = None  # of its retransmissions (RFC 4588)
    level_id: int | None = None  # the header extension element that carries RFC 6464 levels
    transport_cc_id: int | None = None  # … and that of transport-wide sequence numbers


class Source:
    """One publisher connection's tracks; everything that arrives goes through `receive_rtp`."""

    __slots__ = (
        "_arrivals",
        "_by_payload_type",
        "_by_rtx_type",
        "_by_ssrc",
        "_counted",
        "_estimate",
        "_fir_command",
        "_heard_at",
        "_plans",
        "_stats_at",
        "_transport_cc_id",
        "announced",
        "connection_id",
        "heard_at",
        "loudness",
        "outlet",
        "padding",
        "source_id",
        "strays",
        "tracks",
        "up",
    )

    def __init__(
        self,
        *,
        source_id: str,
        connection_id: str,
        plans: tuple[StreamPlan, ...],
        outlet: Outlet,
        fanout: Fanout,
        on_start: Callable[[Slot], None],
        now: float,
    ) -> None:
        self.outlet = outlet
        self.source_id = source_id
        self.connection_id = connection_id
        self.loudness = Loudness()
        self.strays = 0
        self.up = False
        """The world has been told that it sends, by this connection or by the one whose place it took."""
        self.announced = False
        """The world has been told what this connection sends."""
        self.heard_at = now  # when the last packet was taken in; from the start until then
        clock = SourceClock()
        self.tracks: dict[Kind, Track] = {
            KINDS[plan.codec]: Track(
                source_id=source_id,
                codec=plan.codec,
                ssrc=plan.ssrc or 0,
                source_clock=clock,
                fanout=fanout,
                on_start=on_start,
            )
            for plan in plans
        }
        self._plans = {plan.payload_type: plan for plan in plans}
        self._by_payload_type = {plan.payload_type: self.tracks[KINDS[plan.codec]] for plan in plans}
        self._by_rtx_type = {
            plan.rtx_payload_type: self.tracks[KINDS[plan.codec]] for plan in plans if plan.rtx_payload_type
        }
        # One number for the whole connection: bundled m-lines share their header extensions (RFC 8843).
        self._transport_cc_id = next((plan.transport_cc_id for plan in plans if plan.transport_cc_id), None)
        self._arrivals = ArrivalLog(ssrc=OWN_SSRC)
        self.padding = 0  # packets that carried nothing: the publisher felt for more room
        self._by_ssrc = {track.ssrc: track for track in self.tracks.values() if track.ssrc}
        self._heard_at: dict[Kind, float] = {}
        self._estimate = UplinkEstimate(now)
        self._fir_command = 0
        self._stats_at = now
        self._counted: dict[Kind, tuple[int, int, int]] = {}  # octets, received, expected

    @property
    def codecs(self) -> tuple[Codec, ...]:
        """What its tracks carry, picture first."""
        return tuple(track.codec for _, track in sorted(self.tracks.items(), reverse=True))

    def receive_rtp(self, data: bytes, now: float) -> bool:
        """Whether the packet has been taken in by its track; else it was counted as a stray.

        Raises: MalformedPacket.
        """
        packet = parse_rtp(data)
        if self._transport_cc_id is not None:
            number = packet.element(self._transport_cc_id)
            if number is not None and len(number) >= 2:
                self._arrivals.note(number[0] << 8 | number[1], now)
        track = self._by_payload_type.get(packet.payload_type)
        if track is None:
            return self._receive_again(packet, now)
        if track.ssrc != packet.ssrc and not self._adopt(track, packet.ssrc, now):
            self.strays += 1
            return False
        self._heard_at[track.kind] = self.heard_at = now
        if track.kind is Kind.AUDIO:
            self._note_level(packet, now)
        track.receive(packet, now)
        return True

    def _receive_again(self, packet: RtpPacket, now: float) -> bool:
        """A retransmission is the packet it repeats (RFC 4588 section 4); an empty one is padding."""
        track = self._by_rtx_type.get(packet.payload_type)
        if track is None or not track.ssrc:
            self.strays += 1
            return False
        if len(packet.payload) < 2:
            self.padding += 1
            return False
        packet.seq = packet.payload[0] << 8 | packet.payload[1]
        packet.payload = packet.payload[2:]
        packet.ssrc = track.ssrc
        self.heard_at = now
        track.receive_again(packet, now)
        return True

    def receive_rtcp(self, facts: list[RtcpFact], now: float) -> None:
        """The publisher's reports were taken in; what else it says concerns nobody."""
        for fact in facts:
            if isinstance(fact, SenderReport):
                track = self._by_ssrc.get(fact.ssrc)
                if track is not None:
                    track.clock.note_report(fact.ntp, fact.rtp_ts, now)

    def requests(self, now: float) -> bytes:
        """What to ask the publisher for at this moment, as RTCP; empty when nothing."""
        asked = b""
        for track in self.tracks.values():
            if track.kind is not Kind.VIDEO or not track.ssrc:
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
        for track in self.tracks.values():
            if track.reception.started:
                last_sr, since_sr = track.clock.last_report(now)
                block = track.reception.report(ssrc=track.ssrc, last_sr=last_sr, since_sr=since_sr)
                blocks.append(block)
                if track.kind is Kind.VIDEO:
                    lost = block.fraction_lost
        if not blocks:
            return b""
        data = pack_receiver_report(OWN_SSRC, blocks)
        video = self.tracks.get(Kind.VIDEO)
        if self._arrivals.active:  # it finds out for itself what fits, up to what one source may take
            return data + pack_remb(OWN_SSRC, tuple(track.ssrc for track in self.tracks.values()), MAX_BPS)
        if video is not None and video.reception.started:
            figure = self._estimate.update(
                received_bps=video.reception.rate_bps(now), loss=lost / 256, now=now
            )
            data += pack_remb(OWN_SSRC, (video.ssrc,), figure)
        return data

    def transport_feedback(self) -> bytes:
        """When the publisher's packets arrived; empty when there is nothing to tell."""
        track = self.tracks.get(Kind.VIDEO) or next(iter(self.tracks.values()), None)
        if track is None or not self._arrivals.active:
            return b""
        return self._arrivals.feedback(track.ssrc)

    def stats(self, now: float) -> SourceStats:
        """How the uplink did since the last call."""
        elapsed = max(0.001, now - self._stats_at)
        self._stats_at = now
        octets = lost = expected = 0
        jitter_s = 0.0
        rtt_s = None
        for kind, track in self.tracks.items():
            reception = track.reception
            before = self._counted.get(kind, (0, 0, 0))
            counted = (reception.octets, reception.lost, reception.expected)
            self._counted[kind] = counted
            octets += max(0, counted[0] - before[0])
            lost += max(0, counted[1] - before[1])
            expected += max(0, counted[2] - before[2])
            jitter_s = max(jitter_s, reception.jitter_s)
            rtt_s = track.missing.rtt_s if track.missing.rtt_s is not None else rtt_s
        video = self.tracks.get(Kind.VIDEO)
        size = video.picture_size() if video is not None else None
        return SourceStats(
            source_id=self.source_id,
            bitrate_bps=int(octets * 8 / elapsed),
            loss_pct=round(100 * lost / expected, 2) if expected else 0.0,
            rtt_ms=round(rtt_s * 1000, 1) if rtt_s is not None else None,
            jitter_ms=round(jitter_s * 1000, 1),
            width=size[0] if size else None,
            height=size[1] if size else None,
        )

    def _adopt(self, track: Track, ssrc: int, now: float) -> bool:
        """Whether an SSRC that was not announced is this track's from now on."""
        if track.reception.started and now - self._heard_at.get(track.kind, -1e9) < SSRC_SILENT_S:
            return False
        self._by_ssrc.pop(track.ssrc, None)
        self._by_ssrc[ssrc] = track
        track.restart(ssrc)
        return True

    def _note_level(self, packet: RtpPacket, now: float) -> None:
        level_id = self._plans[packet.payload_type].level_id
        element = packet.element(level_id) if level_id is not None else None
        self.loudness.note(element[0] & 0x7F if element else None, now)
