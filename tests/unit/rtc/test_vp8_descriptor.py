"""VP8's picture numbers run on over every change of source and layer."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtc.rtp.picture_numbers import NO_PICTURE, NO_SHIFT, Reached, Shift, shifted
from rtc.rtp.rtp_packet import HEADER_LENGTH
from rtc.rtp.vp8_payload import read_picture
from tests.unit.rtc.forwarding_house import House
from tests.unit.rtc.packets import video

KEY, DELTA = bytes((0x00, 0, 0, 0x9D, 1, 0x2A, 64, 1, 180, 0)), bytes((0x01, 0, 0))


def descriptor(number: int, tl0: int, *, wide: bool = True, start: bool = True) -> bytes:
    """X, I, L and T are set, as Chromium does."""
    first = 0x90 if start else 0x80
    numbers = (0x8000 | number).to_bytes(2, "big") if wide else bytes((number,))
    return bytes((first, 0xE0)) + numbers + bytes((tl0, 0x40))


def packet(number: int, tl0: int, *, wide: bool = True) -> bytes:
    return video(1, 2, descriptor(number, tl0, wide=wide) + DELTA)


def test_wide_and_narrow_numbers_are_found() -> None:
    wide, narrow = read_picture(packet(0x1234, 7)), read_picture(packet(0x34, 7, wide=False))
    assert (wide.number, wide.number_mask, wide.tl0) == (0x1234, 0x7FFF, 7)
    assert (narrow.number, narrow.number_mask, narrow.tl0) == (0x34, 0x7F, 7)
    assert (wide.number_at, wide.tl0_at) == (HEADER_LENGTH + 2, HEADER_LENGTH + 4)


@pytest.mark.parametrize(
    "payload", [b"", b"\x10", b"\x10\x00\x00\x00", b"\x90", b"\x90\x80", b"\x90\x80\x80", b"\x90\x00\x00\x00"]
)
def test_a_descriptor_without_numbers_or_cut_off_has_none(payload: bytes) -> None:
    plain = video(1, 2, payload)
    assert read_picture(plain) == NO_PICTURE
    assert shifted(plain, read_picture(plain), Shift(5, 5)) == plain


@given(
    st.integers(0, 0x7FFF), st.integers(0, 255), st.integers(0, 0x7FFF), st.integers(0, 255), st.booleans()
)
def test_a_shift_moves_the_numbers_and_nothing_else(
    number: int, tl0: int, by: int, tl0_by: int, wide: bool
) -> None:
    mask = 0x7FFF if wide else 0x7F
    plain = packet(number & mask, tl0, wide=wide)
    moved = shifted(plain, read_picture(plain), Shift(by, tl0_by))
    picture = read_picture(moved)
    assert picture.number == (number + by) & mask
    assert picture.tl0 == (tl0 + tl0_by) & 0xFF
    assert shifted(moved, picture, Shift(-by & 0x7FFF, -tl0_by & 0xFF)) == plain
    assert len(moved) == len(plain)


@given(st.integers(0, 0x7FFF), st.integers(0, 0x7FFF), st.integers(0, 255), st.integers(0, 255))
def test_what_follows_has_the_next_numbers(last: int, first: int, last_tl0: int, first_tl0: int) -> None:
    reached = Reached().through(read_picture(packet(last, last_tl0)), NO_SHIFT)
    plain = packet(first, first_tl0)
    picture = read_picture(shifted(plain, read_picture(plain), reached.shift_to(read_picture(plain))))
    assert (picture.number, picture.tl0) == ((last + 1) & 0x7FFF, (last_tl0 + 1) & 0xFF)
    assert Reached().shift_to(read_picture(plain)) == NO_SHIFT


def test_in_a_slot_the_numbers_run_on_over_changes_of_source_and_late_packets() -> None:
    house = House("a", "b")
    numbers = {"a": 32_760, "b": 17}
    levels = {"a": 250, "b": 3}

    def send(name: str, *, keyframe: bool = False) -> bytes:
        camera = house.cameras[name]
        numbers[name] = (numbers[name] + 1) & 0x7FFF
        levels[name] = (levels[name] + 1) & 0xFF
        camera.seq = (camera.seq + 1) & 0xFFFF
        camera.ts = (camera.ts + 3000) & 0xFFFFFFFF
        made = video(
            camera.seq, camera.ts, descriptor(numbers[name], levels[name]) + (KEY if keyframe else DELTA)
        )
        house.pass_time(1 / 30)
        return made

    def play(name: str, count: int) -> None:
        for index in range(count):
            made = send(name, keyframe=index == 0)
            house.forwarder.receive_rtp(house.cameras[name].source, made, house.now)

    play("a", 3)
    play("b", 3)
    for name in ("a", "b", "a", "b"):
        house.show(name)
        play(name, 12)
    left = [read_picture(video(0, 0, each.payload)) for each in house.outlet.left]
    assert len(left) > 40
    assert {(after.number - before.number) & 0x7FFF for before, after in pairwise(left)} == {1}
    assert {(after.tl0 - before.tl0) & 0xFF for before, after in pairwise(left)} == {1}
