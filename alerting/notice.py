"""What has to be told to whom, after the commit. Which channel carries it is the hub's business."""

from dataclasses import dataclass
from enum import StrEnum

from alerting.ids import AssignmentId, IncidentId, OrderId, PersonId


class NoticeKind(StrEnum):
    SUMMONS = "summons"
    ESCALATION = "escalation"
    RESUMMONS = "resummons"
    RING_STOPPED = "ring_stopped"
    RECALL = "recall"
    OVERDUE = "overdue"
    UNREACHABLE = "unreachable"
    """For the superior: nobody of the department could be reached."""
    ORDER = "order"


PAGING = frozenset({NoticeKind.SUMMONS, NoticeKind.ESCALATION, NoticeKind.RESUMMONS})
"""The kinds that ring until somebody answers."""


class StopReason(StrEnum):
    ACKNOWLEDGED = "acknowledged"
    REASSIGNED = "reassigned"
    RECALLED = "recalled"
    RELEASED = "released"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One message to several persons. `key` is unique for ever, so that a relay may send it safely again."""

    key: str
    kind: NoticeKind
    incident_id: IncidentId
    assignment_id: AssignmentId | None = None
    person_ids: tuple[PersonId, ...]
    step: int = 0
    attempt: int = 1
    reason: StopReason | None = None
    """Why the ringing stops; for RING_STOPPED and RECALL."""
    by: PersonId | None = None
    """Whose deed this is, where a person did it."""
    order_id: OrderId | None = None
