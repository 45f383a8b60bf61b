"""What a viewer is sent again: in the stream beside the slot's own, under the same gate."""

from __future__ import annotations

from rtc.codecs import PAYLOAD_TYPES, RTX_PAYLOAD_TYPES, Codec
from rtc.downlink.slot import Retransmission
from rtc.downlink.transport_numbers import TransportNumbers
from rtc.forwarding.forwarder import Forwarder
from rtc.rtp.rtcp import Nack, ReportBlock
from rtc.rtp.rtp_packet import RtpPacket
from rtc.uplink.source import Source
from tests.unit.rtc.packets import VP8_DELTA, VP8_KEY, make_source, make_subscriber, routes, video

RTX_SSRC = 1900


class Scene:
    """Two publishers, and a viewer that takes retransmissions of VP8."""

    def __init__(self, *codecs: Codec) -> None:
        self.now = 10.0
        self.forwarder = Forwarder(emit=lambda _event: None, unix_offset_s=0.0)
        self.sources: dict[str, Source] = {}
        for name in "ab":
            self.sources[name], _ = make_source(name, self.forwarder, self.now)
            self.forwarder.add_source(self.sources[name], self.now)
        numbers = {PAYLOAD_TYPES[codec]: RTX_PAYLOAD_TYPES[codec] for codec in codecs}
        again = Retransmission(ssrc=RTX_SSRC, payload_types=numbers, first_seq=0xFFFF)
        self.viewer, self.outlet = make_subscriber(
            "viewer", video_slots=1, audio_slots=0, now=self.now, retransmission=again
        )
        self.forwarder.add_subscriber(self.viewer, self.now)
        self.epoch = 0

    def show(self, name: str) -> None:
        self.epoch += 1
        self.forwarder.reconcile(routes(self.epoch, ("viewer", 0, name)), self.now)

    def play(self, name: str, first: int, count: int) -> None:
        for index in range(count):
            payload = (VP8_DELTA if index else VP8_KEY) + bytes((first + index,))
            packet = video(first + index, 3000 * index, payload, marker=index % 2 == 0)
            self.now += 0.03
            self.forwarder.receive_rtp(self.sources[name], packet, self.now)

    def lose(self, share: float) -> None:
        """The viewer has reported for some seconds that it loses so much."""
        report = ReportBlock(
            ssrc=900, fraction_lost=round(256 * share), lost=1, highest=1, jitter=0, last_sr=0, since_sr=0
        )
        for _ in range(20):
            self.forwarder.receive_feedback(self.viewer, [report], self.now)

    def tick(self) -> list[RtpPacket]:
        """What leaves a little later."""
        before = len(self.outlet.left)
        self.now += 0.04
        self.forwarder.tick(self.now)
        return self.outlet.left[before:]

    def ask(self, *packets: RtpPacket) -> list[RtpPacket]:
        """What is sent when the viewer misses these."""
        before = len(self.outlet.left)
        nack = Nack(ssrc=900, seqs=tuple(packet.seq for packet in packets))
        self.forwarder.receive_feedback(self.viewer, [nack], self.now)
        return self.outlet.left[before:]


def test_what_is_sent_again_goes_its_own_way_and_says_which_packet_it_is() -> None:
    scene = Scene(Codec.VP8)
    scene.show("a")
    scene.play("a", 10, 6)
    lost = scene.outlet.left[2:4]
    again = scene.ask(*lost)
    assert [(packet.ssrc, packet.payload_type) for packet in again] == [(RTX_SSRC, 98)] * 2
    assert [packet.seq for packet in again] == [0xFFFF, 0]
    for packet, original in zip(again, lost, strict=True):
        assert packet.payload == original.seq.to_bytes(2, "big") + original.payload
        assert (packet.timestamp, packet.marker) == (original.timestamp, original.marker)


def test_asked_for_twice_it_is_another_packet_twice_so_that_no_key_stream_is_used_again() -> None:
    scene = Scene(Codec.VP8)
    scene.show("a")
    scene.play("a", 10, 6)
    first, second = scene.ask(scene.outlet.left[2]) + scene.ask(scene.outlet.left[2])
    assert first.payload == second.payload
    assert first.seq != second.seq


def test_a_codec_without_such_a_way_is_sent_again_in_its_own_stream() -> None:
    scene = Scene(Codec.H264)
    scene.show("a")
    scene.play("a", 10, 6)
    (again,) = scene.ask(scene.outlet.left[2])
    assert (again.ssrc, again.payload_type, again.seq) == (900, 96, scene.outlet.left[2].seq)


def test_a_numbered_packet_without_such_a_way_is_not_sent_again_at_all() -> None:
    scene = Scene(Codec.H264)
    scene.viewer.video[0].lane.numbers = TransportNumbers(element_id=3, clock=lambda: 0.0)  # type: ignore[misc]
    scene.show("a")
    scene.play("a", 10, 6)
    assert scene.ask(scene.outlet.left[2]) == []


def test_nothing_of_a_source_is_sent_again_once_its_route_is_gone() -> None:
    scene = Scene(Codec.VP8)
    scene.show("a")
    scene.play("a", 10, 6)
    of_a = list(scene.outlet.left)
    scene.show("b")
    assert scene.ask(*of_a) == []
    scene.play("b", 60, 6)
    assert scene.ask(*of_a) == []
    assert scene.ask(scene.outlet.left[-1])[0].payload[2:] == scene.outlet.left[5 + 6].payload


def test_on_a_way_that_loses_some_an_answer_comes_twice_and_on_another_once() -> None:
    for share, second in ((0.0, 0), (0.05, 1), (0.3, 0)):
        scene = Scene(Codec.VP8)
        scene.show("a")
        scene.play("a", 10, 6)
        scene.lose(share)
        (first,) = scene.ask(scene.outlet.left[2])
        later = [packet for packet in scene.tick() if packet.ssrc == RTX_SSRC]
        assert [packet.payload for packet in later] == [first.payload] * second, share
        assert first.seq not in [packet.seq for packet in later]


def test_a_second_answer_is_not_given_once_the_route_is_gone() -> None:
    scene = Scene(Codec.VP8)
    scene.show("a")
    scene.play("a", 10, 6)
    scene.lose(0.05)
    assert scene.ask(scene.outlet.left[2])
    scene.show("b")
    assert not scene.tick()
