"""The hub's background tasks: all live in one task group, none is forgotten, a crash of one is logged."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

_log = structlog.get_logger("tasks")


class Tasks:
    """Short jobs that must not hold up a reply. `LIMIT` running at once; beyond it a job is refused and
    logged.
    """

    LIMIT = 5000

    def __init__(self, group: asyncio.TaskGroup) -> None:
        self._group = group
        self._running = 0

    def start(self, job: Coroutine[Any, Any, None], *, name: str) -> None:
        if self._running >= self.LIMIT:
            job.close()
            _log.error("tasks.full", name=name)
            return
        self._running += 1
        self._group.create_task(self._guard(job, name), name=name)

    async def _guard(self, job: Coroutine[Any, Any, None], name: str) -> None:
        try:
            await job
        except Exception:  # noqa: BLE001 - the outermost boundary of a background job
            _log.exception("tasks.failed", name=name)
        finally:
            self._running -= 1
