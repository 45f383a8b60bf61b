"""Both links lose, delay and reorder, faster than real time: the picture arrives whole all the same."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from itertools import count

import pytest

from rtc.codecs import PAYLOAD_TYPES
from rtc.forwarder import Forwarder
from rtc.nack import Missing
from rtc.plane import Kind
from rtc.rtcp import KeyframeRequest, Nack, RtcpFact, pack_nack, parse_rtcp
from rtc.rtp_packet import RtpPacket
from rtc.serial import seq_delta
from rtc.slot import Slot
from rtc.source import Source
from rtc.subscriber import Subscriber
from tests.unit.rtc.packets import FANOUT, PLANS, VP8_CONTINUED, VP8_DELTA, VP8_KEY, routes, video

PACKETS_A_FRAME = 5


class Net:
    """Links and time: what is sent arrives later, in another order, or never."""

    def __init__(self, *, loss: float, delay_s: float, seed: int) -> None:
        self.now = 10.0
        self._loss = loss
        self._delay_s = delay_s
        self._random = random.Random(seed)
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()

    def carry(self, arrive: Callable[[], None]) -> None:
        if self._random.random() >= self._loss:
            self.at(self._delay_s + self._random.random() * 0.008, arrive)

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

    def __init__(self, *, loss: float, delay_s: float, seed: int) -> None:
        self.net = Net(loss=loss, delay_s=delay_s, seed=seed)
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
        self.seq, self.frames = 60_000, 0
        self.net.at(0, self.frame)
        self.net.at(0.01, self.tick)

    def frame(self) -> None:
        for index in range(PACKETS_A_FRAME):
            head = (VP8_KEY if self.keyframe_due else VP8_DELTA) if index == 0 else VP8_CONTINUED
            self.seq = (self.seq + 1) & 0xFFFF
            self.sent[self.seq] = video(self.seq, self.frames * 3000, head + b"%d/%d" % (self.frames, index))
            self.up(self.sent[self.seq])
        self.keyframe_due = False
        self.frames += 1
        if self.frames < 300:
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
    world = World(loss=loss, delay_s=delay_s, seed=seed)
    world.net.run(13)
    assert world.frames == 300
    assert world.highest is not None
    first = min(world.seen, key=lambda seq: -seq_delta(world.highest or 0, seq))
    length = seq_delta(world.highest, first) + 1
    arrived = len(world.seen)
    assert length >= PACKETS_A_FRAME * 290
    assert arrived >= length * (0.995 if loss == 0.1 else 0.999)
    assert world.seen[first][1].startswith(VP8_KEY)
    in_order = [
        world.seen[(first + step) & 0xFFFF] for step in range(length) if (first + step) & 0xFFFF in world.seen
    ]
    numbers = [
        int(payload.split(b"/")[0].lstrip(VP8_KEY + VP8_DELTA + VP8_CONTINUED)) for _, payload in in_order
    ]
    assert numbers == sorted(numbers)
