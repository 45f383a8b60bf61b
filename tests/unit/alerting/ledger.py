"""What a store would make of decisions, and the laws that every single one must obey."""

from datetime import datetime

from pydantic import TypeAdapter

from alerting import (
    PAGING,
    Assignment,
    AssignmentId,
    AssignmentState,
    ClockStopped,
    Decision,
    DueKey,
    DueKind,
    DueTime,
    IncidentState,
    Notice,
    NoticeKind,
    PersonId,
    Response,
    ResponseComplete,
    fire_due,
)
from alerting.assignment import UNANSWERED

RESPONSE = TypeAdapter(Response)
OPEN = {IncidentState.RECEIVED, IncidentState.DISPATCHED}


class Ledger:
    """The saved response, its due-time rows and everything that was sent."""

    def __init__(self, first: Decision) -> None:
        self.response = first.state
        self.rows: dict[DueKey, DueTime] = {due.key: due for due in first.schedule}
        self.notices: list[Notice] = []
        self.events: list[object] = list(first.events)
        self.ringing: dict[AssignmentId, set[PersonId]] = {}

    def save(
        self,
        decision: Decision,
        *,
        by: PersonId | None = None,
        only: AssignmentId | None = None,
        deadlines_stay: bool = False,
    ) -> Decision:
        """Commit like the hub does. `only`: the one assignment that the command names."""
        before = self.response
        cancelled = set(decision.cancel)
        scheduled = [due.key for due in decision.schedule]
        assert len(scheduled) == len(set(scheduled)), "one key is scheduled twice"
        assert not cancelled & set(scheduled), "a key is cancelled and scheduled at once"
        if deadlines_stay:
            assert not decision.schedule
            assert not decision.cancel
        for key in cancelled:
            self.rows.pop(key, None)
        for due in decision.schedule:
            assert due.key not in self.rows, f"{due.key} is there already"
            self.rows[due.key] = due
        if not decision.events:
            assert decision.state == before
            assert not decision.schedule
            assert not decision.notices
        self.response = decision.state
        self.events += decision.events
        for notice in decision.notices:
            self._send(notice)
        if by is not None and only is not None:
            self.ringing.get(only, set()).discard(by)
        self._laws_of_change(before, only=only)
        self._laws_of_state()
        return decision

    def fire_until(self, now: datetime) -> None:
        """The timekeeper: every due row, in order. A row fired is gone, and firing it again is harmless."""
        while due_now := [due for due in self.rows.values() if due.at <= now]:
            due = min(due_now, key=lambda row: (row.at, row.key))
            del self.rows[due.key]
            self.save(fire_due(self.response, due=due, now=now), only=due.assignment_id)
            again = fire_due(self.response, due=due, now=now)
            assert not again.events, f"{due.key} fired twice"

    def _send(self, notice: Notice) -> None:
        assert notice.key not in {sent.key for sent in self.notices}, f"{notice.key} is not unique"
        assert notice.person_ids
        self.notices.append(notice)
        if notice.assignment_id is None:
            return
        ringing = self.ringing.setdefault(notice.assignment_id, set())
        if notice.kind in PAGING:
            self._may_be_paged(notice, self.response.assignment(notice.assignment_id))
            ringing |= set(notice.person_ids)
        elif notice.kind in {NoticeKind.RING_STOPPED, NoticeKind.RECALL}:
            assert notice.by not in notice.person_ids
            ringing -= set(notice.person_ids)

    def _may_be_paged(self, notice: Notice, assignment: Assignment) -> None:
        """Nobody is paged for what somebody has answered, save that one person who is asked again."""
        if assignment.state in UNANSWERED:
            assert not set(notice.person_ids) & set(assignment.declined_by)
            return
        assert assignment.state is AssignmentState.ACKNOWLEDGED
        assert notice.kind is NoticeKind.RESUMMONS
        assert notice.person_ids == (assignment.person_id,)

    def _laws_of_change(self, before: Response, *, only: AssignmentId | None) -> None:
        if before.clock.stopped_at is not None:
            assert self.response.clock == before.clock, "the incident's clock moved after it stopped"
        for old in before.assignments:
            new = self.response.assignment(old.id)
            if old.over:
                assert new == old, "a released or recalled assignment changed"
            if old.clock.stopped_at is not None:
                assert new.clock == old.clock, "a stopped clock moved"
            assert new.clock.started_at == old.clock.started_at
            assert new.clock.target == old.clock.target
            assert new.issued_at == old.issued_at
            if only is not None and old.id != only:
                assert new == old, "another department's assignment changed"

    def _laws_of_state(self) -> None:
        response = self.response
        assert RESPONSE.validate_json(RESPONSE.dump_json(response)) == response
        for due in self.rows.values():
            assert meaningful(response, due), f"{due.key} should have been cancelled"
            assert due.at == time_of(response, due), f"{due.key} was moved"
        departments = [a.department_id for a in response.open]
        assert len(departments) == len(set(departments)), "a department is summoned twice at once"
        for assignment in response.assignments:
            assert set(assignment.ringing) == self.ringing.get(assignment.id, set())
            if assignment.in_place:
                assert not assignment.clock.running
            if response.incident.state in OPEN and not assignment.over:
                self._nothing_forgotten(assignment)
        completions = [event for event in self.events if isinstance(event, ResponseComplete)]
        assert len(completions) == (0 if response.clock.running else 1)
        stopped = [event.assignment_id for event in self.events if isinstance(event, ClockStopped)]
        assert sorted(stopped) == sorted(a.id for a in response.assignments if not a.clock.running)
        if response.incident.state in OPEN and response.clock.running:
            announced = response.clock.announced_pct
            owed = {f"{response.incident.id}:clock:{pct}" for pct in (50, 80, 100) if pct > announced}
            assert owed <= self.rows.keys()

    def _nothing_forgotten(self, assignment: Assignment) -> None:
        """A running clock keeps its marks; a ladder nobody has touched keeps its steps."""
        keys = self.rows.keys()
        if assignment.clock.running:
            announced = assignment.clock.announced_pct
            assert {f"{assignment.id}:clock:{pct}" for pct in (50, 80, 100) if pct > announced} <= keys
        if assignment.state in UNANSWERED and assignment.attempt == 1:
            steps = range(assignment.step + 1, len(assignment.policy.steps))
            assert {f"{assignment.id}:step:{n}" for n in steps} <= keys


def meaningful(response: Response, due: DueTime) -> bool:
    """Whether firing this row, now or after a further command, could still matter."""
    if response.incident.state not in OPEN:
        return False
    pct = due.kind.clock_pct
    if due.assignment_id is None:
        return response.clock.running and pct is not None and pct > response.clock.announced_pct
    assignment = response.assignment(due.assignment_id)
    if assignment.over:
        return False
    if pct is not None:
        return assignment.clock.running and pct > assignment.clock.announced_pct
    if assignment.state not in UNANSWERED:
        return False
    return due.kind is DueKind.GIVE_UP or due.step > assignment.step


def time_of(response: Response, due: DueTime) -> datetime:
    """When this row has been due ever since the issue."""
    if due.assignment_id is None:
        assert due.kind.clock_pct is not None
        return response.clock.mark_at(due.kind.clock_pct)
    assignment = response.assignment(due.assignment_id)
    if due.kind.clock_pct is not None:
        return assignment.clock.mark_at(due.kind.clock_pct)
    if due.kind is DueKind.GIVE_UP:
        return assignment.issued_at + assignment.policy.give_up_after
    return assignment.issued_at + assignment.policy.steps[due.step].after
