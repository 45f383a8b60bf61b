"""A source that another worker has too: what it must be told, may have at once, and is sent again."""

from __future__ import annotations

from rtc.codecs import Codec
from rtc.downlink.layers import Simulcast
from rtc.kind import Kind
from rtc.rtp.rtcp import KeyframeRequest, Nack
from rtc.uplink.handing_over import Numbered, know, numbers, recent, serve
from rtc.uplink.source import Source, StreamPlan
from tests.unit.rtc.packets import FANOUT, VIDEO_PT, VP8_DELTA, VP8_KEY, FakeOutlet, video

RID_ID, REPAIRED_ID, RTX_PT = 10, 11, 102
PLAN = StreamPlan(
    codec=Codec.VP8,
    payload_type=VIDEO_PT,
    rtx_payload_type=RTX_PT,
    simulcast=Simulcast(rids=("q", "f"), rid_id=RID_ID, repaired_rid_id=REPAIRED_ID),
)
SSRCS = {"q": 21, "f": 22}


def source(*, crossed: bool) -> Source:
    return Source(
        source_id="a",
        connection_id="" if crossed else "a",
        plans=(PLAN,),
        outlet=FakeOutlet(),
        fanout=FANOUT,
        on_start=lambda _slot: None,
        now=0.0,
    )


def of_layer(rid: str, seq: int, payload: bytes, *, named: bool) -> bytes:
    packet = video(seq, seq * 3000, payload)
    packet = packet[:8] + SSRCS[rid].to_bytes(4, "big") + packet[12:]
    if not named:
        return packet
    element = bytes((RID_ID << 4, ord(rid), 0, 0))
    return bytes((packet[0] | 0x10,)) + packet[1:12] + bytes((0xBE, 0xDE, 0, 1)) + element + packet[12:]


def begun() -> Source:
    """A publisher's source, which has named its layers once and then never again."""
    here = source(crossed=False)
    for rid in SSRCS:
        here.receive_rtp(of_layer(rid, 1, VP8_KEY + b"first", named=True), 1.0)
        for seq in range(2, 6):
            here.receive_rtp(of_layer(rid, seq, VP8_DELTA + bytes((seq,)), named=False), 1.0)
    return here


def test_layers_that_are_not_named_any_more_are_known_on_the_other_worker() -> None:
    here, there, ignorant = begun(), source(crossed=True), source(crossed=True)
    told = numbers(here)
    assert set(told) == {Numbered(kind=Kind.VIDEO, rid=rid, ssrc=ssrc) for rid, ssrc in SSRCS.items()}
    know(there, (*told, Numbered(kind=Kind.VIDEO, rid="unknown", ssrc=9)))
    for rid in SSRCS:
        packet = of_layer(rid, 6, VP8_DELTA, named=False)
        assert there.receive_rtp(packet, 1.1)
        assert not ignorant.receive_rtp(packet, 1.1)
    assert {track.rid: track.ssrc for track in there.tracks} == SSRCS


def test_what_repeats_a_layer_is_known_too() -> None:
    here, there = source(crossed=False), source(crossed=True)
    know(
        here,
        (
            Numbered(kind=Kind.VIDEO, rid="f", ssrc=22),
            Numbered(kind=Kind.VIDEO, rid="f", ssrc=32, repeats=True),
        ),
    )
    know(there, numbers(here))
    assert there.repeating() == [(32, there.layers(Kind.VIDEO)[1])]
    assert numbers(there) == numbers(here)


def test_the_pictures_since_a_young_keyframe_are_handed_over_at_once_and_older_ones_not() -> None:
    here, there = begun(), source(crossed=True)
    know(there, numbers(here))
    for packet in recent(here, 1.5):
        assert there.receive_rtp(packet, 1.5)
    for one, other in zip(here.tracks, there.tracks, strict=True):
        assert other.history.newest == one.history.newest == 5
        assert other.keyframe.seq == one.keyframe.seq == 1
        assert [other.history.get(seq) for seq in range(1, 6)] == [
            one.history.get(seq) for seq in range(1, 6)
        ]
    assert recent(here, 9.0) == []


def test_what_was_lost_on_the_way_is_sent_again_and_a_keyframe_requested() -> None:
    here = begun()
    (packet,) = serve(here, [Nack(ssrc=22, seqs=(3, 99)), Nack(ssrc=7, seqs=(1,)), KeyframeRequest(ssrc=22)])
    assert packet[1] & 0x7F == VIDEO_PT
    assert packet[-1] == 3
    small, large = here.layers(Kind.VIDEO)
    assert large.keyframes.due(1.0)
    assert not small.keyframes.due(1.0)
