"""One receive slot of a subscriber: an m-line, an SSRC, and whatever track it carries at the moment.

What leaves is checked at the last moment: `feed` and `resend` send a packet only while `slot.track` is the
track that it came from, and the fan-out only while the lane's gate is that track's. `pause` is all it takes
to silence a slot: live packets, the history, the keyframe cache and retransmissions alike.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from rtc.codecs import PAYLOAD_TYPES, Codec
from rtc.downlink.fanout import SHUT, Lane, flipped
from rtc.downlink.history import History
from rtc.downlink.rewrite import Rewrite
from rtc.plane import Kind, SlotState
from rtc.rtp.picture_numbers import NO_PICTURE, NO_SHIFT, Picture, Reached, shifted
from rtc.rtp.red import REACH, is_red, without_repetitions
from rtc.rtp.rtcp import SenderReport
from rtc.rtp.serial import SEQ_MASK, TS_MASK, seq_delta, ts_delta
from rtc.rtp.source_clock import TrackClock

REPEATED_AMONG, WORTH_REPEATING = 40, 600  # packets, bytes
MIN_STEP_S = 0.02  # between the last frame of one track and the first of the next: one Opus frame


class Flow(StrEnum):
    """What a slot is doing."""

    EMPTY = "empty"  # no track
    WAITING = "waiting"  # for a keyframe (or for its source to come up)
    STILL = "still"  # shows the last keyframe of its track, and waits for the next (or rests)
    CATCHING_UP = "catching_up"  # being fed from the history
    LIVE = "live"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """The permission under which a slot carries a source."""

    scope_id: str
    epoch: int
    source_id: str


class Carried(Protocol):
    """What a slot needs of the track that it carries."""

    clock: TrackClock
    codec: Codec
    history: History
    newest_seq: int
    newest_ts: int
    newest_picture: Picture
    rid: str

    @property
    def read_picture(self) -> Callable[[bytes], Picture] | None:
        """What finds the picture numbers in a packet of it; None where there are none."""

    @property
    def gate(self) -> int:
        """The number under which its packets pass a lane."""

    @property
    def holes(self) -> int:
        """How many of its packets never came: no slot can have sent them."""

    def picture_size(self) -> tuple[int, int] | None:
        """Width and height, once a keyframe told them."""


class Attached(Protocol):
    """The slots of a track, of which this is one."""

    def detach(self, slot: "Slot") -> None:
        """Nothing of the track leaves by the slot any more."""

    def keyframe_wanted(self, slot: "Slot", now: float) -> None:
        """The slot's subscriber cannot decode."""

    def hand_over(self, slot: "Slot") -> None:
        """The slot belongs to another layer from now on."""

    def withdraw(self, slot: "Slot") -> None:
        """The slot is not going to change over to the track any more."""


class Retransmission:
    """The stream beside a slot's own that carries what is sent again (RFC 4588)."""

    __slots__ = ("_payload_types", "_seq", "_ssrc")

    def __init__(self, *, ssrc: int, payload_types: Mapping[int, int], first_seq: int) -> None:
        """`payload_types`: under which number goes what first went under another."""
        self._ssrc = ssrc
        self._payload_types = payload_types
        self._seq = first_seq

    def send(self, lane: Lane, plain: bytes, seq: int, ts: int) -> bool:
        """The packet that first left with these numbers has left again; False if its codec has no way."""
        payload_type = self._payload_types.get(plain[1] & 0x7F)
        if payload_type is None:
            return False
        second = bytes((plain[0], plain[1] & 0x80 | payload_type))
        again = second + plain[2:12] + seq.to_bytes(2, "big") + plain[12:]
        if lane.numbers is not None:
            again = lane.numbers.stamp(again)
        lane.outlet.send(again, self._seq, ts, self._ssrc)
        self._seq = (self._seq + 1) & SEQ_MASK
        return True


