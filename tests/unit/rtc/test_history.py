"""The history holds the last packets, no more, and finds them by number."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rtc.downlink.history import History
from rtc.rtp.serial import seq_delta

steps = st.lists(st.tuples(st.integers(-70, 70), st.integers(12, 90)), max_size=120)


@given(st.integers(0, 0xFFFF), steps)
def test_what_is_found_was_put_under_that_number_and_the_newest_are_there(
    start: int, moves: list[tuple[int, int]]
) -> None:
    history = History(capacity=64, max_bytes=100_000)
    put: dict[int, bytes] = {}
    at = start
    for move, size in moves:
        at = (at + move) & 0xFFFF
        packet = at.to_bytes(2, "big") * (size // 2)
        if history.put(at, packet):
            put[at] = packet
        newest = history.newest
        assert newest is not None
        for seq, kept in put.items():
            behind = seq_delta(newest, seq)
            found = history.get(seq)
            if found is not None:
                assert found == kept
                assert 0 <= behind < 64
        assert history.get((newest + 1) & 0xFFFF) is None


@given(st.integers(0, 0xFFFF), st.integers(1, 300))
def test_a_run_without_gaps_is_held_to_its_capacity_across_the_wrap(start: int, length: int) -> None:
    history = History(capacity=64)
    for step in range(length):
        seq = (start + step) & 0xFFFF
        assert history.put(seq, seq.to_bytes(2, "big"))
        assert not history.put(seq, b"again")
    for step in range(length):
        seq = (start + step) & 0xFFFF
        expected = seq.to_bytes(2, "big") if step >= length - 64 else None
        assert history.get(seq) == expected


def test_a_gap_is_filled_by_what_comes_late() -> None:
    history = History(capacity=64)
    history.put(10, b"10")
    history.put(14, b"14")
    assert history.get(12) is None
    assert history.put(12, b"12")
    assert history.get(12) == b"12"
    assert history.put(9, b"9")
    assert history.get(9) == b"9"


@given(st.lists(st.integers(1, 400), min_size=1, max_size=80))
def test_the_bytes_held_stay_within_their_bound(sizes: list[int]) -> None:
    history = History(capacity=64, max_bytes=1000)
    for seq, size in enumerate(sizes):
        history.put(seq, bytes(size))
        assert history.held_bytes <= 1000
        held = [history.get(each) for each in range(seq + 1)]
        assert history.held_bytes == sum(len(each) for each in held if each is not None)


def test_a_jump_past_the_capacity_forgets_what_was_before() -> None:
    history = History(capacity=64)
    history.put(1, b"a")
    history.put(500, b"b")
    assert history.get(1) is None
    assert history.get(500) == b"b"
    assert history.held_bytes == 1
