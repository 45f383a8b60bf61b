"""AV1's keyframes and sizes, read from what a real encoder makes and from arbitrary bytes."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rtc.rtp.av1_payload import keyframe_start, picture_size
from tests.unit.rtc.encoding import encoded

SEQUENCE, DELIMITER, FRAME = 1, 2, 6


def leb128(number: int) -> bytes:
    out = b""
    while number > 0x7F:
        out += bytes((number & 0x7F | 0x80,))
        number >>= 7
    return out + bytes((number,))


def read_leb128(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in itertools.count(0, 7):
        value |= (data[at] & 0x7F) << shift
        at += 1
        if not data[at - 1] & 0x80:
            return value, at
    raise AssertionError


def units(stream: bytes) -> list[bytes]:
    """An encoder's open bitstream units, with their sizes taken out, as they travel."""
    found = []
    at = 0
    while at < len(stream):
        head = stream[at]
        assert head & 0x06 == 0x02, "with a size and without an extension"
        size, start = read_leb128(stream, at + 1)
        found.append(bytes((head & ~0x02,)) + stream[start : start + size])
        at = start + size
    return found


def payload(*parts: bytes, new: bool = False, counted: bool = True) -> bytes:
    """A packet of these units; `counted` says how many, the last one's size being left out."""
    count = len(parts) if counted and len(parts) < 4 else 0
    head = bytes((count << 4 | (0x08 if new else 0),))
    sized = [leb128(len(part)) + part for part in parts]
    return head + b"".join([*sized[:-1], parts[-1]] if count else sized)


def kind(unit: bytes) -> int:
    return unit[0] >> 3 & 0x0F


@pytest.mark.parametrize("counted", [True, False])
def test_a_real_encoders_keyframe_is_found_and_tells_its_size(counted: bool) -> None:
    first, second = encoded("libsvtav1", (322, 182), frames=2)
    sequence, frame = [unit for unit in units(first) if kind(unit) != DELIMITER]
    assert (kind(sequence), kind(frame)) == (SEQUENCE, FRAME)
    assert keyframe_start(payload(sequence, frame, counted=counted)), "by its sequence header"
    assert keyframe_start(payload(frame, new=True)), "by its own word"
    assert picture_size(payload(sequence, frame[:900], counted=counted)) == (322, 182)
    later = [unit for unit in units(second) if kind(unit) != DELIMITER]
    assert not keyframe_start(payload(*later, counted=counted))
    assert picture_size(payload(*later, counted=counted)) is None


def test_a_delimiter_before_the_sequence_header_and_a_size_within_do_no_harm() -> None:
    (stream,) = encoded("libsvtav1", (640, 360), frames=1)
    sequence = next(unit for unit in units(stream) if kind(unit) == SEQUENCE)
    sized = bytes((sequence[0] | 0x02,)) + leb128(len(sequence) - 1) + sequence[1:]
    extended = bytes((sequence[0] | 0x04, 0x00)) + sequence[1:]
    for unit in (sequence, sized, extended):
        packet = payload(bytes((DELIMITER << 3,)), unit)
        assert keyframe_start(packet)
        assert picture_size(packet) == (640, 360)


def test_what_continues_a_unit_begins_nothing() -> None:
    (stream,) = encoded("libsvtav1", (640, 360), frames=1)
    sequence = next(unit for unit in units(stream) if kind(unit) == SEQUENCE)
    packet = payload(sequence, new=True)
    continued = bytes((packet[0] | 0x80,)) + packet[1:]
    assert not keyframe_start(continued)
    assert picture_size(continued) is None


def bits(*fields: tuple[int, int]) -> bytes:
    """These numbers in so many bits each, filled up with zeros."""
    text = "".join(f"{number:0{length}b}" for number, length in fields)
    text += "0" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big")


SIZE = ((10, 4), (9, 4), (1279, 11), (719, 10), (0, 16))


@pytest.mark.parametrize(
    "before",
    [
        ((0, 3), (1, 1), (1, 1), (8, 5)),  # a still picture
        ((0, 5), (0, 1), (0, 1), (0, 5), (0, 12), (4, 5)),  # one operating point
        ((0, 5), (0, 1), (1, 1), (1, 5), (3, 12), (9, 5), (1, 1), (1, 1), (5, 4), (1, 12), (4, 5), (0, 1)),
        (  # timing, a decoder model of 8 bits, two operating points of which one has parameters
            *((0, 5), (1, 1), (1, 32), (25, 32), (1, 1), (1, 1)),
            *((1, 1), (7, 5), (1, 32), (9, 5), (9, 5)),
            *((0, 1), (1, 5), (3, 12), (9, 5), (1, 1), (1, 1), (200, 8), (100, 8), (1, 1)),
            *((1, 12), (4, 5), (0, 1)),
        ),
    ],
)
def test_every_form_of_a_sequence_header_tells_the_size(before: tuple[tuple[int, int], ...]) -> None:
    sequence = bytes((SEQUENCE << 3,)) + bits(*before, *SIZE)
    assert picture_size(payload(sequence)) == (1280, 720)
    assert picture_size(payload(sequence[:4])) is None


@given(st.binary(max_size=80))
@example(b"\x10\x80")
@example(b"\x00" + b"\xff" * 12)
@example(b"\x08")
def test_arbitrary_bytes_are_answered(data: bytes) -> None:
    keyframe_start(data)
    size = picture_size(data)
    assert size is None or all(0 < side <= 0x10000 for side in size)


@given(st.binary(max_size=60))
def test_arbitrary_sequence_headers_are_answered(data: bytes) -> None:
    picture_size(bytes((0x10, SEQUENCE << 3)) + data)
