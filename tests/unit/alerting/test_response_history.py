"""Random histories of one whole response: after every command the laws of `ledger` hold."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from alerting import (
    AssignmentId,
    AssignmentsResummoned,
    DutyLine,
    FollowUp,
    FollowUpResult,
    IncidentState,
    InvalidTransition,
    Level,
    OrderId,
    PersonId,
    RecallTooLate,
    SummonsIssued,
    SummonsState,
    acknowledge_order,
    add_department,
    close,
    order,
    reassign,
    recall,
    relabel,
    release,
    reopen,
    resolve,
    resummon,
)
from tests.unit.alerting.cases import (
    CENTRE,
    OPERATOR,
    POLICE,
    START,
    STREET,
    WATER,
    line,
    pressed,
)
from tests.unit.alerting.departments import WHO, DepartmentRules

DEPARTMENTS = (WATER, POLICE, STREET, CENTRE)


class ResponseHistory(DepartmentRules):
    """The hall presses, takes back, adds, asks again, orders and ends it; departments answer meanwhile."""

    @rule()
    def press_the_key(self) -> None:
        before = self.ledger.response
        number = self.summonses + 1
        seconds = (self.now - START).total_seconds()
        if not self.is_open():
            self.refused(InvalidTransition, lambda: pressed(before, at=seconds, summons=number))
            return
        decision = self.ledger.save(pressed(before, at=seconds, summons=number))
        issued = [event for event in decision.events if isinstance(event, SummonsIssued)]
        again = [event for event in decision.events if isinstance(event, AssignmentsResummoned)]
        summons = before.summons
        fresh = (
            summons is not None and summons.state is SummonsState.ISSUED and self.now <= summons.undo_until
        )
        if fresh and before.open:
            assert not decision.events
        elif before.open:
            assert not issued
            assert not decision.schedule
            assert not decision.cancel
            asked = {id for event in again for id in event.assignment_ids}
            assert asked == {
                a.id for a in before.open if not a.moving and (a.person_id or a.duty != DutyLine())
            }
        else:
            assert len(issued) == 1
            self.summonses += 1

    @rule()
    def press_twice_at_once(self) -> None:
        if not self.is_open() or self.ledger.response.open:
            return
        issued = sum(isinstance(event, SummonsIssued) for event in self.ledger.events)
        self.press_the_key()
        self.now += timedelta(milliseconds=300)
        self.press_the_key()
        now_issued = sum(isinstance(event, SummonsIssued) for event in self.ledger.events)
        assert now_issued == issued + 1

    @rule()
    def recall_the_summons(self) -> None:
        before = self.ledger.response
        summons = before.summons
        standing = summons is not None and summons.state is SummonsState.ISSUED
        if before.incident.state is not IncidentState.DISPATCHED or not standing:
            self.refused(InvalidTransition, lambda: recall(before, by=OPERATOR, now=self.now))
        elif summons is not None and self.now > summons.undo_until:
            self.refused(RecallTooLate, lambda: recall(before, by=OPERATOR, now=self.now))
        else:
            self.ledger.save(recall(before, by=OPERATOR, now=self.now))
            assert not self.ledger.response.open
            assert not [due for due in self.ledger.rows.values() if due.assignment_id is not None]

    @rule(department=st.sampled_from(DEPARTMENTS), required=st.booleans(), manned=st.booleans())
    def add_one(self, department: str, required: bool, manned: bool) -> None:
        department_id = next(d for d in DEPARTMENTS if d == department)
        self.added += 1
        self.saved(
            lambda: add_department(
                self.ledger.response,
                department_id=department_id,
                assignment_id=AssignmentId(f"added-{self.added}"),
                duty=line(department_id) if manned else DutyLine(),
                required=required,
                by=OPERATOR,
                now=self.now,
            )
        )

    @precondition(lambda self: self.ledger.response.assignments)
    @rule(data=st.data())
    def ask_one_again(self, data: st.DataObject) -> None:
        assignment_id = self.pick(data)
        self.saved(
            lambda: resummon(self.ledger.response, assignment_id=assignment_id, by=OPERATOR, now=self.now),
            only=assignment_id,
            deadlines_stay=True,
        )

    @precondition(lambda self: self.ledger.response.assignments)
    @rule(data=st.data(), who=WHO)
    def ask_somebody_else(self, data: st.DataObject, who: str) -> None:
        assignment_id = self.pick(data)
        self.saved(
            lambda: reassign(
                self.ledger.response,
                assignment_id=assignment_id,
                person_id=self.someone_of(assignment_id, who),
                by=OPERATOR,
                now=self.now,
            ),
            only=assignment_id,
        )

    @precondition(lambda self: self.ledger.response.assignments)
    @rule(data=st.data(), sure=st.sampled_from([False, False, True]))
    def let_one_go(self, data: st.DataObject, sure: bool) -> None:
        if not sure:
            return
        assignment_id = self.pick(data)
        before = self.ledger.response.assignment(assignment_id)
        decision = self.saved(
            lambda: release(self.ledger.response, assignment_id=assignment_id, by=OPERATOR, now=self.now),
            only=assignment_id,
        )
        assert before.over == (decision is None)

    @rule(to_scene=st.booleans(), department=st.sampled_from([WATER, CENTRE]))
    def give_an_order(self, to_scene: bool, department: str) -> None:
        number = len(self.ledger.response.orders) + 1
        departments = () if to_scene else (next(d for d in DEPARTMENTS if d == department),)
        self.saved(
            lambda: order(
                self.ledger.response,
                order_id=OrderId(f"order-{number}"),
                text="先关阀门",
                department_ids=departments,
                by=OPERATOR,
                now=self.now,
            ),
            deadlines_stay=True,
        )

    @rule(number=st.integers(1, 3), who=WHO)
    def take_an_order_in(self, number: int, who: str) -> None:
        self.saved(
            lambda: acknowledge_order(
                self.ledger.response, order_id=OrderId(f"order-{number}"), by=PersonId(who), now=self.now
            ),
            deadlines_stay=True,
        )

    @rule(level=st.sampled_from(list(Level)))
    def name_it_better(self, level: Level) -> None:
        self.saved(
            lambda: relabel(self.ledger.response, level=level, by=OPERATOR, now=self.now), deadlines_stay=True
        )

    @rule(sure=st.sampled_from([True, False, False, False]))
    def it_is_dealt_with(self, sure: bool) -> None:
        if sure:
            decision = self.saved(
                lambda: resolve(self.ledger.response, outcome="已修复", by=OPERATOR, now=self.now)
            )
            assert decision is None or not self.ledger.rows

    @rule()
    def it_was_not_over(self) -> None:
        self.saved(lambda: reopen(self.ledger.response, by=OPERATOR, now=self.now))

    @rule(sure=st.sampled_from([True, False, False, False, False, False]))
    def it_is_closed(self, sure: bool) -> None:
        if sure:
            call = FollowUp(result=FollowUpResult.REACHED, satisfaction=5, by=OPERATOR, at=self.now)
            self.saved(lambda: close(self.ledger.response, follow_up=call, by=OPERATOR, now=self.now))


TestResponseHistory = ResponseHistory.TestCase
