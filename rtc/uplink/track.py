"""One track of a source: what arrived of it, kept and passed on to the slots that carry it."""

from collections.abc import Callable

from rtc.codecs import CLOCK_RATES, KINDS, PAYLOAD_TYPES, Codec
from rtc.downlink.fanout import Fanout
from rtc.downlink.history import History
from rtc.downlink.slot import Slot
from rtc.plane import Kind
from rtc.rtp import h264_payload
from rtc.rtp.picture_numbers import NO_PICTURE
from rtc.rtp.picture_reading import READINGS
from rtc.rtp.red import RED_PAYLOAD_TYPE, wrapped
from rtc.rtp.rtp_packet import RtpPacket
from rtc.rtp.serial import seq_delta
from rtc.rtp.source_clock import SourceClock, TrackClock
from rtc.uplink.keyframe_request import KeyframeRequests
from rtc.uplink.last_keyframe import LastKeyframe
from rtc.uplink.nack import Missing
from rtc.uplink.reception import MAX_BEHIND, Arrival, Reception
from rtc.uplink.track_slots import TrackSlots

RECODE_S = 1.0  # between two changes of codec: every slot is begun anew, which is work
AUDIO_HISTORY = 256  # five seconds of Opus
RATE_WEIGHT = 0.5  # of the newest second


