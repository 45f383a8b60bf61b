"""What one department's answer does, and what it leaves alone."""

import pytest

from alerting import (
    AlreadyAnswered,
    AssignmentJoined,
    AssignmentNotified,
    AssignmentReassigned,
    AssignmentState,
    ClockStopped,
    InvalidTransition,
    NoticeKind,
    PersonId,
    ReasonMissing,
    ResponseComplete,
    StopReason,
    UnknownAssignment,
    acknowledge,
    arrive,
    decline,
    depart,
    join,
    reassign,
    record_delivery,
    release,
)
from tests.unit.alerting.cases import (
    OPERATOR,
    POLICE,
    STREET,
    WATER,
    after,
    assignment_of,
    person,
    pressed,
    summoned,
)

A_WATER, A_POLICE = assignment_of(WATER), assignment_of(POLICE)
FIRST, SECOND, DEPUTY = (person(WATER, who) for who in ("first", "second", "deputy"))


def test_an_acknowledgement_ends_the_paging_of_its_own_department_only() -> None:
    decision = acknowledge(summoned(), assignment_id=A_WATER, by=FIRST, now=after(20))
    assert all(key.startswith(A_WATER) for key in decision.cancel)
    assert f"{A_WATER}:give_up" in decision.cancel
    assert not [key for key in decision.cancel if "clock" in key], "the promise still runs"
    [stopped] = decision.notices
    assert (stopped.kind, stopped.reason) == (NoticeKind.RING_STOPPED, StopReason.ACKNOWLEDGED)
    assert stopped.person_ids == (SECOND,)
    assert decision.state.assignment(A_POLICE) == summoned().assignment(A_POLICE)


def test_the_same_person_acknowledges_twice_without_effect_and_another_is_told_who_has_it() -> None:
    state = acknowledge(summoned(), assignment_id=A_WATER, by=FIRST, now=after(20)).state
    assert not acknowledge(state, assignment_id=A_WATER, by=FIRST, now=after(25)).events
    with pytest.raises(AlreadyAnswered) as refusal:
        acknowledge(state, assignment_id=A_WATER, by=SECOND, now=after(25))
    assert refusal.value.params == {"assignment_id": A_WATER, "by": FIRST, "at": after(20).isoformat()}


def test_who_is_asked_again_may_say_yes_again() -> None:
    state = acknowledge(summoned(), assignment_id=A_WATER, by=FIRST, now=after(20)).state
    state = pressed(state, at=40).state
    assert state.assignment(A_WATER).ringing == (FIRST,)
    again = acknowledge(state, assignment_id=A_WATER, by=FIRST, now=after(45))
    assert again.events
    assert again.state.assignment(A_WATER).ringing == ()
    assert again.state.assignment(A_WATER).acknowledged_at == after(20)


def test_a_receipt_is_not_an_answer_and_only_the_first_counts() -> None:
    facts = {"assignment_id": A_WATER, "channel": "console"}
    first = record_delivery(summoned(), person_id=FIRST, now=after(11), **facts)
    assert first.events == (AssignmentNotified(assignment_id=A_WATER, person_id=FIRST, channel="console"),)
    assert first.state.assignment(A_WATER).state is AssignmentState.NOTIFIED
    assert not first.cancel
    assert not record_delivery(first.state, person_id=SECOND, now=after(12), **facts).events


def test_joining_stops_the_clock_and_counts_as_an_acknowledgement() -> None:
    decision = join(summoned(), assignment_id=A_WATER, by=FIRST, now=after(60))
    joined = decision.state.assignment(A_WATER)
    assert joined.clock.stopped_at == joined.acknowledged_at == joined.joined_at == after(60)
    assert isinstance(decision.events[0], AssignmentJoined)
    assert decision.events[1] == ClockStopped(
        assignment_id=A_WATER,
        clock="department_response",
        stopped_at=after(60),
        elapsed_ms=60_000,
        late=False,
    )
    assert {f"{A_WATER}:clock:{pct}" for pct in (50, 80, 100)} <= set(decision.cancel)


def test_an_acknowledgement_alone_or_setting_out_stops_no_clock() -> None:
    state = acknowledge(summoned(), assignment_id=A_WATER, by=FIRST, now=after(20)).state
    state = depart(state, assignment_id=A_WATER, by=FIRST, now=after(30)).state
    assert state.assignment(A_WATER).clock.running
    assert (
        not arrive(state, assignment_id=A_WATER, by=FIRST, now=after(90))
        .state.assignment(A_WATER)
        .clock.running
    )


def test_leaving_the_room_for_the_scene_does_not_move_the_stop() -> None:
    state = join(summoned(), assignment_id=A_WATER, by=FIRST, now=after(60)).state
    state = depart(state, assignment_id=A_WATER, by=FIRST, now=after(70)).state
    state = arrive(state, assignment_id=A_WATER, by=FIRST, now=after(500)).state
    assert state.assignment(A_WATER).clock.stopped_at == after(60)


def test_a_colleague_may_join_and_the_assignment_stays_with_who_acknowledged() -> None:
    state = acknowledge(summoned(), assignment_id=A_WATER, by=FIRST, now=after(20)).state
    joined = join(state, assignment_id=A_WATER, by=SECOND, now=after(30)).state.assignment(A_WATER)
    assert (joined.state, joined.person_id) == (AssignmentState.JOINED, FIRST)


def test_the_incidents_clock_stops_with_the_last_required_department() -> None:
    state = join(summoned(), assignment_id=A_WATER, by=FIRST, now=after(60)).state
    state = join(state, assignment_id=assignment_of(STREET), by=person(STREET, "first"), now=after(70)).state
    assert state.clock.running
    last = arrive(state, assignment_id=A_POLICE, by=person(POLICE, "first"), now=after(1000))
    assert last.events[-1] == ResponseComplete(
        stopped_at=after(1000), elapsed_ms=1_000_000, late=True, waived=()
    )
    assert last.state.clock.stopped_at == after(1000)


