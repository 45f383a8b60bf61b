"""The slots that carry one track, and how each of them comes to do so.

A video slot shows nothing until a keyframe. It begins in the cheapest way that shows a picture at once:

1. the last keyframe is young: the packets since are sent, then the slot is live (**catching up**);
2. the publisher answers requests for keyframes: one is requested and waited for;
3. neither: the packets since the last keyframe are sent, however old, as far as they are still held; else the
   keyframe alone, as a **still**, until the next one comes.

A slot for which there is no room **rests**: it gets a keyframe every few seconds, alone.
"""

from collections.abc import Callable
from typing import Protocol

from rtc.downlink.fanout import Fanout
from rtc.downlink.slot import Carried, Flow, Slot
from rtc.plane import Kind
from rtc.rtp.picture_numbers import Picture
from rtc.rtp.red import without_repetitions
from rtc.rtp.serial import SEQ_MASK, seq_delta
from rtc.uplink.keyframe_request import KeyframeRequests
from rtc.uplink.last_keyframe import LastKeyframe

YOUNG_S = 1.5
"""A keyframe this young is shown from the history without asking for another. An encoder that sends one every
second would otherwise be waited for, half a second on average, although the picture lies ready."""
RECENT_S = 2.0  # one this young, when it is not known yet whether the publisher answers
WAIT_S = 0.6  # for a keyframe that was requested, before the history is used after all
RESTART_S = 2.0  # between two starts of a slot from the history because its subscriber asks for a keyframe
STILL_EVERY_S = 5.0  # for slots that rest; their publisher is asked for no keyframe more often
CATCH_UP_PACKETS = 32  # for one slot at a time: 10 ms apart, that is about 30 Mbps


class Shown(Carried, Protocol):
    """What must be known of the track itself."""

    kind: Kind
    keyframe: LastKeyframe
    keyframes: KeyframeRequests
    redundant: bool


