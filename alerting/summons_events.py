"""Who was summoned, again, instead, or not after all."""

from dataclasses import dataclass
from datetime import datetime

from alerting.assignment import AssignmentMode
from alerting.ids import AgencyId, AssignmentId, PersonId, PlanId, RoomId, SummonsId


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedAssignment:
    """One department inside `SummonsIssued`. `person_ids` are those paged first, at `step`."""

    assignment_id: AssignmentId
    department_id: AgencyId
    required: bool
    lead: bool
    mode: AssignmentMode
    due_at: datetime
    step: int
    person_ids: tuple[PersonId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SummonsIssued:
    """The key was pressed and the incident is dispatched."""

    summons_id: SummonsId
    plan_id: PlanId
    plan_name: str
    plan_name_en: str
    room_id: RoomId
    by: PersonId
    undo_until: datetime
    assignments: tuple[IssuedAssignment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SummonsRecalled:
    summons_id: SummonsId
    room_id: RoomId | None
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentsResummoned:
    assignment_ids: tuple[AssignmentId, ...]
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class DepartmentAdded:
    by: PersonId
    assignment: IssuedAssignment


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentReassigned:
    """`from_id` is who had answered, None when nobody had."""

    assignment_id: AssignmentId
    from_id: PersonId | None
    to_id: PersonId
    by: PersonId
