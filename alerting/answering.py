"""What departments say and do. Each command touches one assignment and no other."""

from dataclasses import replace
from datetime import datetime

from alerting.assignment import Assignment, AssignmentCommand, AssignmentState
from alerting.assignment_events import (
    AssignmentAcknowledged,
    AssignmentArrived,
    AssignmentDeclined,
    AssignmentDeparted,
    AssignmentJoined,
    AssignmentNotified,
    AssignmentReleased,
)
from alerting.clock import clock_keys
from alerting.completion import complete, settle
from alerting.due import step_key
from alerting.errors import AlreadyAnswered, ReasonMissing
from alerting.events import AlertingEvent
from alerting.ids import AssignmentId, PersonId
from alerting.notice import NoticeKind, StopReason
from alerting.paging import climb, hush, page, paging_dues, paging_keys
from alerting.response import Decision, Response


def record_delivery(
    response: Response, *, assignment_id: AssignmentId, person_id: PersonId, channel: str, now: datetime
) -> Decision:
    """The first page has arrived at somebody. Later receipts, also for an assignment that is over, change
    nothing.

    Raises: UnknownAssignment.
    """
    assignment = response.assignment(assignment_id)
    if assignment.state is not AssignmentState.PENDING:
        return Decision(state=response)
    notified = replace(
        assignment,
        state=assignment.after(AssignmentCommand.NOTIFY),
        notified_at=assignment.notified_at or now,
    )
    event = AssignmentNotified(assignment_id=assignment_id, person_id=person_id, channel=channel)
    return Decision(state=response.having(notified), events=(event,))


def acknowledge(response: Response, *, assignment_id: AssignmentId, by: PersonId, now: datetime) -> Decision:
    """`by` has taken it: nobody else of the department is paged any more. Saying so twice changes
    nothing, unless `by` was asked again in between.

    Raises: UnknownAssignment, AlreadyAnswered (somebody else has it), InvalidTransition (it is over).
    """
    assignment = response.assignment(assignment_id)
    event = AssignmentAcknowledged(assignment_id=assignment_id, by=by)
    if assignment.answered:
        _refuse_second_answer(assignment, by=by)
        if by not in assignment.ringing:
            return Decision(state=response)
        return _answered(response, assignment, event=event, by=by, now=now)
    state = assignment.after(AssignmentCommand.ACKNOWLEDGE)
    return _answered(response, replace(assignment, state=state), event=event, by=by, now=now)


def join(response: Response, *, assignment_id: AssignmentId, by: PersonId, now: datetime) -> Decision:
    """The department is in the room. Joining again changes nothing. Whoever joins first, of several, is
    enough; the person who had acknowledged keeps the assignment.

    Raises: UnknownAssignment, InvalidTransition (it is over).
    """
    assignment = response.assignment(assignment_id)
    state = assignment.after(AssignmentCommand.JOIN)
    if assignment.joined_at is not None and state is assignment.state:
        return Decision(state=response)
    joined = replace(assignment, state=state, joined_at=assignment.joined_at or now)
    event = AssignmentJoined(assignment_id=assignment_id, by=by)
    return _answered(response, joined, event=event, by=by, now=now)


def depart(response: Response, *, assignment_id: AssignmentId, by: PersonId, now: datetime) -> Decision:
    """The department is on its way. Raises: UnknownAssignment, InvalidTransition."""
    assignment = response.assignment(assignment_id)
    moved = replace(assignment, state=assignment.after(AssignmentCommand.DEPART), en_route_at=now)
    event = AssignmentDeparted(assignment_id=assignment_id, by=by)
    return _answered(response, moved, event=event, by=by, now=now)


def arrive(response: Response, *, assignment_id: AssignmentId, by: PersonId, now: datetime) -> Decision:
    """The department is on the scene. Raises: UnknownAssignment, InvalidTransition."""
    assignment = response.assignment(assignment_id)
    there = replace(assignment, state=assignment.after(AssignmentCommand.ARRIVE), on_scene_at=now)
    event = AssignmentArrived(assignment_id=assignment_id, by=by)
    return _answered(response, there, event=event, by=by, now=now)


