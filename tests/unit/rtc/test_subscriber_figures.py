"""What is told of a viewer's downlink: round trip, loss, jitter, rate, layer; never the sender's own loss."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtc.downlink.slot_reports import SlotReports
from rtc.figures import SourceStats, SubscriberStats
from rtc.forwarding.forwarder import NTP_EPOCH_S, Forwarder
from rtc.forwarding.turns import Turns
from rtc.plane import MediaEvent
from rtc.rtp.round_trip import round_trip_s
from rtc.rtp.rtcp import ReportBlock
from tests.unit.rtc.packets import VP8_DELTA, VP8_KEY, events_of, make_source, make_subscriber, routes, video


def ntp(seconds: float) -> int:
    return int(seconds * 2**32) & 0xFFFFFFFFFFFFFFFF


def middle(seconds: float) -> int:
    return (int(seconds * 65536)) & 0xFFFFFFFF


@given(sent=st.floats(0, 200_000), held=st.floats(0, 5), trip=st.floats(0, 10))
def test_the_round_trip_is_what_was_not_spent_at_the_receiver(sent: float, held: float, trip: float) -> None:
    """200,000 s pass the wrap of the middle 32 bits three times."""
    last_sr = middle(sent)
    told = round_trip_s(ntp=ntp(sent + held + trip), last_sr=last_sr, since_sr=int(held * 65536))
    if last_sr:
        assert told == pytest.approx(trip, abs=1e-3)


@pytest.mark.parametrize(
    ("now", "last_sr", "since_sr", "told"),
    [
        (10.0, 0, 0, None),  # it has had no report of ours yet
        (70_000.0, middle(69_999.5), middle(0.3), pytest.approx(0.2, abs=1e-3)),
        (65_536.1, middle(65_535.9), 0, pytest.approx(0.2, abs=1e-3)),  # over the wrap
        (10.0, middle(9.9), middle(0.11), 0.0),  # its clock is a little fast
        (10.0, middle(9.0), middle(3.0), None),  # nonsense
        (100.0, middle(10.0), 0, None),  # on something else
    ],
)
def test_a_round_trip_that_cannot_be_is_not_told(
    now: float, last_sr: int, since_sr: int, told: float | None
) -> None:
    assert round_trip_s(ntp=ntp(now), last_sr=last_sr, since_sr=since_sr) == told


def block(highest: int, lost: int = 0, *, fraction: int = 0, jitter: int = 0) -> ReportBlock:
    return ReportBlock(
        ssrc=900,
        fraction_lost=fraction,
        lost=lost,
        highest=highest & 0xFFFFFFFF,
        jitter=jitter,
        last_sr=0,
        since_sr=0,
    )


def note(reports: SlotReports, told: ReportBlock, *, holes: int = 0, stretch: object = None) -> float:
    return reports.note(told, holes=holes, stretch=stretch)


def test_loss_is_counted_by_the_extended_sequence_numbers() -> None:
    reports = SlotReports(clock_rate=90_000)
    assert note(reports, block(0x1FFF0, fraction=64)) == 0.25  # the first one: only its own word
    assert note(reports, block(0x20054, 10)) == pytest.approx(0.1)
    assert note(reports, block(0x200B8, 10)) == 0.0
    assert reports.take() == (200, 10)
    assert reports.take() is None


def test_extended_numbers_and_losses_wrap() -> None:
    reports = SlotReports(clock_rate=90_000)
    note(reports, block(0xFFFFFFF6, 0x7FFFFB))
    assert note(reports, block(90, -0x7FFFFB)) == pytest.approx(10 / 100)


def test_packets_that_came_late_or_twice_are_no_loss_below_nothing() -> None:
    reports = SlotReports(clock_rate=90_000)
    note(reports, block(1000, 50))
    assert note(reports, block(1100, 40)) == 0.0
    assert reports.take() == (100, 0)


def test_a_receiver_that_counts_anew_is_believed_by_its_own_word() -> None:
    reports = SlotReports(clock_rate=90_000)
    note(reports, block(5000, 50))
    assert note(reports, block(100, 0, fraction=128)) == 0.5
    assert reports.take() is None


def test_what_never_came_from_the_sender_is_not_lost_on_the_way_down() -> None:
    reports = SlotReports(clock_rate=90_000)
    note(reports, block(1000, 0))
    assert note(reports, block(1100, 8), holes=8) == 0.0
    assert note(reports, block(1200, 15), holes=10) == pytest.approx(5 / 98)


def test_what_comes_late_from_the_sender_is_no_gain_on_the_way_down() -> None:
    reports = SlotReports(clock_rate=90_000)
    note(reports, block(1000, 0))
    note(reports, block(1100, 10), holes=5)  # five of them are under way again
    note(reports, block(1200, 5), holes=0)  # … and have come, at both
    assert reports.take() == (200, 5)


def test_a_slot_that_begins_anew_is_not_charged_with_what_was_counted_before() -> None:
    reports = SlotReports(clock_rate=90_000)
    first, second = object(), object()
    note(reports, block(1000, 0), holes=50, stretch=first)
    assert note(reports, block(1100, 0), holes=0, stretch=second) == 0.0
    assert note(reports, block(1200, 10), holes=0, stretch=second) == pytest.approx(0.1)


def test_jitter_is_in_milliseconds_of_the_slots_own_clock() -> None:
    picture, sound = SlotReports(clock_rate=90_000), SlotReports(clock_rate=48_000)
    note(picture, block(1, jitter=1800))
    note(sound, block(1, jitter=960))
    assert (picture.jitter_ms, sound.jitter_ms) == (20.0, 20.0)


class House:
    """A sender of one picture and its viewer, with the reports that the viewer's browser would send."""

    def __init__(self) -> None:
        self.events: list[MediaEvent] = []
        self.now = 100.0
        self.forwarder = Forwarder(emit=self.events.append, unix_offset_s=-NTP_EPOCH_S)
        self.source, _ = make_source("s", self.forwarder, self.now)
        self.forwarder.add_source(self.source, self.now)
        self.viewer, self.outlet = make_subscriber("c", now=self.now)
        self.forwarder.add_subscriber(self.viewer, self.now)
        self.forwarder.reconcile(routes(1, ("c", 0, "s")), self.now)
        self.seq = 0

    def play(self, seconds: float, *, missing: frozenset[int] = frozenset()) -> None:
        """A packet every 20 ms, some of which never arrive here."""
        for _ in range(round(seconds * 50)):
            payload = (VP8_DELTA if self.seq else VP8_KEY) + bytes(200)
            if self.seq not in missing:
                data = video(self.seq, 1800 * self.seq, payload)
                self.forwarder.receive_rtp(self.source, data, self.now)
            self.seq += 1
            self.now += 0.02
            self.forwarder.tick(self.now)

    def report(self, *, lost: int, trip_s: float = 0.08) -> None:
        last = self.outlet.left[-1]
        fact = ReportBlock(
            ssrc=900,
            fraction_lost=0,
            lost=lost,
            highest=last.seq,
            jitter=900,
            last_sr=middle(self.now - 0.5 - trip_s),
            since_sr=int(0.5 * 65536),
        )
        self.forwarder.receive_feedback(self.viewer, [fact], self.now)

    def told(self) -> list[SubscriberStats]:
        return [e for e in events_of(self.events, SubscriberStats) if isinstance(e, SubscriberStats)]


