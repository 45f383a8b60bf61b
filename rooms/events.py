"""What happened in rooms and to feeds, in the past tense: the payloads of the journal."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import get_args

from rooms.ids import AgencyId, ParticipantId, PersonId, PlayerId, RoomId, ScopeId, SourceId
from rooms.permissions import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomOpened:
    room_id: RoomId
    scope_id: ScopeId


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantInvited:
    participant_id: ParticipantId
    person_id: PersonId
    agency_id: AgencyId
    name: str
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantJoined:
    """`muted` tells whether a mute from before still holds."""

    participant_id: ParticipantId
    person_id: PersonId
    agency_id: AgencyId
    name: str
    role: Role
    muted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantDropped:
    """The last device lost its connection; the seat is kept."""

    participant_id: ParticipantId


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantReturned:
    participant_id: ParticipantId
    muted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantLeft:
    participant_id: ParticipantId


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantMuted:
    """`muted` False: the mute was lifted."""

    participant_id: ParticipantId
    muted: bool
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantRemoved:
    participant_id: ParticipantId
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomEnded:
    """`by` None: the incident's end took the room with it."""

    room_id: RoomId
    by: PersonId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedStarted:
    """Packets arrive. Also when a new connection brings other kinds of media than the one before."""

    feed_id: SourceId
    has_audio: bool
    has_video: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedInterrupted:
    feed_id: SourceId
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedResumed:
    feed_id: SourceId
    has_audio: bool
    has_video: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedStopped:
    feed_id: SourceId


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedAttached:
    """The feed shows another incident from now on, or none."""

    feed_id: SourceId
    scope_id: ScopeId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayerAdmitted:
    """A video wall or player may watch the feed until then."""

    feed_id: SourceId
    player_id: PlayerId
    name: str
    expires_at: datetime
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayerRevoked:
    """It may not any more."""

    feed_id: SourceId
    player_id: PlayerId
    name: str


RoomEvent = (
    RoomOpened
    | ParticipantInvited
    | ParticipantJoined
    | ParticipantDropped
    | ParticipantReturned
    | ParticipantLeft
    | ParticipantMuted
    | ParticipantRemoved
    | RoomEnded
)
FeedEvent = (
    FeedStarted | FeedInterrupted | FeedResumed | FeedStopped | FeedAttached | PlayerAdmitted | PlayerRevoked
)


def kind_of(event_type: type) -> str:
    """The wire name: `RoomOpened` becomes `room_opened`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", event_type.__name__).lower()


EVENT_TYPES: Mapping[str, type[RoomEvent | FeedEvent]] = {
    kind_of(event): event for event in get_args(RoomEvent | FeedEvent)
}
"""Every event type by its wire name."""
