"""From an assembled hub to one whose engine turns, and back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from dispatch_server.clock import Clock
from dispatch_server.config import Config
from dispatch_server.ids import NewId
from dispatch_server.ports import MediaPlane, Notifier
from dispatch_server.store.engine import migrate, open_engine, sqlite_url
from dispatch_server.tasks import Tasks
from dispatch_server.wiring import Hub, assemble

LAST_JOBS_S = 2.0  # a message on its way out at the end may take so long; it goes again at the next start


def database_url(config: Config) -> str:
    return config.database_url or sqlite_url(config.data / "liandong.db")


@asynccontextmanager
async def running(
    config: Config,
    *,
    clock: Clock,
    new_id: NewId,
    new_token: Callable[[], str],
    plane: MediaPlane,
    notifier: Notifier,
    ca_path: Path | None = None,
) -> AsyncIterator[Hub]:
    """A hub whose engine turns; leaving the block stops every task and closes the store.

    Raises: StartError.
    """
    reading = open_engine(database_url(config), writer=False)
    writing = open_engine(database_url(config), writer=True)
    try:
        await migrate(writing)
        async with asyncio.TaskGroup() as group:
            tasks = Tasks(group)
            hub, jobs = assemble(
                config,
                clock=clock,
                new_id=new_id,
                new_token=new_token,
                plane=plane,
                notifier=notifier,
                ca_path=ca_path,
                engines=(reading, writing),
                tasks=tasks,
            )
            await hub.directories.reload()
            background = {name: group.create_task(job(), name=name) for name, job in jobs.items()}
            try:
                yield hub
            finally:
                with suppress(Exception):
                    await hub.sockets.shutdown()
                writer = background.pop("writer")
                for task in background.values():
                    task.cancel()
                await tasks.end(within_s=LAST_JOBS_S)  # while their commits still go through
                writer.cancel()
    finally:
        await reading.dispose()
        await writing.dispose()
