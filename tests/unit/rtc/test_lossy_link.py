"""Both links lose, delay, reorder and repeat, faster than real time: the picture arrives whole all the same.

Numbers wrap around on both sides on the way, and may leap by half their range in the middle.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count

import pytest

from rtc.codecs import PAYLOAD_TYPES
from rtc.downlink.slot import Slot
from rtc.downlink.subscriber import Subscriber
from rtc.forwarding.forwarder import Forwarder
from rtc.plane import Kind
from rtc.rtp.rtcp import KeyframeRequest, Nack, RtcpFact, pack_nack, parse_rtcp
from rtc.rtp.rtp_packet import RtpPacket
from rtc.rtp.serial import seq_delta
from rtc.uplink.nack import Missing
from rtc.uplink.source import Source
from tests.impairment.path import Bursts, Conditions, Path
from tests.unit.rtc.packets import FANOUT, PLANS, VP8_CONTINUED, VP8_DELTA, VP8_KEY, routes, video

PACKETS_A_FRAME = 5
FRAMES = 300
MARKS = VP8_KEY + VP8_DELTA + VP8_CONTINUED


class Net:
    """Links and time: what is sent arrives later, in another order, or never."""

    def __init__(self, conditions: Conditions, *, seed: int) -> None:
        self.now = 10.0
        self._path = Path(conditions, seed=seed)
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()

    def carry(self, arrive: Callable[[], None]) -> None:
        for at in self._path.arrivals(1200, self.now):
            self.at(at - self.now, arrive)

    def at(self, in_s: float, do: Callable[[], None]) -> None:
        heapq.heappush(self._events, (self.now + in_s, next(self._order), do))

    def run(self, seconds: float) -> None:
        end = self.now + seconds
        while self._events and self._events[0][0] <= end:
            self.now, _, do = heapq.heappop(self._events)
            do()
        self.now = end


class World:
    """A camera, the forwarder and a viewer, a lossy link on either side."""

    def __init__(self, conditions: Conditions, *, seed: int, leap: int = 0) -> None:
        self.net = Net(conditions, seed=seed)
        self.leap = leap  # of the camera's numbers, after half of the frames
        self.forwarder = Forwarder(emit=lambda _event: None, unix_offset_s=0.0)
        self.source = Source(
            source_id="a",
            connection_id="a",
            plans=PLANS,
            outlet=self,
            fanout=FANOUT,
            on_start=self.forwarder.note_start,
            now=self.net.now,
        )
        slot = Slot(
            connection_id="v",
            kind=Kind.VIDEO,
            index=0,
            mid="v0",
            lane=FANOUT.lane(_ToViewer(self), 900),
            codecs=PAYLOAD_TYPES,
            retransmission=None,
            first_seq=65_000,
            first_ts=0,
            now=self.net.now,
        )
        self.viewer = Subscriber(
            connection_id="v", outlet=_ToViewer(self), video=[slot], audio=[], now=self.net.now
        )
        self.forwarder.add_source(self.source, self.net.now)
        self.forwarder.add_subscriber(self.viewer, self.net.now)
        self.forwarder.reconcile(routes(1, ("v", 0, "a")), self.net.now)
        self.sent: dict[int, bytes] = {}
        self.seen: dict[int, tuple[int, bytes]] = {}
        self.highest: int | None = None
        self.missing = Missing()
        self.keyframe_due = True
        self.seq, self.frames = 65_000, 0
        self.net.at(0, self.frame)
        self.net.at(0.01, self.tick)

    def frame(self) -> None:
        if self.frames == FRAMES // 2:
            self.seq += self.leap
        for index in range(PACKETS_A_FRAME):
            head = (VP8_KEY if self.keyframe_due else VP8_DELTA) if index == 0 else VP8_CONTINUED
            self.seq = (self.seq + 1) & 0xFFFF
            self.sent[self.seq] = video(self.seq, self.frames * 3000, head + b"%d/%d" % (self.frames, index))
            self.up(self.sent[self.seq])
        self.keyframe_due = False
        self.frames += 1
        if self.frames < FRAMES:
            self.net.at(1 / 30, self.frame)

    def up(self, packet: bytes) -> None:
        self.net.carry(lambda: self.forwarder.receive_rtp(self.source, packet, self.net.now))

    def send(self, plain: bytes, seq: int, timestamp: int, ssrc: int) -> None:
        raise AssertionError("no media goes to a publisher")

    def send_rtcp(self, data: bytes) -> None:
        """The forwarder's requests to the camera."""
        facts = parse_rtcp(data)
        self.net.carry(lambda: self.camera_hears(facts))

    def camera_hears(self, facts: list[RtcpFact]) -> None:
        for fact in facts:
            if isinstance(fact, KeyframeRequest):
                self.keyframe_due = True
            elif isinstance(fact, Nack):
                for seq in fact.seqs:
                    if seq in self.sent:
                        self.up(self.sent[seq])

    def viewer_sees(self, packet: RtpPacket) -> None:
        content = (packet.timestamp, packet.payload)
        assert self.seen.setdefault(packet.seq, content) == content
        self.missing.arrived(packet.seq, self.net.now)
        if self.highest is None or seq_delta(packet.seq, self.highest) > 0:
            if self.highest is not None:
                self.missing.gap(self.highest, packet.seq, self.net.now)
            self.highest = packet.seq

    def tick(self) -> None:
        self.forwarder.tick(self.net.now)
        asked = self.missing.due(self.net.now)
        if asked:
            facts = parse_rtcp(pack_nack(1, 900, asked))
            self.net.carry(lambda: self.forwarder.receive_feedback(self.viewer, facts, self.net.now))
        self.net.at(0.01, self.tick)


