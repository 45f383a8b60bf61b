"""The hub's background tasks: all live in one task group, none is forgotten, a crash of one is logged."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

from dispatch_server.errors import HubError

_log = structlog.get_logger("tasks")


class Tasks:
    """Short jobs that must not hold up a reply. `LIMIT` running at once; beyond it a job is refused and
    logged.
    """

    LIMIT = 5000

    def __init__(self, group: asyncio.TaskGroup) -> None:
        self._group = group
        self._running: set[asyncio.Task[None]] = set()
        self._over = False

    @property
    def idle(self) -> bool:
        """No job is running."""
        return not self._running

    def start(self, job: Coroutine[Any, Any, None], *, name: str) -> None:
        if self._over:
            job.close()
            return
        if len(self._running) >= self.LIMIT:
            job.close()
            _log.error("tasks.full", name=name)
            return
        task = self._group.create_task(_guard(job, name), name=name)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def end(self, *, within_s: float) -> None:
        """No job is running any more, nor will be: those that do not end in this time were cancelled."""
        if self._running:
            await asyncio.wait(self._running, timeout=within_s)
        self._over = True
        for task in self._running:
            task.cancel()


async def _guard(job: Coroutine[Any, Any, None], name: str) -> None:
    try:
        await job
    except HubError as error:
        _log.warning("tasks.refused", name=name, code=error.code)
    except Exception:  # noqa: BLE001 - the outermost boundary of a background job
        _log.exception("tasks.failed", name=name)
