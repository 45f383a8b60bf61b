"""Reading: lists, one incident, the journal, and the sync that brings a console up to date."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime

from dispatch_server import views, wire
from dispatch_server.access import ANSWERING, Action, may_see, principals, require, require_sight
from dispatch_server.caller import Caller
from dispatch_server.clock import Clock
from dispatch_server.errors import BadInput, NotFound
from dispatch_server.identity import Directory, Person, Role
from dispatch_server.store.batch import to_ms
from dispatch_server.store.reader import Reader, Sight
from dispatch_server.usecases.case import Case, incident_stream, load_case, room_stream
from dispatch_server.usecases.desk import Desk
from dispatch_server.usecases.positions import PositionBook

OPEN_STATES = ("received", "dispatched", "resolved")
UNDER_WAY, AWAITING_FOLLOW_UP = ("received", "dispatched"), ("resolved",)
SYNC_UNDER_WAY, SYNC_RESOLVED = 500, 100  # of each the most urgent; what is under way is never crowded out
MISSED_LIMIT = 300  # events of one stream; a client further behind takes a snapshot and reads the journal


class Looking:
    def __init__(
        self,
        *,
        desk: Desk,
        reader: Reader,
        directory: Callable[[], Directory],
        positions: PositionBook,
        clock: Clock,
    ) -> None:
        self._desk = desk
        self._reader = reader
        self._directory = directory
        self._positions = positions
        self._clock = clock

    def sight(self, person: Person) -> Sight:
        """What the person's lists may contain; the same rule as `access.may_see`."""
        directory = self._directory()
        agency = directory.agencies.get(person.agency_id)
        if person.role in (Role.COMMANDER, Role.OPERATOR):
            return Sight(paths=(agency.path,) if agency else (), principals=principals(person))
        return Sight(principals=principals(person))

    async def incident_view(self, case: Case) -> wire.IncidentView:
        """The case as it is sent, with the seq that it stands for."""
        return (await self._incident_views([case]))[0]

    async def _incident_views(self, cases: Collection[Case]) -> list[wire.IncidentView]:
        directory = self._directory()
        positions = await self._positions.of([feed.id for case in cases for feed in case.feeds])
        return [views.incident_view(directory, case, positions) for case in cases]

    async def incidents(
        self, caller: Caller, *, closed: bool, text: str, limit: int, before: str | None
    ) -> wire.IncidentList:
        person = caller.require_person()
        require(person, Action.SEE_INCIDENTS)
        sight = self.sight(person)
        ids = await self._reader.incident_ids(
            sight,
            states=("closed",) if closed else OPEN_STATES,
            text=text,
            limit=limit,
            before_ms=_instant_ms(before),
        )
        cases = await self._desk.load_many(ids)
        counts = await self._reader.counts(sight, to_ms(self._clock()))
        return wire.IncidentList(
            incidents=await self._incident_views(cases),
            counts=wire.Counts(open=counts.open, overdue=counts.overdue, resolved=counts.resolved),
        )

    async def journal(self, case: Case, *, after: int, limit: int) -> wire.JournalPage:
        """Events of the incident after a seq, and how far the stream has come."""
        links = await self._reader.events(incident_stream(case.incident_id), after=after, limit=limit)
        return wire.JournalPage(
            events=[views.event_view(self._directory(), link) for link in links], seq=case.seq
        )

    async def room_journal(self, caller: Caller, room_id: str, *, after: int, limit: int) -> wire.JournalPage:
        """As `journal`, of a room whose incident is in sight, also once it has ended. Raises: NotFound."""
        person = caller.require_person()
        stored = await self._reader.one("room", room_id)
        scope = (await self._reader.scopes([stored.scope_id])).get(stored.scope_id) if stored else None
        case = load_case(scope)
        if scope is None or case is None:
            raise NotFound()
        require_sight(self._directory(), person, case.audience)
        stream = room_stream(room_id)
        links = await self._reader.events(stream, after=after, limit=limit)
        return wire.JournalPage(
            events=[views.event_view(self._directory(), link) for link in links],
            seq=scope.seqs.get(stream, 0),
        )

    async def sync(self, caller: Caller, known: Mapping[str, int]) -> wire.Synced:
        """All that a console lacks: incidents and rooms whose stream is not where the console has it, the
        events in between, what it must forget, and what rings for it now.
        """
        person = caller.require_person()
        directory, now = self._directory(), self._clock()
        ids, partial = await self._most_urgent(person)
        named = [stream.removeprefix("incident:") for stream in known if stream.startswith("incident:")]
        cases = await self._desk.load_many(list(dict.fromkeys([*ids, *named])))
        cases = [case for case in cases if may_see(directory, person, case.audience)]
        seqs = {incident_stream(case.incident_id): case.seq for case in cases}
        seqs |= {room_stream(case.room.id): case.room_seq for case in cases if case.room is not None}
        seqs |= await self._past_rooms(cases, known.keys() - seqs.keys())
        behind = [case for case in cases if known.get(incident_stream(case.incident_id)) != case.seq]
        rooms = [
            views.room_view(case.room, case.room_seq)
            for case in cases
            if case.room is not None and known.get(room_stream(case.room.id)) != case.room_seq
        ]
        missed = {
            stream: await self._missed(stream, known[stream])
            for stream in seqs
            if 0 < known.get(stream, 0) < seqs[stream]
        }
        return wire.Synced(
            now=now,
            partial=partial,
            incidents=await self._incident_views(behind),
            rooms=rooms,
            gone=sorted(set(known) - set(seqs)),
            missed=missed,
            ringing=[
                views.ring_view(case, assignment, kind="summons" if assignment.attempt == 1 else "resummons")
                for case in cases
                for assignment in case.response.assignments
                if person.id in assignment.ringing
            ],
        )

    async def _most_urgent(self, person: Person) -> tuple[list[str], bool]:
        """Open incidents for the person's page, and whether there are more. Whatever rings is among them."""
        sight = self.sight(person)
        under_way = await self._reader.incident_ids(sight, states=UNDER_WAY, limit=SYNC_UNDER_WAY + 1)
        resolved = await self._reader.incident_ids(sight, states=AWAITING_FOLLOW_UP, limit=SYNC_RESOLVED + 1)
        partial = len(under_way) > SYNC_UNDER_WAY or len(resolved) > SYNC_RESOLVED
        summoned = await self._reader.open_assignments(person.agency_id) if person.role in ANSWERING else []
        ids = [
            *under_way[:SYNC_UNDER_WAY],
            *resolved[:SYNC_RESOLVED],
            *(incident for _, incident in summoned),
        ]
        return ids, partial

    async def _past_rooms(self, cases: Collection[Case], streams: Collection[str]) -> dict[str, int]:
        """The streams that belong to rooms which these cases had before: they stay part of their record."""
        ids = [stream.removeprefix("room:") for stream in streams if stream.startswith("room:")]
        if not ids:
            return {}
        incidents = {case.incident_id for case in cases}
        heads = await self._reader.room_heads(ids)
        return {room_stream(key): seq for key, (incident, seq) in heads.items() if incident in incidents}

    async def _missed(self, stream: str, after: int) -> list[wire.JournalEventView]:
        links = await self._reader.events(stream, after=after, limit=MISSED_LIMIT + 1)
        if len(links) > MISSED_LIMIT:
            return []
        return [views.event_view(self._directory(), link) for link in links]


def _instant_ms(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(field="before", problem="not_instant") from None
    if at.tzinfo is None:
        raise BadInput(field="before", problem="not_instant")
    return to_ms(at)
