"""A viewer behind a narrow place sees what fits there, the stage before the tiles, and more when it can."""

from __future__ import annotations

import pytest

from rtc.codecs import PAYLOAD_TYPES, RTX_PAYLOAD_TYPES, Codec
from rtc.downlink.slot import Retransmission, Slot
from rtc.downlink.subscriber import Subscriber
from rtc.downlink.transport_numbers import TransportNumbers
from rtc.forwarding.allocation import Pressure
from rtc.forwarding.forwarder import Forwarder
from rtc.plane import Kind, MediaEvent, ScopeRoutes, SlotsChanged, SlotState, VideoRoute
from rtc.rtp.rtcp import KeyframeRequest, parse_rtcp
from rtc.rtp.rtp_packet import RtpPacket, parse_rtp
from rtc.uplink.source import Source
from tests.unit.rtc.narrow_way import ELEMENT, NarrowWay
from tests.unit.rtc.packets import FANOUT, VP8_DELTA, FakeOutlet, video
from tests.unit.rtc.test_simulcast import PLAN, RID_ID, SIZES, key, named

RATES = {"q": 150e3, "f": 1.2e6}
PACKET = 1000


class Camera:
    """A publisher of two layers that answers every request for a keyframe."""

    def __init__(self, name: str, number: int, forwarder: Forwarder, now: float) -> None:
        self.outlet = FakeOutlet()
        self.source = Source(
            source_id=name,
            connection_id=name,
            plans=(PLAN,),
            outlet=self.outlet,
            fanout=FANOUT,
            on_start=forwarder.note_start,
            now=now,
        )
        self.ssrcs = {rid: 10 * number + index for index, rid in enumerate(RATES)}
        self.seqs = dict.fromkeys(RATES, 100 * number)
        self.ts = number * 7777
        self.owed = dict.fromkeys(RATES, 0.0)
        self.wanted = set(RATES)
        self.keyframes_sent = 0

    def packets(self, frame_s: float) -> list[bytes]:
        """One frame of each layer."""
        for data in self.outlet.rtcp:
            for fact in parse_rtcp(data):
                if isinstance(fact, KeyframeRequest):
                    self.wanted |= {rid for rid, ssrc in self.ssrcs.items() if ssrc == fact.ssrc}
        self.outlet.rtcp.clear()
        self.ts += int(90_000 * frame_s)
        packets = []
        for rid, rate in RATES.items():
            head = key(SIZES[rid]) if rid in self.wanted else VP8_DELTA
            self.owed[rid] += rate * frame_s / 8
            self.keyframes_sent += rid in self.wanted
            self.wanted.discard(rid)
            count = max(1, round(self.owed[rid] / PACKET))
            size = int(min(PACKET, self.owed[rid] / count))
            self.owed[rid] -= count * size
            for index in range(count):
                self.seqs[rid] += 1
                payload = (head if index == 0 else b"\0") + bytes(max(1, size))
                packet = video(
                    self.seqs[rid], self.ts, payload, ssrc=self.ssrcs[rid], marker=index == count - 1
                )
                packets.append(named(packet, RID_ID, rid))
        return packets


class WayOut(FakeOutlet):
    """The viewer's outlet: what leaves goes through the narrow place."""

    def __init__(self, scene: Scene) -> None:
        super().__init__()
        self._scene = scene

    def send(self, plain: bytes, seq: int, timestamp: int, ssrc: int) -> None:
        packet = parse_rtp(plain)
        packet.seq, packet.ssrc = seq, ssrc
        self._scene.sent.append(packet)
        self._scene.way.send(packet, self._scene.now)


class Scene:
    """Three cameras on the stage and two tiles of one viewer."""

    def __init__(self, bits_per_s: float) -> None:
        self.now = 10.0
        self.events: list[MediaEvent] = []
        self.forwarder = Forwarder(emit=self.events.append, unix_offset_s=0.0)
        self.cameras = [Camera(name, 1 + index, self.forwarder, self.now) for index, name in enumerate("abc")]
        for camera in self.cameras:
            self.forwarder.add_source(camera.source, self.now)
        self.way = NarrowWay(bits_per_s)
        self.sent: list[RtpPacket] = []
        numbers = TransportNumbers(element_id=ELEMENT, clock=lambda: self.now)
        outlet = WayOut(self)
        again = {PAYLOAD_TYPES[Codec.VP8]: RTX_PAYLOAD_TYPES[Codec.VP8]}
        slots = [
            Slot(
                connection_id="viewer",
                kind=Kind.VIDEO,
                index=index,
                mid=f"v{index}",
                lane=FANOUT.lane(outlet, 900 + index, numbers),
                codecs=PAYLOAD_TYPES,
                retransmission=Retransmission(ssrc=1900 + index, payload_types=again, first_seq=1),
                first_seq=60_000,
                first_ts=0,
                now=self.now,
            )
            for index in range(3)
        ]
        self.viewer = Subscriber(connection_id="viewer", outlet=outlet, video=slots, audio=[], now=self.now)
        self.forwarder.add_subscriber(self.viewer, self.now)
        routes = tuple(
            VideoRoute(connection_id="viewer", slot=index, source_id=name, height=720 if index == 0 else 180)
            for index, name in enumerate("abc")
        )
        self.run(1)
        self.forwarder.reconcile(ScopeRoutes(scope_id="s", epoch=1, video=routes), self.now)

    def run(self, seconds: float) -> None:
        ticks = int(seconds * 90)
        for tick in range(ticks):
            self.now += 1 / 90
            if tick % 3 == 0:
                for camera in self.cameras:
                    for packet in camera.packets(1 / 30):
                        self.forwarder.receive_rtp(camera.source, packet, self.now)
            self.forwarder.tick(self.now)
            if tick % 9 == 0:
                self.forwarder.receive_feedback(self.viewer, self.way.feedback(self.now), self.now)

    def shown(self) -> list[str]:
        """What each slot carries: a layer's name, or still."""
        names = []
        for slot, camera in zip(self.viewer.video, self.cameras, strict=True):
            rids = {
                track.slots: rid for track, rid in zip(camera.source.layers(Kind.VIDEO), "qf", strict=True)
            }
            names.append("still" if slot.resting else rids[slot.attached])  # type: ignore[index]
        return names

    def states(self, slot: int) -> list[SlotState]:
        """What the page was told of that slot, in order."""
        told = [event for event in self.events if isinstance(event, SlotsChanged)]
        return [state for event in told for state in event.slots if state.slot == slot]


