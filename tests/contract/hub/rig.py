"""The whole hub without its edges: real store and use cases; fake time, chance, browsers, media, messages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dispatch_server import seeding
from dispatch_server.access import audience_groups, may_see, socket_groups
from dispatch_server.caller import Caller
from dispatch_server.config import Config
from dispatch_server.identity import Directory, Person
from dispatch_server.store.engine import open_engine
from dispatch_server.tasks import Tasks
from dispatch_server.usecases.case import Case
from dispatch_server.usecases.desk import CommandKey
from dispatch_server.wiring import Hub, assemble
from tests.contract.hub.console import Picture
from tests.fakes import FakeBroadcaster, FakeClock, FakeNotifier, FakePlane, numbered


@dataclass(slots=True)
class Page:
    """One person's console: a picture that follows what it hears, unless its socket is down."""

    person: Person
    picture: Picture = field(default_factory=Picture)
    inbox: list[tuple[str, Any]] = field(default_factory=list)
    connected: bool = True

    def hears(self, event: str, data: Any) -> None:
        if self.connected:
            self.inbox.append((event, data))
            self.picture.hear(event, data)


@dataclass(slots=True, kw_only=True)
class Rig:
    """A hub under test with a page for each of some people."""

    hub: Hub
    clock: FakeClock
    plane: FakePlane
    broadcaster: FakeBroadcaster
    notifier: FakeNotifier
    tasks: Tasks
    pages: dict[str, Page] = field(default_factory=dict)

    @property
    def directory(self) -> Directory:
        return self.hub.directories.now()

    def caller(self, person_id: str, *, key: str | None = None) -> Caller:
        command = CommandKey(key=key, fingerprint="same") if key else None
        return Caller(person=self.directory.people[person_id], command=command)

    def open_page(self, person_id: str) -> Page:
        page = Page(self.directory.people[person_id])
        self.broadcaster.connect(socket_groups(page.person), page.hears)
        self.pages[person_id] = page
        return page

    async def sync(self, page: Page) -> None:
        synced = await self.hub.looking.sync(Caller(person=page.person), page.picture.last_seen())
        page.picture.take(synced.model_dump(mode="json"))

    async def settled(self) -> None:
        """Every background job that the last command started has ended."""
        for _ in range(2000):
            await asyncio.sleep(0)
            if self.tasks.idle and self.plane.happened.empty():
                return
            await asyncio.sleep(0.001)
        raise AssertionError("background jobs do not end")

    async def cases(self) -> list[Case]:
        """Every case in the store."""
        stored = await self.hub.reader.all_of("response")
        return await self.hub.desk.load_many(sorted(s.id for s in stored))

    def may_see(self, person: Person, case: Case) -> bool:
        return may_see(self.directory, person, case.audience)

    def groups(self, case: Case) -> set[str]:
        return set(audience_groups(self.directory, case.audience))


@asynccontextmanager
async def assembled(url: str, seed: seeding.Seed | None) -> AsyncIterator[Rig]:
    """A hub on this store; with a seed it is sown first. The timekeeper turns only when told to."""
    clock, plane, broadcaster, notifier = FakeClock(), FakePlane(), FakeBroadcaster(), FakeNotifier()
    engines = open_engine(url, writer=False), open_engine(url, writer=True)
    try:
        async with asyncio.TaskGroup() as group:
            tasks = Tasks(group)
            hub, jobs = assemble(
                Config(data=Path("unused"), database_url=url),
                clock=clock,
                new_id=numbered("id"),
                new_token=numbered("token"),
                plane=plane,
                notifier=notifier,
                ca_path=None,
                engines=engines,
                tasks=tasks,
                broadcaster=broadcaster,
            )
            running = [group.create_task(jobs[name]()) for name in ("writer", "media")]
            if seed is not None:
                await seeding.sow(hub.reference, seed)
            await hub.directories.reload()
            try:
                yield Rig(
                    hub=hub,
                    clock=clock,
                    plane=plane,
                    broadcaster=broadcaster,
                    notifier=notifier,
                    tasks=tasks,
                )
            finally:
                for task in running:
                    task.cancel()
                    with suppress(asyncio.CancelledError):
                        await task
    finally:
        for engine in engines:
            await engine.dispose()