def test_a_viewer_is_told_of_every_two_seconds() -> None:
    house = House()
    house.play(1.0)
    house.report(lost=0)
    house.play(1.5)
    house.report(lost=15)
    house.play(2.0)
    first, second = house.told()
    assert first.connection_id == "c"
    assert first.rtt_ms == pytest.approx(80, abs=1)
    assert first.jitter_ms == 10.0
    assert second.loss_pct == pytest.approx(20, abs=1)
    (slot,) = second.slots
    assert (slot.slot, slot.source_id, slot.height, slot.held) == (0, "s", 360, False)
    assert slot.sent_bps == pytest.approx(50 * 8 * (12 + 4 + 200), rel=0.1)
    assert second.sent_bps == slot.sent_bps
    assert second.available_bps is None


def test_a_lossy_sender_does_not_make_its_viewers_downlinks_look_lossy() -> None:
    house = House()
    house.play(1.0)
    house.report(lost=0)
    gaps = frozenset(range(50, 200, 5))
    house.play(1.5, missing=gaps)
    house.report(lost=len([seq for seq in gaps if seq < house.seq]))
    house.play(2.0, missing=gaps)
    loss_pct = [stats.loss_pct for stats in house.told()]
    assert max(each for each in loss_pct if each is not None) < 1
    sent = [e for e in house.events if isinstance(e, SourceStats)][-1]
    assert sent.loss_pct > 10
    (track,) = [each for each in sent.tracks if each.kind == "video"]
    assert track.missing_pct > 10
    assert track.score is not None


def test_a_few_are_told_of_at_one_moment_and_everyone_in_the_end() -> None:
    turns = Turns(every_s=2.0, at_once=3)
    names = {f"v{number}" for number in range(10)}
    for name in sorted(names):
        turns.add(name, 0.0)
    assert turns.due(1.9, names) == []
    told = [turns.due(2.0 + 0.04 * tick, names) for tick in range(5)]
    assert [len(each) for each in told] == [3, 3, 3, 1, 0]
    assert {name for each in told for name in each} == names


def test_who_has_left_loses_its_turn_for_good() -> None:
    turns = Turns(every_s=2.0, at_once=3)
    turns.add("a", 0.0)
    turns.add("b", 0.0)
    assert turns.due(2.0, {"b"}) == ["b"]
    assert turns.due(4.0, {"a", "b"}) == ["b"]
