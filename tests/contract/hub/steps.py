"""Short ways to steps for the writer, and the laws that the store obeys whatever was written."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import func, select

from dispatch_server.journal import first_break
from dispatch_server.store import tables as t
from dispatch_server.store.changes import (
    Append,
    Changes,
    CommandReply,
    DueRow,
    IncidentRow,
    OutboxRow,
    Save,
)
from dispatch_server.store.reader import Reader
from tests.fakes import START


def save(
    key: str = "a",
    *,
    expected: int = 0,
    doc: str = "{}",
    kind: str = "response",
    row: IncidentRow | None = None,
) -> Save:
    return Save(kind=kind, id=key, scope_id=key, expected=expected, doc=doc, row=row)


def append(stream: str = "incident:a", kind: str = "happened", **payload: object) -> Append:
    return Append(stream=stream, kind=kind, at=START, actor_id="operator", payload=payload)


def due(key: str, *, after_s: float = 0, incident_id: str = "a") -> DueRow:
    return DueRow(key=key, at=START + timedelta(seconds=after_s), incident_id=incident_id, doc=key)


def outbox(key: str, *, after_s: float = 0) -> OutboxRow:
    return OutboxRow(key=key, doc=key, next_at=START + timedelta(seconds=after_s))


def command(key: str, *, fingerprint: str = "f", reply: str = "{}") -> CommandReply:
    return CommandReply(key=key, fingerprint=fingerprint, at=START, reply=reply)


def row(
    key: str = "a",
    *,
    path: str = "/city/north/",
    number: str = "0301-0001",
    state: str = "received",
    text: str = "",
    received_s: float = 0,
    due_s: float = 900,
    stopped: bool = False,
    viewers: Sequence[str] = (),
    assignments: dict[str, tuple[str, bool]] | None = None,
    orders: Sequence[str] = (),
) -> IncidentRow:
    return IncidentRow(
        id=key,
        agency_id="north",
        agency_path=path,
        number=number,
        state=state,
        text=text,
        received_at=START + timedelta(seconds=received_s),
        due_at=START + timedelta(seconds=due_s),
        clock_stopped=stopped,
        viewers=frozenset(viewers),
        assignments=assignments or {},
        orders=frozenset(orders),
    )


def step(
    *saves: Save,
    appends: Sequence[Append] = (),
    dues: Sequence[DueRow] = (),
    cancelled: Sequence[str] = (),
    done: Sequence[str] = (),
    messages: Sequence[OutboxRow] = (),
    once: CommandReply | None = None,
) -> Changes:
    return Changes(
        saves=saves,
        appends=tuple(appends),
        dues=tuple(dues),
        dues_cancelled=frozenset(cancelled),
        dues_done=frozenset(done),
        outbox=tuple(messages),
        command=once,
    )


async def assert_chained(reader: Reader) -> None:
    """Every stream is gapless from 1 to its head, and each link follows the one before."""
    heads = {stream: (seq, digest) for stream, seq, digest in await reader.heads()}
    assert set(heads) == await reader.journal_streams()
    for stream, (seq, digest) in heads.items():
        links = await reader.events(stream, after=0, limit=100_000)
        assert first_break(links, stream=stream, head_seq=seq, head_hash=digest) is None


async def table_rows(reader: Reader, name: str) -> int:
    """How many rows a table holds."""
    query = select(func.count()).select_from(t.metadata.tables[name])
    return int((await reader._rows(query))[0][0])  # the reader has no reason to offer this
