"""One group of steps as set statements on one open transaction: check, chain, write."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Table, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch_server.errors import Conflict, HubError, StaleVersion
from dispatch_server.journal import GENESIS, Link, next_link
from dispatch_server.store import tables as t
from dispatch_server.store.changes import Advance, Changes, Committed, Save

Row = dict[str, Any]
_Heads = dict[str, tuple[int, str]]


def to_ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


async def write_batch(
    connection: AsyncConnection, steps: Sequence[Changes], *, new_salt: Callable[[], str]
) -> list[Committed | HubError]:
    """The accepted steps are written (not yet committed); a step that lost a race gets its error instead."""
    refusals = await _check(connection, steps)
    accepted = [step for step, refusal in zip(steps, refusals, strict=True) if refusal is None]
    heads = await _heads(connection, {a.stream for step in accepted for a in step.appends})
    chained = [_chain(step, heads, new_salt) for step in accepted]
    links = [link for advances in chained for advance in advances for link in advance.links]
    await _insert(connection, t.journal_event, [_link_row(link) for link in links])
    await upsert(
        connection,
        t.stream_head,
        [{"stream": stream, "seq": seq, "hash": digest} for stream, (seq, digest) in heads.items()],
    )
    await _write_aggregates(connection, [save for step in accepted for save in step.saves])
    await _write_due(connection, accepted)
    await upsert(
        connection,
        t.outbox,
        [
            {"key": row.key, "doc": row.doc, "attempts": 0, "next_ms": to_ms(row.next_at)}
            for step in accepted
            for row in step.outbox
        ],
        keep_existing=True,
    )
    await _insert(
        connection,
        t.command,
        [
            {"key": c.key, "at_ms": to_ms(c.at), "fingerprint": c.fingerprint, "reply": c.reply}
            for step in accepted
            if (c := step.command) is not None
        ],
    )
    position = (await connection.execute(select(func.max(t.journal_event.c.position)))).scalar() or 0
    done = iter(chained)
    return [
        Committed(position=position, advances=next(done)) if refusal is None else refusal
        for refusal in refusals
    ]


async def _check(connection: AsyncConnection, steps: Sequence[Changes]) -> list[HubError | None]:
    """For each step None, or why it cannot be written.

    Rows that decide are locked where the database can, always in one order, so that the writers of two hubs
    wait for each other and never in a circle.
    """
    ids = {save.id for step in steps for save in step.saves}
    aggregate = t.aggregate.c
    rows = await connection.execute(
        select(aggregate.kind, aggregate.id, aggregate.version)
        .where(aggregate.id.in_(ids))
        .order_by(aggregate.kind, aggregate.id)
        .with_for_update()
    )
    versions = {(row.kind, row.id): row.version for row in rows}
    keys = set[str]().union(*(step.dues_done | step.dues_cancelled for step in steps))
    due = {
        row.key
        for row in await connection.execute(
            select(t.due.c.key).where(t.due.c.key.in_(keys)).order_by(t.due.c.key).with_for_update()
        )
    }
    replies = {step.command.key for step in steps if step.command}
    known = {
        row.key
        for row in await connection.execute(select(t.command.c.key).where(t.command.c.key.in_(replies)))
    }
    refusals: list[HubError | None] = []
    for step in steps:
        if step.command and step.command.key in known:
            refusals.append(Conflict("already_done"))
        elif (
            any(versions.get((s.kind, s.id), 0) != s.expected for s in step.saves)
            or not step.dues_done <= due
        ):
            refusals.append(StaleVersion())
        else:
            refusals.append(None)
            versions.update({(s.kind, s.id): s.expected + 1 for s in step.saves})
            due -= step.dues_done
            if step.command:
                known.add(step.command.key)
    return refusals


async def _heads(connection: AsyncConnection, streams: set[str]) -> _Heads:
    heads: _Heads = dict.fromkeys(streams, (0, GENESIS))
    query = select(t.stream_head).where(t.stream_head.c.stream.in_(streams))
    query = query.order_by(t.stream_head.c.stream).with_for_update()
    for row in await connection.execute(query):
        heads[row.stream] = (row.seq, row.hash)
    return heads


def _chain(step: Changes, heads: _Heads, new_salt: Callable[[], str]) -> tuple[Advance, ...]:
    """The step's events as links that continue their streams; `heads` moves along."""
    bases: dict[str, int] = {}
    made: dict[str, list[Link]] = {}
    for append in step.appends:
        seq, digest = heads[append.stream]
        bases.setdefault(append.stream, seq)
        link = next_link(
            stream=append.stream,
            seq=seq + 1,
            prev_hash=digest,
            at=append.at,
            kind=append.kind,
            actor_id=append.actor_id,
            payload=append.payload,
            salt=new_salt(),
        )
        made.setdefault(append.stream, []).append(link)
        heads[append.stream] = (link.seq, link.hash)
    return tuple(
        Advance(stream=stream, base=bases[stream], links=tuple(links)) for stream, links in made.items()
    )


