"""Coming into a room, being quiet in it, leaving it; and what a lost connection means."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

import alerting
import rooms
from alerting import PersonId as AlertingPerson
from dispatch_server.access import Action, require, require_sight
from dispatch_server.caller import Caller
from dispatch_server.errors import NotFound
from dispatch_server.identity import Directory, Person
from dispatch_server.ids import NewId
from dispatch_server.store.reader import Reader
from dispatch_server.usecases.case import Case, Outcome
from dispatch_server.usecases.desk import Desk, Result
from dispatch_server.usecases.room_opening import guest_of
from rooms import ParticipantId, PersonId, Presence


class RoomLife:
    """`settle` returns once the media plane forwards exactly what the committed room allows. `is_online` and
    `is_gone` tell of a person's sockets: there now, or missing for longer than the grace.
    """

    def __init__(
        self,
        *,
        desk: Desk,
        reader: Reader,
        directory: Callable[[], Directory],
        new_id: NewId,
        settle: Callable[[str], Awaitable[None]],
        is_online: Callable[[str], bool],
        is_gone: Callable[[str], bool],
    ) -> None:
        self._desk = desk
        self._reader = reader
        self._directory = directory
        self._new_id = new_id
        self._settle = settle
        self._is_online = is_online
        self._is_gone = is_gone

    async def case(self, caller: Caller, room_id: str) -> Case:
        """The case of a room that the caller may see. Raises: NotFound."""
        person = caller.require_person()
        stored = await self._reader.one("room", room_id)
        if stored is None:
            raise NotFound()
        case = await self._desk.load(stored.scope_id)
        require_sight(self._directory(), person, case.audience)
        if case.room is None or case.room.id != room_id:
            raise NotFound()
        return case

    async def join(self, caller: Caller, room_id: str) -> Result:
        """The caller is in the room; for a department that was summoned this stops its clock.

        Raises: NotFound, NotAllowed, RoomOver, InvalidTransition (removed).
        """
        person = caller.require_person()
        require(person, Action.JOIN_ROOM)
        case = await self.case(caller, room_id)
        participant_id = ParticipantId(self._new_id())

        def decide(case: Case, now: datetime) -> Outcome:
            if case.room is None:
                raise NotFound()
            room, events = rooms.join(
                case.room, guest=guest_of(person), participant_id=participant_id, now=now
            )
            return Outcome(decision=_joined(case, person, now), room=room, room_events=events)

        return await self._desk.run(case.incident_id, decide, actor_id=person.id, command=caller.command)

    async def leave(self, caller: Caller, room_id: str) -> Result:
        person = caller.require_person()
        return await self._moderate(
            caller, room_id, lambda room, now: rooms.leave(room, person_id=PersonId(person.id), now=now)
        )

    async def mute(self, caller: Caller, room_id: str, participant_id: str, muted: bool) -> Result:
        """The participant is muted (or no longer); nobody hears them when this returns."""
        person = caller.require_person()
        return await self._moderate(
            caller,
            room_id,
            lambda room, now: rooms.mute(
                room, by=PersonId(person.id), target=ParticipantId(participant_id), muted=muted, now=now
            ),
        )

    async def remove(self, caller: Caller, room_id: str, participant_id: str) -> Result:
        """The participant is out; nothing of the room reaches them when this returns."""
        person = caller.require_person()
        return await self._moderate(
            caller,
            room_id,
            lambda room, now: rooms.remove(
                room, by=PersonId(person.id), target=ParticipantId(participant_id), now=now
            ),
        )

    async def follow_connections(self) -> None:
        """In every open room whoever is gone is away, and whoever was away and is online is back."""
        for case in await self._open_room_cases():
            for seat in case.room.participants if case.room else ():
                if self._out_of_step(seat):
                    await self._follow(case.incident_id, seat.person_id)

    def _out_of_step(self, seat: rooms.Participant) -> bool:
        if seat.presence is Presence.AWAY:
            return self._is_online(seat.person_id)
        return seat.presence is Presence.PRESENT and self._is_gone(seat.person_id)

    async def connection_back(self, person_id: str) -> None:
        """The person's seats that were lost are theirs again, without a click."""
        for case in await self._open_room_cases():
            seat = case.room.of_person(PersonId(person_id)) if case.room else None
            if seat is not None and seat.presence is Presence.AWAY:
                await self._follow(case.incident_id, person_id)

    async def _follow(self, incident_id: str, person_id: str) -> None:
        """The person's seat is as their connection is at the moment of the commit."""

        def follow(room: rooms.Room, now: datetime) -> rooms.RoomChange:
            seat = room.of_person(PersonId(person_id))
            if seat is None or room.state != "open" or not self._out_of_step(seat):
                return room, ()
            change = rooms.come_back if seat.presence is Presence.AWAY else rooms.drop
            return change(room, person_id=seat.person_id, now=now)

        def decide(case: Case, now: datetime) -> Outcome:
            return _change(case, lambda room: follow(room, now)) if case.room else Outcome()

        await self._desk.run(incident_id, decide, actor_id=None)

    async def is_seat_of(self, person: Person, incident_id: str, source_id: str) -> bool:
        """Whether the source is this person's own seat in the incident's room."""
        case = await self._desk.load(incident_id)
        seat = case.room.of_person(PersonId(person.id)) if case.room else None
        return seat is not None and seat.source_id == source_id

    async def _open_room_cases(self) -> list[Case]:
        cases = await self._desk.load_many(await self._reader.open_room_incidents())
        return [case for case in cases if case.room is not None and case.room.state == "open"]

    async def _moderate(
        self, caller: Caller, room_id: str, change: Callable[[rooms.Room, datetime], rooms.RoomChange]
    ) -> Result:
        case = await self.case(caller, room_id)
        result = await self._desk.run(
            case.incident_id,
            lambda case, now: _change(case, lambda room: change(room, now)),
            actor_id=caller.actor_id,
            command=caller.command,
        )
        await self._settle(case.incident_id)
        return result


def _joined(case: Case, person: Person, now: datetime) -> alerting.Decision | None:
    """The response with the person's department in the room, if it was summoned."""
    assignment = case.response.open_of(alerting.AgencyId(person.agency_id))
    if assignment is None:
        return None
    return alerting.join(case.response, assignment_id=assignment.id, by=AlertingPerson(person.id), now=now)


def _change(case: Case, change: Callable[[rooms.Room], rooms.RoomChange]) -> Outcome:
    if case.room is None:
        raise NotFound()
    room, events = change(case.room)
    return Outcome(room=room, room_events=events)
