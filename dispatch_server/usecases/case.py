"""A case is all that one incident's commands may change together: its response, its room, its feeds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

import alerting
import rooms
from alerting import AlertingEvent, Decision, DueTime, Notice, Response
from dispatch_server.access import IncidentAudience
from dispatch_server.errors import Unreadable
from dispatch_server.store.reader import StoredScope
from rooms import Feed, FeedEvent, Room, RoomEvent

RESPONSE = TypeAdapter(Response)
ROOM = TypeAdapter(Room)
FEED = TypeAdapter(Feed)
_EVENT_TYPES: Mapping[str, type] = {**alerting.EVENT_TYPES, **rooms.EVENT_TYPES}
DUE = TypeAdapter(DueTime)
NOTICE = TypeAdapter(Notice)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One incident as committed. Versions are 0 for what does not exist yet."""

    response: Response
    response_version: int = 0
    room: Room | None = None
    room_version: int = 0
    feeds: tuple[Feed, ...] = ()
    feed_versions: tuple[int, ...] = ()
    seq: int = 0
    """How far the incident's stream had come in this state."""
    room_seq: int = 0

    @property
    def incident_id(self) -> str:
        return self.response.incident.id

    @property
    def audience(self) -> IncidentAudience:
        """Who is concerned: the departments that are summoned now, the reporter and the owners of feeds."""
        incident = self.response.incident
        people = {incident.reporter_id, *(feed.owner_id for feed in self.feeds)}
        return IncidentAudience(
            agency_id=incident.agency_id,
            departments=frozenset(
                a.department_id for a in self.response.assignments if a.state != "recalled"
            ),
            people=frozenset(str(person) for person in people if person),
        )

    def feed(self, feed_id: str) -> Feed | None:
        return next((feed for feed in self.feeds if feed.id == feed_id), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a use case decided about a case; None and empty mean unchanged."""

    decision: Decision | None = None
    room: Room | None = None
    room_events: tuple[RoomEvent, ...] = ()
    feeds: tuple[tuple[Feed, tuple[FeedEvent, ...]], ...] = ()

    @property
    def notices(self) -> tuple[Notice, ...]:
        return self.decision.notices if self.decision else ()


def load_case(scope: StoredScope | None) -> Case | None:
    """The case that these aggregates make, None without a response among them.

    Of several rooms (a recalled summons leaves an ended one behind) the response names the present one.
    Raises: Unreadable.
    """
    try:
        return _load(scope)
    except ValidationError as error:
        raise Unreadable(problem=f"{error.title}: {error.errors(include_input=False)[:3]}") from error


def _load(scope: StoredScope | None) -> Case | None:
    stored = scope.aggregates if scope else ()
    response = next((s for s in stored if s.kind == "response"), None)
    if scope is None or response is None:
        return None
    parsed = RESPONSE.validate_json(response.doc)
    room = next((s for s in stored if s.kind == "room" and s.id == parsed.room_id), None)
    feeds = sorted((s for s in stored if s.kind == "feed"), key=lambda s: s.id)
    return Case(
        seq=scope.seqs.get(incident_stream(response.id), 0),
        room_seq=scope.seqs.get(room_stream(room.id), 0) if room else 0,
        response=parsed,
        response_version=response.version,
        room=ROOM.validate_json(room.doc) if room else None,
        room_version=room.version if room else 0,
        feeds=tuple(FEED.validate_json(s.doc) for s in feeds),
        feed_versions=tuple(s.version for s in feeds),
    )


def apply(case: Case, outcome: Outcome) -> Case:
    """The case as it is once the outcome is committed."""
    after = case
    if outcome.decision is not None and outcome.decision.state != case.response:
        after = replace(after, response=outcome.decision.state, response_version=case.response_version + 1)
    if outcome.room is not None and outcome.room != case.room:
        after = replace(after, room=outcome.room, room_version=case.room_version + 1)
    for feed, _ in outcome.feeds:
        after = _with_feed(after, feed)
    return after


def _with_feed(case: Case, feed: Feed) -> Case:
    """The case with the feed as it is now; without it, if it has gone to another incident."""
    versions = dict(zip((f.id for f in case.feeds), case.feed_versions, strict=True))
    versions[feed.id] = versions.get(feed.id, 0) + 1
    here = (feed,) if feed.scope_id == case.incident_id else ()
    feeds = sorted((*(f for f in case.feeds if f.id != feed.id), *here), key=lambda f: f.id)
    return replace(case, feeds=tuple(feeds), feed_versions=tuple(versions[f.id] for f in feeds))


def event_kind(event: AlertingEvent | RoomEvent | FeedEvent) -> str:
    """The wire name of an event: its class name in snake case."""
    return alerting.kind_of(type(event))


def event_payload(event: AlertingEvent | RoomEvent | FeedEvent) -> dict[str, object]:
    """The event's fields as JSON values."""
    payload: dict[str, object] = _adapter(event_kind(event)).dump_python(event, mode="json")
    return payload


@cache
def _adapter(kind: str) -> TypeAdapter[Any]:
    return TypeAdapter(_EVENT_TYPES[kind])  # building one costs a hundred times its use


def incident_stream(incident_id: str) -> str:
    return f"incident:{incident_id}"


def room_stream(room_id: str) -> str:
    return f"room:{room_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What differs between a case before and after, for the delta that viewers get."""

    response: bool = False
    assignments: frozenset[str] = field(default=frozenset())
    feeds: frozenset[str] = field(default=frozenset())
    orders: frozenset[str] = field(default=frozenset())
    room: bool = False
    feeds_gone: tuple[Feed, ...] = ()
    """Feeds that show another incident now, as feeds of none."""


def difference(before: Case | None, after: Case) -> Changed:
    """Entries of `after` that are new or not equal to those of `before`, and feeds that went elsewhere."""
    return Changed(
        response=before is None or before.response != after.response,
        assignments=_changed(before.response.assignments if before else (), after.response.assignments),
        feeds=_changed(before.feeds if before else (), after.feeds),
        orders=_changed(before.response.orders if before else (), after.response.orders),
        room=after.room is not None and (before is None or before.room != after.room),
        feeds_gone=tuple(
            replace(feed, scope_id=None)
            for feed in (before.feeds if before else ())
            if after.feed(feed.id) is None
        ),
    )


def _changed(before: Iterable[Any], after: Iterable[Any]) -> frozenset[str]:
    known = {entry.id: entry for entry in before}
    return frozenset(entry.id for entry in after if known.get(entry.id) != entry)
