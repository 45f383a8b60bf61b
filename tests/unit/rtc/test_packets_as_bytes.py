"""RTP and RTCP are read from whatever arrives, and never break on it."""

from __future__ import annotations

import contextlib
import re
from fractions import Fraction

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtc.codecs import Codec
from rtc.errors import MalformedPacket
from rtc.rtp import h264_payload, vp8_payload
from rtc.rtp.h264_sps import sps_size
from rtc.rtp.rtcp import (
    KeyframeRequest,
    Nack,
    ReceiverEstimate,
    ReportBlock,
    SenderReport,
    TransportReport,
    pack_cname,
    pack_fir,
    pack_nack,
    pack_pli,
    pack_receiver_report,
    pack_remb,
    pack_sender_report,
    parse_rtcp,
)
from rtc.rtp.rtp_packet import is_rtcp, parse_rtp
from tests.unit.rtc.packets import VP8_CONTINUED, VP8_DELTA, VP8_KEY, audio, video

seqs = st.integers(0, 0xFFFF)
words = st.integers(0, 0xFFFFFFFF)


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_a_packet_or_malformed(data: bytes) -> None:
    with contextlib.suppress(MalformedPacket):
        packet = parse_rtp(data)
        assert len(packet.payload) <= len(data)
        for element in range(16):
            packet.element(element)


@given(st.binary(max_size=60).map(lambda rest: bytes((0x90, 111, 0, 1)) + bytes(8) + rest))
def test_arbitrary_header_extensions_do_no_harm(data: bytes) -> None:
    with contextlib.suppress(MalformedPacket):
        parse_rtp(data).element(1)


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_rtcp_or_malformed(data: bytes) -> None:
    with contextlib.suppress(MalformedPacket):
        parse_rtcp(data)


