"""What a use case asks the store to save: all of it, in one transaction, or none of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from dispatch_server.journal import Link


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRow:
    """What lists and permissions need to know of an incident."""

    id: str
    agency_id: str
    agency_path: str
    number: str
    state: str
    text: str  # title, words and place, for searching
    received_at: datetime
    due_at: datetime
    clock_stopped: bool
    viewers: frozenset[str]  # principals: dept:<id>, person:<id>
    assignments: Mapping[str, tuple[str, bool]]  # id -> (department, still open)
    orders: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Save:
    """One aggregate at its next version; `expected` is the version that was loaded, 0 for a new one."""

    kind: str  # response | room | feed
    id: str
    scope_id: str  # the incident that it belongs to, or ""
    expected: int
    doc: str
    row: IncidentRow | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Append:
    """One event for a stream; its seq and its link are made inside the transaction."""

    stream: str
    kind: str
    at: datetime
    actor_id: str | None
    payload: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class DueRow:
    key: str
    at: datetime
    incident_id: str
    doc: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRow:
    """One message to the world outside. The key makes it at most one row, however often it is asked for."""

    key: str
    doc: str
    next_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandReply:
    """The answer to a command with an idempotency key, kept so that a retry gets the same."""

    key: str
    fingerprint: str
    at: datetime
    reply: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """One atomic step. `dues_done` must all still exist, else somebody else fired them: StaleVersion."""

    saves: tuple[Save, ...] = ()
    appends: tuple[Append, ...] = ()
    dues: tuple[DueRow, ...] = ()
    dues_cancelled: frozenset[str] = frozenset()
    dues_done: frozenset[str] = frozenset()
    outbox: tuple[OutboxRow, ...] = ()
    command: CommandReply | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance:
    """A stream moved from `base` to `base + len(links)`."""

    stream: str
    base: int
    links: tuple[Link, ...]

    @property
    def seq(self) -> int:
        return self.base + len(self.links)


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """The step is durable. `position` grows with every commit that wrote events, over all streams."""

    position: int
    advances: tuple[Advance, ...] = field(default=())