@pytest.mark.parametrize(
    ("carries", "shown"),
    [
        (20e6, ["f", "q", "q"]),
        (1.7e6, ["f", "q", "q"]),
        (700e3, ["q", "q", "q"]),
        (330e3, ["q", "still", "still"]),
    ],
)
def test_what_fits_is_shown(carries: float, shown: list[str]) -> None:
    scene = Scene(carries)
    scene.run(40)
    seen: dict[tuple[str, ...], int] = {}
    dropped = scene.way.dropped
    for _ in range(60):
        scene.run(0.5)
        now = tuple(scene.shown())
        seen[now] = seen.get(now, 0) + 1
    assert max(seen, key=lambda each: seen[each]) == tuple(shown), seen
    assert scene.way.dropped - dropped < 60


def test_the_tiles_go_before_the_stage() -> None:
    scene = Scene(20e6)
    scene.run(10)
    scene.way.bits_per_s = 1.5e6
    seen = []
    for _ in range(30):
        scene.run(0.1)
        seen.append(scene.shown())
    assert ["f", "still", "still"] in seen
    assert all(shown[0] == "f" for shown in seen)


def test_more_is_shown_soon_after_the_way_has_become_wider() -> None:
    scene = Scene(500e3)
    scene.run(20)
    assert scene.shown()[0] == "q"
    scene.way.bits_per_s = 5e6
    scene.run(25)
    assert scene.shown() == ["f", "q", "q"]
    assert scene.viewer.prober.succeeded > 0


def test_a_scene_that_hardly_moves_gets_its_large_layer_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of its packets are small, and they are few: the way is tried with what there is."""
    monkeypatch.setitem(RATES, "q", 15e3)
    monkeypatch.setitem(RATES, "f", 90e3)
    scene = Scene(70e3)
    stage = VideoRoute(connection_id="viewer", slot=0, source_id="a", height=720)
    scene.forwarder.reconcile(ScopeRoutes(scope_id="s", epoch=2, video=(stage,)), scene.now)
    scene.run(20)
    assert scene.viewer.video[0].held_back
    scene.way.bits_per_s = 5e6
    scene.run(30)
    assert not scene.viewer.video[0].held_back
    assert scene.viewer.prober.succeeded > 0


def test_a_tile_without_room_gets_a_still_every_few_seconds_and_says_so() -> None:
    scene = Scene(20e6)
    scene.run(5)
    scene.forwarder.pressure = Pressure.STILL_TILES
    scene.run(1)
    assert scene.shown() == ["f", "still", "still"]
    assert scene.states(1)[-1].still
    before = len(scene.sent)
    scene.run(20)
    frames = {packet.timestamp for packet in scene.sent[before:] if packet.ssrc == 901}
    assert 3 <= len(frames) <= 6
    stills = [packet for packet in scene.sent[before:] if packet.ssrc == 901]
    assert all(packet.payload[:4] in (key(SIZES["q"])[:4], b"\0\0\0\0") for packet in stills)
    scene.forwarder.pressure = Pressure.NONE
    scene.run(2)
    assert scene.shown() == ["f", "q", "q"]
    assert not scene.states(1)[-1].still
    sequence = [packet.seq for packet in scene.sent if packet.ssrc == 901]
    assert sequence == [(60_000 + index) & 0xFFFF for index in range(len(sequence))], (
        "no gap and no number twice"
    )
    begun = [state.first_rtp_ts for state in scene.states(1)]
    assert len({each for each in begun if each is not None}) == 1, "the page has never been told to blank it"


def test_a_still_stops_with_its_route_and_a_page_that_asks_for_keyframes_gets_no_more_of_them() -> None:
    scene = Scene(20e6)
    scene.run(5)
    scene.forwarder.pressure = Pressure.STILL_TILES
    scene.run(1)
    before, asked = len(scene.sent), scene.cameras[1].keyframes_sent
    for _ in range(40):
        scene.run(0.25)
        scene.forwarder.receive_feedback(scene.viewer, [KeyframeRequest(ssrc=901)], scene.now)
    assert len({packet.timestamp for packet in scene.sent[before:] if packet.ssrc == 901}) <= 4
    assert scene.cameras[1].keyframes_sent - asked <= 2
    scene.forwarder.reconcile(ScopeRoutes(scope_id="s", epoch=2), scene.now)
    before = len(scene.sent)
    scene.run(12)
    assert scene.sent[before:] == []


def test_no_number_is_used_twice_whatever_the_way_does() -> None:
    scene = Scene(20e6)
    for carries in (20e6, 0.6e6, 3e6, 0.3e6, 10e6):
        scene.way.bits_per_s = carries
        scene.run(8)
    for ssrc in (900, 901, 902, 1900, 1901, 1902):
        numbers = [packet.seq for packet in scene.sent if packet.ssrc == ssrc]
        assert len(set(numbers)) == len(numbers)
