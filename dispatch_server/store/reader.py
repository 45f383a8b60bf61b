"""What the hub asks the store about incidents; it never writes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch_server.journal import Link
from dispatch_server.store import tables as t

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """One aggregate as it lies in the store."""

    kind: str
    id: str
    scope_id: str
    version: int
    doc: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredScope:
    """All that belongs to one incident, with the seqs of (at least) its streams."""

    aggregates: tuple[Stored, ...]
    seqs: Mapping[str, int]


_STREAM_OF = {"response": "incident", "room": "room"}  # aggregate kind -> the prefix of its stream's name


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """Whose list is asked for: everything below these paths, and what names one of these principals."""

    paths: tuple[str, ...] = ()
    principals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    open: int
    overdue: int
    resolved: int


class Connects(Protocol):
    """An engine, or one connection that stands for it."""

    def connect(self) -> AbstractAsyncContextManager[AsyncConnection]: ...


class Reader:
    """Queries over committed state."""

    def __init__(self, engine: Connects) -> None:
        self._engine = engine

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Reader]:
        """A reader that sees the store as it was at its first question, whatever is committed meanwhile."""
        async with self._engine.connect() as connection:
            yield Reader(_Held(connection))

    async def scopes(self, incident_ids: Collection[str]) -> dict[str, StoredScope]:
        """The aggregates of each incident and how far their streams had come at that same moment.

        An unknown id has no entry. Both come from one snapshot of the database: a view whose seq ran ahead
        of its
        content would make a console miss an event for good.
        """
        found: dict[str, list[Stored]] = {}
        async with self._engine.connect() as connection:
            query = select(t.aggregate).where(t.aggregate.c.scope_id.in_(list(incident_ids)))
            for row in await connection.execute(query):
                found.setdefault(row.scope_id, []).append(_stored(row))
            streams = [
                f"{_STREAM_OF[s.kind]}:{s.id}"
                for scope in found.values()
                for s in scope
                if s.kind in _STREAM_OF
            ]
            heads = await connection.execute(select(t.stream_head).where(t.stream_head.c.stream.in_(streams)))
            seqs = {row.stream: row.seq for row in heads}
        return {key: StoredScope(aggregates=tuple(scope), seqs=seqs) for key, scope in found.items()}

    async def one(self, kind: str, key: str) -> Stored | None:
        rows = await self._rows(
            select(t.aggregate).where(t.aggregate.c.kind == kind, t.aggregate.c.id == key)
        )
        return _stored(rows[0]) if rows else None

    async def many(self, kind: str, keys: Collection[str]) -> list[Stored]:
        """The aggregates of these ids; unknown ids are left out."""
        query = select(t.aggregate).where(t.aggregate.c.kind == kind, t.aggregate.c.id.in_(keys))
        return [_stored(row) for row in await self._rows(query)]

    async def room_heads(self, room_ids: Collection[str]) -> dict[str, tuple[str, int]]:
        """The incident of each of these rooms and how far the room's stream has come; unknown ids are left
        out.
        """
        query = (
            select(t.aggregate.c.id, t.aggregate.c.scope_id, t.stream_head.c.seq)
            .join(t.stream_head, t.stream_head.c.stream == "room:" + t.aggregate.c.id)
            .where(t.aggregate.c.kind == "room", t.aggregate.c.id.in_(list(room_ids)))
        )
        return {row.id: (row.scope_id, row.seq) for row in await self._rows(query)}

    async def all_of(self, kind: str) -> list[Stored]:
        """Every aggregate of one kind; for start-up only."""
        return [
            _stored(row) for row in await self._rows(select(t.aggregate).where(t.aggregate.c.kind == kind))
        ]

    async def open_room_incidents(self) -> list[str]:
        """Incidents under way that have a room."""
        query = (
            select(t.aggregate.c.scope_id)
            .join(t.incident_index, t.incident_index.c.id == t.aggregate.c.scope_id)
            .where(t.aggregate.c.kind == "room", t.incident_index.c.state == "dispatched")
            .distinct()
        )
        return [row.scope_id for row in await self._rows(query)]

    async def incident_of_assignment(self, assignment_id: str) -> str | None:
        return await self._scalar(
            select(t.assignment_index.c.incident_id).where(t.assignment_index.c.id == assignment_id)
        )

    async def incident_of_order(self, order_id: str) -> str | None:
        return await self._scalar(select(t.order_index.c.incident_id).where(t.order_index.c.id == order_id))

    async def open_assignments(self, department_id: str) -> list[tuple[str, str]]:
        """(assignment, incident) of a department, those not yet released or recalled."""
        index = t.assignment_index
        query = select(index.c.id, index.c.incident_id).where(
            index.c.department_id == department_id, index.c.open == 1
        )
        return [(row.id, row.incident_id) for row in await self._rows(query)]

    async def incident_ids(
        self,
        sight: Sight,
        *,
        states: Sequence[str],
        text: str = "",
        limit: int = 200,
        before_ms: int | None = None,
    ) -> list[str]:
        """Ids in sight: the newest first for closed ones; for open ones what is under way before what only
        awaits its follow-up, each with the nearest deadline first.
        """
        index = t.incident_index
        where = [_in_sight(sight), index.c.state.in_(list(states))]
        if text:
            where.append(
                index.c.text.icontains(text, autoescape=True)
                | index.c.number.icontains(text, autoescape=True)
            )
        if before_ms is not None:
            where.append(index.c.received_ms < before_ms)
        order = (
            [index.c.received_ms.desc()]
            if "closed" in states
            else [_flag(index.c.state == "resolved"), index.c.clock_stopped, index.c.due_ms]
        )
        rows = await self._rows(select(index.c.id).where(and_(*where)).order_by(*order).limit(limit))
        return [row.id for row in rows]

    async def counts(self, sight: Sight, now_ms: int) -> Counts:
        """Incidents not closed yet, with the resolved ones; past their deadline, without these; resolved."""
        index = t.incident_index
        overdue = and_(index.c.state != "resolved", index.c.clock_stopped == 0, index.c.due_ms < now_ms)
        query = select(
            func.count(),
            func.coalesce(func.sum(_flag(overdue)), 0),
            func.coalesce(func.sum(_flag(index.c.state == "resolved")), 0),
        ).where(_in_sight(sight), index.c.state != "closed")
        row = (await self._rows(query))[0]
        return Counts(open=row[0], overdue=int(row[1]), resolved=int(row[2]))

    async def events(self, stream: str, *, after: int, limit: int) -> list[Link]:
        """Links of one stream after a seq, in order."""
        event = t.journal_event
        query = (
            select(event)
            .where(event.c.stream == stream, event.c.seq > after)
            .order_by(event.c.seq)
            .limit(limit)
        )
        return [_link(row) for row in await self._rows(query)]

    async def heads(self) -> list[tuple[str, int, str]]:
        return [(row.stream, row.seq, row.hash) for row in await self._rows(select(t.stream_head))]

    async def journal_streams(self) -> set[str]:
        return {row.stream for row in await self._rows(select(t.journal_event.c.stream).distinct())}

    async def last_position(self) -> int:
        return int(await self._scalar(select(func.max(t.journal_event.c.position))) or 0)

    async def due_before(
        self, now_ms: int, *, limit: int, without: Collection[str] = ()
    ) -> list[tuple[str, str, str]]:
        """(key, incident, document) of deadlines that have come, the oldest first; those of the incidents
        `without` are left out.
        """
        query = select(t.due).where(t.due.c.at_ms <= now_ms).order_by(t.due.c.at_ms).limit(limit)
        if without:
            query = query.where(t.due.c.incident_id.not_in(without))
        return [(row.key, row.incident_id, row.doc) for row in await self._rows(query)]

    async def next_due_ms(self) -> int | None:
        return await self._scalar(select(func.min(t.due.c.at_ms)))

    async def outbox_ready(self, now_ms: int, *, limit: int) -> list[tuple[str, str, int]]:
        query = select(t.outbox).where(t.outbox.c.next_ms <= now_ms).order_by(t.outbox.c.next_ms).limit(limit)
        return [(row.key, row.doc, row.attempts) for row in await self._rows(query)]

    async def command_reply(self, key: str) -> tuple[str, str] | None:
        """(fingerprint, reply) of a command that was carried out before under this key."""
        rows = await self._rows(select(t.command).where(t.command.c.key == key))
        return (rows[0].fingerprint, rows[0].reply) if rows else None

    async def positions(self, feed_ids: Collection[str]) -> Mapping[str, Any]:
        rows = await self._rows(select(t.position).where(t.position.c.feed_id.in_(list(feed_ids))))
        return {row.feed_id: row for row in rows}

    async def _rows(self, query: Any) -> Sequence[Any]:
        async with self._engine.connect() as connection:
            return (await connection.execute(query)).all()

    async def _scalar(self, query: Select[_Value]) -> _Value | None:
        async with self._engine.connect() as connection:
            return (await connection.execute(query)).scalar()


def _flag(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return case((condition, 1), else_=0)


def _in_sight(sight: Sight) -> ColumnElement[bool]:
    """Nothing named means nothing seen."""
    index = t.incident_index
    parts: list[ColumnElement[bool]] = [
        index.c.agency_path.startswith(path, autoescape=True) for path in sight.paths
    ]
    if sight.principals:
        viewer = t.incident_viewer
        parts.append(
            exists().where(viewer.c.incident_id == index.c.id, viewer.c.principal.in_(list(sight.principals)))
        )
    return or_(*parts) if parts else ~true()


def _stored(row: Any) -> Stored:
    return Stored(kind=row.kind, id=row.id, scope_id=row.scope_id, version=row.version, doc=row.doc)


def _link(row: Any) -> Link:
    return Link(**{name: getattr(row, name) for name in Link.__dataclass_fields__})


class _Held:
    """One open connection, lent again and again."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[AsyncConnection]:
        yield self._connection
