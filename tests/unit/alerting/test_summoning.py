"""One key: what one press, a second press, a recall and an added department do."""

from dataclasses import replace

import pytest

from alerting import (
    AlreadySummoned,
    AssignmentId,
    AssignmentsResummoned,
    AssignmentState,
    AssignmentUnreachable,
    Decision,
    DueKind,
    DutyLine,
    EscalationSkipped,
    IncidentState,
    InvalidTransition,
    NothingPlanned,
    NoticeKind,
    RecallTooLate,
    RoomId,
    SummonsId,
    SummonsIssued,
    SummonsRecalled,
    Target,
    UnknownDepartment,
    acknowledge,
    add_department,
    decline,
    depart,
    join,
    press,
    recall,
    record_delivery,
    release,
    resolve,
)
from tests.unit.alerting.cases import (
    CENTRE,
    OPERATOR,
    POLICE,
    START,
    STREET,
    WATER,
    after,
    assignment_of,
    line,
    person,
    plan,
    pressed,
    received,
    summoned,
)


def test_one_press_issues_one_assignment_per_planned_department_with_its_own_clock() -> None:
    decision = pressed(received().state, at=30)
    state = decision.state
    assert state.incident.state is IncidentState.DISPATCHED
    assert [a.department_id for a in state.assignments] == [WATER, POLICE, STREET]
    assert all(a.state is AssignmentState.PENDING for a in state.assignments)
    assert all(a.clock.started_at == START for a in state.assignments), "the promise counts from the report"
    [event] = decision.events
    assert isinstance(event, SummonsIssued)
    assert [one.assignment_id for one in event.assignments] == [a.id for a in state.assignments]


def test_one_press_schedules_every_step_the_end_and_three_marks_for_each_department() -> None:
    decision = pressed(received().state, at=30)
    of_water = [due for due in decision.schedule if due.assignment_id == assignment_of(WATER)]
    steps = [due for due in of_water if due.kind is DueKind.ESCALATION]
    assert [(due.step, due.at) for due in steps] == [
        (1, after(90)),
        (2, after(150)),
        (3, after(210)),
        (4, after(330)),
    ]
    assert [due.at for due in of_water if due.kind is DueKind.GIVE_UP] == [after(450)]
    assert [due.at for due in of_water if due.kind is DueKind.CLOCK_100] == [after(900)]
    assert len(decision.schedule) == 3 * (4 + 1 + 3)


def test_one_press_pages_everybody_on_duty_of_every_department() -> None:
    decision = pressed(received().state, at=30)
    assert [notice.kind for notice in decision.notices] == [NoticeKind.SUMMONS] * 3
    assert decision.notices[0].person_ids == (person(WATER, "first"), person(WATER, "second"))


def test_a_second_press_within_five_seconds_changes_nothing_at_all() -> None:
    once = summoned(at=10)
    twice = pressed(once, at=15, summons=2)
    assert twice == Decision(state=once)


def test_a_later_press_asks_again_only_those_who_are_not_moving_and_moves_no_deadline() -> None:
    state = summoned(at=10)
    state = join(state, assignment_id=assignment_of(WATER), by=person(WATER, "first"), now=after(20)).state
    state = acknowledge(
        state, assignment_id=assignment_of(POLICE), by=person(POLICE, "first"), now=after(20)
    ).state
    again = pressed(state, at=40, summons=2)
    assert again.events == (
        AssignmentsResummoned(assignment_ids=(assignment_of(POLICE), assignment_of(STREET)), by=OPERATOR),
    )
    assert not again.schedule
    assert not again.cancel
    assert again.state.assignment(assignment_of(POLICE)).state is AssignmentState.ACKNOWLEDGED
    assert [a.attempt for a in again.state.assignments] == [1, 2, 2]
    by_assignment = {notice.assignment_id: notice.person_ids for notice in again.notices}
    assert by_assignment[assignment_of(POLICE)] == (person(POLICE, "first"),), (
        "only who has answered is asked"
    )
    assert by_assignment[assignment_of(STREET)] == (person(STREET, "first"), person(STREET, "second"))


def test_a_later_press_asks_who_declined_again() -> None:
    state = summoned()
    state = decline(
        state, assignment_id=assignment_of(WATER), by=person(WATER, "first"), reason="抢修中", now=after(20)
    ).state
    again = pressed(state, at=40).state.assignment(assignment_of(WATER))
    assert again.state is AssignmentState.PENDING
    assert person(WATER, "first") in again.ringing


def test_a_press_when_everyone_is_moving_says_nothing() -> None:
    state = summoned()
    for department in (WATER, POLICE, STREET):
        first = person(department, "first")
        state = depart(state, assignment_id=assignment_of(department), by=first, now=after(20)).state
    assert not pressed(state, at=40).events


def test_after_everyone_was_released_a_press_summons_anew() -> None:
    state = summoned()
    for department in (WATER, POLICE, STREET):
        state = release(state, assignment_id=assignment_of(department), by=OPERATOR, now=after(20)).state
    anew = pressed(state, at=60, summons=2)
    assert isinstance(anew.events[0], SummonsIssued)
    assert len(anew.state.open) == 3
    assert [summons.id for summons in anew.state.past_summonses] == [SummonsId("summons-1")]


