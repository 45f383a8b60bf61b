"""The small rules: what is counted, asked for again, estimated, heard."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtc.downlink.audio_slots import choose
from rtc.downlink.rewrite import Rewrite
from rtc.rtp.serial import seq_delta, ts_delta
from rtc.rtp.source_clock import SourceClock, TrackClock
from rtc.uplink.keyframe_request import KeyframeRequests
from rtc.uplink.loudness import Loudness
from rtc.uplink.nack import MAX_MISSING, MAX_TRIES, Missing
from rtc.uplink.reception import Arrival, Reception


@given(st.integers(0, 0xFFFF), st.integers(-0x8000, 0x7FFF))
def test_differences_of_sequence_numbers_survive_the_wrap(start: int, delta: int) -> None:
    assert seq_delta((start + delta) & 0xFFFF, start) == delta


@given(st.integers(0, 0xFFFFFFFF), st.integers(-(2**31), 2**31 - 1))
def test_differences_of_timestamps_survive_the_wrap(start: int, delta: int) -> None:
    assert ts_delta((start + delta) & 0xFFFFFFFF, start) == delta


@given(st.integers(0, 0xFFFF), st.sets(st.integers(1, 198)), st.randoms(use_true_random=False))
def test_loss_is_what_never_came_whatever_the_order_nearby(
    start: int, lost: set[int], random: object
) -> None:
    reception = Reception(clock_rate=90_000)
    arrivals = [each for each in range(200) if each not in lost]
    for at in range(1, len(arrivals) - 3, 4):  # neighbours change places
        arrivals[at], arrivals[at + 2] = arrivals[at + 2], arrivals[at]
    for each in arrivals:
        reception.note((start + each) & 0xFFFF, each * 3000, 100, each / 30)
    assert reception.expected == 200
    assert reception.lost == len(lost)
    block = reception.report(ssrc=1, last_sr=0, since_sr=0)
    assert block.lost == len(lost)
    assert block.fraction_lost == len(lost) * 256 // 200
    assert reception.report(ssrc=1, last_sr=0, since_sr=0).fraction_lost == 0


def test_a_wild_number_is_believed_only_when_the_next_follows_it() -> None:
    reception = Reception(clock_rate=90_000)
    assert reception.note(100, 0, 1, 0.0) is Arrival.NEXT
    assert reception.note(30_000, 0, 1, 0.1) is Arrival.STRAY
    assert reception.note(101, 0, 1, 0.2) is Arrival.NEXT
    assert reception.note(30_001, 0, 1, 0.3) is Arrival.STRAY
    assert reception.note(30_002, 0, 1, 0.4) is Arrival.RESTART
    assert reception.note(30_003, 0, 1, 0.5) is Arrival.NEXT
    assert reception.expected == 2


def test_steady_arrivals_have_no_jitter_and_uneven_ones_have_some() -> None:
    steady, uneven = Reception(clock_rate=90_000), Reception(clock_rate=90_000)
    for each in range(100):
        steady.note(each, each * 3000, 1, each / 30)
        uneven.note(each, each * 3000, 1, each / 30 + (0.01 if each % 2 else 0))
    assert steady.jitter_s < 1e-6
    assert 0.008 < uneven.jitter_s < 0.012


@given(st.integers(0, 0xFFFF), st.integers(1, 200))
def test_every_packet_of_a_gap_is_asked_for_until_it_comes_or_is_given_up(start: int, count: int) -> None:
    missing = Missing()
    assert missing.gap(start, (start + count + 1) & 0xFFFF, 0.0)
    expected = [(start + 1 + each) & 0xFFFF for each in range(count)]
    assert missing.due(0.005) == []
    assert missing.due(0.02) == expected
    assert missing.due(0.03) == []
    missing.arrived(expected[0], 0.05)
    asked = 1
    now = 0.02
    while len(missing):
        now += 0.1
        asked += bool(missing.due(now))
    assert asked <= MAX_TRIES
    assert now < 1.3


def test_on_a_way_that_keeps_the_order_a_gap_is_asked_for_at_once_and_on_another_not() -> None:
    missing = Missing()

    def gap(seq: int, at: float) -> bool:
        missing.gap(seq, seq + 2, at)
        return missing.due(at) == [seq + 1]

    for turn in range(40):
        gap(4 * turn, turn)
        missing.due(turn + 0.02)
        missing.arrived(4 * turn + 1, turn + 0.12)
    assert missing.rtt_s == pytest.approx(0.1, abs=0.03)
    assert gap(500, 50)
    missing.arrived(501, 50.015)  # long before an answer can be here
    assert missing.rtt_s == pytest.approx(0.1, abs=0.03)
    assert not gap(600, 51)
    assert missing.due(51.017) == []
    assert missing.due(51.02) == [601]


def test_a_gap_too_wide_to_ask_for_calls_for_a_keyframe_instead() -> None:
    missing = Missing()
    assert not missing.gap(0, MAX_MISSING + 2, 0.0)
    assert len(missing) == 0


def test_requests_for_keyframes_are_merged_and_a_deaf_publisher_is_asked_ever_more_seldom() -> None:
    requests = KeyframeRequests()
    sent = []
    for step in range(3000):
        requests.want()
        if requests.due(step / 100):
            sent.append(step / 100)
    assert requests.deaf
    assert 8 < len(sent) < 16
    assert sent[-1] - sent[-2] >= 4.9


def test_a_publisher_that_answers_twice_is_counted_on_until_it_stops() -> None:
    requests = KeyframeRequests()
    for at in (0.0, 1.0):
        requests.want()
        assert requests.due(at)
        requests.arrived(at + 0.1)
    assert requests.answers
    for step in range(300):
        requests.want()
        requests.due(2 + step / 100)
    assert not requests.answers


@given(st.integers(0, 0xFFFFFFFF), st.integers(0, 0xFFFFFFFF), st.lists(st.integers(1, 9000), max_size=50))
def test_dense_time_keeps_the_order_of_frames_and_a_packet_its_numbers(
    first_ts: int, out_ts: int, steps: list[int]
) -> None:
    rewrite = Rewrite(first_seq=7, first_ts=first_ts, out_seq=65_530, out_ts=out_ts, dense=True)
    times = [first_ts]
    for step in steps:
        times.append((times[-1] + step) & 0xFFFFFFFF)
    dense = [rewrite.out_ts(7 + index, ts) for index, ts in enumerate(times)]
    assert all(ts_delta(b, a) >= 0 for a, b in itertools.pairwise(dense))
    boundary = (times[-1] + 3000) & 0xFFFFFFFF
    seq = 7 + len(times)
    rewrite.reach_present(seq, boundary, (dense[-1] + 500) & 0xFFFFFFFF)
    assert [rewrite.out_ts(7 + index, ts) for index, ts in enumerate(times)] == dense
    later = [rewrite.out_ts(seq + each, (boundary + 3000 * each) & 0xFFFFFFFF) for each in range(4)]
    assert [ts_delta(each, later[0]) for each in later] == [0, 3000, 6000, 9000]
    assert rewrite.track_seq(rewrite.out_seq(7)) == 7
    assert rewrite.track_seq((rewrite.out_seq(7) - 1) & 0xFFFF) is None


def test_two_tracks_of_a_publisher_stay_in_step_whatever_the_delay_of_their_reports() -> None:
    source = SourceClock()
    sound, picture = TrackClock(source, clock_rate=48_000), TrackClock(source, clock_rate=90_000)
    for second in range(1, 20):
        ntp = (1000 + second) << 32
        sound.note_report(ntp, 48_000 * second, second + 0.05 + 0.01 * (second % 3))
        picture.note_report(ntp, 90_000 * second, second + 0.05 + 0.02 * (second % 2))
    at = 20.0
    heard = sound.rtp_at(at, 48_000 * 20)
    seen = picture.rtp_at(at, 90_000 * 20)
    assert heard is not None
    assert seen is not None
    assert abs(heard / 48_000 - seen / 90_000) < 0.002
    assert abs(heard / 48_000 - (at - 0.05)) < 0.01


def test_reports_that_contradict_the_packets_are_not_believed() -> None:
    clock = TrackClock(SourceClock(), clock_rate=90_000)
    clock.note_report(5 << 32, 1_000_000, 1.0)
    assert clock.rtp_at(1.0, 1_000_000) is not None
    assert clock.rtp_at(1.0, 90_000_000) is None


def test_a_voice_rises_within_a_moment_and_silence_is_noticed() -> None:
    loudness = Loudness()
    for step in range(15):
        loudness.note(20, step * 0.02)
    assert loudness.speaking(0.3)
    for step in range(100):
        loudness.note(127, 0.3 + step * 0.02)
    assert not loudness.speaking(2.3)
    loudness.note(0, 2.4)
    assert loudness.dbov(5.0) == 127.0


ids = st.sampled_from(["a", "b", "c", "d", "e"])


@given(
    st.lists(st.one_of(st.none(), ids), min_size=3, max_size=3),
    st.lists(ids, max_size=5, unique=True),
    st.lists(ids, max_size=2, unique=True),
    st.dictionaries(ids, st.floats(0, 127)),
)
def test_slots_hold_nobody_twice_nobody_forbidden_and_all_the_pinned(
    holders: list[str | None], candidates: list[str], pinned: list[str], dbov: dict[str, float]
) -> None:
    held = [each if each not in holders[:at] else None for at, each in enumerate(holders)]
    slots = choose(holders=held, since=[0.0] * 3, candidates=candidates, pinned=pinned, dbov=dbov, now=10.0)
    taken = [each for each in slots if each is not None]
    assert len(slots) == 3
    assert len(taken) == len(set(taken))
    assert set(taken) <= set(candidates) | set(pinned)
    assert set(pinned) <= set(taken)
    if pinned:
        assert slots[0] == pinned[0]
    if len(set(candidates) | set(pinned)) <= 3:
        assert set(taken) == set(candidates) | set(pinned)
    else:
        assert len(taken) == 3


def test_a_holder_gives_way_only_to_somebody_clearly_louder() -> None:
    def slots(level: float, now: float) -> list[str | None]:
        return choose(
            holders=["a", "b"],
            since=[0.0, 0.0],
            candidates=["a", "b", "c"],
            pinned=[],
            dbov={"a": 30, "b": 40, "c": level},
            now=now,
        )

    assert slots(38, 5.0) == ["a", "b"]
    assert slots(25, 5.0) == ["a", "c"]
    assert slots(25, 1.0) == ["a", "b"], "not in the first moments"
