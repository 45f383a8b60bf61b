"""One department is called for the first time: its assignment, its first page, its deadlines."""

from dataclasses import dataclass, replace
from datetime import datetime

from alerting.assignment import Assignment, AssignmentCommand
from alerting.clock import SlaClock
from alerting.deadline_events import AssignmentUnreachable
from alerting.due import DueTime
from alerting.escalation import DutyLine
from alerting.events import AlertingEvent
from alerting.ids import AssignmentId
from alerting.notice import Notice, NoticeKind
from alerting.paging import climb, page, paging_dues
from alerting.plan import PlannedDepartment
from alerting.response import Response, Summons
from alerting.summons_events import IssuedAssignment

DEPARTMENT_CLOCK = "department_response"


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """A fresh assignment, and what of its issue goes into the decision."""

    assignment: Assignment
    issued: IssuedAssignment
    events: tuple[AlertingEvent, ...]
    schedule: tuple[DueTime, ...]
    notices: tuple[Notice, ...]


def call(
    response: Response,
    summons: Summons,
    planned: PlannedDepartment,
    *,
    assignment_id: AssignmentId,
    duty: DutyLine,
    started_at: datetime,
    added_later: bool,
    now: datetime,
) -> Called:
    """One department's assignment with its first page out and its deadlines set."""
    incident_id = response.incident.id
    fresh = Assignment(
        id=assignment_id,
        summons_id=summons.id,
        department_id=planned.department_id,
        required=planned.required,
        lead=planned.lead,
        mode=planned.mode,
        duty=duty,
        policy=summons.policy,
        clock=SlaClock(name=DEPARTMENT_CLOCK, started_at=started_at, target=summons.response_target),
        issued_at=now,
        added_later=added_later,
    )
    reached = climb(fresh, start=0)
    assignment = reached.assignment
    events: tuple[AlertingEvent, ...] = reached.skipped
    schedule = assignment.clock.dues(incident_id=incident_id, assignment_id=assignment_id)
    notices: tuple[Notice, ...] = ()
    if reached.fired is None:
        assignment = replace(
            assignment, state=assignment.after(AssignmentCommand.GIVE_UP), unreachable_at=now
        )
        events = (*events, AssignmentUnreachable(assignment_id=assignment_id, tried=()))
    else:
        schedule += paging_dues(assignment, incident_id=incident_id, now=now)
        notices = (page(assignment, NoticeKind.SUMMONS, reached.persons, incident_id),)
    issued = IssuedAssignment(
        assignment_id=assignment_id,
        department_id=planned.department_id,
        required=planned.required,
        lead=planned.lead,
        mode=planned.mode,
        due_at=assignment.clock.due_at,
        step=assignment.step,
        person_ids=reached.persons,
    )
    return Called(assignment=assignment, issued=issued, events=events, schedule=schedule, notices=notices)
