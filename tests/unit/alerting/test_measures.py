"""The figures that leaders read: what counts, what is missed, what is not counted."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting import (
    Interval,
    Response,
    Sample,
    acknowledge,
    arrive,
    join,
    recall,
    release,
    resolve,
    samples,
    summary,
)
from tests.unit.alerting.cases import (
    OPERATOR,
    POLICE,
    WATER,
    after,
    assignment_of,
    person,
    received,
    summoned,
)

TARGET = timedelta(minutes=15)


def complete(at: float) -> Response:
    state = summoned(at=10)
    for department in (WATER, POLICE):
        state = join(
            state, assignment_id=assignment_of(department), by=person(department, "first"), now=after(at)
        ).state
    return state


def response_sample(response: Response, at: float) -> tuple[Sample, ...]:
    return samples(response, now=after(at))[Interval.RESPONSE]


def test_a_kept_promise_is_measured_from_the_report_and_a_late_one_is_missed() -> None:
    assert response_sample(complete(600), 9999) == (Sample(elapsed=timedelta(seconds=600), target=TARGET),)
    assert response_sample(complete(901), 9999)[0].missed


def test_an_open_promise_is_missed_only_once_its_time_is_over() -> None:
    assert response_sample(summoned(), 900) == (Sample(elapsed=None, target=TARGET, missed=False),)
    assert response_sample(summoned(), 900.001)[0].missed


def test_resolving_early_is_no_way_around_the_promise() -> None:
    resolved = resolve(summoned(), outcome="已修复", by=OPERATOR, now=after(60)).state
    assert response_sample(resolved, 61) == (Sample(elapsed=None, target=TARGET, missed=True),)


def test_an_incident_that_needed_nobody_made_no_promise() -> None:
    alone = resolve(received().state, outcome="误报", by=OPERATOR, now=after(60)).state
    assert response_sample(alone, 9999) == ()
    taken_back = recall(summoned(at=10), by=OPERATOR, now=after(12)).state
    taken_back = resolve(taken_back, outcome="误报", by=OPERATOR, now=after(60)).state
    assert response_sample(taken_back, 9999) == ()


def test_the_other_intervals_start_where_their_names_say() -> None:
    state = acknowledge(
        summoned(at=10), assignment_id=assignment_of(WATER), by=person(WATER, "first"), now=after(30)
    ).state
    state = arrive(state, assignment_id=assignment_of(WATER), by=person(WATER, "first"), now=after(400)).state
    state = resolve(state, outcome="已修复", by=OPERATOR, now=after(1000)).state
    taken = samples(state, now=after(1000), first_media_at=after(12))
    seconds = {
        interval: [sample.elapsed.total_seconds() for sample in of_it if sample.elapsed is not None]
        for interval, of_it in taken.items()
    }
    assert seconds == {
        Interval.RESPONSE: [],
        Interval.DISPATCH: [10],
        Interval.ACKNOWLEDGE: [20],
        Interval.FIRST_MEDIA: [2],
        Interval.ON_SCENE: [390],
        Interval.RESOLVE: [1000],
    }


def test_the_share_counts_open_breaches_as_missed_and_leaves_open_ones_in_time_out() -> None:
    figures = summary(
        [
            Sample(elapsed=timedelta(seconds=100), target=TARGET),
            Sample(elapsed=timedelta(seconds=1000), target=TARGET, missed=True),
            Sample(elapsed=None, target=TARGET, missed=True),
            Sample(elapsed=None, target=TARGET),
        ]
    )
    assert (figures.count, figures.open_missed) == (2, 1)
    assert figures.share_within == pytest.approx(1 / 3)
    assert figures.mean == timedelta(seconds=550)


def test_nothing_measured_has_no_figures() -> None:
    figures = summary([])
    assert (figures.count, figures.mean, figures.p50, figures.share_within) == (0, None, None, None)


@given(st.lists(st.integers(0, 5000), min_size=1, max_size=300))
def test_at_least_so_many_per_cent_are_no_longer_than_a_percentile(seconds: list[int]) -> None:
    lengths = [timedelta(seconds=s) for s in seconds]
    figures = summary(Sample(elapsed=length) for length in lengths)
    for value, pct in ((figures.p50, 50), (figures.p90, 90), (figures.p99, 99)):
        assert value in lengths
        assert sum(length <= value for length in lengths) * 100 >= pct * len(lengths)
        assert sum(length < value for length in lengths) * 100 < pct * len(lengths)


def test_resolving_while_a_required_department_is_missing_does_not_complete_the_response() -> None:
    state = join(
        summoned(), assignment_id=assignment_of(WATER), by=person(WATER, "first"), now=after(60)
    ).state
    resolved = resolve(state, outcome="已修复", by=OPERATOR, now=after(100)).state
    assert resolved.clock.running
    assert response_sample(resolved, 101)[0].missed


def test_a_promise_kept_by_taking_a_department_off_the_list_is_reported_apart() -> None:
    state = join(
        summoned(), assignment_id=assignment_of(WATER), by=person(WATER, "first"), now=after(60)
    ).state
    state = release(state, assignment_id=assignment_of(POLICE), by=OPERATOR, now=after(100)).state
    [sample] = response_sample(state, 101)
    assert sample == Sample(elapsed=timedelta(seconds=100), target=TARGET, waived=True)
    assert summary([sample, *response_sample(complete(60), 101)]).waived == 1
