"""Keeping order: mutes that hold, removals, the end. The permission table decides who may."""

from dataclasses import replace
from datetime import datetime

from rooms.errors import InvalidTransition, NotPermitted
from rooms.events import ParticipantMuted, ParticipantRemoved, RoomEnded
from rooms.ids import ParticipantId, PersonId
from rooms.membership import RoomChange
from rooms.permissions import Action, permitted
from rooms.room import Presence, PresenceCommand, Room, RoomState


def mute(room: Room, *, by: PersonId, target: ParticipantId, muted: bool, now: datetime) -> RoomChange:
    """The target is muted, or not any more, whether present or not: a mute waits for those who come later.

    Everybody may mute themselves, and lift a mute of their own; one set by another only the hall lifts. A
    mute by the hall takes the place of one's own.

    Raises: RoomOver, UnknownParticipant, NotPermitted, InvalidTransition (the target was removed).
    """
    del now
    room.require_open()
    participant = room.participant(target)
    if participant.presence is Presence.REMOVED:
        raise InvalidTransition(machine="participant", id=target, state=participant.presence, command="mute")
    in_the_hall = permitted(participant.role, Action.MUTE_OTHERS)
    if participant.person_id != by:
        room.require(by, Action.MUTE_OTHERS)
    elif not muted and not in_the_hall and participant.muted_by not in {None, by}:
        raise NotPermitted(action=Action.MUTE_OTHERS, role=participant.role)
    elif muted and participant.muted:
        return room, ()  # one's own mute must not weaken the one the hall has set
    muted_by = by if muted else None
    changed = replace(participant, muted=muted, muted_by=muted_by)
    if changed == participant:
        return room, ()
    return room.having(changed), (ParticipantMuted(participant_id=target, muted=muted, by=by),)


def remove(room: Room, *, by: PersonId, target: ParticipantId, now: datetime) -> RoomChange:
    """The target is out, receives nothing from this room or its scene, and comes back only by invitation.

    Raises: RoomOver, UnknownParticipant, NotPermitted, InvalidTransition (removed already).
    """
    room.require_open()
    participant = room.participant(target)
    room.require(by, Action.REMOVE)
    out = replace(participant, presence=participant.after(PresenceCommand.REMOVE), away_at=None, left_at=now)
    return room.having(out), (ParticipantRemoved(participant_id=target, by=by),)


def end(room: Room, *, by: PersonId | None, now: datetime) -> RoomChange:
    """The room is over and nobody is in it. `by` None: its incident ended, nobody's permission is needed.

    Raises: RoomOver, NotPermitted.
    """
    room.require_open()
    if by is not None:
        room.require(by, Action.END)
    participants = tuple(
        replace(p, presence=Presence.LEFT, away_at=None, left_at=now)
        if p.presence in {Presence.PRESENT, Presence.AWAY}
        else p
        for p in room.participants
    )
    ended = replace(room, state=RoomState.ENDED, ended_at=now, participants=participants)
    return ended, (RoomEnded(room_id=room.id, by=by),)
