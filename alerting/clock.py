"""A named promise with a start and a target. It stops once, and never starts again.

Emergency clocks run day and night and cannot be paused; the time is always the server's, passed in as `now`.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from alerting.due import DueKind, DueTime, clock_key
from alerting.ids import AssignmentId, DueKey, IncidentId

RESPONSE_TARGET = timedelta(minutes=15)
"""The fifteen-minute promise: from received until the last required department is in place."""

MARKS = (DueKind.CLOCK_50, DueKind.CLOCK_80, DueKind.CLOCK_100)
MARKS_PCT = (50, 80, 100)


class ClockState(StrEnum):
    CALM = "calm"
    WARN = "warn"
    """Half of the time is gone."""
    URGENT = "urgent"
    """Four fifths are gone."""
    BREACH = "breach"
    DONE = "done"
    """Stopped, in time or late: see `SlaClock.late`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlaClock:
    """Runs from `started_at` until `stopped_at`, against `target`."""

    name: str
    started_at: datetime
    target: timedelta
    stopped_at: datetime | None = None
    announced_pct: int = 0
    """The highest mark already announced, so that no mark is announced twice."""

    @property
    def due_at(self) -> datetime:
        return self.started_at + self.target

    @property
    def running(self) -> bool:
        return self.stopped_at is None

    @property
    def late(self) -> bool:
        """Whether it stopped after its target; an open clock is not late but in breach."""
        return self.stopped_at is not None and self.stopped_at > self.due_at

    def mark_at(self, pct: int) -> datetime:
        return self.started_at + self.target * pct / 100

    def elapsed(self, now: datetime) -> timedelta:
        """Time spent until it stopped, or until now."""
        return (self.stopped_at or now) - self.started_at

    def state_at(self, now: datetime) -> ClockState:
        if self.stopped_at is not None:
            return ClockState.DONE
        if now >= self.mark_at(100):
            return ClockState.BREACH
        if now >= self.mark_at(80):
            return ClockState.URGENT
        if now >= self.mark_at(50):
            return ClockState.WARN
        return ClockState.CALM

    def stop(self, now: datetime) -> "SlaClock":
        """Stop, unless it has stopped before: the first stop stands."""
        return self if self.stopped_at is not None else replace(self, stopped_at=now)

    def dues(
        self, *, incident_id: IncidentId, assignment_id: AssignmentId | None = None
    ) -> tuple[DueTime, ...]:
        """The marks that are still to be announced, past ones too: a late row fires at once."""
        if self.stopped_at is not None:
            return ()
        owner = assignment_id or incident_id
        return tuple(
            DueTime(
                key=clock_key(owner, pct),
                at=self.mark_at(pct),
                kind=kind,
                incident_id=incident_id,
                assignment_id=assignment_id,
            )
            for kind, pct in zip(MARKS, MARKS_PCT, strict=True)
            if pct > self.announced_pct
        )


def clock_keys(owner_id: AssignmentId | IncidentId) -> tuple[DueKey, ...]:
    """Every key the clock of this owner may have in the due-time table."""
    return tuple(clock_key(owner_id, pct) for pct in MARKS_PCT)
