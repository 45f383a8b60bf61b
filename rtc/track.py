"""One track of a source: what arrived of it, and the slots that carry it.

A video slot shows nothing until a keyframe. It begins in the cheapest way that shows a picture at once:

1. the last keyframe is young: the packets since are sent, then the slot is live (**catching up**);
2. the publisher answers requests for keyframes: one is requested and waited for;
3. neither: the packets since the last keyframe are sent, however old, as far as they are still held; else the
   keyframe alone, as a **still**, until the next one comes.
"""

from collections.abc import Callable

from rtc.codecs import CLOCK_RATES, KINDS, PAYLOAD_TYPES, Codec
from rtc.fanout import Fanout
from rtc.history import History
from rtc.keyframe_request import KeyframeRequests
from rtc.last_keyframe import LastKeyframe
from rtc.nack import Missing
from rtc.plane import Kind
from rtc.reception import MAX_BEHIND, Arrival, Reception
from rtc.rtp_packet import RtpPacket
from rtc.serial import SEQ_MASK, seq_delta
from rtc.slot import Flow, Slot
from rtc.source_clock import SourceClock, TrackClock
from rtc.vp8_descriptor import NO_PICTURE, read_picture

YOUNG_S = 1.5
"""A keyframe this young is shown from the history without asking for another. An encoder that sends one every
second would otherwise be waited for, half a second on average, although the picture lies ready."""
RECENT_S = 2.0  # one this young, when it is not known yet whether the publisher answers
WAIT_S = 0.6  # for a keyframe that was requested, before the history is used after all
RESTART_S = 2.0  # between two starts of a slot from the history because its subscriber asks for a keyframe
AUDIO_HISTORY = 256  # five seconds of Opus
CATCH_UP_PACKETS = 32  # for one slot at a time: 10 ms apart, that is about 30 Mbps