@given(
    st.lists(
        st.tuples(st.integers(200, 207), st.integers(0, 31), st.binary(max_size=40)), min_size=1, max_size=4
    )
)
def test_well_framed_junk_is_rtcp_or_malformed(parts: list[tuple[int, int, bytes]]) -> None:
    data = b""
    for kind, count, body in parts:
        padded = body + b"\0" * (-len(body) % 4)
        data += bytes((0x80 | count, kind)) + (len(padded) // 4).to_bytes(2, "big") + padded
    with contextlib.suppress(MalformedPacket):
        parse_rtcp(data)


@given(st.binary(max_size=80))
def test_keyframe_questions_are_answered_for_arbitrary_bytes(payload: bytes) -> None:
    vp8_payload.keyframe_start(payload)
    h264_payload.keyframe_start(payload)
    vp8_payload.picture_size(payload)
    h264_payload.codec_of(payload)
    h264_payload.parameter_set(payload)
    sps_size(b"\x67" + payload)


def test_a_plain_packet_has_neither_padding_nor_sources_nor_extensions() -> None:
    data = bytes((0xB1, 0x80 | 100, 0, 7)) + (5).to_bytes(4, "big") + (9).to_bytes(4, "big")
    data += b"csrc" + bytes((0xBE, 0xDE, 0, 1, 0x10, 42, 0, 0)) + b"payload" + bytes((0, 0, 3))
    packet = parse_rtp(data)
    assert packet.payload == b"payload"
    assert packet.element(1) == bytes((42,))
    assert packet.element(2) is None
    assert parse_rtp(packet.plain(96)).payload == b"payload"
    assert packet.plain(96)[:2] == bytes((0x80, 0xE0))
    assert len(packet.plain(96)) == 12 + 7


def test_two_byte_extensions_are_read_too() -> None:
    data = bytes((0x90, 111, 0, 7)) + bytes(8) + bytes((0x10, 0x00, 0, 1, 3, 1, 77, 0)) + b"x"
    assert parse_rtp(data).element(3) == bytes((77,))


@pytest.mark.parametrize("data", [b"", b"\x80" * 11, b"\x00" * 40, bytes((0xA0,)) + bytes(11)])
def test_cut_or_wrong_packets_are_malformed(data: bytes) -> None:
    with pytest.raises(MalformedPacket):
        parse_rtp(data)


def test_rtp_and_rtcp_are_told_apart() -> None:
    assert is_rtcp(pack_pli(1, 2))
    assert not is_rtcp(video(1, 1))
    assert not is_rtcp(audio(1, 1))


@given(words, st.integers(0, 2**64 - 1), words, words, words)
def test_a_sender_report_survives_the_wire(
    ssrc: int, ntp: int, rtp_ts: int, packets: int, octets: int
) -> None:
    report = SenderReport(ssrc=ssrc, ntp=ntp, rtp_ts=rtp_ts, packets=packets, octets=octets)
    assert parse_rtcp(pack_sender_report(report) + pack_cname([ssrc], "name")) == [report]


@given(words, st.integers(0, 255), st.integers(-(2**23), 2**23 - 1), words, words)
def test_a_report_block_survives_the_wire(
    ssrc: int, fraction: int, lost: int, highest: int, jitter: int
) -> None:
    block = ReportBlock(
        ssrc=ssrc, fraction_lost=fraction, lost=lost, highest=highest, jitter=jitter, last_sr=1, since_sr=2
    )
    assert parse_rtcp(pack_receiver_report(7, [block])) == [block]


@given(seqs, st.lists(st.integers(1, 40), max_size=60))
def test_every_missing_packet_is_named_in_a_nack_also_across_the_wrap(first: int, steps: list[int]) -> None:
    missing = [first]
    for step in steps:
        missing.append((missing[-1] + step) & 0xFFFF)
    (nack,) = parse_rtcp(pack_nack(1, 2, missing))
    assert isinstance(nack, Nack)
    assert nack.ssrc == 2
    assert list(nack.seqs) == missing


def test_requests_for_keyframes_name_their_stream() -> None:
    assert parse_rtcp(pack_pli(1, 33)) == [KeyframeRequest(ssrc=33)]
    assert parse_rtcp(pack_fir(1, 44, 300)) == [KeyframeRequest(ssrc=44)]


@given(st.integers(0, 40_000_000))
def test_an_estimate_survives_the_wire_to_one_part_in_100000(bitrate_bps: int) -> None:
    (estimate,) = parse_rtcp(pack_remb(1, [2, 3], bitrate_bps))
    assert isinstance(estimate, ReceiverEstimate)
    assert bitrate_bps * 0.99999 <= estimate.bitrate_bps <= bitrate_bps


def test_transport_wide_feedback_is_not_taken_for_a_nack() -> None:
    feedback = bytes((0x80 | 15, 205, 0, 4)) + bytes(16)
    assert parse_rtcp(feedback) == [TransportReport(body=bytes(8))]


def test_vp8_keyframes_are_found_behind_every_descriptor() -> None:
    assert vp8_payload.keyframe_start(VP8_KEY)
    assert vp8_payload.picture_size(VP8_KEY) == (640, 360)
    assert not vp8_payload.keyframe_start(VP8_DELTA)
    assert not vp8_payload.keyframe_start(VP8_CONTINUED)
    frame = VP8_KEY[1:]
    assert vp8_payload.keyframe_start(bytes((0x90, 0x80, 0x12)) + frame)  # seven bits of picture id
    assert vp8_payload.keyframe_start(bytes((0x90, 0x80, 0x92, 0x01)) + frame)  # fifteen
    layered = bytes((0x90, 0xE0, 0x92, 0x01, 0x07, 0x20))  # TL0PICIDX and TID
    assert vp8_payload.keyframe_start(layered + frame)
    assert not vp8_payload.keyframe_start(bytes((0x91, 0x80, 0x12)) + frame)  # partition 1


@pytest.mark.parametrize(
    ("unit", "codec"),
    [
        ("6742e01f", Codec.H264),
        ("6742001f", Codec.H264),
        ("674d001f", Codec.H264_MAIN),
        ("674d801f", Codec.H264),  # main in name, and keeps to what baseline allows
        ("6764001f", Codec.H264_MAIN),
        ("6742", None),
        ("6588", None),
    ],
)
def test_an_h264_parameter_set_tells_whether_a_baseline_decoder_is_enough(
    unit: str, codec: Codec | None
) -> None:
    payload = bytes.fromhex(unit)
    assert h264_payload.codec_of(payload) is codec
    assert h264_payload.codec_of(b"\x78" + len(payload).to_bytes(2, "big") + payload) is codec


def test_h264_keyframes_are_found_in_every_packetization() -> None:
    assert h264_payload.keyframe_start(bytes((0x67, 1, 2)))  # SPS
    assert h264_payload.keyframe_start(bytes((0x65, 1, 2)))  # IDR
    assert h264_payload.keyframe_start(bytes((0x78, 0, 2, 0x67, 1, 0, 2, 0x68, 1)))  # STAP-A: SPS, PPS
    assert h264_payload.keyframe_start(bytes((0x78, 0, 2, 0x09, 1, 0, 2, 0x65, 1)))  # STAP-A: delimiter, IDR
    assert h264_payload.keyframe_start(bytes((0x7C, 0x85, 1)))  # FU-A, first of an IDR
    assert not h264_payload.keyframe_start(bytes((0x7C, 0x05, 1)))  # FU-A, not the first
    assert not h264_payload.keyframe_start(bytes((0x7C, 0x81, 1)))  # FU-A of another picture
    assert not h264_payload.keyframe_start(bytes((0x61, 1)))
    assert h264_payload.parameter_set(bytes((0x78, 0, 2, 0x67, 1, 0, 2, 0x68, 1))) == bytes((0x67, 1))


@pytest.mark.parametrize(
    ("size", "profile"), [((640, 360), "baseline"), ((1920, 1080), "main"), ((322, 182), "high")]
)
def test_the_size_of_an_h264_picture_is_read_from_what_an_encoder_wrote(
    size: tuple[int, int], profile: str
) -> None:
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = *size, "yuv420p"
    encoder.time_base, encoder.options = Fraction(1, 25), {"profile": profile, "tune": "zerolatency"}
    (packet, *_) = encoder.encode(av.VideoFrame(*size, "yuv420p"))
    units = re.split(b"\0\0\0?\1", bytes(packet))
    assert size in [sps_size(unit) for unit in units]
