"""One at a time at each thing, many things at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Lock:
    """Kept for as long as somebody has it or waits for it."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0


class NamedLocks:
    """A lock for every name, which leaves nothing behind."""

    def __init__(self) -> None:
        self._places: dict[str, _Lock] = {}

    @asynccontextmanager
    async def held(self, name: str) -> AsyncIterator[None]:
        """Nobody else is inside a block of that name."""
        place = self._places.setdefault(name, _Lock())
        place.waiting += 1
        try:
            async with place.lock:
                yield
        finally:
            place.waiting -= 1
            if not place.waiting:
                del self._places[name]
