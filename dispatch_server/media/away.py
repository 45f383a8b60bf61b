"""Connections of pages whose socket is gone: kept for a while, because most sockets come back.

A lift, a change of networks or a restart of the hub costs the socket some seconds; the media connection lives
through all of them by itself. A page that comes back takes it up again and its pictures never stood still.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from dispatch_server.tasks import Tasks

GRACE_S = 18.0  # a page tries every second; its room keeps the person's seat for 15 s


class Away:
    """`close` ends a connection whose page did not come back in time."""

    def __init__(self, *, tasks: Tasks, close: Callable[[str], Awaitable[None]], grace_s: float) -> None:
        self._tasks = tasks
        self._close = close
        self._grace_s = grace_s
        self._waiting: dict[str, asyncio.Event] = {}  # in the order in which they were left

    def left(self, connection_id: str) -> None:
        """The connection is closed soon, unless its page comes back."""
        if connection_id not in self._waiting:
            back = self._waiting[connection_id] = asyncio.Event()
            self._tasks.start(self._wait(connection_id, back), name="media:away")

    def is_back(self, connection_id: str) -> None:
        """The connection has a page, or is gone: nothing waits for it any more."""
        back = self._waiting.pop(connection_id, None)
        if back is not None:
            back.set()

    def longest(self) -> list[str]:
        """Those that wait, the longest first."""
        return list(self._waiting)

    async def _wait(self, connection_id: str, back: asyncio.Event) -> None:
        try:
            async with asyncio.timeout(self._grace_s):
                await back.wait()
        except TimeoutError:
            self._waiting.pop(connection_id, None)
            await self._close(connection_id)
