"""People and feeds of one incident, to fill rooms with."""

from datetime import UTC, datetime, timedelta

from rooms import (
    AgencyId,
    Feed,
    FeedKind,
    FeedState,
    Guest,
    ParticipantId,
    PersonId,
    Role,
    Room,
    RoomId,
    ScopeId,
    SourceId,
    Viewer,
    join,
    open_room,
)

START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
SCOPE, ELSEWHERE = ScopeId("incident-1"), ScopeId("incident-2")
OPERATOR, COMMANDER, WATER, POLICE, OFFICER, GUEST = (
    PersonId(name) for name in ("operator", "commander", "water", "police", "officer", "guest")
)
ROLES = {
    OPERATOR: Role.OPERATOR,
    COMMANDER: Role.COMMANDER,
    WATER: Role.RESPONDER,
    POLICE: Role.RESPONDER,
    OFFICER: Role.OFFICER,
    GUEST: Role.OBSERVER,
}
EVERYBODY = tuple(ROLES)


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def guest(person_id: PersonId) -> Guest:
    return Guest(
        person_id=person_id, agency_id=AgencyId("agency"), name=person_id.title(), role=ROLES[person_id]
    )


def seat(person_id: PersonId) -> ParticipantId:
    return ParticipantId(f"seat-{person_id}")


def source(person_id: PersonId) -> SourceId:
    return SourceId(f"p:seat-{person_id}")


def opened(*invited: PersonId) -> Room:
    """An open room to which these people are invited; nobody is present."""
    room, _ = open_room(
        room_id=RoomId("room-1"),
        scope_id=SCOPE,
        invited={seat(person_id): guest(person_id) for person_id in invited},
        now=START,
    )
    return room


def gathered(*present: PersonId) -> Room:
    """An open room in which these people are present."""
    room = opened(*present)
    for person_id in present:
        room, _ = join(room, guest=guest(person_id), participant_id=seat(person_id), now=START)
    return room


def feed(
    name: str = "phone",
    *,
    state: FeedState = FeedState.LIVE,
    scope_id: ScopeId | None = SCOPE,
    owner_id: PersonId | None = OFFICER,
) -> Feed:
    return Feed(
        id=SourceId(name),
        agency_id=AgencyId("agency"),
        owner_id=owner_id,
        name="现场",
        kind=FeedKind.PHONE,
        scope_id=scope_id,
        state=state,
        since=START,
        has_audio=True,
        has_video=True,
    )


def viewer(person_id: PersonId, *, by_right: bool = False) -> Viewer:
    return Viewer(person_id=person_id, may_watch_scene=by_right)
