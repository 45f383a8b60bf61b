"""A publisher hears when its packets came; its retransmissions are taken for what they repeat."""

from __future__ import annotations

from rtc.codecs import Codec
from rtc.forwarding.forwarder import Forwarder
from rtc.plane import MediaEvent
from rtc.rtp.rtcp import ReceiverEstimate, parse_rtcp
from rtc.rtp.rtp_packet import parse_rtp
from rtc.rtp.transport_feedback import parse_transport_feedback
from rtc.uplink.source import Source, StreamPlan
from tests.unit.rtc.packets import (
    FANOUT,
    VIDEO_PT,
    VP8_DELTA,
    VP8_KEY,
    FakeOutlet,
    make_subscriber,
    routes,
    video,
)

RTX_PT, RTX_SSRC, NUMBER_ID = 102, 15, 4
PLAN = StreamPlan(
    codec=Codec.VP8, payload_type=VIDEO_PT, ssrc=11, rtx_payload_type=RTX_PT, transport_cc_id=NUMBER_ID
)


def numbered(packet: bytes, number: int) -> bytes:
    """The packet with a transport-wide sequence number."""
    element = bytes((0xBE, 0xDE, 0, 1, NUMBER_ID << 4 | 1)) + number.to_bytes(2, "big") + b"\0"
    return bytes((packet[0] | 0x10,)) + packet[1:12] + element + packet[12:]


def again(packet: bytes, rtx_seq: int) -> bytes:
    """The packet as a retransmission (RFC 4588 section 4)."""
    head = bytes((packet[0], packet[1] & 0x80 | RTX_PT)) + rtx_seq.to_bytes(2, "big") + packet[4:8]
    return head + RTX_SSRC.to_bytes(4, "big") + packet[2:4] + packet[12:]


class Scene:
    """One publisher that numbers its packets, and one viewer of it."""

    def __init__(self) -> None:
        self.events: list[MediaEvent] = []
        self.now = 10.0
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
        viewer, self.seen = make_subscriber("viewer", now=self.now)
        self.forwarder.add_subscriber(viewer, self.now)
        self.forwarder.reconcile(routes(1, ("viewer", 0, "a")), self.now)

    def receive(self, packet: bytes) -> None:
        self.forwarder.receive_rtp(self.source, packet, self.now)

    def payloads(self) -> list[bytes]:
        return [packet.payload for packet in self.seen.left]


def test_a_retransmission_fills_the_gap_that_it_was_asked_for() -> None:
    scene = Scene()
    scene.receive(video(1, 100, VP8_KEY))
    scene.receive(video(3, 300, VP8_DELTA + b"3"))
    scene.now += 0.05
    scene.forwarder.tick(scene.now)
    scene.receive(again(video(2, 200, VP8_DELTA + b"2"), 900))
    assert scene.payloads() == [VP8_KEY, VP8_DELTA + b"3", VP8_DELTA + b"2"]
    seqs = [packet.seq for packet in scene.seen.left]
    assert [(seq - seqs[0]) & 0xFFFF for seq in seqs] == [0, 2, 1]
    assert {packet.ssrc for packet in scene.seen.left} == {900}
    assert len(next(scene.source.tracks).missing) == 0


def test_what_comes_twice_leaves_once_and_counts_once() -> None:
    scene = Scene()
    scene.receive(video(1, 100, VP8_KEY))
    scene.receive(video(2, 200))
    scene.receive(again(video(2, 200), 900))
    scene.receive(again(video(1, 100, VP8_KEY), 901))
    assert len(scene.payloads()) == 2
    (track,) = scene.source.tracks
    assert (track.reception.received, track.reception.expected) == (2, 2)


def test_a_retransmission_ahead_of_its_original_is_taken_and_the_original_no_stray() -> None:
    scene = Scene()
    scene.receive(video(1, 100, VP8_KEY))
    scene.receive(again(video(2, 200, VP8_DELTA + b"2"), 900))
    scene.receive(video(2, 200, VP8_DELTA + b"2"))
    scene.receive(video(3, 300, VP8_DELTA + b"3"))
    assert scene.payloads() == [VP8_KEY, VP8_DELTA + b"2", VP8_DELTA + b"3"]


def test_padding_is_counted_and_goes_nowhere() -> None:
    scene = Scene()
    scene.receive(video(1, 100, VP8_KEY))
    empty = again(video(1, 100, b""), 900)[:12]
    padded = bytes((empty[0] | 0x20,)) + empty[1:] + bytes(199) + bytes((200,))
    scene.receive(padded)
    assert scene.source.padding == 1
    assert len(scene.payloads()) == 1


def test_a_retransmission_before_anything_else_or_of_nobody_is_a_stray() -> None:
    scene = Scene()
    next(scene.source.tracks).ssrc = 0
    scene.receive(again(video(1, 100, VP8_KEY), 900))
    strange = bytearray(again(video(1, 100), 900))
    strange[1] = 99
    scene.receive(bytes(strange))
    assert scene.source.strays == 2
    assert scene.payloads() == []


def test_the_publisher_hears_when_its_packets_came_also_the_empty_ones() -> None:
    scene = Scene()
    scene.receive(numbered(video(1, 100, VP8_KEY), 65_534))
    scene.now += 0.010
    scene.receive(numbered(video(2, 200), 65_535))
    scene.now += 0.020
    scene.receive(numbered(again(video(2, 200, b""), 900)[:14], 1))
    scene.now += 0.050
    scene.outlet.rtcp.clear()
    scene.forwarder.tick(scene.now)
    kinds = bytes((0x8F, 205))
    (data,) = [each for each in scene.outlet.rtcp if kinds in each]
    at = data.index(kinds)
    told = dict(parse_transport_feedback(data[at + 12 :]))
    assert list(told) == [65_534, 65_535, 0, 1]
    first, second, lost, third = told.values()
    assert lost is None
    assert [round((each or 0) - (first or 0), 3) for each in (second, third)] == [0.010, 0.030]


def test_one_that_numbers_its_packets_is_told_the_most_it_may_send_and_no_guess() -> None:
    scene = Scene()
    for index in range(40):
        scene.receive(numbered(video(1 + 3 * index, 100 * index, VP8_KEY), index))  # two of three are lost
        scene.now += 0.05
        scene.forwarder.tick(scene.now)
    figures = [
        fact.bitrate_bps
        for data in scene.outlet.rtcp
        for fact in parse_rtcp(data)
        if isinstance(fact, ReceiverEstimate)
    ]
    assert figures
    assert set(figures) == {6_000_000 >> 5 << 5}


def test_a_packet_without_its_number_changes_nothing() -> None:
    scene = Scene()
    scene.receive(video(1, 100, VP8_KEY))
    assert not scene.source.arrivals.active
    assert parse_rtp(numbered(video(1, 1), 7)).element(NUMBER_ID) == b"\0\7"
