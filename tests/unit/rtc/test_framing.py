"""Packets survive any cutting of the stream that carries them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtc.errors import MalformedPacket
from rtc.transport.framing import MAX_FRAME, Deframer, framed


@given(
    packets=st.lists(st.binary(max_size=MAX_FRAME), max_size=12),
    cuts=st.lists(st.integers(min_value=1, max_value=3000), min_size=1, max_size=40),
)
def test_packets_come_out_as_they_went_in_wherever_the_stream_is_cut(
    packets: list[bytes], cuts: list[int]
) -> None:
    stream = b"".join(framed(packet) for packet in packets)
    deframer, found, at, turn = Deframer(), [], 0, 0
    while at < len(stream):
        size = cuts[turn % len(cuts)]
        found += deframer.feed(stream[at : at + size])
        at, turn = at + size, turn + 1
    assert found == [packet for packet in packets if packet]


def test_a_frame_is_the_length_in_two_bytes_and_the_packet() -> None:
    assert framed(b"abc") == b"\x00\x03abc"
    assert framed(memoryview(b"abc")) == b"\x00\x03abc"


def test_a_length_that_no_packet_has_ends_the_stream_before_it_is_waited_for() -> None:
    deframer = Deframer()
    with pytest.raises(MalformedPacket):
        list(deframer.feed((MAX_FRAME + 1).to_bytes(2, "big")))