class Track:
    """The packets of one SSRC of a publisher."""

    __slots__ = (
        "_is_h264",
        "_measured",
        "_payload_type",
        "_recoded_at",
        "clock",
        "codec",
        "gate",
        "history",
        "keyframe",
        "keyframes",
        "kind",
        "missing",
        "newest_picture",
        "newest_seq",
        "newest_ts",
        "rate_bps",
        "read_picture",
        "reception",
        "recoded",
        "redundant",
        "repaired",
        "rid",
        "slots",
        "source_id",
        "ssrc",
    )

    def __init__(
        self,
        *,
        source_id: str,
        codec: Codec,
        ssrc: int,
        source_clock: SourceClock,
        fanout: Fanout,
        on_start: Callable[[Slot], None],
        rid: str = "",
    ) -> None:
        self.source_id = source_id
        self.rid = rid
        self.codec = codec
        self.kind = KINDS[codec]
        self.ssrc = ssrc
        self.reception = Reception(clock_rate=CLOCK_RATES[codec])
        self.history = History() if self.kind is Kind.VIDEO else History(capacity=AUDIO_HISTORY)
        self.missing = Missing()
        self.repaired = 0  # packets that came again in a stream of their own, of this numbering
        self.keyframes = KeyframeRequests()
        self.clock = TrackClock(source_clock, clock_rate=CLOCK_RATES[codec])
        self.newest_seq = 0
        self.newest_ts = 0
        self.gate = fanout.gate()
        self._payload_type = PAYLOAD_TYPES[codec]
        self._is_h264 = codec in (Codec.H264, Codec.H264_MAIN)
        self.keyframe = LastKeyframe(codec)
        reading = READINGS.get(codec)
        self.read_picture = reading.read_picture if reading is not None else None
        self.newest_picture = NO_PICTURE
        self.redundant = False  # its packets repeat what those before carried
        self._recoded_at = -1e9
        self.recoded = False  # its codec turned out to be another a moment ago
        self.rate_bps: float | None = None  # as of the last `measure`
        self._measured: tuple[float, int] | None = None
        self.slots = TrackSlots(self, fanout=fanout, on_start=on_start)

    def receive(self, packet: RtpPacket, now: float, *, red: bool = False) -> None:
        """The packet, whose payload may be RED of our form, is kept and has left by every slot that carries
        this track.
        """
        seq = packet.seq
        ts = packet.timestamp
        before = self.reception.highest if self.reception.started else None
        arrival = self.reception.note(seq, ts, len(packet.payload), now)
        if arrival is Arrival.STRAY:
            return
        if arrival is Arrival.RESTART:
            self.restart()
            before = None
        if self._is_h264:
            self._follow_profile(packet.payload, now)
        plain = self._plain_sound(packet, red) if red or self.redundant else packet.plain(self._payload_type)
        if arrival is Arrival.LATE:
            self._receive_late(plain, seq, ts, packet.payload, now)
            return
        self.history.put(seq, plain)
        self.newest_seq = seq
        self.newest_ts = ts
        if self.read_picture is not None:
            self.newest_picture = self.read_picture(plain)
        self.clock.note_arrival(ts, now)
        if self.kind is Kind.AUDIO:
            self.slots.sound_arrived(seq, ts, now)
        else:
            if before is not None and not self.missing.gap(before, seq, now):
                self.keyframes.want()
            keyframe = self._note_keyframe(packet.payload, seq, ts, plain, now)
            self.slots.picture_arrived(seq, ts, keyframe=keyframe, now=now)
        if self.redundant:
            self.slots.send_redundant(plain, seq, ts)
        else:
            self.slots.send(plain, seq, ts, self.newest_picture)

    def receive_again(self, packet: RtpPacket, now: float) -> None:
        """A packet that was sent again under another SSRC is kept and has left, unless it came before."""
        ahead = seq_delta(packet.seq, self.reception.highest)
        if not self.reception.started or ahead > 0:
            self.receive(packet, now)
        elif ahead > -MAX_BEHIND:
            plain = packet.plain(self._payload_type)
            if self._receive_late(plain, packet.seq, packet.timestamp, packet.payload, now):
                self.repaired += 1

    @property
    def holes(self) -> int:
        """How many packets of this numbering nobody can have got from us: they never came."""
        return max(0, self.reception.lost - self.repaired)

    def picture_size(self) -> tuple[int, int] | None:
        """Width and height as the last keyframe has them, if it tells."""
        return self.keyframe.size()

    def measure(self, now: float) -> None:
        """The rate since the last call is known, evened out over some calls."""
        before, self._measured = self._measured, (now, self.reception.octets)
        if before is None or now <= before[0]:
            return
        rate_bps = 8 * max(0, self.reception.octets - before[1]) / (now - before[0])
        known = self.rate_bps
        self.rate_bps = rate_bps if known is None else known + RATE_WEIGHT * (rate_bps - known)

    def restart(self, ssrc: int | None = None) -> None:
        """The publisher began this track anew: what was kept is forgotten and every slot waits."""
        if ssrc is not None:
            self.ssrc = ssrc
            self.reception = Reception(clock_rate=CLOCK_RATES[self.codec])
        self.repaired = 0
        self.slots.restart()
        self.history.clear()
        self.missing.clear()
        self.clock.forget()
        self.keyframe.forget()

    def _plain_sound(self, packet: RtpPacket, red: bool) -> bytes:
        """Once the publisher has sent RED, everything of it is RED in plain form."""
        if red:
            self.redundant = True
            return packet.plain(RED_PAYLOAD_TYPE)
        return wrapped(packet.plain(self._payload_type))

    def _follow_profile(self, payload: bytes, now: float) -> None:
        """The codec is what the parameter sets say, whatever was agreed on; no slot is left if it changed."""
        codec = h264_payload.codec_of(payload)
        if codec is None or codec is self.codec or now - self._recoded_at < RECODE_S:
            return
        self.codec = codec
        self._recoded_at = now
        self._payload_type = PAYLOAD_TYPES[codec]
        self.slots.dismiss()
        self.history.clear()
        self.keyframe.forget()
        self.recoded = True

    def _receive_late(self, plain: bytes, seq: int, ts: int, payload: bytes, now: float) -> bool:
        """Whether it was still missing."""
        if not self.history.put(seq, plain):
            return False  # a duplicate
        self.missing.arrived(seq, now)
        keyframe = self.kind is Kind.VIDEO and self._note_keyframe(payload, seq, ts, plain, now)
        self.slots.send_late(plain, seq, ts, keyframe=keyframe, now=now)
        return True

    def _note_keyframe(self, payload: bytes, seq: int, ts: int, plain: bytes, now: float) -> bool:
        """Whether a new keyframe begins with this packet."""
        if not self.keyframe.note(payload, seq, ts, plain, now):
            return False
        self.keyframes.arrived(now)
        return True
