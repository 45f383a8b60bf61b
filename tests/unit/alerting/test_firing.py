"""The clock's side: escalation, giving up, warnings; on time, late, stale, repeated."""

import pytest

from alerting import (
    AssignmentState,
    AssignmentUnreachable,
    ClockBreached,
    ClockUrgent,
    ClockWarned,
    Decision,
    DueTime,
    EscalationFired,
    NoticeKind,
    Response,
    Target,
    acknowledge,
    decline,
    fire_due,
    join,
    resolve,
)
from tests.unit.alerting.cases import (
    OPERATOR,
    WATER,
    after,
    assignment_of,
    line,
    person,
    pressed,
    received,
    summoned,
)
from tests.unit.alerting.ledger import Ledger

A_WATER = assignment_of(WATER)
FIRST = person(WATER, "first")


def row(key: str) -> DueTime:
    """One of the rows that the press at second 10 has scheduled."""
    return next(due for due in pressed(received().state, at=10).schedule if due.key == f"{A_WATER}:{key}")


def fired(response: Response, key: str) -> Decision:
    return fire_due(response, due=row(key), now=row(key).at)


def test_the_ladder_is_climbed_step_by_step_until_it_is_given_up() -> None:
    ledger = Ledger(received())
    ledger.save(pressed(ledger.response, at=10))
    ledger.fire_until(after(440))
    told = [event for event in ledger.events if getattr(event, "assignment_id", None) == A_WATER]
    assert told == [
        EscalationFired(assignment_id=A_WATER, step=1, target=Target.ON_DUTY, person_ids=line(WATER).on_duty),
        EscalationFired(assignment_id=A_WATER, step=2, target=Target.DEPUTY, person_ids=line(WATER).deputy),
        EscalationFired(assignment_id=A_WATER, step=3, target=Target.HEAD, person_ids=line(WATER).head),
        EscalationFired(
            assignment_id=A_WATER, step=4, target=Target.SUPERIOR, person_ids=line(WATER).superior
        ),
        AssignmentUnreachable(
            assignment_id=A_WATER,
            tried=tuple(person(WATER, who) for who in ("first", "second", "deputy", "head", "superior")),
        ),
    ]
    assert ledger.response.assignment(A_WATER).state is AssignmentState.UNREACHABLE
    assert ledger.response.assignment(A_WATER).clock.running


def test_after_an_outage_the_ladder_is_caught_up_from_its_original_start() -> None:
    ledger = Ledger(received())
    ledger.save(pressed(ledger.response, at=10))
    ledger.fire_until(after(200))
    steps = [event.step for event in ledger.events if isinstance(event, EscalationFired)]
    assert steps == [1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert ledger.response.assignment(A_WATER).step == 3
    assert ledger.rows[row("step:4").key].at == after(310)


@pytest.mark.parametrize("key", ["step:1", "give_up"])
def test_a_paging_row_that_was_overtaken_by_an_answer_does_nothing(key: str) -> None:
    state = acknowledge(summoned(at=10), assignment_id=A_WATER, by=FIRST, now=after(20)).state
    assert fired(state, key) == Decision(state=state)


@pytest.mark.parametrize("key", ["clock:50", "clock:100"])
def test_a_mark_that_was_overtaken_by_the_stop_does_nothing(key: str) -> None:
    state = join(summoned(at=10), assignment_id=A_WATER, by=FIRST, now=after(20)).state
    assert fired(state, key) == Decision(state=state)


def test_a_row_fired_twice_pages_once() -> None:
    once = fired(summoned(at=10), "step:2")
    assert once.notices
    assert fired(once.state, "step:2") == Decision(state=once.state)


def test_a_step_taken_early_by_a_refusal_is_not_taken_again_on_time() -> None:
    state = decline(summoned(at=10), assignment_id=A_WATER, by=FIRST, reason="抢修中", now=after(20)).state
    assert not fired(state, "step:1").events
    assert fired(state, "step:2").notices[0].person_ids == line(WATER).deputy


def test_giving_up_on_a_declined_assignment_leaves_it_declined() -> None:
    state = decline(summoned(at=10), assignment_id=A_WATER, by=FIRST, reason="抢修中", now=after(20)).state
    assert not fired(state, "give_up").events


def test_giving_up_tells_the_superior() -> None:
    [notice] = fired(summoned(at=10), "give_up").notices
    assert (notice.kind, notice.person_ids) == (NoticeKind.UNREACHABLE, line(WATER).superior)


def test_the_three_marks_are_announced_once_each_and_the_breach_tells_the_superior() -> None:
    warned = fired(summoned(at=10), "clock:50")
    urgent = fired(warned.state, "clock:80")
    breached = fired(urgent.state, "clock:100")
    assert [type(d.events[0]) for d in (warned, urgent, breached)] == [
        ClockWarned,
        ClockUrgent,
        ClockBreached,
    ]
    assert not warned.notices
    assert not urgent.notices
    [overdue] = breached.notices
    assert (overdue.kind, overdue.person_ids) == (NoticeKind.OVERDUE, line(WATER).superior)
    assert not fired(breached.state, "clock:100").events
    assert not fired(breached.state, "clock:50").events


def test_the_incidents_clock_breaches_though_nobody_has_pressed() -> None:
    ledger = Ledger(received())
    ledger.fire_until(after(900))
    assert [type(event) for event in ledger.events[1:]] == [ClockWarned, ClockUrgent, ClockBreached]


def test_nothing_fires_for_a_resolved_incident_or_an_assignment_nobody_knows() -> None:
    resolved = resolve(summoned(at=10), outcome="已修复", by=OPERATOR, now=after(30)).state
    for key in ("step:1", "give_up", "clock:100"):
        assert fired(resolved, key) == Decision(state=resolved)
    assert not fired(received().state, "step:1").events
