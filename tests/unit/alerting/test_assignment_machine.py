"""Every state of an assignment against every command: the table decides, and a refusal changes nothing."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting import (
    AlreadyAnswered,
    AssignmentCommand,
    AssignmentState,
    Decision,
    InvalidTransition,
    PersonId,
    Response,
    acknowledge,
    arrive,
    decline,
    depart,
    join,
    reassign,
    release,
    resummon,
)
from alerting.assignment import TRANSITIONS
from tests.unit.alerting.cases import OPERATOR, START, WATER, after, assignment_of, person, summoned
from tests.unit.alerting.ledger import RESPONSE

A_WATER = assignment_of(WATER)
C = AssignmentCommand
Do = Callable[[Response, PersonId, datetime], Decision]
DO: Mapping[AssignmentCommand, Do] = {
    C.ACKNOWLEDGE: lambda r, who, now: acknowledge(r, assignment_id=A_WATER, by=who, now=now),
    C.JOIN: lambda r, who, now: join(r, assignment_id=A_WATER, by=who, now=now),
    C.DEPART: lambda r, who, now: depart(r, assignment_id=A_WATER, by=who, now=now),
    C.ARRIVE: lambda r, who, now: arrive(r, assignment_id=A_WATER, by=who, now=now),
    C.DECLINE: lambda r, who, now: decline(r, assignment_id=A_WATER, by=who, reason="抢修中", now=now),
    C.RESUMMON: lambda r, who, now: resummon(r, assignment_id=A_WATER, by=OPERATOR, now=now),
    C.REASSIGN: lambda r, who, now: reassign(r, assignment_id=A_WATER, person_id=who, by=OPERATOR, now=now),
    C.RELEASE: lambda r, who, now: release(r, assignment_id=A_WATER, by=OPERATOR, now=now),
}
STEPS = st.lists(
    st.tuples(
        st.sampled_from([*DO, C.RESUMMON, C.DEPART, C.JOIN]).filter(lambda command: command is not C.RELEASE),
        st.sampled_from(["first", "second", "deputy"]),
    ),
    max_size=12,
)


def whole_history(steps: list[tuple[AssignmentCommand, str]]) -> tuple[Response, datetime]:
    """The response after those of the steps that were allowed."""
    response, now = summoned(), after(15)
    for command, who in steps:
        now += timedelta(seconds=7)
        try:
            response = DO[command](response, person(WATER, who), now).state
        except (InvalidTransition, AlreadyAnswered):
            continue
    return response, now


@given(steps=STEPS, command=st.sampled_from(list(DO)), who=st.sampled_from(["first", "second", "deputy"]))
def test_the_table_decides_wherever_a_history_has_led(
    steps: list[tuple[AssignmentCommand, str]], command: AssignmentCommand, who: str
) -> None:
    response, now = whole_history(steps)
    before = response.assignment(A_WATER)
    saved = RESPONSE.dump_json(response)
    by = person(WATER, who)
    taken = before.answered and before.person_id != by
    said_no = by in before.declined_by and not before.answered
    if command is C.DECLINE and said_no and (before.state, command) in TRANSITIONS:
        expected: AssignmentState | None = before.state  # nothing new: somebody else is being asked
    elif command is C.ACKNOWLEDGE and before.answered:
        expected = None if taken else before.state
    elif (command is C.DECLINE and taken) or (command is C.REASSIGN and before.person_id == by):
        expected = None
    else:
        expected = TRANSITIONS.get((before.state, command))
    if expected is None:
        with pytest.raises((InvalidTransition, AlreadyAnswered)):
            DO[command](response, by, now)
    else:
        assert DO[command](response, by, now).state.assignment(A_WATER).state is expected
    assert RESPONSE.dump_json(response) == saved, "a command changed its argument"


@given(steps=STEPS)
def test_whoever_is_in_place_has_acknowledged_and_the_clock_has_its_first_time(
    steps: list[tuple[AssignmentCommand, str]],
) -> None:
    assignment = whole_history(steps)[0].assignment(A_WATER)
    if assignment.in_place:
        stamps = [stamp for stamp in (assignment.joined_at, assignment.on_scene_at) if stamp is not None]
        assert assignment.clock.stopped_at is not None
        assert START < assignment.clock.stopped_at <= min(stamps)


@pytest.mark.parametrize("state", [AssignmentState.RELEASED, AssignmentState.RECALLED])
def test_nothing_leads_out_of_the_end(state: AssignmentState) -> None:
    assert not [command for at, command in TRANSITIONS if at is state]


def test_every_state_can_be_reached_and_all_but_the_ends_can_be_released() -> None:
    ends = {AssignmentState.RELEASED, AssignmentState.RECALLED}
    assert set(TRANSITIONS.values()) == set(AssignmentState)
    assert {at for at, command in TRANSITIONS if command is C.RELEASE} == set(AssignmentState) - ends