class Track:
    """The packets of one SSRC of a publisher and the slots that they leave by."""

    __slots__ = (
        "_fan",
        "_fanout",
        "_on_start",
        "_payload_type",
        "catching_up",
        "clock",
        "codec",
        "gate",
        "history",
        "joining",
        "keyframe",
        "keyframes",
        "kind",
        "live",
        "missing",
        "newest_picture",
        "newest_seq",
        "newest_ts",
        "numbered",
        "reception",
        "source_id",
        "ssrc",
        "waiting",
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
    ) -> None:
        self.source_id = source_id
        self.codec = codec
        self.kind = KINDS[codec]
        self.ssrc = ssrc
        self.reception = Reception(clock_rate=CLOCK_RATES[codec])
        self.history = History() if self.kind is Kind.VIDEO else History(capacity=AUDIO_HISTORY)
        self.missing = Missing()
        self.keyframes = KeyframeRequests()
        self.clock = TrackClock(source_clock, clock_rate=CLOCK_RATES[codec])
        self.newest_seq = 0
        self.newest_ts = 0
        self.gate = fanout.gate()
        self.live: tuple[Slot, ...] = ()
        self.waiting: tuple[Slot, ...] = ()
        self.catching_up: tuple[Slot, ...] = ()
        self.joining: tuple[Slot, ...] = ()  # they carry another layer until this one's next keyframe
        self._fanout = fanout
        self._fan = fanout.fan((), self.gate)
        self._on_start = on_start
        self._payload_type = PAYLOAD_TYPES[codec]
        self.keyframe = LastKeyframe(codec)
        self.numbered = codec is Codec.VP8  # its pictures have numbers
        self.newest_picture = NO_PICTURE

    def receive(self, packet: RtpPacket, now: float) -> None:
        """The packet is kept and has left by every slot that carries this track."""
        seq = packet.seq
        ts = packet.timestamp
        before = self.reception.highest if self.reception.started else None
        arrival = self.reception.note(seq, ts, len(packet.payload), now)
        if arrival is Arrival.STRAY:
            return
        if arrival is Arrival.RESTART:
            self.restart()
            before = None
        plain = packet.plain(self._payload_type)
        if arrival is Arrival.LATE:
            self._receive_late(plain, seq, ts, packet.payload, now)
            return
        self.history.put(seq, plain)
        self.newest_seq = seq
        self.newest_ts = ts
        if self.numbered:
            self.newest_picture = read_picture(plain)
        self.clock.note_arrival(ts, now)
        if self.kind is Kind.AUDIO:
            if self.waiting:
                self._begin_waiting(seq, ts, now)
        else:
            if before is not None and not self.missing.gap(before, seq, now):
                self.keyframes.want()
            self._receive_picture(packet.payload, plain, seq, ts, now)
        if self.live:
            self._fan.send(plain, seq, ts, self.newest_picture)

    def _receive_picture(self, payload: bytes, plain: bytes, seq: int, ts: int, now: float) -> None:
        if self._note_keyframe(payload, seq, ts, plain, now):
            if self.joining:
                self._take_over(seq, ts, now)
            if self.waiting:
                self._begin_waiting(seq, ts, now)
        if self.catching_up:
            self._join_live(seq, ts, now)

    def receive_again(self, packet: RtpPacket, now: float) -> None:
        """A packet that was sent again under another SSRC is kept and has left, unless it came before."""
        ahead = seq_delta(packet.seq, self.reception.highest)
        if not self.reception.started or ahead > 0:
            self.receive(packet, now)
        elif ahead > -MAX_BEHIND:
            plain = packet.plain(self._payload_type)
            self._receive_late(plain, packet.seq, packet.timestamp, packet.payload, now)

    def picture_size(self) -> tuple[int, int] | None:
        """Width and height as the last keyframe has them, if it tells."""
        return self.keyframe.size()

    def attach(self, slot: Slot, now: float) -> None:
        """The slot carries this track from its next possible moment on."""
        slot.attached = self
        if self.kind is Kind.AUDIO:
            self._wait(slot)
            return
        age = now - self.keyframe.at
        if age > YOUNG_S:
            self.keyframes.want()
        enough = YOUNG_S if self.keyframes.answers else RECENT_S
        if self._keyframe_held() and (age <= enough or self.keyframes.deaf):
            self._begin_from_history(slot, now)
            return
        self._wait(slot)
        if self.keyframes.deaf:
            self._show_still(slot, now)
        else:
            slot.deadline = now + WAIT_S

    @property
    def slots(self) -> tuple[Slot, ...]:
        """Every slot whose turn is this track's."""
        return self.live + self.catching_up + self.waiting

    def detach(self, slot: Slot) -> None:
        """Nothing of this track leaves by the slot any more, nor of the layer that was to come."""
        if slot.arriving is not None:
            slot.arriving.withdraw(slot)
        slot.pause()
        slot.attached = None
        self._leave(slot)

    def change_over(self, slot: Slot) -> None:
        """The slot, which carries another layer of the picture, carries this from its next keyframe on."""
        if slot.arriving is not None:
            slot.arriving.withdraw(slot)
        slot.arriving = self
        self.joining = (*self.joining, slot)
        self.keyframes.want()

    def withdraw(self, slot: Slot) -> None:
        """The slot is not going to change over to this track any more."""
        slot.arriving = None
        self.joining = tuple(other for other in self.joining if other is not slot)

    def _take_over(self, seq: int, ts: int, now: float) -> None:
        """Every slot that was to come is here, without a pause between the two layers."""
        coming, self.joining = self.joining, ()
        for slot in coming:
            slot.arriving = None
            if slot.attached is not None:
                slot.attached.hand_over(slot)
            slot.attached = self
            shown_from = slot.rewrite.first_rtp_ts if slot.rewrite is not None else None
            slot.begin(
                self,
                seq=seq,
                ts=ts,
                now=now,
                flow=Flow.LIVE,
                first=self.keyframe.picture,
                shown_from=shown_from,
            )
            if shown_from is None:
                self._on_start(slot)
        self._set_live(self.live + coming)

    def hand_over(self, slot: Slot) -> None:
        """The slot belongs to another layer from now on; its numbers run on."""
        self._leave(slot)

    def _leave(self, slot: Slot) -> None:
        if slot in self.live:
            self._set_live(tuple(other for other in self.live if other is not slot))
        if slot in self.waiting:
            self.waiting = tuple(other for other in self.waiting if other is not slot)
        if slot in self.catching_up:
            self.catching_up = tuple(other for other in self.catching_up if other is not slot)

    def keyframe_wanted(self, slot: Slot, now: float) -> None:
        """The subscriber cannot decode: a keyframe is requested, or the slot starts from the last one."""
        self.keyframes.want()
        if (
            self.keyframes.deaf
            and slot.flow is Flow.LIVE
            and now - slot.started_at > RESTART_S
            and self._keyframe_held()
        ):
            self._set_live(tuple(other for other in self.live if other is not slot))
            self._begin_from_history(slot, now)

    def pump(self, budget: int, now: float) -> int:
        """Slots that catch up were sent some packets from the history; how many that took of the budget."""
        used = 0
        newest = self.history.newest
        for slot in self.catching_up:
            most = min(budget, used + CATCH_UP_PACKETS)
            while used < most and newest is not None and seq_delta(newest, slot.cursor) >= 0:
                used += self._step(slot)
        for slot in self.waiting:
            if slot.deadline is not None and now >= slot.deadline:
                slot.deadline = None
                if self._keyframe_held():
                    self.waiting = tuple(other for other in self.waiting if other is not slot)
                    self._begin_from_history(slot, now)
                else:
                    self._show_still(slot, now)
        if self.kind is Kind.VIDEO and (self.waiting or self.joining or self.keyframes.unknown):
            self.keyframes.want()
        return used

    def restart(self, ssrc: int | None = None) -> None:
        """The publisher began this track anew: what was kept is forgotten and every slot waits."""
        if ssrc is not None:
            self.ssrc = ssrc
            self.reception = Reception(clock_rate=CLOCK_RATES[self.codec])
        slots = self.slots
        for slot in slots:
            slot.pause()
        self._set_live(())
        self.catching_up = ()
        self.waiting = slots
        self.history.clear()
        self.missing.clear()
        self.clock.forget()
        self.keyframe.forget()

    def _receive_late(self, plain: bytes, seq: int, ts: int, payload: bytes, now: float) -> None:
        if not self.history.put(seq, plain):
            return  # a duplicate
        self.missing.arrived(seq, now)
        if self.kind is Kind.VIDEO and self._note_keyframe(payload, seq, ts, plain, now):
            for slot in self.waiting:
                self._begin_from_history(slot, now)
            self.waiting = ()
        for slot in self.live:
            slot.feed(self, plain, seq, ts)
        for slot in self.catching_up:
            if seq_delta(seq, slot.cursor) < 0:
                slot.feed(self, plain, seq, ts)

    def _note_keyframe(self, payload: bytes, seq: int, ts: int, plain: bytes, now: float) -> bool:
        """Whether a new keyframe begins with this packet."""
        if not self.keyframe.note(payload, seq, ts, plain, now):
            return False
        self.keyframes.arrived(now)
        return True

    def _keyframe_held(self) -> bool:
        return self.keyframe.seq is not None and self.history.get(self.keyframe.seq) is not None

    def _set_live(self, slots: tuple[Slot, ...]) -> None:
        self.live = slots
        self._fan = self._fanout.fan([slot.lane for slot in slots], self.gate)

    def _wait(self, slot: Slot) -> None:
        slot.flow = Flow.WAITING
        self.waiting = (*self.waiting, slot)

    def _begin_waiting(self, seq: int, ts: int, now: float) -> None:
        """Every waiting slot is live from this packet on."""
        for slot in self.waiting:
            slot.begin(self, seq=seq, ts=ts, now=now, flow=Flow.LIVE, first=self.keyframe.picture)
            self._on_start(slot)
        self._set_live(self.live + self.waiting)
        self.waiting = ()

    def _begin_from_history(self, slot: Slot, now: float) -> None:
        if self.keyframe.seq is None:
            return
        self._begin_at_keyframe(slot, self.keyframe.seq, now, Flow.CATCHING_UP)
        self.catching_up = (*self.catching_up, slot)
        self._on_start(slot)

    def _begin_at_keyframe(self, slot: Slot, seq: int, now: float, flow: Flow) -> None:
        slot.begin(self, seq=seq, ts=self.keyframe.ts, now=now, flow=flow, first=self.keyframe.picture)

    def _step(self, slot: Slot) -> int:
        """The slot's next packet has left, if it is held; 1 if it was."""
        seq = slot.cursor
        packet = self.history.get(seq)
        slot.cursor = (seq + 1) & SEQ_MASK
        if packet is None:
            return 0
        slot.cursor_ts = int.from_bytes(packet[4:8], "big")
        slot.feed(self, packet, seq, slot.cursor_ts)
        return 1

    def _join_live(self, seq: int, ts: int, now: float) -> None:
        """Slots that have caught up are live from the first packet of a frame on; `seq` just arrived."""
        for slot in self.catching_up:
            if slot.cursor != seq:
                continue
            if ts == slot.cursor_ts:  # still within the frame that catching up ended in
                self._step(slot)
                continue
            slot.go_live(ts, now)
            self.catching_up = tuple(other for other in self.catching_up if other is not slot)
            self._set_live((*self.live, slot))

    def _show_still(self, slot: Slot, now: float) -> None:
        """The slot shows the last keyframe alone, and goes on waiting for the next."""
        if self.keyframe.seq is None:
            return
        self._begin_at_keyframe(slot, self.keyframe.seq, now, Flow.STILL)
        for packet in self.keyframe.packets:
            seq = int.from_bytes(packet[2:4], "big")
            slot.feed(self, packet, seq, self.keyframe.ts)
            if seq_delta(seq, slot.cursor) >= 0:
                slot.cursor = (seq + 1) & SEQ_MASK
        self._on_start(slot)
