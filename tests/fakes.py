"""What stands in for the world outside the hub, written by hand: time, chance, browsers, media, messages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from pydantic import BaseModel

from rtc.errors import MalformedSdp, RtcError, StaleIceSession, UnknownConnection
from rtc.plane import (
    ConnectionDown,
    Held,
    Kind,
    MediaEvent,
    Patched,
    Played,
    Published,
    ScopeRoutes,
    SourceDown,
    SourceUp,
    Subscribed,
    WorkerLost,
    WorkerReady,
)

START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


class FakeClock:
    """Time that passes only when told to."""

    def __init__(self, start: datetime = START) -> None:
        self.now = start

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def numbered(prefix: str) -> Callable[[], str]:
    """Ids or tokens that can be told apart and repeated."""
    numbers = count(1)
    return lambda: f"{prefix}{next(numbers):05d}{'x' * 20}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One broadcast, as JSON would carry it."""

    event: str
    data: Any
    groups: frozenset[str]


class FakeBroadcaster:
    """Pages that are told at once: each listens under the groups of its person."""

    def __init__(self) -> None:
        self.told: list[Told] = []
        self._pages: list[tuple[frozenset[str], Callable[[str, Any], None]]] = []

    def connect(self, groups: Collection[str], hears: Callable[[str, Any], None]) -> None:
        self._pages.append((frozenset(groups), hears))

    async def to_groups(self, event: str, data: Any, groups: Collection[str]) -> None:
        told = Told(event=event, data=_plain(data), groups=frozenset(groups))
        self.told.append(told)
        for page, hears in self._pages:
            if page & told.groups:
                hears(event, told.data)

    async def to_socket(self, event: str, data: Any, sid: str) -> None:
        await self.to_groups(event, data, [f"socket:{sid}"])

    async def to_all(self, event: str, data: Any) -> None:
        self.told.append(Told(event=event, data=_plain(data), groups=frozenset()))
        for _, hears in self._pages:
            hears(event, _plain(data))

    async def end_group(self, group: str) -> None:
        self._pages = [page for page in self._pages if group not in page[0]]

    def events(self, name: str) -> list[Any]:
        return [told.data for told in self.told if told.event == name]


def _plain(data: object) -> Any:
    return data.model_dump(mode="json") if isinstance(data, BaseModel) else data


