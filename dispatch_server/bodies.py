"""What callers send: the models of every request body. OpenAPI is generated from here."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from alerting import AssignmentMode, FollowUpResult, Level
from dispatch_server.identity import AgencyKind, Role
from rooms import FeedKind

Id = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.:-]+$")]
Text = Annotated[str, Field(pattern=r"^[^\x00]*$")]
"""PostgreSQL cannot keep a NUL, and no person types one."""
ShortText = Annotated[Text, Field(max_length=120)]
LongText = Annotated[Text, Field(max_length=2000)]
Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]
Accuracy = Annotated[float, Field(ge=0, le=1_000_000)]


class Body(BaseModel):
    """A request body: unknown fields are refused, so that a typing mistake is never silently dropped."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, allow_inf_nan=False)


class SignIn(Body):
    login: Annotated[Text, Field(min_length=1, max_length=64)]
    password: Annotated[Text, Field(min_length=1, max_length=256)]


class SetPassword(Body):
    password: Annotated[Text, Field(min_length=10, max_length=256)]
    current: Annotated[Text, Field(min_length=1, max_length=256)] | None = None
    """The password so far; not needed within ten minutes of signing in."""


class SignInByLink(Body):
    token: Annotated[Text, Field(min_length=20, max_length=128)]


class PlaceBody(Body):
    text: ShortText = ""
    lat: Latitude | None = None
    lon: Longitude | None = None
    accuracy_m: Accuracy | None = None


class Report(Body):
    type: Id
    level: Level | None = None
    title: ShortText | None = None
    words: LongText = ""
    place: PlaceBody = PlaceBody()
    agency_id: Id | None = None


class Relabel(Body):
    type: Id | None = None
    level: Level | None = None
    title: Annotated[Text, Field(min_length=1, max_length=120)] | None = None
    place: PlaceBody | None = None


class Press(Body):
    plan_id: Id | None = None


class AddDepartment(Body):
    department_id: Id
    required: bool = True
    mode: AssignmentMode = AssignmentMode.VIDEO


class GiveOrder(Body):
    text: Annotated[Text, Field(min_length=1, max_length=500)]
    department_ids: Annotated[list[Id], Field(max_length=50)] = []


class Resolve(Body):
    outcome: Annotated[Text, Field(min_length=1, max_length=2000)]


class FollowUpBody(Body):
    result: FollowUpResult
    satisfaction: Annotated[int, Field(ge=1, le=5)] | None = None
    note: LongText = ""


class Close(Body):
    follow_up: FollowUpBody | None = None


class Decline(Body):
    reason: ShortText = ""


class Reassign(Body):
    person_id: Id


class Mute(Body):
    participant_id: Id
    muted: bool


class Remove(Body):
    participant_id: Id


class CreateFeed(Body):
    incident_id: Id
    name: ShortText | None = None
    kind: FeedKind = FeedKind.PHONE


class PositionBody(Body):
    lat: Latitude
    lon: Longitude
    accuracy_m: Accuracy | None = None
    at: datetime | None = None


class AddDevice(Body):
    name: Annotated[Text, Field(min_length=1, max_length=60)]
    kind: FeedKind = FeedKind.BODYCAM
    agency_id: Id
    default_type: Id


class IssuePlayer(Body):
    name: Annotated[Text, Field(min_length=1, max_length=60)]
    hours: Annotated[int, Field(ge=1, le=720)] = 24


class AddAgency(Body):
    parent_id: Id | None = None
    kind: AgencyKind
    name: Annotated[Text, Field(min_length=1, max_length=60)]
    name_en: ShortText = ""


class AddPerson(Body):
    login: Annotated[Text, Field(min_length=2, max_length=64, pattern=r"^[a-z0-9][a-z0-9_.-]*$")]
    name: Annotated[Text, Field(min_length=1, max_length=60)]
    role: Role
    agency_id: Id
    password: Annotated[Text, Field(min_length=10, max_length=256)] | None = None
    contacts: Annotated[list[Annotated[Text, Field(max_length=500)]], Field(max_length=10)] = []
