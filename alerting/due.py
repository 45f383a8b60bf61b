"""Deadlines as rows: each has an absolute time and a key that names it once for all.

Attempts are not part of a key: summoning again never moves a deadline, so there is nothing new to name.
Rows are to be fired in the order of `at`; firing one twice, or late, is harmless (see `alerting.firing`).
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from alerting.ids import AssignmentId, DueKey, IncidentId


class DueKind(StrEnum):
    ESCALATION = "escalation"
    GIVE_UP = "give_up"
    CLOCK_50 = "clock_50"
    CLOCK_80 = "clock_80"
    CLOCK_100 = "clock_100"

    @property
    def clock_pct(self) -> int | None:
        """Share of the clock's target that has passed, for the three clock kinds."""
        match self:
            case DueKind.CLOCK_50:
                return 50
            case DueKind.CLOCK_80:
                return 80
            case DueKind.CLOCK_100:
                return 100
            case DueKind.ESCALATION | DueKind.GIVE_UP:
                return None


@dataclass(frozen=True, slots=True, kw_only=True)
class DueTime:
    """Something must be decided at `at`. `assignment_id` is None for the incident's own clock."""

    key: DueKey
    at: datetime
    kind: DueKind
    incident_id: IncidentId
    assignment_id: AssignmentId | None = None
    step: int = 0
    """Which escalation step; 0 for every other kind."""


def step_key(assignment_id: AssignmentId, step: int) -> DueKey:
    return DueKey(f"{assignment_id}:step:{step}")


def give_up_key(assignment_id: AssignmentId) -> DueKey:
    return DueKey(f"{assignment_id}:give_up")


def clock_key(owner_id: AssignmentId | IncidentId, pct: int) -> DueKey:
    """Name the mark at `pct` per cent of the clock that belongs to an assignment or an incident."""
    return DueKey(f"{owner_id}:clock:{pct}")
