"""What must happen now and then, and loses nothing if it happens late."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog
from sqlalchemy import delete

from dispatch_server.clock import Clock
from dispatch_server.directories import Directories
from dispatch_server.sockets.presence import Presence
from dispatch_server.store import tables as t
from dispatch_server.store.batch import to_ms
from dispatch_server.store.writer import Writer
from dispatch_server.usecases.positions import PositionBook
from dispatch_server.usecases.room_life import RoomLife

_log = structlog.get_logger("housekeeping")

ROUND_S = 2.0
ROUNDS_PER_RELOAD = 15  # the directory of another hub on the same store is at most 30 s behind
COMMANDS_KEPT = timedelta(days=2)


class Housekeeping:
    def __init__(
        self,
        *,
        positions: PositionBook,
        presence: Presence,
        room_life: RoomLife,
        directories: Directories,
        writer: Writer,
        clock: Clock,
        end_stale_sockets: Callable[[], Awaitable[None]],
        end_stale_players: Callable[[], Awaitable[None]],
    ) -> None:
        self._positions = positions
        self._presence = presence
        self._room_life = room_life
        self._directories = directories
        self._writer = writer
        self._clock = clock
        self._end_stale_sockets = end_stale_sockets
        self._end_stale_players = end_stale_players

    async def run(self) -> None:
        """Rounds until cancelled; a failed one is logged and the next comes all the same."""
        number = 0
        while True:
            number += 1
            try:
                await self.round(number)
            except Exception:  # noqa: BLE001 - the next round must come
                _log.exception("housekeeping.failed")
            await asyncio.sleep(ROUND_S)

    async def round(self, number: int) -> None:
        await self._positions.write_down()
        await self._room_life.follow_connections()
        if number % ROUNDS_PER_RELOAD == 0:
            await self._directories.reload()
            await self._end_stale_sockets()
            await self._end_stale_players()
            now = self._clock()
            self._presence.forget_old(lambda at: at < now - timedelta(hours=1))
            async with self._writer.transaction() as connection:
                old = t.command.c.at_ms < to_ms(now - COMMANDS_KEPT)
                await connection.execute(delete(t.command).where(old))
