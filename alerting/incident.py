"""What is being dealt with: its label, its place, and where its life stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from alerting.errors import InvalidTransition
from alerting.ids import AgencyId, IncidentId, PersonId


class Level(StrEnum):
    SIMPLE = "simple"
    """简易"""
    ORDINARY = "ordinary"
    """普通"""
    COMPLEX = "complex"
    """复杂"""
    DIFFICULT = "difficult"
    """疑难"""


class IncidentState(StrEnum):
    RECEIVED = "received"
    DISPATCHED = "dispatched"
    RESOLVED = "resolved"
    CLOSED = "closed"


class IncidentCommand(StrEnum):
    RELABEL = "relabel"
    ORDER = "order"
    DISPATCH = "dispatch"
    """The key was pressed, or a department was added."""
    RECALL = "recall"
    RESOLVE = "resolve"
    CLOSE = "close"
    REOPEN = "reopen"
    """Nobody had been summoned before it was resolved."""
    REOPEN_DISPATCHED = "reopen_dispatched"
    """Departments had been summoned before it was resolved."""


TRANSITIONS: Mapping[tuple[IncidentState, IncidentCommand], IncidentState] = {
    (IncidentState.RECEIVED, IncidentCommand.RELABEL): IncidentState.RECEIVED,
    (IncidentState.RECEIVED, IncidentCommand.ORDER): IncidentState.RECEIVED,
    (IncidentState.RECEIVED, IncidentCommand.DISPATCH): IncidentState.DISPATCHED,
    (IncidentState.RECEIVED, IncidentCommand.RESOLVE): IncidentState.RESOLVED,
    (IncidentState.DISPATCHED, IncidentCommand.RELABEL): IncidentState.DISPATCHED,
    (IncidentState.DISPATCHED, IncidentCommand.ORDER): IncidentState.DISPATCHED,
    (IncidentState.DISPATCHED, IncidentCommand.DISPATCH): IncidentState.DISPATCHED,
    (IncidentState.DISPATCHED, IncidentCommand.RECALL): IncidentState.RECEIVED,
    (IncidentState.DISPATCHED, IncidentCommand.RESOLVE): IncidentState.RESOLVED,
    (IncidentState.RESOLVED, IncidentCommand.RELABEL): IncidentState.RESOLVED,
    (IncidentState.RESOLVED, IncidentCommand.CLOSE): IncidentState.CLOSED,
    (IncidentState.RESOLVED, IncidentCommand.REOPEN): IncidentState.RECEIVED,
    (IncidentState.RESOLVED, IncidentCommand.REOPEN_DISPATCHED): IncidentState.DISPATCHED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where it is: words for people, WGS-84 degrees for maps."""

    text: str
    lat: float | None = None
    lon: float | None = None
    accuracy_m: float | None = None


class FollowUpResult(StrEnum):
    REACHED = "reached"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """The call back to the reporter (回访). `satisfaction` is 1 (worst) to 5, where one was given.

    Raises: ValueError when `satisfaction` is outside its range.
    """

    result: FollowUpResult
    satisfaction: int | None = None
    note: str = ""
    by: PersonId
    at: datetime

    def __post_init__(self) -> None:
        if self.satisfaction is not None and not 1 <= self.satisfaction <= 5:
            raise ValueError("satisfaction is a number from 1 to 5")


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One emergency. `number` is what people say over the phone; `type` is a code of the incident types."""

    id: IncidentId
    number: str
    agency_id: AgencyId
    type: str
    level: Level
    title: str
    words: str = ""
    place: Place
    reporter_id: PersonId | None = None
    reporter_name: str = ""
    received_at: datetime
    state: IncidentState = IncidentState.RECEIVED
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    outcome: str = ""
    follow_up: FollowUp | None = None

    def after(self, command: IncidentCommand) -> IncidentState:
        """The state that `command` leads to. Raises: InvalidTransition."""
        try:
            return TRANSITIONS[self.state, command]
        except KeyError:
            raise InvalidTransition(
                machine="incident",
                id=self.id,
                state=self.state,
                command=command,
                since=self.closed_at or self.resolved_at,
            ) from None
