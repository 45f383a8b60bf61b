"""The one way in which a case changes: lock, load, decide, commit, relay.

The lock keeps commands on the same incident in this hub from losing optimistic races against each other;
between hubs the versions decide, and the loser tries again on fresh state.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

import structlog

from alerting import AlertingEvent
from dispatch_server.clock import Clock
from dispatch_server.errors import Conflict, NotFound, StaleVersion, Unreadable
from dispatch_server.identity import Directory
from dispatch_server.store.changes import (
    Append,
    Changes,
    CommandReply,
    Committed,
    DueRow,
    IncidentRow,
    OutboxRow,
    Save,
)
from dispatch_server.store.reader import Reader
from dispatch_server.store.writer import Writer
from dispatch_server.usecases.case import (
    DUE,
    FEED,
    RESPONSE,
    ROOM,
    Case,
    Outcome,
    apply,
    event_kind,
    event_payload,
    incident_stream,
    load_case,
    room_stream,
)
from rooms import FeedEvent, RoomEvent

ATTEMPTS = 6

_log = structlog.get_logger("desk")

Decide = Callable[[Case, datetime], Outcome]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandKey:
    """A client's idempotency key and a fingerprint of what it was used for."""

    key: str
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseCommitted:
    """A case moved: everything that the relay needs to tell the world."""

    before: Case | None
    after: Case
    outcome: Outcome
    committed: Committed
    at: datetime
    actor_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a command led to. `replayed` means that the key was known: nothing was done again."""

    case: Case
    outcome: Outcome = field(default_factory=Outcome)
    note: Mapping[str, object] = field(default_factory=dict)
    replayed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """A decided change on its way to the store."""

    before: Case | None
    after: Case
    outcome: Outcome
    now: datetime
    actor_id: str | None
    command: CommandKey | None
    note: Mapping[str, object]
    feed_versions: Mapping[str, int]
    """Versions of the feeds as they were loaded; the others are new."""
    dues_done: frozenset[str] = frozenset()


class Desk:
    def __init__(
        self,
        *,
        reader: Reader,
        writer: Writer,
        directory: Callable[[], Directory],
        clock: Clock,
        outbox: Callable[[Case, Outcome, datetime], tuple[OutboxRow, ...]],
        relay: Callable[[CaseCommitted], Awaitable[None]],
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._directory = directory
        self._clock = clock
        self._outbox = outbox
        self._relay = relay
        self._locks = _KeyedLocks()

    async def load(self, incident_id: str) -> Case:
        """The case as committed. Raises: NotFound."""
        case = load_case((await self._reader.scopes([incident_id])).get(incident_id))
        if case is None:
            raise NotFound()
        return case

    async def load_many(self, incident_ids: list[str]) -> list[Case]:
        """The cases in the order of their ids; unknown ids, and records that cannot be read, are left out."""
        scopes = await self._reader.scopes(incident_ids)
        cases = []
        for incident_id in incident_ids:
            try:
                case = load_case(scopes.get(incident_id))
            except Unreadable as error:
                _log.error("store.unreadable", incident_id=incident_id, problem=error.params["problem"])
                continue
            if case is not None:
                cases.append(case)
        return cases

    async def open(
        self,
        outcome: Outcome,
        *,
        actor_id: str | None,
        command: CommandKey | None = None,
        note: Mapping[str, object],
        feed_versions: Mapping[str, int] | None = None,
    ) -> Result:
        """A new incident is committed, at the time it was received, with the feeds that come with it.

        `feed_versions` are those of feeds that are known already.
        Raises: Conflict; StaleVersion when such a feed has changed meanwhile.
        """
        if outcome.decision is None:
            raise ValueError("a new incident needs a decision")
        case = apply(Case(response=outcome.decision.state), outcome)
        received_at = case.response.incident.received_at
        step = _Step(
            before=None,
            after=case,
            outcome=outcome,
            now=received_at,
            actor_id=actor_id,
            command=command,
            note=note,
            feed_versions=feed_versions or {},
        )
        async with self._locks.hold(case.incident_id):
            return await self._commit(step)

    async def run(
        self,
        incident_id: str,
        decide: Decide,
        *,
        actor_id: str | None,
        command: CommandKey | None = None,
        note: Callable[[Outcome], Mapping[str, object]] = lambda _: {},
        dues_done: frozenset[str] = frozenset(),
    ) -> Result:
        """The decision on the newest state is committed and relayed, once per command key.

        Raises: NotFound, whatever `decide` raises (then nothing is saved), StaleVersion, Unavailable.
        """
        for attempt in range(ATTEMPTS):
            async with self._locks.hold(incident_id):
                known = await self._known(command) if command else None
                if known is not None:
                    return Result(case=await self.load(incident_id), note=known, replayed=True)
                case = await self.load(incident_id)
                now = self._clock()
                outcome = decide(case, now)
                try:
                    return await self._commit(
                        _Step(
                            before=case,
                            after=apply(case, outcome),
                            outcome=outcome,
                            now=now,
                            actor_id=actor_id,
                            command=command,
                            note=note(outcome),
                            feed_versions=_versions(case),
                            dues_done=dues_done,
                        )
                    )
                except StaleVersion:
                    if attempt == ATTEMPTS - 1:
                        raise
                except Conflict as error:
                    if error.code != "already_done":
                        raise
        raise StaleVersion()

    async def drop_deadlines(self, keys: frozenset[str]) -> None:
        """Deadlines that belong to no incident are gone."""
        await self._writer.commit(Changes(dues_cancelled=keys))

    async def known(self, command: CommandKey) -> Mapping[str, object] | None:
        """The note of a command that was carried out before. Raises: Conflict if the key meant something
        else.
        """
        return await self._known(command)

    async def _known(self, command: CommandKey) -> Mapping[str, object] | None:
        stored = await self._reader.command_reply(command.key)
        if stored is None:
            return None
        fingerprint, reply = stored
        if fingerprint != command.fingerprint:
            raise Conflict("key_reused")
        note: dict[str, object] = json.loads(reply)
        return note

    async def _commit(self, step: _Step) -> Result:
        changes = self._changes(step)
        if changes == Changes():
            return Result(case=step.after, outcome=step.outcome, note=step.note)
        committed = await self._writer.commit(changes)
        seqs = {advance.stream: advance.seq for advance in committed.advances}
        after = step.after
        after = replace(
            after,
            seq=seqs.get(incident_stream(after.incident_id), after.seq),
            room_seq=seqs.get(room_stream(after.room.id), after.room_seq) if after.room else 0,
        )
        await self._relay(
            CaseCommitted(
                before=step.before,
                after=after,
                outcome=step.outcome,
                committed=committed,
                at=step.now,
                actor_id=step.actor_id,
            )
        )
        return Result(case=after, outcome=step.outcome, note=step.note)

    def _changes(self, step: _Step) -> Changes:
        after, decision, command = step.after, step.outcome.decision, step.command
        main = incident_stream(after.incident_id)
        events: list[tuple[str, AlertingEvent | RoomEvent | FeedEvent]] = [
            (main, event) for event in (decision.events if decision else ())
        ]
        events += [(main, event) for _, made in step.outcome.feeds for event in made]
        if after.room is not None:
            events += [(room_stream(after.room.id), event) for event in step.outcome.room_events]
        return Changes(
            saves=self._saves(step),
            appends=tuple(
                Append(
                    stream=stream,
                    kind=event_kind(event),
                    at=step.now,
                    actor_id=step.actor_id,
                    payload=event_payload(event),
                )
                for stream, event in events
            ),
            dues=tuple(
                DueRow(key=due.key, at=due.at, incident_id=after.incident_id, doc=DUE.dump_json(due).decode())
                for due in (decision.schedule if decision else ())
            ),
            dues_cancelled=frozenset(decision.cancel if decision else ()),
            dues_done=step.dues_done,
            outbox=self._outbox(after, step.outcome, step.now),
            command=CommandReply(
                key=command.key, fingerprint=command.fingerprint, at=step.now, reply=json.dumps(step.note)
            )
            if command
            else None,
        )

    def _saves(self, step: _Step) -> tuple[Save, ...]:
        """Every aggregate that differs; the lists' row goes with any of them, for its viewers may have
        changed.
        """
        before, after = step.before, step.after
        scope = after.incident_id
        saves: list[Save] = []
        if after.room is not None and (before is None or before.room != after.room):
            same = before is not None and before.room is not None and before.room.id == after.room.id
            expected = before.room_version if before is not None and same else 0
            doc = ROOM.dump_json(after.room).decode()
            saves.append(Save(kind="room", id=after.room.id, scope_id=scope, expected=expected, doc=doc))
        for feed, _ in step.outcome.feeds:
            if before is None or before.feed(feed.id) != feed:
                expected = step.feed_versions.get(feed.id, 0)
                doc = FEED.dump_json(feed).decode()
                where = feed.scope_id or ""
                saves.append(Save(kind="feed", id=feed.id, scope_id=where, expected=expected, doc=doc))
        if before is None or before.response != after.response or before.audience != after.audience:
            expected = before.response_version if before else 0
            doc = RESPONSE.dump_json(after.response).decode()
            row = self._row(after)
            saves.append(Save(kind="response", id=scope, scope_id=scope, expected=expected, doc=doc, row=row))
        return tuple(saves)

    def _row(self, case: Case) -> IncidentRow:
        response, incident, audience = case.response, case.response.incident, case.audience
        agency = self._directory().agencies.get(incident.agency_id)
        return IncidentRow(
            id=incident.id,
            agency_id=incident.agency_id,
            agency_path=agency.path if agency else f"/{incident.agency_id}/",
            number=incident.number,
            state=incident.state.value,
            text=" ".join((incident.title, incident.words, incident.place.text)),
            received_at=incident.received_at,
            due_at=response.clock.due_at,
            clock_stopped=response.clock.stopped_at is not None,
            viewers=frozenset(f"dept:{d}" for d in audience.departments)
            | frozenset(f"person:{p}" for p in audience.people),
            assignments={
                a.id: (a.department_id, a.state not in ("released", "recalled")) for a in response.assignments
            },
            orders=frozenset(order.id for order in response.orders),
        )


def _versions(case: Case) -> dict[str, int]:
    return dict(zip((feed.id for feed in case.feeds), case.feed_versions, strict=True))


class _KeyedLocks:
    """One lock per key, kept only while somebody holds or awaits it."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def hold(self, key: str) -> AsyncIterator[None]:
        lock, users = self._held.get(key, (asyncio.Lock(), 0))
        self._held[key] = (lock, users + 1)
        try:
            async with lock:
                yield
        finally:
            lock, users = self._held[key]
            if users == 1:
                del self._held[key]
            else:
                self._held[key] = (lock, users - 1)
