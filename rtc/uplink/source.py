"""A publisher's source: its tracks, and which packet belongs to which of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rtc.codecs import KINDS, Codec
from rtc.downlink.fanout import Fanout, Outlet
from rtc.downlink.layers import Layer, Simulcast, choose, order
from rtc.downlink.slot import Slot
from rtc.plane import Kind
from rtc.rtp.red import red_payload
from rtc.rtp.rtcp import RtcpFact, SenderReport
from rtc.rtp.rtp_packet import RtpPacket, parse_rtp
from rtc.rtp.source_clock import SourceClock
from rtc.rtp.transport_feedback import ArrivalLog
from rtc.uplink.loudness import Loudness
from rtc.uplink.pacer import Pacer
from rtc.uplink.remb import UplinkEstimate
from rtc.uplink.send_times import SendTimes
from rtc.uplink.track import Track

OWN_SSRC = 1  # of the worker as a receiver: it sends no media on a publisher's connection
SSRC_SILENT_S = 0.5  # a track's SSRC may be replaced by another when it has been silent for this long
LAYER_SILENT_S = 1.0  # a layer that was silent for this long is not sent at present


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamPlan:
    """What was agreed for one m-line of a publisher."""

    codec: Codec
    payload_type: int
    ssrc: int | None = None
    rtx_payload_type: int | None = None  # of its retransmissions (RFC 4588)
    red_payload_type: int | None = None  # of its sound with repetitions (RFC 2198)
    level_id: int | None = None  # the header extension element that carries RFC 6464 levels
    transport_cc_id: int | None = None  # … and that of transport-wide sequence numbers
    send_time_id: int | None = None  # … and, failing that, that of the time when a packet left
    simulcast: Simulcast | None = None


class _Stream:
    """One m-line: a track, or one for each layer of its simulcast."""

    __slots__ = ("_by_rid", "_by_rtx_ssrc", "plan", "tracks")

    def __init__(self, plan: StreamPlan, make: Callable[[StreamPlan, str], Track]) -> None:
        self.plan = plan
        rids = plan.simulcast.rids if plan.simulcast else ("",)
        self._by_rid = {rid.encode(): make(plan, rid) for rid in rids}
        self._by_rtx_ssrc: dict[int, Track] = {}
        self.tracks = tuple(self._by_rid.values())

    def track_named(self, packet: RtpPacket) -> Track | None:
        """The track of a packet whose SSRC is not known yet."""
        simulcast = self.plan.simulcast
        if simulcast is None:
            return self.tracks[0]
        rid = packet.element(simulcast.rid_id)
        return self._by_rid.get(rid) if rid is not None else None

    def repeating(self) -> list[tuple[int, Track]]:
        """The SSRCs of what is sent again."""
        return list(self._by_rtx_ssrc.items())

    def note_repeating(self, ssrc: int, track: Track) -> None:
        """The SSRC carries what of that track is sent again."""
        self._by_rtx_ssrc[ssrc] = track
        if len(self._by_rtx_ssrc) > 2 * len(self.tracks):  # those of an earlier beginning
            del self._by_rtx_ssrc[next(iter(self._by_rtx_ssrc))]

    def track_repeated(self, packet: RtpPacket) -> Track | None:
        """The track that a retransmission repeats."""
        simulcast = self.plan.simulcast
        if simulcast is None:
            return self.tracks[0]
        track = self._by_rtx_ssrc.get(packet.ssrc)
        if track is None and simulcast.repaired_rid_id is not None:
            rid = packet.element(simulcast.repaired_rid_id)
            track = self._by_rid.get(rid) if rid is not None else None
            if track is not None:
                self.note_repeating(packet.ssrc, track)
        return track


class Source:
    """One publisher connection's tracks; everything that arrives goes through `receive_rtp`."""

    __slots__ = (
        "_by_payload_type",
        "_by_rtx_type",
        "_by_ssrc",
        "_heard_at",
        "_paced",
        "_send_time_id",
        "_send_times",
        "_streams",
        "_transport_cc_id",
        "announced",
        "arrivals",
        "connection_id",
        "gap_opened",
        "heard_at",
        "loudness",
        "outlet",
        "pacer",
        "padding",
        "recoded",
        "source_id",
        "strays",
        "taps",
        "up",
        "uplink",
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
        self.padding = 0  # packets that carried nothing: the publisher felt for more room
        self.up = False
        """The world has been told that it sends, by this connection or by the one whose place it took."""
        self.announced = False
        """The world has been told what this connection sends."""
        self.recoded = False
        """The codec of its picture turned out to be another a moment ago, and no slot carries it."""
        self.gap_opened = False
        """Packets of its picture turned out to be missing a moment ago."""
        self.taps: tuple[Callable[[bytes], None], ...] = ()
        """What is taken in is handed to these too, as it came."""
        self.heard_at = now  # when the last packet was taken in; from the start until then
        self.arrivals = ArrivalLog(ssrc=OWN_SSRC)
        clock = SourceClock()

        def make(plan: StreamPlan, rid: str) -> Track:
            return Track(
                source_id=source_id,
                codec=plan.codec,
                ssrc=(plan.ssrc or 0) if plan.simulcast is None else 0,
                source_clock=clock,
                fanout=fanout,
                on_start=on_start,
                rid=rid,
            )

        self._streams = {KINDS[plan.codec]: _Stream(plan, make) for plan in plans}
        self._by_payload_type = {each.plan.payload_type: each for each in self._streams.values()}
        self._by_payload_type |= {
            each.plan.red_payload_type: each for each in self._streams.values() if each.plan.red_payload_type
        }
        self._by_rtx_type = {
            each.plan.rtx_payload_type: each for each in self._streams.values() if each.plan.rtx_payload_type
        }
        self.pacer: Pacer[RtpPacket] = Pacer(now)
        self._paced = {
            number for number, each in self._by_payload_type.items() if KINDS[each.plan.codec] is Kind.VIDEO
        }
        # One number for the whole connection: bundled m-lines share their header extensions (RFC 8843).
        self._transport_cc_id = next((plan.transport_cc_id for plan in plans if plan.transport_cc_id), None)
        ids = (plan.send_time_id for plan in plans if plan.send_time_id)
        self._send_time_id = next(ids, None) if self._transport_cc_id is None else None
        self._send_times = SendTimes()
        self.uplink = UplinkEstimate(now)
        self._by_ssrc = {track.ssrc: track for track in self.tracks if track.ssrc}
        self._heard_at: dict[Track, float] = {}

    @property
    def crossed(self) -> bool:
        """Whether it is another worker's publisher that sends it."""
        return not self.connection_id

    @property
    def tracks(self) -> Iterator[Track]:
        """All of them, every layer by itself."""
        return (track for stream in self._streams.values() for track in stream.tracks)

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """What it sends, picture first."""
        return tuple(sorted(self._streams, reverse=True))

    @property
    def codecs(self) -> tuple[Codec, ...]:
        """What its tracks carry, picture first."""
        return tuple(self._streams[kind].tracks[0].codec for kind in self.kinds)

    def plan(self, kind: Kind) -> StreamPlan:
        """What was agreed for its one stream of that kind."""
        return self._streams[kind].plan

    def repeating(self) -> list[tuple[int, Track]]:
        """The SSRCs that were found to carry what is sent again, and whose it is."""
        return [each for stream in self._streams.values() for each in stream.repeating()]

    def know(self, track: Track, ssrc: int, *, repeats: bool) -> None:
        """The SSRC is that track's, although no packet with its name has come."""
        if repeats:
            self._streams[track.kind].note_repeating(ssrc, track)
        elif not track.reception.started:
            self._by_ssrc.pop(track.ssrc, None)
            self._by_ssrc[ssrc] = track
            track.ssrc = ssrc

    def layers(self, kind: Kind) -> tuple[Track, ...]:
        """The tracks of that kind: one, or one for each layer; none if it sends none."""
        stream = self._streams.get(kind)
        return stream.tracks if stream else ()

    def track_for(self, kind: Kind, wanted_height: int, now: float) -> Track | None:
        """What a slot of that kind should carry; of several layers the one that fits the place."""
        ladder, wanted = self.ladder(kind, wanted_height, now)
        return ladder[wanted] if ladder else None

    def ladder(self, kind: Kind, wanted_height: int, now: float) -> tuple[list[Track], int]:
        """The layers that are sent at present, the smallest first, and the index of the one that fits."""
        tracks = self.layers(kind)
        if len(tracks) < 2:
            return list(tracks), 0
        known = [
            Layer(
                height=size[1] if (size := track.picture_size()) else None,
                octets=track.reception.octets,
                alive=now - self._heard_at.get(track, -1e9) < LAYER_SILENT_S,
            )
            for track in tracks
        ]
        steps = order(known)
        return [tracks[index] for index in steps], steps.index(choose(known, wanted_height))

    def measure(self, now: float) -> None:
        """The rate of every picture is known as of now. To be called about once a second."""
        for track in self.layers(Kind.VIDEO):
            track.measure(now)

    def receive_rtp(self, data: bytes, now: float) -> bool:
        """Whether the packet has been taken in by its track; else it is held by the pacer, or was counted as
        a stray.

        Raises: MalformedPacket.
        """
        packet = parse_rtp(data)
        if self._send_time_id is not None:
            self._note_send_time(packet, len(data), now)
        else:
            self._note_number(packet, now)
        paced = packet.payload_type in self._paced
        if not paced and self.pacer.holding:  # what is sent again stays behind what it may belong to
            paced = packet.payload_type in self._by_rtx_type
        if paced and not self.pacer.passes(packet, now):
            return False
        return self._take(packet, now)

    def release(self, now: float) -> bool:
        """Whether packets that were held have been taken in now."""
        taken = False
        for packet, arrived_at in self.pacer.due(now):
            taken = self._take(packet, arrived_at) or taken
        return taken

    def _note_number(self, packet: RtpPacket, now: float) -> None:
        if self._transport_cc_id is not None:
            number = packet.element(self._transport_cc_id)
            if number is not None and len(number) >= 2:
                self.arrivals.note(number[0] << 8 | number[1], now)

    def _take(self, packet: RtpPacket, now: float) -> bool:
        """Whether the packet, which arrived at that time, belongs to a track; that has taken it in."""
        stream = self._by_payload_type.get(packet.payload_type)
        if stream is None:
            return self._receive_again(packet, now)
        track = self._by_ssrc.get(packet.ssrc)
        if track is None or track not in stream.tracks:
            track = stream.track_named(packet)
            if track is None or not self._adopt(track, packet.ssrc, now):
                self.strays += 1
                return False
        self._heard_at[track] = self.heard_at = now
        red = False
        if track.kind is Kind.AUDIO:
            red = packet.payload_type == stream.plan.red_payload_type
            if red:
                packet.payload = red_payload(packet.payload, stream.plan.payload_type)
            self._note_level(packet, stream.plan, now)
        track.receive(packet, now, red=red)
        if track.recoded:
            track.recoded = False
            self.recoded = True
        if track.missing.opened:
            track.missing.opened = False
            self.gap_opened = True
        return True

    def receive_rtcp(self, facts: list[RtcpFact], now: float) -> None:
        """The publisher's reports were taken in; what else it says concerns nobody."""
        for fact in facts:
            if isinstance(fact, SenderReport):
                track = self._by_ssrc.get(fact.ssrc)
                if track is not None:
                    track.clock.note_report(fact.ntp, fact.rtp_ts, now)

    def _receive_again(self, packet: RtpPacket, now: float) -> bool:
        """A retransmission is the packet it repeats (RFC 4588 section 4); an empty one is padding."""
        stream = self._by_rtx_type.get(packet.payload_type)
        track = stream.track_repeated(packet) if stream is not None else None
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

    def _adopt(self, track: Track, ssrc: int, now: float) -> bool:
        """Whether an SSRC that was not announced is this track's from now on."""
        if track.reception.started and now - self._heard_at.get(track, -1e9) < SSRC_SILENT_S:
            return False
        self._by_ssrc.pop(track.ssrc, None)
        self._by_ssrc[ssrc] = track
        track.restart(ssrc)
        return True

    def _note_send_time(self, packet: RtpPacket, size: int, now: float) -> None:
        element = packet.element(self._send_time_id) if self._send_time_id is not None else None
        left_at = self._send_times.left_at(element, now) if element is not None else None
        if left_at is not None:
            self.uplink.note(left_at, size, now)

    def _note_level(self, packet: RtpPacket, plan: StreamPlan, now: float) -> None:
        element = packet.element(plan.level_id) if plan.level_id is not None else None
        self.loudness.note(element[0] & 0x7F if element else None, now)
