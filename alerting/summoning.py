"""One key (一键扩群): every planned department is summoned, once; taken back within a breath; added to
later.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from alerting.assignment import AssignmentMode
from alerting.calling import call
from alerting.errors import (
    AlreadySummoned,
    InvalidTransition,
    NothingPlanned,
    UnknownDepartment,
)
from alerting.escalation import DutyLine
from alerting.ids import AgencyId, AssignmentId, PersonId, RoomId, SummonsId
from alerting.incident import IncidentCommand
from alerting.plan import PlannedDepartment, ResponsePlan
from alerting.response import Decision, Response, Summons, SummonsState
from alerting.resummoning import resummon_idle
from alerting.summons_events import DepartmentAdded, SummonsIssued

UNDO_WINDOW = timedelta(seconds=5)


def press(
    response: Response,
    *,
    plan: ResponsePlan,
    summons_id: SummonsId,
    assignment_ids: Mapping[AgencyId, AssignmentId],
    duty: Mapping[AgencyId, DutyLine],
    room_id: RoomId,
    by: PersonId,
    now: datetime,
) -> Decision:
    """Every planned department is being summoned; pressed again, those not moving are summoned again.

    While no assignment is open, a new Summons is issued. Within the undo window a second press changes
    nothing (double click, retry, two operators at once). A department without a duty line, or whose line
    is empty, is unreachable at once: better told now than after seven minutes.

    Raises: InvalidTransition (resolved or closed), NothingPlanned, UnknownDepartment (an assignment id is
    missing).
    """
    dispatched = response.incident.after(IncidentCommand.DISPATCH)
    summons = response.summons
    if summons is not None and summons.state is SummonsState.ISSUED:
        if response.open and now <= summons.undo_until:
            return Decision(state=response)
        if response.open:
            return resummon_idle(response, by=by)
    if not plan.departments:
        raise NothingPlanned(plan_id=plan.id)
    issued = Summons(
        id=summons_id,
        plan_id=plan.id,
        plan_name=plan.name,
        plan_name_en=plan.name_en,
        issued_at=now,
        issued_by=by,
        undo_until=now + UNDO_WINDOW,
        response_target=plan.response_target,
        policy=plan.policy,
    )
    # The promise counts from the report as long as it is open; once kept, a later summons makes a new one.
    started_at = response.incident.received_at if response.clock.running else now
    departments = tuple({planned.department_id: planned for planned in plan.departments}.values())
    called = tuple(
        call(
            response,
            issued,
            planned,
            assignment_id=_id_for(planned.department_id, assignment_ids),
            duty=duty.get(planned.department_id, DutyLine()),
            started_at=started_at,
            added_later=False,
            now=now,
        )
        for planned in departments
    )
    state = replace(
        response,
        incident=replace(response.incident, state=dispatched),
        summons=issued,
        past_summonses=response.past_summonses if summons is None else (*response.past_summonses, summons),
        assignments=response.assignments + tuple(one.assignment for one in called),
        room_id=room_id,
    )
    event = SummonsIssued(
        summons_id=summons_id,
        plan_id=plan.id,
        plan_name=plan.name,
        plan_name_en=plan.name_en,
        room_id=room_id,
        by=by,
        undo_until=issued.undo_until,
        assignments=tuple(one.issued for one in called),
    )
    return Decision(
        state=state,
        events=(event, *(e for one in called for e in one.events)),
        schedule=tuple(due for one in called for due in one.schedule),
        notices=tuple(notice for one in called for notice in one.notices),
    )


def add_department(
    response: Response,
    *,
    department_id: AgencyId,
    assignment_id: AssignmentId,
    duty: DutyLine,
    required: bool = False,
    lead: bool = False,
    mode: AssignmentMode = AssignmentMode.VIDEO,
    by: PersonId,
    now: datetime,
) -> Decision:
    """One more department is being summoned. Its clock starts now: it could not have come before it was
    asked. If it is required, the incident's clock, where still running, waits for it too.

    Raises: InvalidTransition when no summons stands, AlreadySummoned.
    """
    response.incident.after(IncidentCommand.DISPATCH)
    summons = response.summons
    if summons is None or summons.state is not SummonsState.ISSUED:
        raise InvalidTransition(
            machine="incident",
            id=response.incident.id,
            state=response.incident.state,
            command="add_department",
        )
    present = response.open_of(department_id)
    if present is not None:
        raise AlreadySummoned(department_id=department_id, assignment_id=present.id)
    called = call(
        response,
        summons,
        PlannedDepartment(department_id=department_id, required=required, lead=lead, mode=mode),
        assignment_id=assignment_id,
        duty=duty,
        started_at=now,
        added_later=True,
        now=now,
    )
    return Decision(
        state=replace(response, assignments=(*response.assignments, called.assignment)),
        events=(DepartmentAdded(by=by, assignment=called.issued), *called.events),
        schedule=called.schedule,
        notices=called.notices,
    )


def _id_for(department_id: AgencyId, assignment_ids: Mapping[AgencyId, AssignmentId]) -> AssignmentId:
    if department_id not in assignment_ids:
        raise UnknownDepartment(department_id=department_id)
    return assignment_ids[department_id]
