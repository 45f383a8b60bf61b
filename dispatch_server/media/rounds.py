"""Rounds of work on one thing: one at a time, and whoever comes while one runs shares the next.

Thirty people who join a room within a second ask thirty times for the same thing. What was asked for before a
round began is done by it; one round at a time and one that is coming are therefore enough for all of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

Outcome = Exception | bool  # of a round: done, or what it raised; False when who led it gave up


@dataclass(slots=True)
class _Place:
    """Kept for as long as somebody has a round or waits for one."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    coming: asyncio.Future[Outcome] | None = None
    """Of the round that has not begun yet."""
    here: int = 0


class Rounds:
    """Rounds by name; rounds of different names do not wait for one another."""

    def __init__(self) -> None:
        self._places: dict[str, _Place] = {}

    async def share(self, name: str, work: Callable[[str], Awaitable[None]]) -> None:
        """A round that began after this call is over. Raises: what the round raised."""
        place = self._places.setdefault(name, _Place())
        place.here += 1
        try:
            while place.coming is not None:
                outcome = await asyncio.shield(place.coming)
                if isinstance(outcome, Exception):
                    raise outcome
                if outcome:
                    return
            await self._lead(place, name, work)
        finally:
            place.here -= 1
            if not place.here:
                del self._places[name]

    async def _lead(self, place: _Place, name: str, work: Callable[[str], Awaitable[None]]) -> None:
        coming: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        place.coming = coming
        outcome: Outcome = False
        try:
            async with place.lock:
                place.coming = None  # it begins: whoever comes now needs the one after
                await work(name)
            outcome = True
        except Exception as error:
            outcome = error
            raise
        finally:
            if place.coming is coming:
                place.coming = None
            coming.set_result(outcome)