@dataclass(slots=True)
class FakePlane:
    """A media plane that answers every offer that looks like one, and forwards what it was told last.

    `fail` is raised by every call while it is set. `found` is what an earlier hub is said to have left.
    """

    routes: dict[str, ScopeRoutes] = field(default_factory=dict)
    publishers: dict[str, str] = field(default_factory=dict)
    subscribers: set[str] = field(default_factory=set)
    players: set[str] = field(default_factory=set)
    accepted: set[str] = field(default_factory=set)
    labels: dict[str, str] = field(default_factory=dict)
    retold: list[str] = field(default_factory=list)
    found: Held = field(default_factory=Held)
    fail: RtcError | None = None
    happened: asyncio.Queue[MediaEvent] = field(default_factory=asyncio.Queue)
    _numbers: Any = field(default_factory=lambda: count(1))

    @property
    def events(self) -> AsyncIterator[MediaEvent]:
        return self._read()

    async def _read(self) -> AsyncIterator[MediaEvent]:
        yield WorkerReady()
        while True:
            yield await self.happened.get()

    def held(self) -> Held:
        return self.found

    async def publish(
        self, *, source_id: str, offer_sdp: str, label: str = "", scope_id: str = ""
    ) -> Published:
        self._check(offer_sdp)
        connection_id = f"pub{next(self._numbers)}"
        self.publishers[connection_id] = source_id
        self.labels[connection_id] = label
        return Published(connection_id=connection_id, answer_sdp="v=0\r\nanswer\r\n", ice_tag="first")

    async def patch(self, *, connection_id: str, ice_tag: str, fragment: str) -> Patched:
        self._check("v=0")
        if connection_id not in self.publishers and connection_id not in self.players:
            raise UnknownConnection(connection_id)
        if ice_tag not in ("*", "first"):
            raise StaleIceSession(connection_id)
        if "a=ice-ufrag" in fragment:
            return Patched(ice_tag="second", fragment="a=ice-ufrag:ours\r\n")
        return Patched(ice_tag="first", fragment=None)

    async def play(self, *, offer_sdp: str, label: str = "", scope_id: str = "") -> Played:
        self._check(offer_sdp)
        connection_id = f"play{next(self._numbers)}"
        self.players.add(connection_id)
        self.labels[connection_id] = label
        return Played(connection_id=connection_id, answer_sdp="v=0\r\nanswer\r\n", ice_tag="first")

    async def subscribe(self, *, profile: str, label: str = "", scope_id: str = "") -> Subscribed:
        self._check("v=0")
        connection_id = f"sub-{profile}-{next(self._numbers)}"
        self.subscribers.add(connection_id)
        self.labels[connection_id] = label
        return Subscribed(connection_id=connection_id, offer_sdp="v=0\r\noffer\r\n")

    async def restart(self, *, connection_id: str) -> Patched:
        self._check("v=0")
        if connection_id not in self.accepted:
            raise UnknownConnection(connection_id)
        return Patched(ice_tag="second", fragment="a=ice-ufrag:second\r\na=ice-pwd:secret\r\n")

    async def accept(self, *, connection_id: str, answer_sdp: str) -> None:
        self._check(answer_sdp)
        if connection_id not in self.subscribers:
            raise UnknownConnection(connection_id)
        self.accepted.add(connection_id)

    async def close(self, *, connection_id: str) -> None:
        self._check("v=0")
        self.subscribers.discard(connection_id)
        self.players.discard(connection_id)
        source_id = self.publishers.pop(connection_id, None)
        self.happened.put_nowait(ConnectionDown(connection_id=connection_id, reason="closed"))
        if source_id is not None:
            self.happened.put_nowait(SourceDown(source_id=source_id, reason="closed"))

    async def retell(self, *, connection_id: str) -> None:
        self._check("v=0")
        if connection_id not in self.subscribers:
            raise UnknownConnection(connection_id)
        self.retold.append(connection_id)

    async def reconcile(self, routes: ScopeRoutes) -> None:
        self._check("v=0")
        known = self.routes.get(routes.scope_id)
        if known is None or known.epoch <= routes.epoch:
            self.routes[routes.scope_id] = routes

    def packets_arrive(self, source_id: str, *, audio: bool = True, video: bool = True) -> None:
        kinds = (*([Kind.AUDIO] if audio else []), *([Kind.VIDEO] if video else []))
        self.happened.put_nowait(SourceUp(source_id=source_id, kinds=kinds, codecs=("opus", "vp8")))

    def packets_stop(self, source_id: str, reason: str = "consent_lost") -> None:
        self.happened.put_nowait(SourceDown(source_id=source_id, reason=reason))

    def worker_dies(self) -> None:
        for connection_id in (*self.subscribers, *self.players, *self.publishers):
            self.happened.put_nowait(ConnectionDown(connection_id=connection_id, reason="worker_lost"))
        for source_id in dict.fromkeys(self.publishers.values()):
            self.happened.put_nowait(SourceDown(source_id=source_id, reason="worker_lost"))
        self.publishers.clear()
        self.subscribers.clear()
        self.players.clear()
        self.routes.clear()
        self.happened.put_nowait(WorkerLost())
        self.happened.put_nowait(WorkerReady())

    def _check(self, sdp: str) -> None:
        if self.fail is not None:
            raise self.fail
        if not sdp.startswith("v=0"):
            raise MalformedSdp("no v= line")


@dataclass(slots=True)
class FakeNotifier:
    """Every message that was sent; `takes` decides whether the far side takes it."""

    sent: list[Mapping[str, str]] = field(default_factory=list)
    takes: bool = True

    async def send(self, address: str, *, title: str, body: str) -> bool:
        self.sent.append({"address": address, "title": title, "body": body})
        return self.takes
