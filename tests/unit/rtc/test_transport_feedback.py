"""What is written about arrivals is read back, over wraps, gaps, late ones and leaps in time."""

from __future__ import annotations

import contextlib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtc.errors import MalformedPacket
from rtc.rtp.transport_feedback import (
    MAX_STATUSES,
    TICK_S,
    ArrivalLog,
    TransportFeedback,
    parse_transport_feedback,
)

WRAP_S = 2**24 * 0.064  # of the reference time


def read(data: bytes) -> list[TransportFeedback]:
    """The feedback packets in these bytes."""
    found = []
    at = 0
    while at < len(data):
        assert (data[at], data[at + 1]) == (0x80 | 15, 205)
        size = 4 * (int.from_bytes(data[at + 2 : at + 4], "big") + 1)
        assert int.from_bytes(data[at + 4 : at + 8], "big") == 1
        assert int.from_bytes(data[at + 8 : at + 12], "big") == 77
        assert size <= 1_200
        found.append(parse_transport_feedback(data[at + 12 : at + size]))
        at += size
    return found


def told(log: ArrivalLog) -> dict[int, float | None]:
    return {number: at for feedback in read(log.feedback(77)) for number, at in feedback}


def test_nothing_arrived_is_nothing_said() -> None:
    log = ArrivalLog(ssrc=1)
    assert log.feedback(77) == b""
    assert not log.active
    log.note(5, 1.0)
    assert log.active
    assert log.feedback(77) != b""
    assert log.feedback(77) == b""


def test_losses_between_two_feedbacks_are_told_too() -> None:
    log = ArrivalLog(ssrc=1)
    log.note(10, 1.0)
    assert list(told(log)) == [10]
    log.note(13, 1.01)
    assert [(number, at is not None) for number, at in told(log).items()] == [
        (11, False),
        (12, False),
        (13, True),
    ]


def test_one_that_comes_after_it_was_told_lost_is_told_alone() -> None:
    log = ArrivalLog(ssrc=1)
    for number in (10, 12):
        log.note(number, 1.0)
    told(log)
    log.note(11, 1.2)
    log.note(11, 1.3)
    log.note(13, 1.21)
    first, second = read(log.feedback(77))
    assert (first.base, len(first.arrivals)) == (11, 1)
    assert first.arrivals[0] == pytest.approx(1.2, abs=TICK_S)
    assert (second.base, len(second.arrivals)) == (13, 1)
    assert second.count == first.count + 1


def test_a_sender_that_began_anew_is_not_told_thousands_of_losses() -> None:
    log = ArrivalLog(ssrc=1)
    log.note(10, 1.0)
    told(log)
    log.note(20_000, 1.1)
    assert list(told(log)) == [20_000]


def test_more_than_a_packet_holds_becomes_several() -> None:
    log = ArrivalLog(ssrc=1)
    for number in range(1000):
        log.note(number, number / 1000)
    packets = read(log.feedback(77))
    assert [len(each.arrivals) for each in packets] == [MAX_STATUSES, MAX_STATUSES, 200]


@given(
    first=st.integers(0, 0xFFFF),
    seed=st.integers(0, 1000),
    loss=st.floats(0, 0.9),
    pause_s=st.sampled_from((0.001, 0.05, 3.0, 20.0)),
    start_s=st.sampled_from((0.0, 100.0, 4_000_000.0)),
)
def test_what_is_written_is_read_back(
    first: int, seed: int, loss: float, pause_s: float, start_s: float
) -> None:
    chance = random.Random(seed)
    log = ArrivalLog(ssrc=1)
    now = start_s
    arrived: dict[int, float] = {}
    heard: dict[int, float | None] = {}
    for index in range(200):
        now += chance.random() * pause_s
        if index == 0 or chance.random() >= loss:
            arrived[(first + index) & 0xFFFF] = now
            log.note((first + index) & 0xFFFF, now)
        if chance.random() < 0.05:
            heard |= told(log)
    heard |= told(log)
    assert {number for number, at in heard.items() if at is not None} == set(arrived)
    times = [(at, arrived[number]) for number, at in heard.items() if at is not None]
    offsets = [(at - true + WRAP_S / 2) % WRAP_S - WRAP_S / 2 for at, true in times]
    assert min(offsets) >= -TICK_S
    assert max(offsets) <= TICK_S


@given(st.binary(max_size=60))
def test_arbitrary_bytes_are_read_or_refused(body: bytes) -> None:
    with contextlib.suppress(MalformedPacket):
        feedback = parse_transport_feedback(body)
        assert len(feedback.arrivals) == int.from_bytes(body[2:4], "big")


@pytest.mark.parametrize(
    "body", [b"", bytes(7), b"\0\1\0\1\0\0\0\0", b"\0\1\0\1\0\0\0\0\0\0", b"\0\1\0\1\0\0\0\0\x60\1"]
)
def test_what_is_cut_off_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedPacket):
        parse_transport_feedback(body)
