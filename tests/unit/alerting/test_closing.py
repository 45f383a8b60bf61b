"""Resolved, called back, closed, reopened; and the orders given until then."""

import pytest

from alerting import (
    AssignmentState,
    ClockBreached,
    FollowUp,
    FollowUpMissing,
    FollowUpResult,
    IncidentRelabelled,
    IncidentState,
    InvalidTransition,
    Level,
    NoticeKind,
    OrderId,
    ReasonMissing,
    UnknownDepartment,
    UnknownOrder,
    acknowledge,
    acknowledge_order,
    arrive,
    close,
    join,
    order,
    relabel,
    reopen,
    resolve,
)
from tests.unit.alerting.cases import (
    CENTRE,
    OFFICER,
    OPERATOR,
    POLICE,
    WATER,
    after,
    assignment_of,
    person,
    pressed,
    received,
    summoned,
)
from tests.unit.alerting.ledger import Ledger

CALL = FollowUp(result=FollowUpResult.REACHED, satisfaction=5, by=OPERATOR, at=after(4000))


def test_resolving_releases_everyone_and_leaves_no_deadline() -> None:
    ledger = Ledger(received())
    ledger.save(pressed(ledger.response, at=10))
    decision = ledger.save(resolve(ledger.response, outcome=" 已修复 ", by=OPERATOR, now=after(60)))
    assert not ledger.rows
    assert all(a.state is AssignmentState.RELEASED for a in ledger.response.assignments)
    assert {notice.kind for notice in decision.notices} == {NoticeKind.RING_STOPPED}
    assert ledger.response.incident.outcome == "已修复"


def test_resolving_needs_an_outcome() -> None:
    with pytest.raises(ReasonMissing):
        resolve(summoned(), outcome=" ", by=OPERATOR, now=after(60))


def test_resolving_a_moment_after_a_breach_still_records_the_breach() -> None:
    decision = resolve(summoned(), outcome="已修复", by=OPERATOR, now=after(901))
    assert sum(isinstance(event, ClockBreached) for event in decision.events) == 4
    assert decision.state.clock.announced_pct == 100


def test_closing_asks_for_the_follow_up_and_for_a_resolution_before_it() -> None:
    with pytest.raises(InvalidTransition):
        close(summoned(), follow_up=CALL, by=OPERATOR, now=after(60))
    resolved = resolve(summoned(), outcome="已修复", by=OPERATOR, now=after(60)).state
    with pytest.raises(FollowUpMissing):
        close(resolved, follow_up=None, by=OPERATOR, now=after(70))
    closed = close(resolved, follow_up=CALL, by=OPERATOR, now=after(4000)).state
    assert closed.incident.state is IncidentState.CLOSED
    for late in (relabel, reopen):
        with pytest.raises(InvalidTransition):
            late(closed, by=OPERATOR, now=after(5000))


@pytest.mark.parametrize("satisfaction", [0, 6])
def test_a_satisfaction_outside_one_to_five_is_no_follow_up(satisfaction: int) -> None:
    with pytest.raises(ValueError, match="1 to 5"):
        FollowUp(result=FollowUpResult.REACHED, satisfaction=satisfaction, by=OPERATOR, at=after(0))


def test_a_reopened_incident_runs_on_from_its_first_start() -> None:
    resolved = resolve(summoned(), outcome="已修复", by=OPERATOR, now=after(500)).state
    again = reopen(resolved, by=OPERATOR, now=after(600))
    assert again.state.incident.state is IncidentState.DISPATCHED
    assert again.state.incident.resolved_at is None
    assert [due.at for due in again.schedule] == [after(720), after(900)], "the mark at 50 % was announced"
    untouched = resolve(received().state, outcome="误报", by=OPERATOR, now=after(5)).state
    assert reopen(untouched, by=OPERATOR, now=after(9)).state.incident.state is IncidentState.RECEIVED


def test_a_kept_promise_is_not_asked_for_again_after_reopening() -> None:
    state = summoned()
    for department in (WATER, POLICE):
        state = join(
            state, assignment_id=assignment_of(department), by=person(department, "first"), now=after(60)
        ).state
    state = resolve(state, outcome="已修复", by=OPERATOR, now=after(500)).state
    again = reopen(state, by=OPERATOR, now=after(5000))
    assert not again.schedule
    anew = pressed(again.state, at=5001, summons=2)
    assert all(a.clock.started_at == after(5001) for a in anew.state.current)


def test_relabelling_tells_only_what_changed_and_nothing_when_nothing_did() -> None:
    changed = relabel(summoned(), level=Level.COMPLEX, title="路面积水", by=OPERATOR, now=after(60))
    assert changed.events == (IncidentRelabelled(by=OPERATOR, level=Level.COMPLEX),)
    assert not relabel(changed.state, level=Level.COMPLEX, by=OPERATOR, now=after(61)).events


def test_an_order_to_the_scene_reaches_the_reporter_and_whoever_is_there() -> None:
    state = arrive(
        summoned(), assignment_id=assignment_of(WATER), by=person(WATER, "first"), now=after(60)
    ).state
    state = join(state, assignment_id=assignment_of(POLICE), by=person(POLICE, "first"), now=after(60)).state
    given = order(state, order_id=OrderId("o"), text="先关阀门", by=OPERATOR, now=after(70))
    assert given.notices[0].person_ids == (OFFICER, person(WATER, "first"))


def test_an_order_to_a_department_reaches_who_answered_or_else_those_on_duty() -> None:
    state = acknowledge(
        summoned(), assignment_id=assignment_of(WATER), by=person(WATER, "second"), now=after(20)
    ).state
    given = order(
        state,
        order_id=OrderId("o"),
        text="先关阀门",
        department_ids=(WATER, POLICE),
        by=OPERATOR,
        now=after(30),
    )
    assert given.notices[0].person_ids == (
        person(WATER, "second"),
        person(POLICE, "first"),
        person(POLICE, "second"),
    )


def test_an_order_is_refused_blank_to_strangers_and_after_the_end() -> None:
    facts = {"order_id": OrderId("o"), "by": OPERATOR, "now": after(30)}
    with pytest.raises(ReasonMissing):
        order(summoned(), text=" ", **facts)
    with pytest.raises(UnknownDepartment):
        order(summoned(), text="先关阀门", department_ids=(CENTRE,), **facts)
    with pytest.raises(InvalidTransition):
        order(resolve(summoned(), outcome="已修复", by=OPERATOR, now=after(20)).state, text="收队", **facts)


def test_an_order_is_taken_in_once_by_each() -> None:
    state = order(summoned(), order_id=OrderId("o"), text="先关阀门", by=OPERATOR, now=after(30)).state
    heard = acknowledge_order(state, order_id=OrderId("o"), by=OFFICER, now=after(40))
    assert [receipt.person_id for receipt in heard.state.order(OrderId("o")).acknowledged] == [OFFICER]
    assert not acknowledge_order(heard.state, order_id=OrderId("o"), by=OFFICER, now=after(41)).events
    with pytest.raises(UnknownOrder):
        acknowledge_order(state, order_id=OrderId("other"), by=OFFICER, now=after(40))