def decline(
    response: Response, *, assignment_id: AssignmentId, by: PersonId, reason: str, now: datetime
) -> Decision:
    """`by` will not come; the next step of the ladder is taken at once, and the clock runs on. Whoever is
    paged then may decline too. Saying so twice changes nothing, unless `by` has taken it in between.

    After an acknowledgement the ladder had been taken away: it comes back with the times it always had,
    so steps that would have been due by now follow at once.

    Raises: UnknownAssignment, ReasonMissing, InvalidTransition, AlreadyAnswered (somebody else has it).
    """
    assignment = response.assignment(assignment_id)
    state = assignment.after(AssignmentCommand.DECLINE)
    if not reason.strip():
        raise ReasonMissing(field="reason")
    if assignment.answered:
        _refuse_second_answer(assignment, by=by)
    if by in assignment.declined_by and not assignment.answered:
        return Decision(state=response)
    incident_id = response.incident.id
    declined = replace(
        assignment,
        state=state,
        person_id=None,
        acknowledged_at=None,
        ringing=tuple(person for person in assignment.ringing if person != by),
        declined_at=now,
        declined_by=tuple(dict.fromkeys((*assignment.declined_by, by))),
        decline_reason=reason.strip(),
    )
    climbed = climb(declined, start=declined.step + 1)
    after = climbed.assignment
    event = AssignmentDeclined(assignment_id=assignment_id, by=by, reason=reason.strip())
    notices = (
        () if climbed.fired is None else (page(after, NoticeKind.ESCALATION, climbed.persons, incident_id),)
    )
    return Decision(
        state=response.having(after),
        events=(event, *climbed.events),
        schedule=paging_dues(after, incident_id=incident_id, now=now) if assignment.answered else (),
        cancel=tuple(step_key(assignment_id, n) for n in range(assignment.step + 1, after.step + 1)),
        notices=notices,
    )


def release(
    response: Response, *, assignment_id: AssignmentId, by: PersonId, reason: str = "", now: datetime
) -> Decision:
    """The department is not needed any more; everyone paged is told. Released before it came, it is
    waived: its clock never stops, and the incident's no longer waits for it.

    Raises: UnknownAssignment, InvalidTransition.
    """
    assignment = response.assignment(assignment_id)
    over = replace(assignment, state=assignment.after(AssignmentCommand.RELEASE), released_at=now)
    silent, notices = hush(over, incident_id=response.incident.id, reason=StopReason.RELEASED, by=by)
    event = AssignmentReleased(
        assignment_id=assignment_id, by=by, reason=reason.strip(), waived=silent.waived
    )
    decision = Decision(
        state=response.having(silent),
        events=(event,),
        cancel=(*paging_keys(assignment), *clock_keys(assignment_id)),
        notices=notices,
    )
    return decision.then(complete(decision.state, now=now))


def _answered(
    response: Response, changed: Assignment, *, event: AlertingEvent, by: PersonId, now: datetime
) -> Decision:
    """The department has answered by `event`: paging ends, and clocks stop if it is in place."""
    silent, notices = hush(changed, incident_id=response.incident.id, reason=StopReason.ACKNOWLEDGED, by=by)
    answered = replace(
        silent, person_id=changed.person_id or by, acknowledged_at=changed.acknowledged_at or now
    )
    decision = Decision(
        state=response.having(answered), events=(event,), cancel=paging_keys(changed), notices=notices
    )
    return decision.then(settle(decision.state, changed.id, now=now))


def _refuse_second_answer(assignment: Assignment, *, by: PersonId) -> None:
    if (
        assignment.person_id is not None
        and assignment.acknowledged_at is not None
        and assignment.person_id != by
    ):
        raise AlreadyAnswered(
            assignment_id=assignment.id, by=assignment.person_id, at=assignment.acknowledged_at
        )
