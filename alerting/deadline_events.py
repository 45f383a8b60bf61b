"""What the clock did: escalation, warnings, and the ends of the clocks themselves."""

from dataclasses import dataclass
from datetime import datetime

from alerting.escalation import Target
from alerting.ids import AssignmentId, PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentUnreachable:
    """`tried` is empty when nobody at all stood on the duty line."""

    assignment_id: AssignmentId
    tried: tuple[PersonId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationFired:
    assignment_id: AssignmentId
    step: int
    target: Target
    person_ids: tuple[PersonId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationSkipped:
    """Nobody stands behind this step, so the next one was taken at once."""

    assignment_id: AssignmentId
    step: int
    target: Target


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockWarned:
    """Half of the target is gone. `assignment_id` None: the incident's own clock (so in the next three)."""

    assignment_id: AssignmentId | None
    clock: str
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockUrgent:
    assignment_id: AssignmentId | None
    clock: str
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockBreached:
    assignment_id: AssignmentId | None
    clock: str
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockStopped:
    assignment_id: AssignmentId
    clock: str
    stopped_at: datetime
    elapsed_ms: int
    late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseComplete:
    """The last required department is in place: the incident's clock has stopped."""

    stopped_at: datetime
    elapsed_ms: int
    late: bool
    waived: tuple[AssignmentId, ...]
    """Required departments that were taken off the list instead of coming."""
