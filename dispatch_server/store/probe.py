"""Whether the store answers: a disk that is full or read-only still reads, and saves nothing."""

from __future__ import annotations

import asyncio
import time

from sqlalchemy.exc import SQLAlchemyError

from dispatch_server.errors import Unavailable
from dispatch_server.store.reference import Reference

TIMEOUT_S = 2.0
FRESH_S = 2.0  # whoever asks more often is told what was found last
KEY = "probe"


class StoreProbe:
    def __init__(self, reference: Reference) -> None:
        self._reference = reference
        self._asking = asyncio.Lock()
        self._found_at: float | None = None
        self._found = False

    async def answers(self) -> bool:
        """Whether something could be written and read back just now."""
        async with self._asking:
            now = time.monotonic()
            if self._found_at is None or now - self._found_at > FRESH_S:
                self._found = await self._write_and_read()
                self._found_at = now
            return self._found

    async def _write_and_read(self) -> bool:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await self._reference.save_setting(KEY, "written")
                return await self._reference.setting(KEY) == "written"
        except (SQLAlchemyError, Unavailable, OSError, TimeoutError):
            return False
