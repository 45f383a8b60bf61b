"""Clocks, ladders and plans by themselves."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting import (
    ClockState,
    EscalationPolicy,
    IncidentId,
    Level,
    ProposalReason,
    SlaClock,
    Step,
    Target,
    default_policy,
    propose,
)
from tests.unit.alerting.cases import START, after, line, plan
from tests.unit.alerting.cases import WATER as DEPARTMENT

CLOCK = SlaClock(name="response", started_at=START, target=timedelta(minutes=15))


@pytest.mark.parametrize(
    ("seconds", "state"),
    [
        (0, ClockState.CALM),
        (449.999, ClockState.CALM),
        (450, ClockState.WARN),
        (719.999, ClockState.WARN),
        (720, ClockState.URGENT),
        (899.999, ClockState.URGENT),
        (900, ClockState.BREACH),
        (90_000, ClockState.BREACH),
    ],
)
def test_a_running_clock_warns_at_half_and_four_fifths_and_breaches_at_its_target(
    seconds: float, state: ClockState
) -> None:
    assert CLOCK.state_at(after(seconds)) is state


@given(first=st.integers(0, 2000), second=st.integers(0, 2000))
def test_the_first_stop_stands(first: int, second: int) -> None:
    stopped = CLOCK.stop(after(first))
    assert stopped.stop(after(second)) == stopped
    assert stopped.state_at(after(second)) is ClockState.DONE
    assert stopped.elapsed(after(9999)) == timedelta(seconds=first)
    assert stopped.late == (first > 900)
    assert stopped.dues(incident_id=IncidentId("i")) == ()


def test_only_marks_that_are_still_to_be_announced_are_due() -> None:
    rows = replace(CLOCK, announced_pct=50).dues(incident_id=IncidentId("i"))
    assert [(due.key, due.at) for due in rows] == [("i:clock:80", after(720)), ("i:clock:100", after(900))]


@pytest.mark.parametrize(
    ("seconds", "give_up"), [((), 10), ((5,), 10), ((0, 60, 60), 90), ((0, 90, 60), 120), ((0, 60), 60)]
)
def test_a_ladder_that_does_not_rise_is_refused(seconds: tuple[int, ...], give_up: int) -> None:
    steps = tuple(Step(after=timedelta(seconds=s), target=Target.ON_DUTY) for s in seconds)
    with pytest.raises(ValueError, match="step"):
        EscalationPolicy(steps=steps, give_up_after=timedelta(seconds=give_up))


def test_everyone_on_the_ladder_is_named_once_in_its_order() -> None:
    duty = replace(line(DEPARTMENT), head=line(DEPARTMENT).deputy)
    named = duty.persons_up_to(default_policy(), 3)
    assert named == (*duty.on_duty, *duty.deputy)


def test_the_plan_for_the_level_goes_before_the_plan_for_any_level() -> None:
    anything, complex_one = plan(), plan(level=Level.COMPLEX)
    plans = [plan(kind="quarrel"), anything, complex_one]
    assert propose(plans, "burst_pipe", Level.COMPLEX).plan is complex_one
    assert propose(plans, "burst_pipe", Level.COMPLEX).reason is ProposalReason.EXACT
    assert propose(plans, "burst_pipe", Level.SIMPLE).plan is anything
    assert propose(plans, "burst_pipe", Level.SIMPLE).reason is ProposalReason.ANY_LEVEL


def test_no_plan_is_proposed_for_an_unplanned_type() -> None:
    proposal = propose([plan()], "flood", Level.SIMPLE)
    assert (proposal.plan, proposal.reason) == (None, ProposalReason.NONE)