def test_a_required_department_taken_off_the_list_is_named_apart() -> None:
    state = join(summoned(), assignment_id=A_WATER, by=FIRST, now=after(60)).state
    gone = release(state, assignment_id=A_POLICE, by=OPERATOR, reason="改由街道处置", now=after(80))
    assert gone.events[-1] == ResponseComplete(
        stopped_at=after(80), elapsed_ms=80_000, late=False, waived=(A_POLICE,)
    )
    assert gone.state.assignment(A_POLICE).clock.running, "what never came never kept its promise"


def test_releasing_everybody_who_did_not_come_completes_nothing() -> None:
    state = release(summoned(), assignment_id=A_WATER, by=OPERATOR, now=after(20)).state
    state = release(state, assignment_id=A_POLICE, by=OPERATOR, now=after(21)).state
    assert state.clock.running


def test_declining_needs_a_reason_and_pages_the_next_step_at_once_without_the_one_who_declined() -> None:
    with pytest.raises(ReasonMissing):
        decline(summoned(), assignment_id=A_WATER, by=FIRST, reason="  ", now=after(20))
    declined = decline(summoned(), assignment_id=A_WATER, by=FIRST, reason="抢修中", now=after(20))
    [page] = declined.notices
    assert (page.kind, page.step, page.person_ids) == (NoticeKind.ESCALATION, 1, (SECOND,))
    assert declined.cancel == (f"{A_WATER}:step:1",)
    assert declined.state.assignment(A_WATER).clock.running
    assert not decline(declined.state, assignment_id=A_WATER, by=FIRST, reason="抢修中", now=after(21)).events
    both = decline(declined.state, assignment_id=A_WATER, by=SECOND, reason="请假", now=after(25))
    assert both.notices[0].person_ids == (DEPUTY,)


def test_declining_after_an_acknowledgement_brings_the_ladder_back_at_its_old_times() -> None:
    state = acknowledge(summoned(at=10), assignment_id=A_WATER, by=FIRST, now=after(20)).state
    declined = decline(state, assignment_id=A_WATER, by=FIRST, reason="车坏了", now=after(200))
    assert [(due.key, due.at) for due in declined.schedule] == [
        (f"{A_WATER}:step:2", after(130)),
        (f"{A_WATER}:step:3", after(190)),
        (f"{A_WATER}:step:4", after(310)),
        (f"{A_WATER}:give_up", after(430)),
    ]
    assert declined.state.assignment(A_WATER).acknowledged_at is None


def test_whoever_declined_took_it_after_all_and_declines_again_is_believed() -> None:
    state = decline(summoned(at=10), assignment_id=A_WATER, by=FIRST, reason="抢修中", now=after(15)).state
    state = acknowledge(state, assignment_id=A_WATER, by=FIRST, now=after(20)).state

    again = decline(state, assignment_id=A_WATER, by=FIRST, reason="车坏了", now=after(30))

    assignment = again.state.assignment(A_WATER)
    assert (assignment.state, assignment.person_id) == (AssignmentState.DECLINED, None)
    assert (assignment.decline_reason, assignment.declined_by) == ("车坏了", (FIRST,))
    assert again.schedule, "and the ladder is there again"


def test_nobody_declines_for_a_colleague_who_has_acknowledged() -> None:
    state = acknowledge(summoned(), assignment_id=A_WATER, by=FIRST, now=after(20)).state
    with pytest.raises(AlreadyAnswered):
        decline(state, assignment_id=A_WATER, by=SECOND, reason="不在岗", now=after(30))


def test_reassigning_pages_the_new_person_tells_the_old_one_and_keeps_every_deadline() -> None:
    state = acknowledge(summoned(at=10), assignment_id=A_WATER, by=FIRST, now=after(20)).state
    moved = reassign(state, assignment_id=A_WATER, person_id=DEPUTY, by=OPERATOR, now=after(100))
    assert moved.events == (
        AssignmentReassigned(assignment_id=A_WATER, from_id=FIRST, to_id=DEPUTY, by=OPERATOR),
    )
    assert [(n.kind, n.person_ids) for n in moved.notices] == [
        (NoticeKind.RING_STOPPED, (FIRST,)),
        (NoticeKind.RESUMMONS, (DEPUTY,)),
    ]
    assert [due.at for due in moved.schedule] == [after(130), after(190), after(310), after(430)]
    assert moved.state.assignment(A_WATER).clock == state.assignment(A_WATER).clock
    assert moved.state.assignment(A_WATER).state is AssignmentState.PENDING


def test_who_has_it_already_or_stands_on_the_scene_is_not_reassigned() -> None:
    state = acknowledge(summoned(), assignment_id=A_WATER, by=FIRST, now=after(20)).state
    with pytest.raises(InvalidTransition):
        reassign(state, assignment_id=A_WATER, person_id=FIRST, by=OPERATOR, now=after(30))
    state = arrive(state, assignment_id=A_WATER, by=FIRST, now=after(40)).state
    with pytest.raises(InvalidTransition):
        reassign(state, assignment_id=A_WATER, person_id=SECOND, by=OPERATOR, now=after(50))


def test_an_unknown_assignment_is_refused_by_its_name() -> None:
    with pytest.raises(UnknownAssignment) as refusal:
        acknowledge(summoned(), assignment_id=assignment_of(WATER, 9), by=PersonId("x"), now=after(20))
    assert refusal.value.params == {"assignment_id": "a-water-9"}
