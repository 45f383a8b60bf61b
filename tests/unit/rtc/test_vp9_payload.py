"""VP9's keyframes, sizes and picture numbers, of a real encoder and in arbitrary bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtc.rtp.picture_numbers import NO_PICTURE, Shift, shifted
from rtc.rtp.rtp_packet import HEADER_LENGTH
from rtc.rtp.vp9_payload import keyframe_start, picture_size, read_picture
from tests.unit.rtc.encoding import encoded
from tests.unit.rtc.packets import video

FRAME = b"\x82\x49\x83\x42 and so on"


def structure(*sizes: tuple[int, int], group: bytes = b"") -> bytes:
    """A scalability structure with these layers."""
    head = len(sizes) - 1 << 5 | 0x10 | (0x08 if group else 0)
    told = b"".join(side.to_bytes(2, "big") for size in sizes for side in size)
    return bytes((head,)) + told + group


def test_a_keyframe_begins_where_nothing_is_predicted_at_the_frames_first_packet_of_the_base_layer() -> None:
    assert keyframe_start(bytes((0x08,)) + FRAME)
    assert keyframe_start(bytes((0x88, 0x12)) + FRAME)  # seven bits of picture number
    assert keyframe_start(bytes((0xA8, 0x92, 0x34, 0x00, 0x07)) + FRAME)  # fifteen, base layer, TL0PICIDX
    assert not keyframe_start(bytes((0x48,)) + FRAME)  # predicted
    assert not keyframe_start(bytes((0x00,)) + FRAME)  # in the middle
    assert not keyframe_start(bytes((0xA8, 0x92, 0x34, 0x02, 0x07)) + FRAME)  # the layer above
    assert not keyframe_start(bytes((0xA8, 0x92)))  # cut off


def test_a_real_encoders_keyframe_tells_its_size() -> None:
    first, second = encoded("libvpx-vp9", (322, 182), frames=2)
    assert picture_size(bytes((0x88, 0x12)) + first[:1100]) == (322, 182)
    assert picture_size(bytes((0xC8, 0x12)) + second[:1100]) is None
    assert picture_size(bytes((0x88, 0x12)) + second[:1100]) is None, "what it says is not what it is"


def test_the_scalability_structure_tells_the_largest_layers_size() -> None:
    layers = structure((160, 90), (320, 180), (640, 360))
    assert picture_size(bytes((0x8A, 0x12)) + layers + FRAME) == (640, 360)
    grouped = structure((640, 360), group=bytes((2, 0b0000_0100, 1, 0b0010_1000, 1, 2)))
    assert picture_size(bytes((0x8A, 0x12)) + grouped + FRAME) == (640, 360)
    assert picture_size(bytes((0x8A, 0x12)) + grouped[:4]) is None


def test_behind_a_structure_without_sizes_the_frame_itself_tells() -> None:
    (frame,) = encoded("libvpx-vp9", (322, 182), frames=1)
    unsized = bytes((0x08, 2, 0b0000_0100, 1, 0b0010_1000, 1, 2))
    assert picture_size(bytes((0x8A, 0x12)) + unsized + frame[:1000]) == (322, 182)
    assert picture_size(bytes((0x8A, 0x12, 0x00)) + frame[:1000]) == (322, 182)


def test_references_of_the_flexible_mode_are_passed_over() -> None:
    (frame,) = encoded("libvpx-vp9", (322, 182), frames=1)
    assert picture_size(bytes((0x98, 0x12)) + frame) == (322, 182), "a keyframe has none"
    assert read_picture(video(1, 2, bytes((0xF8, 0x92, 0x34, 0x00, 3, 5, 8)))).number == 0x1234


@pytest.mark.parametrize(
    ("payload", "number", "mask", "tl0"),
    [
        (bytes((0xA8, 0x92, 0x34, 0x00, 0x07, 1)), 0x1234, 0x7FFF, 7),
        (bytes((0xA8, 0x12, 0x00, 0x07, 1)), 0x12, 0x7F, 7),
        (bytes((0x88, 0x92, 0x34, 1)), 0x1234, 0x7FFF, None),
        (bytes((0xB8, 0x92, 0x34, 0x00, 1)), 0x1234, 0x7FFF, None),  # flexible mode has no TL0PICIDX
        (bytes((0x28, 0x00, 0x07, 1)), None, 0, 7),
    ],
)
def test_wide_and_narrow_numbers_are_found(
    payload: bytes, number: int | None, mask: int, tl0: int | None
) -> None:
    picture = read_picture(video(1, 2, payload))
    assert (picture.number if picture.number_at else None, picture.number_mask) == (number, mask)
    assert (picture.tl0 if picture.tl0_at else None) == tl0


@pytest.mark.parametrize("payload", [b"", b"\x80", b"\x80\x92", b"\xa0\x92\x34", b"\xa0\x92\x34\x00"])
def test_a_descriptor_that_is_cut_off_has_no_numbers(payload: bytes) -> None:
    assert read_picture(video(1, 2, payload)) == NO_PICTURE


@given(
    st.integers(0, 0x7FFF), st.integers(0, 255), st.integers(0, 0x7FFF), st.integers(0, 255), st.booleans()
)
def test_a_shift_moves_the_numbers_and_nothing_else(
    number: int, tl0: int, by: int, tl0_by: int, wide: bool
) -> None:
    mask = 0x7FFF if wide else 0x7F
    numbers = (0x8000 | number).to_bytes(2, "big") if wide else bytes((number & mask,))
    plain = video(1, 2, b"\xe8" + numbers + bytes((0x40, tl0)) + FRAME)
    moved = shifted(plain, read_picture(plain), Shift(by, tl0_by))
    picture = read_picture(moved)
    assert (picture.number, picture.tl0) == ((number + by) & mask, (tl0 + tl0_by) & 0xFF)
    assert shifted(moved, picture, Shift(-by & 0x7FFF, -tl0_by & 0xFF)) == plain


@given(st.binary(max_size=80))
def test_arbitrary_bytes_are_answered(payload: bytes) -> None:
    keyframe_start(payload)
    size = picture_size(payload)
    assert size is None or all(0 < side <= 0x10000 for side in size)
    plain = bytes(HEADER_LENGTH) + payload
    picture = read_picture(plain)
    assert max(picture.number_at, picture.tl0_at) < max(1, len(plain))
    assert len(shifted(plain, picture, Shift(77, 7))) == len(plain)
