"""A media worker that has the processor only now and then, as on a machine that is asked too much."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from tests.e2e.hub import Hub

STOPPED_S, RUNNING_S = 0.35, 0.1


@asynccontextmanager
async def held_up(hub: Hub) -> AsyncIterator[None]:
    """The hub's worker stands most of the time until the block ends."""
    worker = hub.media_worker()
    assert worker is not None

    async def stop_and_go() -> None:
        while True:
            os.kill(worker, signal.SIGSTOP)
            await asyncio.sleep(STOPPED_S)
            os.kill(worker, signal.SIGCONT)
            await asyncio.sleep(RUNNING_S)

    task = asyncio.create_task(stop_and_go())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait((task,))
        with suppress(ProcessLookupError):
            os.kill(worker, signal.SIGCONT)
