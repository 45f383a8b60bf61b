"""Rounds of one incident never overlap: the routes of one could be refused as older than the other's."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

from dispatch_server.errors import NotFound
from dispatch_server.media.reconciling import Reconciler
from rtc.plane import ScopeRoutes


class Counting:
    """Stands for store and media plane: counts who is in a round at the same time."""

    def __init__(self) -> None:
        self.inside = self.most = self.rounds = 0

    async def last_position(self) -> int:
        self.inside += 1
        self.most = max(self.most, self.inside)
        await asyncio.sleep(0.001)
        return 1

    async def load(self, incident_id: str) -> Any:
        await asyncio.sleep(0.001)
        raise NotFound

    async def reconcile(self, _routes: ScopeRoutes) -> None:
        await asyncio.sleep(0.001)
        self.inside -= 1
        self.rounds += 1


async def test_rounds_of_one_incident_come_one_after_the_other() -> None:
    world: Any = Counting()
    reconciler = Reconciler(
        plane=world,
        desk=world,
        reader=world,
        directory=SimpleNamespace,  # type: ignore[arg-type, return-value]
        viewers=list,
        withdraw=lambda _case: None,
        tasks=SimpleNamespace(),  # type: ignore[arg-type]
    )

    async def one_after_another() -> None:
        for _ in range(20):
            await reconciler.settle("i")

    # Each of them ends a round while others already wait for theirs, and comes back at once.
    await asyncio.gather(*(one_after_another() for _ in range(3)))

    assert 20 <= world.rounds <= 60
    assert world.most == 1
