"""What happened to the incident itself, and the words exchanged about it."""

from dataclasses import dataclass
from datetime import datetime

from alerting.ids import AgencyId, IncidentId, OrderId, PersonId
from alerting.incident import FollowUpResult, IncidentState, Level, Place


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentReceived:
    incident_id: IncidentId
    number: str
    agency_id: AgencyId
    type: str
    level: Level
    title: str
    words: str
    place: Place
    reporter_id: PersonId | None
    reporter_name: str
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRelabelled:
    """Only what changed is set."""

    by: PersonId
    type: str | None = None
    level: Level | None = None
    title: str | None = None
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderGiven:
    """`department_ids` empty: to those at the scene."""

    order_id: OrderId
    text: str
    department_ids: tuple[AgencyId, ...]
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderAcknowledged:
    order_id: OrderId
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentResolved:
    outcome: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentReopened:
    state: IncidentState
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentClosed:
    by: PersonId
    result: FollowUpResult
    satisfaction: int | None
    note: str
