"""Of several layers a slot carries the one that fits its place, and changes over without a gap."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtc.codecs import Codec
from rtc.downlink.layers import Layer, Simulcast, choose
from rtc.downlink.slot import Flow
from rtc.forwarding.forwarder import Forwarder
from rtc.plane import Kind, MediaEvent, ScopeRoutes, SlotsChanged, VideoRoute
from rtc.rtp.rtcp import KeyframeRequest, parse_rtcp
from rtc.sdp.simulcast import read_simulcast, sections, simulcast_lines
from rtc.uplink.source import Source, StreamPlan
from tests.unit.rtc.packets import FANOUT, VIDEO_PT, VP8_DELTA, FakeOutlet, make_subscriber, video

RID_ID, REPAIRED_ID, RTX_PT = 10, 11, 102
PLAN = StreamPlan(
    codec=Codec.VP8,
    payload_type=VIDEO_PT,
    rtx_payload_type=RTX_PT,
    simulcast=Simulcast(rids=("q", "f"), rid_id=RID_ID, repaired_rid_id=REPAIRED_ID),
)
SMALL, LARGE = (320, 180), (1280, 720)
SIZES = {"q": SMALL, "f": LARGE}


def key(size: tuple[int, int]) -> bytes:
    """The beginning of a VP8 keyframe of that size."""
    return bytes((0x10, 0, 0, 0, 0x9D, 0x01, 0x2A)) + b"".join(each.to_bytes(2, "little") for each in size)


def named(packet: bytes, element_id: int, rid: str) -> bytes:
    """The packet with an element that says which layer it is of."""
    element = bytes((element_id << 4 | (len(rid) - 1),)) + rid.encode()
    element += bytes(-len(element) % 4)
    head = bytes((0xBE, 0xDE, 0, len(element) // 4))
    return bytes((packet[0] | 0x10,)) + packet[1:12] + head + element + packet[12:]


class Scene:
    """A publisher with a small and a large layer, each with timestamps of its own, and a viewer."""

    def __init__(self) -> None:
        self.now = 10.0
        self.events: list[MediaEvent] = []
        self.forwarder = Forwarder(emit=self.events.append, unix_offset_s=0.0)
        self.outlet = FakeOutlet()
        self.source = Source(
            source_id="a",
            connection_id="a",
            plans=(PLAN,),
            outlet=self.outlet,
            fanout=FANOUT,
            on_start=self.forwarder.note_start,
            now=self.now,
        )
        self.forwarder.add_source(self.source, self.now)
        self.viewer, self.seen = make_subscriber("viewer", video_slots=1, audio_slots=0, now=self.now)
        self.forwarder.add_subscriber(self.viewer, self.now)
        self.seqs = {"q": 65_530, "f": 100}
        self.ts = {"q": 4_294_900_000, "f": 777}
        self.ssrcs = {"q": 21, "f": 22}
        self.sending = {"q", "f"}
        self.silent_to_requests = False
        self.wanted: set[str] = set()
        self.epoch = 0

    def show(self, height: int) -> None:
        self.epoch += 1
        route = VideoRoute(connection_id="viewer", slot=0, source_id="a", height=height)
        self.forwarder.reconcile(ScopeRoutes(scope_id="s", epoch=self.epoch, video=(route,)), self.now)

    def frame(self, rid: str, *, keyframe: bool = False) -> None:
        """One frame of one layer, in two packets."""
        self.ts[rid] = (self.ts[rid] + 3000) & 0xFFFFFFFF
        head = key(SIZES[rid]) if keyframe else VP8_DELTA
        for index, payload in enumerate((head + rid.encode(), b"\0" + rid.encode())):
            self.seqs[rid] = (self.seqs[rid] + 1) & 0xFFFF
            packet = video(self.seqs[rid], self.ts[rid], payload, ssrc=self.ssrcs[rid], marker=index == 1)
            self.forwarder.receive_rtp(self.source, named(packet, RID_ID, rid), self.now)

    def play(self, frames: int) -> None:
        """Both layers, with a keyframe wherever one was asked for."""
        for _ in range(frames):
            self.now += 1 / 30
            for rid in sorted(self.sending):
                self.frame(rid, keyframe=rid in self.wanted)
                self.wanted.discard(rid)
            self.forwarder.tick(self.now)
            for data in self.outlet.rtcp:
                for fact in parse_rtcp(data):
                    if isinstance(fact, KeyframeRequest) and not self.silent_to_requests:
                        self.wanted |= {rid for rid, ssrc in self.ssrcs.items() if ssrc == fact.ssrc}
            self.outlet.rtcp.clear()

    def layers_seen(self) -> list[str]:
        """Whose frames left, in order, without repetition."""
        names: list[str] = []
        for packet in self.seen.left:
            name = packet.payload[-1:].decode()
            if not names or names[-1] != name:
                names.append(name)
        return names


def begun(height: int) -> Scene:
    scene = Scene()
    scene.wanted = {"q", "f"}
    scene.play(5)
    scene.show(height)
    scene.play(20)
    return scene


@pytest.mark.parametrize(
    ("height", "layer"), [(0, "f"), (1080, "f"), (540, "f"), (240, "q"), (180, "q"), (90, "q")]
)
def test_a_place_gets_the_smallest_layer_that_fills_it(height: int, layer: str) -> None:
    assert begun(height).layers_seen() == [layer]


def test_a_place_that_grows_changes_over_at_a_keyframe_without_a_gap_or_a_jump() -> None:
    scene = begun(180)
    scene.show(720)
    scene.play(20)
    scene.show(180)
    scene.play(20)
    assert scene.layers_seen() == ["q", "f", "q"]
    seqs = [packet.seq for packet in scene.seen.left]
    assert [(after - before) & 0xFFFF for before, after in pairwise(seqs)] == [1] * (len(seqs) - 1)
    frames = [packet.timestamp for packet in scene.seen.left if packet.marker]
    steps = [(after - before) & 0xFFFFFFFF for before, after in pairwise(frames)]
    assert all(0 < step <= 6_600 for step in steps), "no frame stands for more than two of its time"
    first_of_large = next(packet for packet in scene.seen.left if packet.payload.endswith(b"f"))
    assert first_of_large.payload.startswith(key(LARGE))


def test_until_the_keyframe_comes_the_former_layer_goes_on() -> None:
    scene = begun(180)
    scene.silent_to_requests = True
    before = len(scene.seen.left)
    scene.show(720)
    scene.play(60)
    assert scene.layers_seen() == ["q"]
    assert len(scene.seen.left) == before + 2 * 60
    scene.show(180)  # and back, before anything came of it
    scene.wanted = {"f"}
    scene.play(10)
    assert scene.layers_seen() == ["q"]


def test_a_layer_that_stops_is_replaced_by_one_that_is_sent_and_comes_back() -> None:
    scene = begun(720)
    scene.sending = {"q"}
    scene.play(60)
    assert scene.layers_seen() == ["f", "q"]
    scene.sending = {"q", "f"}
    scene.wanted = {"f"}
    scene.play(60)
    assert scene.layers_seen() == ["f", "q", "f"]


def test_a_page_hears_of_one_beginning_however_often_the_layer_changes() -> None:
    scene = begun(180)
    scene.show(720)
    scene.play(20)
    scene.show(720)
    told = [slot for event in scene.events if isinstance(event, SlotsChanged) for slot in event.slots]
    assert len({slot.first_rtp_ts for slot in told if slot.first_rtp_ts is not None}) == 1


def test_a_slot_that_is_emptied_on_its_way_to_another_layer_stays_empty() -> None:
    scene = begun(180)
    scene.silent_to_requests = True
    scene.show(720)
    scene.play(5)
    scene.forwarder.reconcile(ScopeRoutes(scope_id="s", epoch=99), scene.now)
    before = len(scene.seen.left)
    scene.wanted = {"q", "f"}
    scene.play(20)
    assert len(scene.seen.left) == before
    assert scene.viewer.video[0].flow is Flow.EMPTY
    assert all(not track.slots.all and not track.slots.joining for track in scene.source.layers(Kind.VIDEO))


def test_retransmissions_find_their_layer_by_its_name() -> None:
    scene = begun(180)
    lost = scene.seqs["q"] = (scene.seqs["q"] + 1) & 0xFFFF
    scene.play(1)
    before = len(scene.seen.left)
    packet = video(lost, scene.ts["q"], lost.to_bytes(2, "big") + VP8_DELTA + b"q", ssrc=31)
    again = named(bytes((packet[0], RTX_PT)) + (5).to_bytes(2, "big") + packet[4:], REPAIRED_ID, "q")
    scene.forwarder.receive_rtp(scene.source, again, scene.now)
    assert len(scene.seen.left) == before + 1
    nameless = bytes((packet[0], RTX_PT)) + (6).to_bytes(2, "big") + packet[4:8] + (99).to_bytes(4, "big")
    scene.forwarder.receive_rtp(scene.source, nameless + packet[12:], scene.now)
    assert scene.source.strays == 1


def test_a_packet_without_a_name_before_its_layer_is_known_is_a_stray() -> None:
    scene = Scene()
    scene.forwarder.receive_rtp(scene.source, video(1, 1, key(SMALL), ssrc=21), scene.now)
    scene.forwarder.receive_rtp(scene.source, named(video(1, 1, key(SMALL), ssrc=21), RID_ID, "x"), scene.now)
    assert scene.source.strays == 2
    scene.frame("q", keyframe=True)
    scene.forwarder.receive_rtp(scene.source, video(scene.seqs["q"] + 1, 9, ssrc=21), scene.now)
    assert scene.source.strays == 2, "from then on the SSRC tells"


layers = st.builds(
    Layer,
    height=st.none() | st.sampled_from((180, 360, 720, 1080)),
    octets=st.integers(0, 10_000_000),
    alive=st.booleans(),
)


@given(st.lists(layers, min_size=1, max_size=3), st.sampled_from((0, 90, 240, 720, 2160)))
def test_a_choice_is_always_made_and_never_a_dead_layer_beside_a_live_one(
    found: list[Layer], wanted: int
) -> None:
    chosen = found[choose(found, wanted)]
    assert chosen.alive or not any(layer.alive for layer in found)


SECTION = (
    "m=video 9 UDP/TLS/RTP/SAVPF 96\na=rid:q send\na=rid:h send pt=96;max-width=640\na=rid:f send\n"
    "a=simulcast:send q;~h,x;f\n"
)


def test_the_layers_of_an_offer_are_read_in_order() -> None:
    simulcast = read_simulcast(SECTION, 10, 11)
    assert simulcast is not None
    assert simulcast.rids == ("q", "h", "f")
    text = "\n".join(simulcast_lines(simulcast))
    assert "a=rid:h recv" in text
    assert "a=simulcast:recv q;h;f" in text
    assert sections("v=0\r\nm=audio 9 x 1\r\na=x\r\nm=video 9 y 2\r\n") == [
        "m=audio 9 x 1\na=x\n",
        "m=video 9 y 2\n",
    ]


@pytest.mark.parametrize(
    "change",
    [("a=simulcast:send", "a=simulcast:recv"), ("a=rid:q send\na=rid:h send", "a=rid:q recv\na=x:h send")],
)
def test_what_is_no_simulcast_or_has_one_layer_is_not_taken_for_it(change: tuple[str, str]) -> None:
    assert read_simulcast(SECTION.replace(*change), 10, 11) is None
    assert read_simulcast(SECTION, None, 11) is None