class _ToViewer:
    def __init__(self, world: World) -> None:
        self._world = world

    def send(self, plain: bytes, seq: int, timestamp: int, ssrc: int) -> None:
        packet = RtpPacket(
            payload_type=96, marker=False, seq=seq, timestamp=timestamp, ssrc=ssrc, payload=plain[12:]
        )
        self._world.net.carry(lambda: self._world.viewer_sees(packet))

    def send_rtcp(self, data: bytes) -> None:
        parse_rtcp(data)


@pytest.mark.parametrize(("loss", "delay_s"), [(0.0, 0.02), (0.02, 0.02), (0.05, 0.05), (0.1, 0.1)])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_ten_seconds_arrive_whole_and_in_their_place(loss: float, delay_s: float, seed: int) -> None:
    conditions = Conditions(loss=loss, delay_s=delay_s, jitter_s=0.008, reorder=0.02)
    world = World(conditions, seed=seed)
    world.net.run(13)
    assert world.frames == FRAMES
    assert world.highest is not None
    first = min(world.seen, key=lambda seq: -seq_delta(world.highest or 0, seq))
    length = seq_delta(world.highest, first) + 1
    arrived = len(world.seen)
    assert length >= PACKETS_A_FRAME * 290
    assert arrived >= length * (0.995 if loss == 0.1 else 0.999)
    assert world.seen[first][1].lstrip(MARKS).startswith(b"0/"), "of the keyframe; its very first may be lost"
    assert in_order(world, first, length)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_comes_twice_or_goes_missing_in_spells_neither_doubles_nor_mixes_frames(seed: int) -> None:
    conditions = Conditions(
        bursts=Bursts.of(loss=0.05, length=6), delay_s=0.04, jitter_s=0.03, reorder=0.05, duplicate=0.1
    )
    world = World(conditions, seed=seed)
    world.net.run(13)
    assert world.highest is not None
    first = min(world.seen, key=lambda seq: -seq_delta(world.highest or 0, seq))
    length = seq_delta(world.highest, first) + 1
    assert len(world.seen) >= length * 0.98
    assert in_order(world, first, length)


@pytest.mark.parametrize("leap", [500, 2_999, 3_001, 0x7FFF, 0x8000, 0xFFFF])
def test_a_camera_whose_numbers_leap_is_seen_on_from_its_next_keyframe(leap: int) -> None:
    world = World(Conditions(delay_s=0.02), seed=1, leap=leap)
    world.net.run(13)
    late = [int(text.split(b"/")[0].lstrip(MARKS)) for ts, text in world.seen.values() if ts is not None]
    assert max(late) == FRAMES - 1
    after = [number for number in set(late) if number > FRAMES // 2 + 30]
    assert len(after) >= FRAMES // 2 - 35


def in_order(world: World, first: int, length: int) -> bool:
    """Whether the frames follow one another in the slot's own numbers."""
    seqs = [(first + step) & 0xFFFF for step in range(length)]
    numbers = [int(world.seen[seq][1].split(b"/")[0].lstrip(MARKS)) for seq in seqs if seq in world.seen]
    return numbers == sorted(numbers)