def test_a_department_with_nobody_on_its_line_is_unreachable_at_once() -> None:
    chosen = plan()
    decision = press(
        received().state,
        plan=chosen,
        summons_id=SummonsId("s"),
        assignment_ids={d.department_id: assignment_of(d.department_id) for d in chosen.departments},
        duty={WATER: line(WATER), STREET: DutyLine(deputy=(person(STREET, "deputy"),))},
        room_id=RoomId("r"),
        by=OPERATOR,
        now=after(10),
    )
    assert AssignmentUnreachable(assignment_id=assignment_of(POLICE), tried=()) in decision.events
    assert decision.state.assignment(assignment_of(POLICE)).state is AssignmentState.UNREACHABLE
    street = decision.state.assignment(assignment_of(STREET))
    assert (street.step, street.ringing) == (2, (person(STREET, "deputy"),)), (
        "empty steps are skipped at once"
    )
    skipped = [event for event in decision.events if isinstance(event, EscalationSkipped)]
    assert [(e.step, e.target) for e in skipped if e.assignment_id == street.id] == [
        (0, Target.ON_DUTY),
        (1, Target.ON_DUTY),
    ]


def test_a_press_is_refused_without_departments_without_ids_and_after_the_end() -> None:
    state = received().state
    facts = {
        "summons_id": SummonsId("s"),
        "duty": {},
        "room_id": RoomId("r"),
        "by": OPERATOR,
        "now": after(10),
    }
    nothing = replace(plan(), departments=())
    with pytest.raises(NothingPlanned):
        press(state, plan=nothing, assignment_ids={}, **facts)
    with pytest.raises(UnknownDepartment):
        press(state, plan=plan(), assignment_ids={}, **facts)
    with pytest.raises(InvalidTransition):
        pressed(resolve(state, outcome="误报", by=OPERATOR, now=after(5)).state, at=10)


def test_a_recall_within_five_seconds_takes_everything_back() -> None:
    state = record_delivery(
        summoned(at=10),
        assignment_id=assignment_of(WATER),
        person_id=person(WATER, "first"),
        channel="console",
        now=after(11),
    ).state
    back = recall(state, by=OPERATOR, now=after(15))
    assert back.events == (
        SummonsRecalled(summons_id=SummonsId("summons-1"), room_id=RoomId("room-1"), by=OPERATOR),
    )
    assert back.state.incident.state is IncidentState.RECEIVED
    assert all(a.state is AssignmentState.RECALLED for a in back.state.assignments)
    assert {due.key for due in pressed(received().state, at=10).schedule} <= set(back.cancel)
    assert [notice.kind for notice in back.notices] == [NoticeKind.RECALL] * 3
    assert back.state.room_id is None
    assert back.state.clock.running, "the incident itself still waits"


def test_a_recall_comes_too_late_after_five_seconds() -> None:
    with pytest.raises(RecallTooLate) as refusal:
        recall(summoned(at=10), by=OPERATOR, now=after(15.001))
    assert refusal.value.params == {"undo_until": after(15).isoformat()}


def test_after_a_recall_a_press_within_the_same_five_seconds_is_a_new_summons() -> None:
    state = recall(summoned(at=10), by=OPERATOR, now=after(11)).state
    anew = pressed(state, at=12, summons=2)
    assert isinstance(anew.events[0], SummonsIssued)
    assert [a.id for a in anew.state.current] == [assignment_of(d, 2) for d in (WATER, POLICE, STREET)]


def test_a_late_answer_to_a_recalled_summons_says_what_happened() -> None:
    state = recall(summoned(at=10), by=OPERATOR, now=after(11)).state
    with pytest.raises(InvalidTransition) as refusal:
        acknowledge(state, assignment_id=assignment_of(WATER), by=person(WATER, "first"), now=after(20))
    assert refusal.value.params["state"] == "recalled"
    assert refusal.value.params["since"] == after(11).isoformat()


def test_an_added_department_gets_a_clock_of_its_own_and_the_incident_waits_for_it() -> None:
    added = add_department(
        summoned(),
        department_id=CENTRE,
        assignment_id=AssignmentId("late"),
        duty=line(CENTRE),
        required=True,
        by=OPERATOR,
        now=after(600),
    )
    late = added.state.assignment(AssignmentId("late"))
    assert late.clock.started_at == after(600)
    assert late.added_later
    assert late in added.state.awaited


def test_a_department_is_not_added_twice_nor_before_a_summons() -> None:
    facts = {"assignment_id": AssignmentId("late"), "duty": line(WATER), "by": OPERATOR, "now": after(60)}
    with pytest.raises(AlreadySummoned):
        add_department(summoned(), department_id=WATER, **facts)
    with pytest.raises(InvalidTransition):
        add_department(received().state, department_id=WATER, **facts)