class TrackSlots:
    """Which slots a track leaves by live, and which are on their way there."""

    __slots__ = (
        "_fan",
        "_fanout",
        "_on_start",
        "_red_fan",
        "_repeating",
        "_ripening",
        "_still_ts",
        "_track",
        "catching_up",
        "joining",
        "live",
        "resting",
        "waiting",
    )

    def __init__(self, track: Shown, *, fanout: Fanout, on_start: Callable[[Slot], None]) -> None:
        self.live: tuple[Slot, ...] = ()
        self.waiting: tuple[Slot, ...] = ()
        self.catching_up: tuple[Slot, ...] = ()
        self.joining: tuple[Slot, ...] = ()  # they carry another layer until this one's next keyframe
        self.resting: tuple[Slot, ...] = ()
        self._still_ts: int | None = None  # of the keyframe that resting slots got last
        self._track = track
        self._fanout = fanout
        self._ripening: tuple[Slot, ...] = ()  # live, and perhaps about to get repetitions
        self._repeating = 0  # of the live ones: who gets them
        self._fan = self._red_fan = fanout.fan((), track.gate)
        self._on_start = on_start

    @property
    def all(self) -> tuple[Slot, ...]:
        """Every slot whose turn is this track's."""
        return self.live + self.catching_up + self.waiting + self.resting

    @property
    def pressing(self) -> bool:
        """Whether one should not wait long for the next `pump`."""
        return bool(self.catching_up or self.waiting)

    def attach(self, slot: Slot, now: float) -> None:
        """The slot carries this track from its next possible moment on."""
        slot.attached = self
        if self._track.kind is Kind.AUDIO:
            self._wait(slot)
            return
        keyframes = self._track.keyframes
        age = now - self._track.keyframe.at
        if age > YOUNG_S:
            keyframes.want()
        enough = YOUNG_S if keyframes.answers else RECENT_S
        if self._keyframe_held() and (age <= enough or keyframes.deaf):
            self._begin_from_history(slot, now)
            return
        self._wait(slot)
        if keyframes.deaf:
            self._show_still(slot, now)
        else:
            slot.deadline = now + WAIT_S

    def detach(self, slot: Slot) -> None:
        """Nothing of this track leaves by the slot any more, nor of the layer that was to come."""
        if slot.arriving is not None:
            slot.arriving.withdraw(slot)
        slot.pause()
        slot.attached = None
        self._leave(slot)

    def rest(self, slot: Slot) -> None:
        """The slot, which carried this layer or another, gets only stills of this one from now on."""
        if slot.arriving is not None:
            slot.arriving.withdraw(slot)
        if slot.attached is not None:
            slot.attached.hand_over(slot)
        slot.attached = self
        slot.rest()
        self.resting = (*self.resting, slot)
        self._on_start(slot)

    def wake(self, slot: Slot, now: float) -> None:
        """The slot, which rested in this layer or another, carries this one as soon as it can."""
        if slot.attached is not None:
            slot.attached.hand_over(slot)
        slot.resting = False
        self.attach(slot, now)
        self._on_start(slot)

    def change_over(self, slot: Slot) -> None:
        """The slot, which carries another layer of the picture, carries this from its next keyframe on."""
        if slot.arriving is not None:
            slot.arriving.withdraw(slot)
        if self._track.codec not in slot.codecs:
            return
        slot.arriving = self
        self.joining = (*self.joining, slot)
        self._track.keyframes.want()

    def withdraw(self, slot: Slot) -> None:
        """The slot is not going to change over to this track any more."""
        slot.arriving = None
        self.joining = tuple(other for other in self.joining if other is not slot)

    def hand_over(self, slot: Slot) -> None:
        """The slot belongs to another layer from now on; its numbers run on."""
        self._leave(slot)

    def keyframe_wanted(self, slot: Slot, now: float) -> None:
        """The subscriber cannot decode: a keyframe is requested, or the slot starts from the last one."""
        keyframes = self._track.keyframes
        keyframes.want()
        if (
            keyframes.deaf
            and slot.flow is Flow.LIVE
            and now - slot.started_at > RESTART_S
            and self._keyframe_held()
        ):
            self._set_live(tuple(other for other in self.live if other is not slot))
            self._begin_from_history(slot, now)

    def restart(self) -> None:
        """What was kept of the track is worth nothing any more: every slot waits."""
        slots = self.all
        for slot in slots:
            slot.pause()
        self._set_live(())
        self.catching_up = self.resting = ()
        self.waiting = slots

    def dismiss(self) -> None:
        """No slot carries the track any more, or is going to."""
        for slot in self.joining:
            self.withdraw(slot)
        for slot in self.all:
            self.detach(slot)

    def sound_arrived(self, seq: int, ts: int, now: float) -> None:
        """Whoever waits is live from this packet on; who has been for long enough gets repetitions."""
        if self._ripening and self._track.redundant:
            ripe = [slot for slot in self._ripening if slot.may_repeat(ts)]
            for slot in ripe:
                slot.red_from = seq
            if ripe:
                self._set_live(self.live)
        if self.waiting:
            self._begin_waiting(seq, ts, now)

    def picture_arrived(self, seq: int, ts: int, *, keyframe: bool, now: float) -> None:
        """The packet is the newest, and perhaps a keyframe's first: slots whose time has come are live."""
        if self.resting:
            self._show_stills(ts, now)
        if keyframe:
            if self.joining:
                self._take_over(seq, ts, now)
            if self.waiting:
                self._begin_waiting(seq, ts, now)
        if self.catching_up:
            self._join_live(seq, ts, now)

    def send(self, plain: bytes, seq: int, ts: int, picture: Picture) -> None:
        """The packet has left by every live slot."""
        if self.live:
            self._fan.send(plain, seq, ts, picture)

    def send_redundant(self, plain: bytes, seq: int, ts: int) -> None:
        """The RED packet has left by every live slot: as it is, or without its repetitions."""
        if self._repeating:
            self._red_fan.send(plain, seq, ts)
        if self._repeating < len(self.live):
            self._fan.send(without_repetitions(plain), seq, ts)

    def send_late(self, plain: bytes, seq: int, ts: int, *, keyframe: bool, now: float) -> None:
        """A packet that came late, perhaps a keyframe's first, has left wherever its place was reached."""
        if keyframe:
            for slot in self.waiting:
                self._begin_from_history(slot, now)
            self.waiting = ()
        for slot in self.live:
            slot.feed(self._track, plain, seq, ts)
        for slot in self.catching_up:
            if seq_delta(seq, slot.cursor) < 0:
                slot.feed(self._track, plain, seq, ts)

    def pump(self, budget: int, now: float) -> int:
        """Slots that catch up were sent some packets from the history; how many that took of the budget."""
        used = 0
        newest = self._track.history.newest
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
        keyframes = self._track.keyframes
        if self._track.kind is Kind.VIDEO and (self.waiting or self.joining or keyframes.unknown):
            keyframes.want()
        if self.resting and now - self._track.keyframe.at > STILL_EVERY_S:
            keyframes.want()
        return used

    def _take_over(self, seq: int, ts: int, now: float) -> None:
        """Every slot that was to come is here, without a pause between the two layers."""
        coming, self.joining = self.joining, ()
        for slot in coming:
            slot.arriving = None
            if slot.attached is not None:
                slot.attached.hand_over(slot)
            slot.attached = self
            new = slot.shown_from is None
            first = self._track.keyframe.picture
            slot.begin(self._track, seq=seq, ts=ts, now=now, flow=Flow.LIVE, first=first)
            if new:
                self._on_start(slot)
        self._set_live(self.live + coming)

    def _leave(self, slot: Slot) -> None:
        if slot in self.live:
            self._set_live(tuple(other for other in self.live if other is not slot))
        if slot in self.waiting:
            self.waiting = tuple(other for other in self.waiting if other is not slot)
        if slot in self.catching_up:
            self.catching_up = tuple(other for other in self.catching_up if other is not slot)
        if slot in self.resting:
            self.resting = tuple(other for other in self.resting if other is not slot)

    def _keyframe_held(self) -> bool:
        seq = self._track.keyframe.seq
        return seq is not None and self._track.history.get(seq) is not None

    def _set_live(self, slots: tuple[Slot, ...]) -> None:
        self.live = slots
        repeating = [slot.lane for slot in slots if slot.red_from is not None]
        self._repeating = len(repeating)
        self._red_fan = self._fanout.fan(repeating, self._track.gate)
        self._fan = self._fanout.fan([slot.lane for slot in slots if slot.red_from is None], self._track.gate)
        self._ripening = tuple(slot for slot in slots if slot.redundant and slot.red_from is None)

    def _wait(self, slot: Slot) -> None:
        slot.flow = Flow.WAITING
        self.waiting = (*self.waiting, slot)

    def _begin_waiting(self, seq: int, ts: int, now: float) -> None:
        """Every waiting slot is live from this packet on."""
        first = self._track.keyframe.picture
        for slot in self.waiting:
            slot.begin(self._track, seq=seq, ts=ts, now=now, flow=Flow.LIVE, first=first)
            self._on_start(slot)
        self._set_live(self.live + self.waiting)
        self.waiting = ()

    def _begin_from_history(self, slot: Slot, now: float) -> None:
        if self._track.keyframe.seq is None:
            return
        self._begin_at_keyframe(slot, self._track.keyframe.seq, now, Flow.CATCHING_UP)
        self.catching_up = (*self.catching_up, slot)
        self._on_start(slot)

    def _begin_at_keyframe(self, slot: Slot, seq: int, now: float, flow: Flow) -> None:
        keyframe = self._track.keyframe
        slot.begin(self._track, seq=seq, ts=keyframe.ts, now=now, flow=flow, first=keyframe.picture)

    def _step(self, slot: Slot) -> int:
        """The slot's next packet has left, if it is held; 1 if it was."""
        seq = slot.cursor
        packet = self._track.history.get(seq)
        slot.cursor = (seq + 1) & SEQ_MASK
        if packet is None:
            return 0
        slot.cursor_ts = int.from_bytes(packet[4:8], "big")
        slot.feed(self._track, packet, seq, slot.cursor_ts)
        return 1

    def _join_live(self, seq: int, ts: int, now: float) -> None:
        """Slots that have caught up are live from the first packet of a frame on; `seq` just arrived."""
        for slot in self.catching_up:
            if slot.cursor != seq:
                continue
            if ts == slot.cursor_ts:  # still within the frame that catching up ended in
                self._step(slot)
                continue
            slot.go_live(seq, ts, now)
            self.catching_up = tuple(other for other in self.catching_up if other is not slot)
            self._set_live((*self.live, slot))

    def _show_stills(self, ts: int, now: float) -> None:
        """Resting slots whose last still is old get the last keyframe, now that its packets are all there."""
        keyframe = self._track.keyframe
        if keyframe.seq is None or keyframe.ts in (ts, self._still_ts):
            return
        self._still_ts = keyframe.ts
        for slot in self.resting:
            if slot.track is None or now - slot.started_at >= STILL_EVERY_S / 2:
                self._show_still(slot, now)

    def _show_still(self, slot: Slot, now: float) -> None:
        """The slot shows the last keyframe alone, and goes on waiting for the next."""
        keyframe = self._track.keyframe
        if keyframe.seq is None:
            return
        self._begin_at_keyframe(slot, keyframe.seq, now, Flow.STILL)
        for packet in keyframe.packets:
            seq = int.from_bytes(packet[2:4], "big")
            slot.feed(self._track, packet, seq, keyframe.ts)
            if seq_delta(seq, slot.cursor) >= 0:
                slot.cursor = (seq + 1) & SEQ_MASK
        self._on_start(slot)
