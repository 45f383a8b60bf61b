"""A room and who is on its list. Membership belongs to persons, not to connections: it survives
reconnects.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Self

from rooms.errors import InvalidTransition, NotPermitted, RoomOver, UnknownParticipant
from rooms.ids import AgencyId, ParticipantId, PersonId, RoomId, ScopeId, SourceId
from rooms.permissions import Action, Role, permitted


class RoomState(StrEnum):
    OPEN = "open"
    ENDED = "ended"


class Presence(StrEnum):
    INVITED = "invited"
    PRESENT = "present"
    AWAY = "away"
    """The connection was lost; the seat is kept."""
    LEFT = "left"
    REMOVED = "removed"


class PresenceCommand(StrEnum):
    INVITE = "invite"
    JOIN = "join"
    DROP = "drop"
    COME_BACK = "come_back"
    LEAVE = "leave"
    REMOVE = "remove"


_P, _C = Presence, PresenceCommand

TRANSITIONS: Mapping[tuple[Presence, PresenceCommand], Presence] = {
    (_P.INVITED, _C.INVITE): _P.INVITED,
    (_P.INVITED, _C.JOIN): _P.PRESENT,
    (_P.INVITED, _C.DROP): _P.INVITED,
    (_P.INVITED, _C.REMOVE): _P.REMOVED,
    (_P.PRESENT, _C.INVITE): _P.PRESENT,
    (_P.PRESENT, _C.JOIN): _P.PRESENT,
    (_P.PRESENT, _C.COME_BACK): _P.PRESENT,
    (_P.PRESENT, _C.DROP): _P.AWAY,
    (_P.PRESENT, _C.LEAVE): _P.LEFT,
    (_P.PRESENT, _C.REMOVE): _P.REMOVED,
    (_P.AWAY, _C.INVITE): _P.AWAY,
    (_P.AWAY, _C.JOIN): _P.PRESENT,
    (_P.AWAY, _C.COME_BACK): _P.PRESENT,
    (_P.AWAY, _C.DROP): _P.AWAY,
    (_P.AWAY, _C.LEAVE): _P.LEFT,
    (_P.AWAY, _C.REMOVE): _P.REMOVED,
    (_P.LEFT, _C.INVITE): _P.INVITED,
    (_P.LEFT, _C.JOIN): _P.PRESENT,
    (_P.LEFT, _C.DROP): _P.LEFT,
    (_P.LEFT, _C.REMOVE): _P.REMOVED,
    (_P.REMOVED, _C.INVITE): _P.INVITED,
    (_P.REMOVED, _C.DROP): _P.REMOVED,
}
"""A lost connection is a fact and never refused. Whoever was removed comes back only by a new invitation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """A person as the hub knows them, with the role they have in this room."""

    person_id: PersonId
    agency_id: AgencyId
    name: str
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant:
    """One person in one room, on however many devices."""

    id: ParticipantId
    person_id: PersonId
    agency_id: AgencyId
    name: str
    role: Role
    presence: Presence = Presence.INVITED
    muted: bool = False
    muted_by: PersonId | None = None
    """A mute that somebody else set cannot be lifted by oneself."""
    joined_at: datetime | None = None
    away_at: datetime | None = None
    left_at: datetime | None = None

    @property
    def source_id(self) -> SourceId:
        """Where this participant's own camera and microphone are found."""
        return participant_source(self.id)

    def after(self, command: PresenceCommand) -> Presence:
        """The presence that `command` leads to. Raises: InvalidTransition."""
        try:
            return TRANSITIONS[self.presence, command]
        except KeyError:
            raise InvalidTransition(
                machine="participant", id=self.id, state=self.presence, command=command
            ) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """`participants` keeps everyone who was ever on the list, in the order they came onto it."""

    id: RoomId
    scope_id: ScopeId
    state: RoomState = RoomState.OPEN
    opened_at: datetime
    ended_at: datetime | None = None
    participants: tuple[Participant, ...] = ()

    @property
    def present(self) -> tuple[Participant, ...]:
        return tuple(p for p in self.participants if p.presence is Presence.PRESENT)

    def of_person(self, person_id: PersonId) -> Participant | None:
        return next((p for p in self.participants if p.person_id == person_id), None)

    def participant(self, participant_id: ParticipantId) -> Participant:
        """Raises: UnknownParticipant."""
        for participant in self.participants:
            if participant.id == participant_id:
                return participant
        raise UnknownParticipant(id=participant_id)

    def having(self, changed: Participant) -> Self:
        """The same room with this one participant in the new state."""
        return replace(
            self, participants=tuple(changed if p.id == changed.id else p for p in self.participants)
        )

    def require_open(self) -> None:
        """Raises: RoomOver."""
        if self.state is RoomState.ENDED:
            raise RoomOver(room_id=self.id)

    def require(self, person_id: PersonId, action: Action) -> None:
        """Raises: NotPermitted, unless this person is on the list, not removed, and of a role that may."""
        participant = self.of_person(person_id)
        if participant is None or participant.presence is Presence.REMOVED:
            raise NotPermitted(action=action, role=None)
        if not permitted(participant.role, action):
            raise NotPermitted(action=action, role=participant.role)


def participant_source(participant_id: ParticipantId) -> SourceId:
    return SourceId(f"p:{participant_id}")
