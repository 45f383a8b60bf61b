"""What a viewer's way carries is found out from what it reports, and used without filling the way's queue."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtc.downlink.bandwidth import MIN_BPS, Bandwidth
from rtc.downlink.delay_trend import DelayTrend, Usage
from rtc.downlink.probe import LASTS_S, Prober
from rtc.downlink.transport_numbers import TransportNumbers
from rtc.downlink.way_report import Passage, way_report
from rtc.rtp.rtcp import TransportReport
from rtc.rtp.rtp_packet import parse_rtp
from tests.unit.rtc.narrow_way import ELEMENT, HEADERS, NarrowWay
from tests.unit.rtc.packets import video

SIZE = 1000


class Sender:
    """Sends frames at a rate, up to what it believes to fit if it follows that."""

    def __init__(self, way: NarrowWay, *, follows: bool) -> None:
        self.now = 50.0
        self.way = way
        self.follows = follows
        self.bandwidth = Bandwidth(self.now)
        self.numbers = TransportNumbers(element_id=ELEMENT, clock=lambda: self.now)
        self.owed = 0.0
        self.longest_queue_s = 0.0

    def run(self, seconds: float, bits_per_s: float) -> None:
        """A frame every 33 ms, feedback every 100 ms."""
        for tick in range(int(seconds * 30)):
            self.now += 1 / 30
            believed = self.bandwidth.available_bps
            rate = min(bits_per_s, believed) if self.follows and believed is not None else bits_per_s
            self.owed += rate / 30 / 8
            while self.owed >= SIZE + HEADERS:
                self.owed -= SIZE + HEADERS
                self.way.send(parse_rtp(self.numbers.stamp(video(tick, 0, bytes(SIZE)))), self.now)
            if tick % 3 == 0:
                for fact in self.way.feedback(self.now):
                    assert isinstance(fact, TransportReport)
                    self.bandwidth.note_report(self.numbers.way_report(fact.body), self.now, probing=False)


def test_a_way_that_carries_everything_shows_no_limit() -> None:
    sender = Sender(NarrowWay(20e6), follows=True)
    sender.run(30, 2e6)
    assert sender.bandwidth.available_bps is None
    assert sender.way.dropped == 0
    assert sender.bandwidth.arrived_bps == pytest.approx(2e6, rel=0.1)


@pytest.mark.parametrize("carries", [400e3, 1e6, 2.5e6])
def test_a_narrow_place_is_found_out_within_seconds_and_its_queue_drains(carries: float) -> None:
    sender = Sender(NarrowWay(carries), follows=True)
    sender.run(10, 3e6)
    early = sender.bandwidth.available_bps
    assert early is not None
    assert 0.5 * carries < early < 1.15 * carries
    before = sender.way.dropped
    sender.run(60, 3e6)
    late = sender.bandwidth.available_bps
    assert late is not None
    assert 0.6 * carries < late < 1.15 * carries
    assert sender.way.dropped - before < 0.02 * 60 * carries / 8 / SIZE


def test_losses_of_the_air_without_a_queue_are_no_limit_until_they_are_heavy() -> None:
    light = Sender(NarrowWay(20e6, loss=0.05), follows=True)
    light.run(20, 1e6)
    assert light.bandwidth.available_bps is None, "what retransmissions mend is no reason"
    heavy = Sender(NarrowWay(20e6, loss=0.25), follows=True)
    heavy.run(20, 1e6)
    assert heavy.bandwidth.available_bps is not None
    assert heavy.bandwidth.available_bps < 0.9e6


def test_what_is_not_used_proves_nothing_about_more() -> None:
    sender = Sender(NarrowWay(1e6), follows=True)
    sender.run(10, 3e6)
    found = sender.bandwidth.available_bps
    assert found is not None
    sender.run(60, 0.2e6)
    assert sender.bandwidth.available_bps == pytest.approx(found, rel=0.1)


def test_reports_alone_lower_it_and_patience_raises_it_ever_more_seldom() -> None:
    bandwidth, now = Bandwidth(0.0), 0.0

    def report(loss: float, seconds: int) -> None:
        nonlocal now
        for _ in range(seconds):
            now += 1
            bandwidth.note_loss(loss, 2e6, now)

    report(0.05, 20)
    assert bandwidth.available_bps is None
    report(0.3, 8)
    low = bandwidth.available_bps
    assert low is not None
    assert low < 1.8e6
    report(0.0, 8)
    assert bandwidth.available_bps == low, "not before ten seconds"
    report(0.0, 8)
    assert bandwidth.available_bps == pytest.approx(1.5 * low)
    report(0.4, 3)
    assert bandwidth.available_bps < 1.5 * low
    report(0.0, 3)
    low = bandwidth.available_bps
    report(0.0, 12)
    assert bandwidth.available_bps == low, "it failed: twenty seconds now"
    report(0.0, 12)
    assert bandwidth.available_bps > low


def test_only_an_estimate_below_what_is_sent_says_something() -> None:
    bandwidth = Bandwidth(0.0)
    bandwidth.note_estimate(3e6, 2e6, 10.0)
    assert bandwidth.available_bps is None
    bandwidth.note_estimate(0.7e6, 2e6, 20.0)
    assert bandwidth.available_bps == 0.7e6
    bandwidth.note_estimate(0.1, 2e6, 30.0)
    assert bandwidth.available_bps == MIN_BPS


def probed(carries: float, *, target_bps: float) -> tuple[Prober, float | None]:
    way, prober, now = NarrowWay(carries), Prober(0.0), 100.0
    numbers = TransportNumbers(element_id=ELEMENT, clock=lambda: now)
    prober.consider(available_bps=300e3, missing_bps=target_bps - 300e3, limited_at=0.0, now=now)
    assert prober.running
    rate, media = None, 0.0
    for tick in range(200):
        now += 0.01
        media += 200e3 * 0.01 / 8
        while prober.due(sending_bps=200e3, now=now) or media > SIZE:
            way.send(parse_rtp(numbers.stamp(video(tick, 0, bytes(SIZE)))), now)
            if media > SIZE:
                media -= SIZE
            else:
                prober.padded(SIZE)
        if tick % 5 == 0:
            for fact in way.feedback(now):
                assert isinstance(fact, TransportReport)
                rate = prober.note(numbers.passages(fact.body), now) or rate
    return prober, rate


def test_a_probe_that_fits_comes_through_as_fast_as_it_left() -> None:
    prober, rate = probed(5e6, target_bps=600e3)
    assert (prober.succeeded, prober.failed, prober.running) == (1, 0, False)
    assert rate == pytest.approx(600e3, rel=0.25)


def test_a_probe_that_does_not_fit_tells_what_does() -> None:
    prober, rate = probed(400e3, target_bps=600e3)
    assert (prober.succeeded, prober.failed) == (0, 1)
    assert rate == pytest.approx(400e3, rel=0.25)


def test_probes_wait_for_calm_stay_small_and_become_rare_when_they_fail() -> None:
    prober = Prober(0.0)
    prober.consider(available_bps=1e6, missing_bps=9e6, limited_at=98.0, now=100.0)
    assert not prober.running
    prober.consider(available_bps=1e6, missing_bps=0.0, limited_at=0.0, now=100.0)
    assert not prober.running
    prober.consider(available_bps=1e6, missing_bps=9e6, limited_at=0.0, now=100.0)
    sent = 0
    for step in range(100):
        due = prober.due(sending_bps=0.5e6, now=100.0 + step / 100)
        prober.padded(due)
        sent += due
    assert sent == pytest.approx((2e6 - 0.5e6) * LASTS_S / 8, rel=0.01), "at most twice what is known to fit"
    assert prober.note([Passage(101.0, None, 100)], 101.0) is None
    assert not prober.running
    assert prober.failed == 1
    prober.consider(available_bps=1e6, missing_bps=9e6, limited_at=0.0, now=105.0)
    assert not prober.running
    prober.consider(available_bps=1e6, missing_bps=9e6, limited_at=0.0, now=107.5)
    assert prober.running


def test_a_probe_without_an_answer_ends() -> None:
    prober = Prober(0.0)
    prober.consider(available_bps=1e6, missing_bps=9e6, limited_at=0.0, now=100.0)
    assert prober.note([], 101.0) is None
    assert prober.running
    prober.note([], 102.0)
    assert not prober.running


def test_a_steady_delay_is_normal_and_a_draining_queue_is_under_use() -> None:
    trend = DelayTrend()
    assert trend.note([(at, at + 0.2) for at in steps(2)]) is Usage.NORMAL
    assert trend.note([(at, at + 0.2 + 0.2 * (at - 2)) for at in steps(2, 2.6)]) is Usage.NORMAL
    assert trend.note([(at, at + 0.2 + 0.2 * (at - 2)) for at in steps(2.6, 3)]) is Usage.OVER
    assert trend.note([(at, at + 0.4 - 0.3 * (at - 3)) for at in steps(3, 4)]) is Usage.UNDER


def steps(first: float, last: float = 0.0) -> list[float]:
    begin, end = (first, last) if last else (0.0, first)
    return [begin + 0.02 * index for index in range(int((end - begin) / 0.02))]


passages = st.lists(
    st.builds(
        Passage,
        st.floats(-1e6, 1e6),
        st.none() | st.floats(-1e6, 1e6),
        st.integers(1, 0xFFFF),
    ),
    max_size=80,
)


@given(st.lists(passages, max_size=6))
def test_whatever_is_reported_the_figure_stays_a_figure(reports: list[list[Passage]]) -> None:
    bandwidth, prober, now = Bandwidth(0.0), Prober(0.0), 0.0
    for report in reports:
        now += 1.0
        bandwidth.note_report(way_report(report), now, probing=False)
        prober.consider(available_bps=1e6, missing_bps=1e6, limited_at=-10.0, now=now)
        rate = prober.note(report, now)
        if rate is not None:
            bandwidth.proved(rate, now)
        known = bandwidth.available_bps
        assert known is None or MIN_BPS <= known < 1e15
