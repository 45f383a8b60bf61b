"""What the hub sends: the models of every reply and every pushed view. OpenAPI and the console's types are
generated from here and from `bodies`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, PlainSerializer

from alerting import AssignmentMode, AssignmentState, FollowUpResult, IncidentState, Level
from dispatch_server.identity import Role
from dispatch_server.journal import instant
from rooms import FeedKind, FeedState, Presence, RoomState
from rooms import Role as RoomRole

Instant = Annotated[datetime, PlainSerializer(instant, return_type=str)]
"""ISO 8601, UTC, milliseconds, Z."""


class View(BaseModel):
    """Something that is sent."""

    model_config = ConfigDict(frozen=True)


class ErrorView(View):
    code: str
    message: str
    params: dict[str, Any] = {}


class PersonRef(View):
    id: str
    name: str


class Actor(PersonRef):
    agency_id: str


class PersonView(View):
    id: str
    name: str
    login: str
    role: Role
    agency_id: str


class Me(View):
    person: PersonView
    csrf: str
    now: Instant
    lang: str
    site_name: str


class PlaceView(View):
    text: str
    lat: float | None = None
    lon: float | None = None
    accuracy_m: float | None = None


class ClockView(View):
    name: str
    started_at: Instant
    due_at: Instant
    target_s: int
    stopped_at: Instant | None


class NextStep(View):
    at: Instant
    target: str


class AssignmentView(View):
    id: str
    incident_id: str
    department_id: str
    required: bool
    lead: bool
    mode: AssignmentMode
    state: AssignmentState
    clock: ClockView
    issued_at: Instant
    attempt: int
    step: int
    next_step: NextStep | None
    person: PersonRef | None
    on_duty: list[PersonRef]
    notified_at: Instant | None
    acknowledged_at: Instant | None
    joined_at: Instant | None
    en_route_at: Instant | None
    on_scene_at: Instant | None
    declined_at: Instant | None
    released_at: Instant | None
    decline_reason: str


class PositionView(View):
    lat: float
    lon: float
    accuracy_m: float | None
    at: Instant


class FeedView(View):
    id: str
    incident_id: str | None
    agency_id: str
    owner: PersonRef | None
    name: str
    kind: FeedKind
    state: FeedState
    since: Instant
    has_audio: bool
    has_video: bool
    position: PositionView | None = None


class FeedCreated(View):
    feed: FeedView
    whip_url: str


class DeviceCreated(View):
    feed: FeedView
    token: str
    whip_url: str


class DeviceView(View):
    feed: FeedView
    default_type: str
    revoked_at: Instant | None


class DeviceList(View):
    devices: list[DeviceView]


class PlayerView(View):
    """`playing`: how many watch by this link now."""

    id: str
    feed_id: str
    agency_id: str
    name: str
    issued_by: PersonRef
    issued_at: Instant
    expires_at: Instant
    revoked_at: Instant | None
    playing: int


class PlayerCreated(View):
    player: PlayerView
    token: str
    whep_url: str


class PlayerList(View):
    players: list[PlayerView]


class OrderReceipt(View):
    person: PersonRef
    at: Instant


class OrderView(View):
    id: str
    text: str
    department_ids: list[str]
    by: PersonRef
    at: Instant
    acknowledged: list[OrderReceipt]


class SummonsView(View):
    id: str
    plan_id: str | None
    plan_name: str
    plan_name_en: str
    issued_at: Instant
    undo_until: Instant
    state: str
    issued_by: PersonRef


class FollowUpView(View):
    result: FollowUpResult
    satisfaction: int | None
    note: str
    by: PersonRef
    at: Instant


class IncidentHead(View):
    """An incident without what changes by itself: departments, feeds, orders."""

    id: str
    stream: str
    seq: int
    number: str
    agency_id: str
    type: str
    level: Level
    title: str
    words: str
    place: PlaceView
    reporter_name: str
    received_at: Instant
    state: IncidentState
    outcome: str
    resolved_at: Instant | None
    closed_at: Instant | None
    follow_up: FollowUpView | None
    clock: ClockView
    summons: SummonsView | None
    room_id: str | None


class IncidentView(IncidentHead):
    assignments: list[AssignmentView]
    feeds: list[FeedView]
    orders: list[OrderView]


class ParticipantView(View):
    id: str
    person_id: str
    name: str
    agency_id: str
    role: RoomRole
    presence: Presence
    muted: bool
    joined_at: Instant | None
    source_id: str


class RoomView(View):
    id: str
    stream: str
    seq: int
    incident_id: str
    state: RoomState
    opened_at: Instant
    participants: list[ParticipantView]


class JournalEventView(View):
    stream: str
    seq: int
    at: Instant
    kind: str
    actor: Actor | None
    payload: dict[str, Any]
    hash: str


class IncidentParts(View):
    """What changed: lists hold only the changed entries, to be merged by id. `room` is whole."""

    incident: IncidentHead | None = None
    assignments: list[AssignmentView] = []
    feeds: list[FeedView] = []
    orders: list[OrderView] = []
    room: RoomView | None = None


class StreamAdvanced(View):
    """Apply it only if the local seq is `base`; a higher base is a gap (call `sync`), a seq already
    reached is old.
    """

    stream: str
    base: int
    seq: int
    events: list[JournalEventView]
    parts: IncidentParts


class Ring(View):
    """A department's phone rings: answer, or it goes on up the ladder."""

    assignment_id: str
    incident_id: str
    number: str
    title: str
    place: str
    department_id: str
    step: int
    attempt: int
    due_at: Instant
    kind: str


class Synced(View):
    """Everything a console lacks after its own last seqs. `missed` is empty for a stream that is too far
    behind.
    """

    now: Instant
    partial: bool
    """There are more open incidents in sight than a page is sent."""
    incidents: list[IncidentView]
    rooms: list[RoomView]
    gone: list[str]
    missed: dict[str, list[JournalEventView]]
    ringing: list[Ring]


class SourceLive(View):
    """What a source sends right now."""

    audio: bool
    video: bool


class Counts(View):
    open: int
    overdue: int
    resolved: int


class IncidentList(View):
    incidents: list[IncidentView]
    counts: Counts


class JournalPage(View):
    events: list[JournalEventView]
    seq: int


class PlanPerson(PersonRef):
    online: bool


class PlanDepartmentView(View):
    department_id: str
    required: bool
    lead: bool
    mode: AssignmentMode
    on_duty: list[PlanPerson]


class PlanView(View):
    """Whom the key will summon. `plan_id` is null when no plan fits."""

    plan_id: str | None
    name: str
    name_en: str
    reason: str
    target_s: int
    departments: list[PlanDepartmentView]


class PlanEntry(View):
    plan_id: str
    name: str
    name_en: str
    type: str
    level: Level | None


class PlanList(View):
    plans: list[PlanEntry]


class Pressed(View):
    incident: IncidentView
    room_id: str
    pressed: Literal["issued", "resummoned", "unchanged"]
    resummoned: int


class AssignmentAndIncident(View):
    assignment: AssignmentView
    incident: IncidentView


class AssignmentList(View):
    assignments: list[AssignmentAndIncident]


class SignInLink(View):
    url: str
    expires_at: Instant


class Health(View):
    status: Literal["ok", "down"]
    detail: dict[str, Any] = {}
