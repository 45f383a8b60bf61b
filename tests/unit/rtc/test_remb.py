"""A publisher without transport-wide feedback is told by REMB what its way carries."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtc.codecs import Codec
from rtc.forwarding.forwarder import Forwarder
from rtc.rtp.rtcp import ReceiverEstimate, parse_rtcp
from rtc.uplink.remb import MAX_BPS, MIN_BPS, START_BPS, UplinkEstimate
from rtc.uplink.send_times import TICKS_PER_S, WRAP_S, SendTimes
from rtc.uplink.source import Source, StreamPlan
from tests.unit.rtc.packets import FANOUT, VIDEO_PT, VP8_DELTA, VP8_KEY, FakeOutlet, video

SEND_TIME_ID = 3


def test_the_estimate_starts_high_grows_while_calm_and_follows_what_arrives_when_not() -> None:
    estimate = UplinkEstimate(0.0)
    assert estimate.update(received_bps=0, loss=0, now=0.1) == START_BPS
    now = 0.1
    for _ in range(60):
        now += 1
        estimate.update(received_bps=estimate.bitrate_bps * 0.9, loss=0.0, now=now)
    assert estimate.bitrate_bps == MAX_BPS
    assert estimate.update(received_bps=1_000_000, loss=0.3, now=now + 1) < 1_000_000
    for _ in range(60):
        now += 1
        estimate.update(received_bps=0, loss=0.9, now=now)
    assert estimate.bitrate_bps == MIN_BPS


def told(at: float) -> bytes:
    """What a clock that stands at that time says."""
    return (round(at * TICKS_PER_S) & 0xFFFFFF).to_bytes(3, "big")


@given(
    st.floats(0, 200),
    st.lists(st.tuples(st.floats(0, 500), st.floats(-0.5, 0.5)), min_size=2, max_size=30),
)
def test_a_senders_clock_runs_on_over_its_wraps_and_over_silence(
    first: float, steps: list[tuple[float, float]]
) -> None:
    times = SendTimes()
    left = first
    began = times.left_at(told(left), 1000.0)
    assert began is not None
    for elapsed, jitter in steps:
        left += elapsed
        read = times.left_at(told(left), 1000.0 + (left - first) + jitter)
        assert read is not None
        assert read - began == pytest.approx(left - first, abs=0.001)


def test_a_packet_that_comes_out_of_order_goes_back_also_over_a_wrap() -> None:
    times = SendTimes()
    at = [WRAP_S - 0.010, WRAP_S + 0.010, WRAP_S - 0.005, WRAP_S + 0.020]
    lefts = [times.left_at(told(each), 5.0 + index / 100) or 0.0 for index, each in enumerate(at)]
    assert [round(each - lefts[0], 3) for each in lefts] == [0, 0.020, 0.005, 0.030]


@given(st.binary(max_size=4), st.floats(0, 1e6))
def test_arbitrary_elements_are_a_time_or_none(element: bytes, now: float) -> None:
    assert (SendTimes().left_at(element, now) is not None) == (len(element) >= 3)


@dataclass
class Way:
    """A way of that width, whose queue drops what would wait for more than half a second."""

    width_bps: float
    free_at: float = 0.0
    longest_s: float = 0.5
    waited_s: float = 0.0

    def arrival(self, size: int, at: float) -> float | None:
        start = max(at, self.free_at)
        self.waited_s = start - at
        if self.waited_s > self.longest_s:
            return None
        self.free_at = start + 8 * (size + 46) / self.width_bps
        return self.free_at + 0.02


@dataclass
class Uplink:
    """A camera that sends what it was told it may, through a narrow way, to a forwarder."""

    way: Way
    timed: bool
    now: float = 100.0
    seq: int = 0
    rate_bps: float = 300_000.0
    waited: list[tuple[float, float]] = field(default_factory=list)
    rates: list[tuple[float, float]] = field(default_factory=list)
    lost: int = 0

    def __post_init__(self) -> None:
        self.forwarder = Forwarder(emit=lambda _event: None, unix_offset_s=0.0)
        self.outlet = FakeOutlet()
        plan = StreamPlan(
            codec=Codec.VP8, payload_type=VIDEO_PT, ssrc=11, send_time_id=SEND_TIME_ID if self.timed else None
        )
        self.source = Source(
            source_id="camera",
            connection_id="camera",
            plans=(plan,),
            outlet=self.outlet,
            fanout=FANOUT,
            on_start=self.forwarder.note_start,
            now=self.now,
        )
        self.forwarder.add_source(self.source, self.now)
        self.on_way: deque[tuple[float, bytes]] = deque()
        self.chance = random.Random(3)

    def run(self, seconds: float) -> None:
        """In steps of 5 ms; a frame every 40 ms, its packets 2 ms apart."""
        end = self.now + seconds
        due: deque[tuple[float, int]] = deque()
        next_frame = self.now
        while self.now < end:
            self.now += 0.005
            if self.now >= next_frame:
                next_frame += 0.04
                size = self.rate_bps / 8 / 25 * self.chance.uniform(0.8, 1.2)
                count = max(1, round(size / 1100))
                due += [(self.now + 0.002 * index, int(size / count)) for index in range(count)]
            while due and due[0][0] <= self.now:
                at, size = due.popleft()
                self.send(at, size)
            while self.on_way and self.on_way[0][0] <= self.now:
                at, data = self.on_way.popleft()
                self.forwarder.receive_rtp(self.source, data, at)
            self.forwarder.tick(self.now)
            self.listen()
            self.rates.append((self.now, self.rate_bps))

    def send(self, at: float, size: int) -> None:
        self.seq += 1
        packet = video(self.seq, int(self.now * 90_000), VP8_KEY if self.seq == 1 else VP8_DELTA)
        packet += bytes(max(0, size - len(packet)))
        if self.timed:
            element = bytes((0xBE, 0xDE, 0, 1, SEND_TIME_ID << 4 | 2)) + told(at)
            packet = bytes((packet[0] | 0x10,)) + packet[1:12] + element + packet[12:]
        arrival = self.way.arrival(len(packet), at)
        self.waited.append((at, self.way.waited_s))
        if arrival is None:
            self.lost += 1
        else:
            self.on_way.append((arrival, packet))

    def listen(self) -> None:
        """As an encoder does: it goes up by steps and down at once."""
        for data in self.outlet.rtcp:
            for fact in parse_rtcp(data):
                if isinstance(fact, ReceiverEstimate):
                    self.rate_bps = min(fact.bitrate_bps, 1.5 * self.rate_bps)
        self.outlet.rtcp.clear()

    def mean(self, values: list[tuple[float, float]], seconds: float) -> float:
        """Over the last seconds."""
        last = [value for at, value in values if at > self.now - seconds]
        return sum(last) / len(last)


def test_on_a_wide_way_it_is_good_within_seconds_and_rises_to_the_most() -> None:
    uplink = Uplink(Way(width_bps=20_000_000), timed=True)
    uplink.run(6)
    assert uplink.rate_bps > 2_000_000
    uplink.run(20)
    assert uplink.rate_bps > 0.95 * MAX_BPS
    assert uplink.lost == 0


def test_a_narrow_way_is_found_by_its_delay_before_much_is_lost() -> None:
    uplink = Uplink(Way(width_bps=800_000), timed=True)
    uplink.run(15)
    lost = uplink.lost
    uplink.run(30)
    assert 400_000 < uplink.mean(uplink.rates, 20) < 900_000
    assert uplink.mean(uplink.waited, 20) < 0.15, "the queue is short"
    assert uplink.lost == lost, "and nothing more is lost"


def test_without_send_times_a_narrow_way_is_found_by_what_is_lost() -> None:
    uplink = Uplink(Way(width_bps=800_000), timed=False)
    uplink.run(45)
    assert uplink.lost > 0
    assert 300_000 < uplink.mean(uplink.rates, 20) < 1_100_000


def test_after_the_way_has_widened_the_figure_rises_again() -> None:
    uplink = Uplink(Way(width_bps=600_000), timed=True)
    uplink.run(20)
    narrow = uplink.mean(uplink.rates, 5)
    uplink.way.width_bps = 10_000_000
    uplink.run(25)
    assert narrow < 700_000
    assert uplink.rate_bps > 1_500_000


def test_a_way_that_becomes_narrow_is_told_of_at_once_and_not_at_the_next_report() -> None:
    uplink = Uplink(Way(width_bps=10_000_000), timed=True)
    uplink.run(10)
    before = uplink.rate_bps
    uplink.way.width_bps = 1_000_000
    uplink.run(1.2)
    assert uplink.rate_bps < 0.6 * before
    uplink.run(10)
    assert uplink.mean(uplink.waited, 5) < 0.2
