"""What departments and time do to a response: the half of the histories that the hall does not write."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from alerting import (
    AlertingError,
    AssignmentCommand,
    AssignmentId,
    Decision,
    IncidentState,
    PersonId,
    acknowledge,
    arrive,
    decline,
    depart,
    join,
    record_delivery,
)
from alerting.assignment import TRANSITIONS
from tests.unit.alerting.cases import (
    START,
    after,
    person,
    pressed,
    received,
)
from tests.unit.alerting.ledger import Ledger

WHO = st.sampled_from(["first", "second", "deputy", "head", "superior"])
ANSWERS = {
    AssignmentCommand.ACKNOWLEDGE: acknowledge,
    AssignmentCommand.JOIN: join,
    AssignmentCommand.DEPART: depart,
    AssignmentCommand.ARRIVE: arrive,
}


class DepartmentRules(RuleBasedStateMachine):
    """`now` moves on; the timekeeper fires with it, or only after an outage."""

    @initialize(press_at=st.sampled_from([10, 10, 10, 10, 500, None]))
    def report(self, press_at: float | None) -> None:
        """Most histories start pressed: what matters comes after."""
        self.now = START
        self.ledger = Ledger(received())
        self.summonses = 0
        self.added = 0
        if press_at is not None:
            self.now = after(press_at)
            self.ledger.fire_until(self.now)
            self.summonses = 1
            self.ledger.save(pressed(self.ledger.response, at=press_at))

    def assignments(self) -> list[AssignmentId]:
        return [a.id for a in self.ledger.response.assignments]

    def pick(self, data: st.DataObject) -> AssignmentId:
        return data.draw(st.sampled_from(self.assignments()))

    def someone_of(self, assignment_id: AssignmentId, who: str) -> PersonId:
        return person(self.ledger.response.assignment(assignment_id).department_id, who)

    def is_open(self) -> bool:
        return self.ledger.response.incident.state in {IncidentState.RECEIVED, IncidentState.DISPATCHED}

    def saved(self, command: Callable[[], Decision], **how: Any) -> Decision | None:
        """Save what the command decides; refusals are part of life, and change nothing."""
        try:
            decision = command()
        except AlertingError:
            return None
        return self.ledger.save(decision, **how)

    def refused(self, error: type[AlertingError], command: Callable[[], Decision]) -> None:
        with pytest.raises(error):
            command()

    @rule(seconds=st.sampled_from([0.2, 1, 4, 20, 61, 130, 400]))
    def time_passes(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.ledger.fire_until(self.now)

    @rule(seconds=st.sampled_from([3, 70, 310, 1000]))
    def the_hub_is_down_for_a_while(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    @precondition(lambda self: self.ledger.response.assignments)
    @rule(data=st.data(), who=WHO, command=st.sampled_from(list(ANSWERS)))
    def answer(self, data: st.DataObject, who: str, command: AssignmentCommand) -> None:
        assignment_id = self.pick(data)
        by = self.someone_of(assignment_id, who)
        before = self.ledger.response.assignment(assignment_id)
        decision = self.saved(
            lambda: ANSWERS[command](self.ledger.response, assignment_id=assignment_id, by=by, now=self.now),
            by=by,
            only=assignment_id,
        )
        allowed = (before.state, command) in TRANSITIONS
        if command is AssignmentCommand.ACKNOWLEDGE and before.answered:
            allowed = before.person_id == by
        assert allowed == (decision is not None)
        if decision is not None:
            assert not [row for row in self.ledger.rows if row.startswith(f"{assignment_id}:step")]

    @precondition(lambda self: self.ledger.response.assignments)
    @rule(data=st.data(), who=WHO)
    def say_no(self, data: st.DataObject, who: str) -> None:
        assignment_id = self.pick(data)
        by = self.someone_of(assignment_id, who)
        self.saved(
            lambda: decline(
                self.ledger.response, assignment_id=assignment_id, by=by, reason="在别处处置", now=self.now
            ),
            by=by,
            only=assignment_id,
        )

    @precondition(lambda self: self.ledger.response.assignments)
    @rule(data=st.data(), who=WHO)
    def a_page_arrives(self, data: st.DataObject, who: str) -> None:
        assignment_id = self.pick(data)
        decision = record_delivery(
            self.ledger.response,
            assignment_id=assignment_id,
            person_id=self.someone_of(assignment_id, who),
            channel="console",
            now=self.now,
        )
        self.ledger.save(decision, only=assignment_id, deadlines_stay=True)