def _link_row(link: Link) -> Row:
    return {name: getattr(link, name) for name in Link.__dataclass_fields__}


async def _write_aggregates(connection: AsyncConnection, saves: Sequence[Save]) -> None:
    await upsert(
        connection,
        t.aggregate,
        [
            {"kind": s.kind, "id": s.id, "scope_id": s.scope_id, "version": s.expected + 1, "doc": s.doc}
            for s in saves
        ],
    )
    rows = list({save.row.id: save.row for save in saves if save.row is not None}.values())
    await upsert(
        connection,
        t.incident_index,
        [
            {
                "id": r.id,
                "agency_id": r.agency_id,
                "agency_path": r.agency_path,
                "number": r.number,
                "state": r.state,
                "text": r.text,
                "received_ms": to_ms(r.received_at),
                "due_ms": to_ms(r.due_at),
                "clock_stopped": int(r.clock_stopped),
            }
            for r in rows
        ],
    )
    if rows:
        await connection.execute(
            delete(t.incident_viewer).where(t.incident_viewer.c.incident_id.in_([r.id for r in rows]))
        )
    await _insert(
        connection,
        t.incident_viewer,
        [{"incident_id": r.id, "principal": principal} for r in rows for principal in sorted(r.viewers)],
    )
    await upsert(
        connection,
        t.assignment_index,
        [
            {"id": key, "incident_id": r.id, "department_id": department, "open": int(is_open)}
            for r in rows
            for key, (department, is_open) in r.assignments.items()
        ],
    )
    await upsert(
        connection,
        t.order_index,
        [{"id": key, "incident_id": r.id} for r in rows for key in sorted(r.orders)],
    )


async def _write_due(connection: AsyncConnection, steps: Sequence[Changes]) -> None:
    """The deadlines as the steps leave them one after the other."""
    gone: set[str] = set()
    pending: dict[str, Row] = {}
    for step in steps:
        over = step.dues_cancelled | step.dues_done
        gone |= over
        pending = {key: row for key, row in pending.items() if key not in over} if pending else {}
        pending |= {
            d.key: {"key": d.key, "at_ms": to_ms(d.at), "incident_id": d.incident_id, "doc": d.doc}
            for d in step.dues
        }
    if gone:
        await connection.execute(delete(t.due).where(t.due.c.key.in_(gone)))
    await upsert(connection, t.due, pending.values())


async def _insert(connection: AsyncConnection, table: Table, rows: Sequence[Row]) -> None:
    if rows:
        await connection.execute(table.insert(), list(rows))


async def upsert(
    connection: AsyncConnection, table: Table, rows: Iterable[Row], *, keep_existing: bool = False
) -> None:
    """Each row is there, once; of two rows with one key in the same group the later wins."""
    keys = [column.name for column in table.primary_key]
    unique = {tuple(row[key] for key in keys): row for row in rows}
    if not unique:
        return
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement: Any = insert(table)
    rest = [column.name for column in table.columns if column.name not in keys]
    if keep_existing or not rest:
        statement = statement.on_conflict_do_nothing(index_elements=keys)
    else:
        statement = statement.on_conflict_do_update(
            index_elements=keys, set_={name: statement.excluded[name] for name in rest}
        )
    await connection.execute(statement, list(unique.values()))
