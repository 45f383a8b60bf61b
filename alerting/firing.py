"""A deadline has come. Stale, late or repeated firing is safe: the state says whether it still means
anything.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from alerting.assignment import UNANSWERED, WAITING, Assignment, AssignmentCommand
from alerting.clock import SlaClock
from alerting.deadline_events import AssignmentUnreachable, ClockBreached, ClockUrgent, ClockWarned
from alerting.due import DueKind, DueTime, step_key
from alerting.escalation import Target
from alerting.events import AlertingEvent
from alerting.ids import AssignmentId
from alerting.incident import IncidentState
from alerting.notice import NoticeKind
from alerting.paging import climb, page, paging_keys
from alerting.response import Decision, Response

_MARK_EVENTS: Mapping[int, type[ClockWarned | ClockUrgent | ClockBreached]] = {
    50: ClockWarned,
    80: ClockUrgent,
    100: ClockBreached,
}


def fire_due(response: Response, *, due: DueTime, now: datetime) -> Decision:
    """What `due` stands for has happened, or nothing when it no longer matters. Never raises.

    The row itself is gone once it was fired; `cancel` names only others. Rows of one assignment are to be
    fired in the order of their times: a step that comes after a later one counts as passed.
    """
    if response.incident.state not in {IncidentState.RECEIVED, IncidentState.DISPATCHED}:
        return Decision(state=response)
    if due.assignment_id is None:
        return _incident_mark(response, due)
    assignment = next((a for a in response.open if a.id == due.assignment_id), None)
    if assignment is None:
        return Decision(state=response)
    match due.kind:
        case DueKind.ESCALATION:
            return _escalate(response, assignment, due)
        case DueKind.GIVE_UP:
            return _give_up(response, assignment, now=now)
        case DueKind.CLOCK_50 | DueKind.CLOCK_80 | DueKind.CLOCK_100:
            return _assignment_mark(response, assignment, due)


def _escalate(response: Response, assignment: Assignment, due: DueTime) -> Decision:
    if assignment.state not in UNANSWERED or due.step <= assignment.step:
        return Decision(state=response)
    climbed = climb(assignment, start=due.step)
    after = climbed.assignment
    notices = (
        ()
        if climbed.fired is None
        else (page(after, NoticeKind.ESCALATION, climbed.persons, response.incident.id),)
    )
    return Decision(
        state=response.having(after),
        events=climbed.events,
        cancel=tuple(step_key(after.id, n) for n in range(due.step + 1, after.step + 1)),
        notices=notices,
    )


def _give_up(response: Response, assignment: Assignment, *, now: datetime) -> Decision:
    """A declined assignment stays declined: that says more than unreachable."""
    if assignment.state not in WAITING:
        return Decision(state=response)
    given_up = replace(assignment, state=assignment.after(AssignmentCommand.GIVE_UP), unreachable_at=now)
    tried = assignment.duty.persons_up_to(assignment.policy, assignment.step)
    superior = assignment.duty.persons(Target.SUPERIOR)
    return Decision(
        state=response.having(given_up),
        events=(AssignmentUnreachable(assignment_id=assignment.id, tried=tried),),
        cancel=paging_keys(assignment),
        notices=(page(given_up, NoticeKind.UNREACHABLE, superior, response.incident.id),) if superior else (),
    )


def _assignment_mark(response: Response, assignment: Assignment, due: DueTime) -> Decision:
    clock, events = announce(assignment.clock, due.kind.clock_pct or 0, assignment_id=assignment.id)
    if not events:
        return Decision(state=response)
    superior = assignment.duty.persons(Target.SUPERIOR)
    overdue = due.kind is DueKind.CLOCK_100 and superior
    return Decision(
        state=response.having(replace(assignment, clock=clock)),
        events=events,
        notices=(page(assignment, NoticeKind.OVERDUE, superior, response.incident.id),) if overdue else (),
    )


def _incident_mark(response: Response, due: DueTime) -> Decision:
    """The incident's own breach has no duty line to page: every console of the agency hears of the event."""
    clock, events = announce(response.clock, due.kind.clock_pct or 0, assignment_id=None)
    return Decision(state=replace(response, clock=clock) if events else response, events=events)


def announce(
    clock: SlaClock, pct: int, *, assignment_id: AssignmentId | None
) -> tuple[SlaClock, tuple[AlertingEvent, ...]]:
    """Announce the mark at `pct`, unless the clock has stopped or the mark, or a later one, was announced."""
    if not clock.running or pct not in _MARK_EVENTS or pct <= clock.announced_pct:
        return clock, ()
    event_type = _MARK_EVENTS[pct]
    event = event_type(assignment_id=assignment_id, clock=clock.name, due_at=clock.due_at)
    return replace(clock, announced_pct=pct), (event,)