class Slot:
    """A slot's place in its own stream, and its present track."""

    __slots__ = (
        "_anchor_at",
        "_anchor_ts",
        "_end_seq",
        "_end_ts",
        "_fed",
        "_reached",
        "_shift",
        "arriving",
        "attached",
        "clock_rate",
        "codecs",
        "connection_id",
        "cursor",
        "cursor_ts",
        "deadline",
        "emptied_epoch",
        "flow",
        "held_back",
        "index",
        "kind",
        "lane",
        "mid",
        "red_from",
        "redundant",
        "resting",
        "retransmission",
        "rewrite",
        "route",
        "shown_from",
        "ssrc",
        "started_at",
        "track",
        "undecodable",
        "wanted_height",
    )

    def __init__(
        self,
        *,
        connection_id: str,
        kind: Kind,
        index: int,
        mid: str,
        lane: Lane,
        codecs: Mapping[Codec, int],
        retransmission: Retransmission | None,
        redundant: bool = False,
        first_seq: int,
        first_ts: int,
        now: float,
    ) -> None:
        self.connection_id = connection_id
        self.kind = kind
        self.index = index
        self.mid = mid
        self.ssrc = lane.ssrc
        self.lane = lane
        self.codecs = (
            codecs  # what the subscriber decodes, and under which payload type; nothing else is sent
        )
        self.redundant = redundant  # it takes sound with repetitions
        self.red_from: int | None = None  # … of the present track from this packet on, without before
        self.retransmission = retransmission
        self.clock_rate = 90_000 if kind is Kind.VIDEO else 48_000
        self.route: Route | None = None
        self.attached: Attached | None = None  # its track's slots: whose turn it is
        self.track: Carried | None = None  # whose packets may leave
        self.arriving: Attached | None = None  # another layer's of the same picture, whose turn is next
        self.undecodable: Codec | None = None  # what its source sends and its subscriber does not decode
        self.wanted_height = 0  # where it is shown; 0 is not known
        self.flow = Flow.EMPTY
        self.held_back = False  # it gets less than fits its place
        self.resting = False  # it gets stills only: there is no room for more
        self.shown_from: int | None = None  # the timestamp of its source's first frame, in whichever layer
        self.rewrite: Rewrite | None = None
        self.cursor = 0  # unless live: the track's next packet to send
        self.cursor_ts = 0  # and the timestamp of the last one sent
        self.deadline: float | None = None  # while waiting: start from the history then
        self.started_at = now  # when its present track began
        self.emptied_epoch = 0
        self._end_seq = (first_seq - 1) & SEQ_MASK
        self._end_ts: int | None = None
        self._reached = Reached()  # of VP8's and VP9's picture numbers
        self._shift = NO_SHIFT
        self._fed = NO_PICTURE  # the last picture that did not leave by the fan-out
        self._anchor_ts = first_ts
        self._anchor_at = now

    def state(self) -> SlotState:
        """What the subscriber should be told of this slot."""
        return SlotState(
            slot=self.index,
            kind=self.kind,
            mid=self.mid,
            source_id=self.route.source_id if self.route else None,
            epoch=self.route.epoch if self.route else self.emptied_epoch,
            undecodable=self.undecodable.value if self.undecodable else None,
            first_rtp_ts=self.shown_from,
            still=self.resting,
        )

    def timeline(self, moment: float) -> int:
        """The timestamp for a frame taken at `moment`: one line for the slot's whole life.

        Only a frame that would come before what was sent is moved, to just after it. One line for all
        sources lets the receiver keep what it learnt from sender reports when the source changes.
        """
        ts = (self._anchor_ts + int((moment - self._anchor_at) * self.clock_rate)) & TS_MASK
        if self._end_ts is not None:
            least = (self._end_ts + int(MIN_STEP_S * self.clock_rate)) & TS_MASK
            if ts_delta(ts, least) < 0:
                return least
        return ts

    def begin(
        self,
        track: Carried,
        *,
        seq: int,
        ts: int,
        now: float,
        flow: Flow,
        first: Picture = NO_PICTURE,
    ) -> None:
        """The track's packet `seq` and those after it belong in this slot; `seq` is the first it will see.

        `first` are that packet's picture numbers.
        """
        self._note_end()
        self.track = track
        self.rewrite = Rewrite(
            first_seq=seq,
            first_ts=ts,
            out_seq=(self._end_seq + 1) & SEQ_MASK,
            out_ts=self.timeline(now if flow is Flow.CATCHING_UP else track.clock.moment_of(ts, now)),
            dense=flow is Flow.CATCHING_UP,
        )
        self.red_from = None
        self._fed = NO_PICTURE
        if first is not NO_PICTURE:
            self._shift = self._reached.shift_to(first)
            self.lane.number_shift, self.lane.tl0_shift = self._shift.number, self._shift.tl0
        if self.shown_from is None:
            self.shown_from = self.rewrite.first_rtp_ts
        self.lane.seq_off = self.rewrite.seq_off
        self.lane.ts_off = self.rewrite.ts_off
        self.lane.payload_flip = PAYLOAD_TYPES[track.codec] ^ self.codecs[track.codec]
        self.lane.gate = track.gate
        self.cursor = seq
        self.cursor_ts = ts
        self.started_at = now
        self.flow = flow
        self.deadline = None

    def go_live(self, seq: int, ts: int, now: float) -> None:
        """The present is reached: the frame at `ts`, from packet `seq` on, follows the publisher's clock."""
        if self.rewrite is None or self.track is None:
            return
        self._note_end()
        self.rewrite.reach_present(seq, ts, self.timeline(self.track.clock.moment_of(ts, now)))
        self.lane.ts_off = self.rewrite.ts_off
        self.flow = Flow.LIVE

    def feed(self, track: Carried, packet: bytes, seq: int, ts: int) -> None:
        """A packet of the track has left, if this slot carries that track and has come to it."""
        rewrite = self.rewrite
        if self.track is not track or rewrite is None or seq_delta(seq, rewrite.first_seq) < 0:
            return
        lane = self.lane
        if track.read_picture is not None:
            picture = track.read_picture(packet)
            if seq_delta(seq, (self.cursor - 1) & SEQ_MASK) >= 0:  # not one that came late
                self._fed = picture
            packet = shifted(packet, picture, self._shift)
        elif is_red(packet) and (self.red_from is None or seq_delta(seq, self.red_from) < 0):
            packet = without_repetitions(packet)
        lane.octets += len(packet) - 12
        lane.packets += 1
        if lane.payload_flip:
            packet = flipped(packet, lane.payload_flip)
        if lane.numbers is not None:
            packet = lane.numbers.stamp(packet)
        lane.outlet.send(packet, rewrite.out_seq(seq), rewrite.out_ts(seq, ts), self.ssrc)

    def may_repeat(self, ts: int) -> bool:
        """Whether nothing that is repeated at that time of the track can be older than its turn in the slot.

        What was said before that, this subscriber may not have been meant to hear.
        """
        rewrite = self.rewrite
        return self.redundant and rewrite is not None and ts_delta(ts, rewrite.first_ts) >= REACH

    def sender_report(self, now: float, ntp: int) -> SenderReport | None:
        """How the slot's timestamps stand to the wall clock, while that is known."""
        if self.flow is not Flow.LIVE or self.track is None:
            return None
        rtp_ts = self.track.clock.rtp_at(now, self.track.newest_ts)
        if rtp_ts is None:
            return None
        return SenderReport(
            ssrc=self.ssrc,
            ntp=ntp,
            rtp_ts=(rtp_ts + self.lane.ts_off) & TS_MASK,
            packets=self.lane.packets & TS_MASK,
            octets=self.lane.octets & TS_MASK,
        )

    def resend(self, out_seq: int) -> bool:
        """The packet the slot sent under that number has left again, if its track still is the slot's."""
        if self.track is None or self.rewrite is None:
            return False
        seq = self.rewrite.track_seq(out_seq)
        if seq is None or (self.flow is not Flow.LIVE and seq_delta(seq, self.cursor) >= 0):
            return False
        packet = self.track.history.get(seq)
        if packet is None:
            return False
        ts = int.from_bytes(packet[4:8], "big")
        again = self.retransmission
        read = self.track.read_picture
        same = shifted(packet, read(packet), self._shift) if read is not None else packet
        if again is not None and again.send(self.lane, same, out_seq, self.rewrite.out_ts(seq, ts)):
            return True
        if self.lane.numbers is not None:
            return False  # it would be another text (another transport-wide number) under the same SRTP index
        self.feed(self.track, packet, seq, ts)
        return True

    def repeat(self) -> int:
        """One of the last packets has left again, for the sake of its size; that, 0 if nothing has."""
        track, rewrite = self.track, self.rewrite
        if track is None or rewrite is None or self.retransmission is None:
            return 0
        largest, its_seq = 0, 0  # of a scene that hardly moves all are small
        for back in range(REPEATED_AMONG):
            seq = (track.newest_seq - back) & SEQ_MASK
            packet = track.history.get(seq)
            if packet is not None and len(packet) > largest:
                largest, its_seq = len(packet), seq
                if largest >= WORTH_REPEATING:
                    break
        return largest if largest and self.resend(rewrite.out_seq(its_seq)) else 0

    def pause(self) -> None:
        """Nothing of the present track leaves any more, but the slot still waits for its source."""
        self._fall_silent()
        self.held_back = self.resting = False
        self.shown_from = None
        self.flow = Flow.WAITING if self.route else Flow.EMPTY

    def rest(self) -> None:
        """The picture stands: what comes of the present track from now on are stills."""
        self._fall_silent()
        self.resting = True
        self.flow = Flow.STILL

    def _fall_silent(self) -> None:
        self._note_end()
        self.lane.gate = SHUT
        self.track = None
        self.rewrite = None
        self.deadline = None

    def _note_end(self) -> None:
        """Remember how far the present track has brought the slot's numbers."""
        track = self.track
        rewrite = self.rewrite
        if track is None or rewrite is None:
            return
        if self.flow is Flow.LIVE:
            last_seq, last_ts, last_picture = track.newest_seq, track.newest_ts, track.newest_picture
        else:
            last_seq, last_ts, last_picture = (self.cursor - 1) & SEQ_MASK, self.cursor_ts, self._fed
        end_seq = rewrite.out_seq(last_seq)
        if seq_delta(last_seq, rewrite.first_seq) >= 0 and seq_delta(end_seq, self._end_seq) > 0:
            self._end_seq = end_seq
            self._end_ts = rewrite.out_ts(last_seq, last_ts)
            self._reached = self._reached.through(last_picture, self._shift)
