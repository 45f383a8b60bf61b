"""How a room begins and ends together with its incident's summons."""

from __future__ import annotations

from datetime import datetime

import rooms
from alerting import Decision
from dispatch_server.identity import Directory, Person
from dispatch_server.identity import Role as HubRole
from dispatch_server.ids import NewId
from dispatch_server.usecases.case import Case, Outcome
from rooms import AgencyId, FeedState, Guest, ParticipantId, PersonId, Role, RoomId, ScopeId

_ROLE = {
    HubRole.COMMANDER: Role.COMMANDER,
    HubRole.OPERATOR: Role.OPERATOR,
    HubRole.RESPONDER: Role.RESPONDER,
    HubRole.MEDIATOR: Role.RESPONDER,
    HubRole.OFFICER: Role.OFFICER,
}


def guest_of(person: Person) -> Guest:
    """The person with the role that they have in any room; an administrator only observes."""
    return Guest(
        person_id=PersonId(person.id),
        agency_id=AgencyId(person.agency_id),
        name=person.name,
        role=_ROLE.get(person.role, Role.OBSERVER),
    )


def open_room_for(
    case: Case, decision: Decision, presser: Person, directory: Directory, *, new_id: NewId, now: datetime
) -> Outcome:
    """The room that the summons names is open; whoever pressed and the officers who are streaming are in
    it at once.
    """
    if case.room is not None and case.room.state == "open":
        return Outcome(decision=decision)
    room_id = RoomId(decision.state.room_id or new_id())
    room, events = rooms.open_room(room_id=room_id, scope_id=ScopeId(case.incident_id), invited={}, now=now)
    streaming = [feed.owner_id for feed in case.feeds if feed.owner_id and feed.state is FeedState.LIVE]
    people = [presser, *(directory.people[owner] for owner in streaming if owner in directory.people)]
    for person in people:
        room, joined = rooms.join(
            room, guest=guest_of(person), participant_id=ParticipantId(new_id()), now=now
        )
        events = (*events, *joined)
    return Outcome(decision=decision, room=room, room_events=events)


def end_room(case: Case, decision: Decision, *, now: datetime) -> Outcome:
    """The room, if one is open, is over: its incident no longer needs it."""
    if case.room is None or case.room.state != "open":
        return Outcome(decision=decision)
    room, events = rooms.end(case.room, by=None, now=now)
    return Outcome(decision=decision, room=room, room_events=events)
