"""Coming and going. Each command returns the room and what happened; no events: nothing changed."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from rooms.errors import UnknownParticipant
from rooms.events import (
    ParticipantDropped,
    ParticipantInvited,
    ParticipantJoined,
    ParticipantLeft,
    ParticipantReturned,
    RoomEvent,
    RoomOpened,
)
from rooms.ids import ParticipantId, PersonId, RoomId, ScopeId
from rooms.room import Guest, Participant, Presence, PresenceCommand, Room

RoomChange = tuple[Room, tuple[RoomEvent, ...]]


def open_room(
    *, room_id: RoomId, scope_id: ScopeId, invited: Mapping[ParticipantId, Guest], now: datetime
) -> RoomChange:
    """The room is open and these people may come in. A person named twice has one seat, the first."""
    room = Room(id=room_id, scope_id=scope_id, opened_at=now)
    room, events = invite(room, invited=invited, now=now)
    return room, (RoomOpened(room_id=room_id, scope_id=scope_id), *events)


def invite(room: Room, *, invited: Mapping[ParticipantId, Guest], now: datetime) -> RoomChange:
    """These people may come in, also those who had left or were removed; a mute from before still holds.
    The ids are for those who are not on the list yet.

    Raises: RoomOver.
    """
    del now  # every command takes the time; this one has no use for it
    room.require_open()
    events: list[RoomEvent] = []
    for participant_id, guest in invited.items():
        known = room.of_person(guest.person_id)
        if known is None:
            seat = _seat(participant_id, guest)
            room = replace(room, participants=(*room.participants, seat))
        else:
            seat = replace(known, presence=known.after(PresenceCommand.INVITE))
            if seat == known:
                continue
            room = room.having(seat)
        events.append(_invitation(seat))
    return room, tuple(events)


def join(room: Room, *, guest: Guest, participant_id: ParticipantId, now: datetime) -> RoomChange:
    """The person is present. On a second device, or twice, nothing changes; coming back keeps a mute.

    Whether somebody who was not invited may come in is the hub's decision; `participant_id` is for them.

    Raises: RoomOver, InvalidTransition (removed).
    """
    room.require_open()
    known = room.of_person(guest.person_id)
    if known is None:
        known = _seat(participant_id, guest)
        room = replace(room, participants=(*room.participants, known))
    presence = known.after(PresenceCommand.JOIN)
    if known.presence is presence:
        return room, ()
    here = replace(known, presence=presence, joined_at=known.joined_at or now, away_at=None, left_at=None)
    event: RoomEvent = (
        ParticipantReturned(participant_id=here.id, muted=here.muted)
        if known.presence is Presence.AWAY
        else ParticipantJoined(
            participant_id=here.id,
            person_id=here.person_id,
            agency_id=here.agency_id,
            name=here.name,
            role=here.role,
            muted=here.muted,
        )
    )
    return room.having(here), (event,)


def drop(room: Room, *, person_id: PersonId, now: datetime) -> RoomChange:
    """The person's last device lost its connection; the seat is kept. Whoever was not present, or is not
    on the list, or whose room is over, cannot get lost: nothing changes.
    """
    known = room.of_person(person_id)
    if known is None:
        return room, ()
    presence = known.after(PresenceCommand.DROP)
    if presence is known.presence:
        return room, ()
    return room.having(replace(known, presence=presence, away_at=now)), (
        ParticipantDropped(participant_id=known.id),
    )


def come_back(room: Room, *, person_id: PersonId, now: datetime) -> RoomChange:
    """The lost person is present again, muted as before.

    Raises: RoomOver, UnknownParticipant, InvalidTransition (left, removed, or never joined).
    """
    del now
    room.require_open()
    known = _known(room, person_id)
    presence = known.after(PresenceCommand.COME_BACK)
    if presence is known.presence:
        return room, ()
    return room.having(replace(known, presence=presence, away_at=None)), (
        ParticipantReturned(participant_id=known.id, muted=known.muted),
    )


def leave(room: Room, *, person_id: PersonId, now: datetime) -> RoomChange:
    """The person has gone on purpose. Raises: RoomOver, UnknownParticipant, InvalidTransition (not there)."""
    room.require_open()
    known = _known(room, person_id)
    gone = replace(known, presence=known.after(PresenceCommand.LEAVE), away_at=None, left_at=now)
    return room.having(gone), (ParticipantLeft(participant_id=known.id),)


def _seat(participant_id: ParticipantId, guest: Guest) -> Participant:
    return Participant(
        id=participant_id,
        person_id=guest.person_id,
        agency_id=guest.agency_id,
        name=guest.name,
        role=guest.role,
    )


def _invitation(seat: Participant) -> ParticipantInvited:
    return ParticipantInvited(
        participant_id=seat.id,
        person_id=seat.person_id,
        agency_id=seat.agency_id,
        name=seat.name,
        role=seat.role,
    )


def _known(room: Room, person_id: PersonId) -> Participant:
    participant = room.of_person(person_id)
    if participant is None:
        raise UnknownParticipant(id=person_id)
    return participant
