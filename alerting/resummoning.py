"""Asking again, or asking somebody else. Neither moves a deadline, and neither touches who is on the way."""

from dataclasses import replace
from datetime import datetime

from alerting.assignment import Assignment, AssignmentCommand, AssignmentState
from alerting.errors import InvalidTransition
from alerting.ids import AssignmentId, PersonId
from alerting.notice import Notice, NoticeKind, StopReason
from alerting.paging import hush, page, paging_dues, ringing
from alerting.response import Decision, Response
from alerting.summons_events import AssignmentReassigned, AssignmentsResummoned


def resummon(response: Response, *, assignment_id: AssignmentId, by: PersonId, now: datetime) -> Decision:
    """One department is paged again. Raises: UnknownAssignment, InvalidTransition (moving, or over)."""
    del now  # no deadline moves
    return _resummon(response, (response.assignment(assignment_id),), by=by)


def resummon_idle(response: Response, *, by: PersonId) -> Decision:
    """Every department that is not moving is paged again; no events when all are."""
    return _resummon(response, tuple(a for a in response.open if not a.moving), by=by)


def _resummon(response: Response, idle: tuple[Assignment, ...], *, by: PersonId) -> Decision:
    """Everyone the ladder has named so far rings again; where somebody has answered, only they do. Those who
    declined are asked again too: the commander asks knowing it. Where nobody stands on the duty line there
    is nobody to ask, and the assignment stays as it is.
    """
    state = response
    notices: tuple[Notice, ...] = ()
    for assignment in idle:
        again = replace(
            assignment,
            state=assignment.after(AssignmentCommand.RESUMMON),
            attempt=assignment.attempt + 1,
            declined_by=(),
        )
        answered = () if again.person_id is None else (again.person_id,)
        persons = answered or again.duty.persons_up_to(again.policy, again.step)
        if persons:
            state = state.having(ringing(again, persons))
            notices += (page(again, NoticeKind.RESUMMONS, persons, response.incident.id),)
    if not notices:
        return Decision(state=response)
    paged = tuple(notice.assignment_id for notice in notices if notice.assignment_id is not None)
    event = AssignmentsResummoned(assignment_ids=paged, by=by)
    return Decision(state=state, events=(event,), notices=notices)


def reassign(
    response: Response, *, assignment_id: AssignmentId, person_id: PersonId, by: PersonId, now: datetime
) -> Decision:
    """The assignment waits for `person_id` to answer; its clock runs on as it was. Whoever had it is told.

    What is left of the ladder stays in force behind the new person; steps whose time has passed are not
    made up for, because the commander has just taken the matter in hand.

    Raises: UnknownAssignment, InvalidTransition (in the room, on the scene, or over), also when
    `person_id` is the one who has answered already.
    """
    assignment = response.assignment(assignment_id)
    pending = assignment.after(AssignmentCommand.REASSIGN)
    if assignment.person_id == person_id:
        raise InvalidTransition(
            machine="assignment",
            id=assignment.id,
            state=assignment.state,
            command=AssignmentCommand.REASSIGN,
            since=assignment.acknowledged_at,
            by=person_id,
        )
    incident_id = response.incident.id
    had = assignment.person_id
    told = assignment if had is None else ringing(assignment, (had,))
    others = replace(told, ringing=tuple(p for p in told.ringing if p != person_id))
    silent, stopped = hush(others, incident_id=incident_id, reason=StopReason.REASSIGNED, by=by)
    changed = ringing(
        replace(
            silent,
            state=pending,
            duty=replace(assignment.duty, on_duty=(person_id,)),
            attempt=assignment.attempt + 1,
            person_id=None,
            acknowledged_at=None,
            joined_at=None,
            en_route_at=None,
            declined_by=tuple(p for p in assignment.declined_by if p != person_id),
        ),
        (person_id,),
    )
    ladder_was_off = assignment.answered or assignment.state is AssignmentState.UNREACHABLE
    to_come = tuple(due for due in paging_dues(changed, incident_id=incident_id, now=now) if due.at > now)
    return Decision(
        state=response.having(changed),
        events=(AssignmentReassigned(assignment_id=assignment_id, from_id=had, to_id=person_id, by=by),),
        schedule=to_come if ladder_was_off else (),
        notices=(*stopped, page(changed, NoticeKind.RESUMMONS, (person_id,), incident_id)),
    )
