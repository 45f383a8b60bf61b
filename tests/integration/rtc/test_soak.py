"""Half an hour of coming and going: at the end worker and hub hold what they held at the beginning."""

from __future__ import annotations

import asyncio
import gc
import os
import random
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.integration.rtc.peers import Receiver, Sender, receiver, sender
from tests.integration.rtc.stage import Stage

WARM_UP = 0.15  # of the time: histories fill and the allocator takes its reserve
GROWTH_BYTES = 24 << 20  # the allocator settles within minutes; 20 KB kept of every connection would be more
GONE_WITHIN_S = 20.0  # peers that vanish are given up after 15 s


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What worker and hub hold while nobody is there."""

    worker_bytes: int
    worker_files: int
    own_files: int
    tasks: int
    connections: int
    sources: int


async def held(stage: Stage) -> Held:
    """As soon as the last one is gone."""
    async with asyncio.timeout(GONE_WITHIN_S):
        while (stats := await stage.media.stats()).connections:  # noqa: ASYNC110 - a process
            await asyncio.sleep(0.1)
    await asyncio.sleep(0.5)
    gc.collect()
    pid = stage.media.pid or 0
    return Held(
        worker_bytes=memory_of(pid),
        worker_files=files_of(pid),
        own_files=files_of(os.getpid()),
        tasks=len(asyncio.all_tasks()),
        connections=stats.connections,
        sources=stats.sources,
    )


def memory_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def files_of(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


async def a_meeting(stage: Stage, chance: random.Random, scope: str) -> None:
    """Two cameras, three viewers; sources change, networks change, ICE begins anew; all leave in some way."""
    cameras = [await sender(stage, f"{scope}-camera-{index}") for index in range(2)]
    viewers = [await receiver(stage, chance.choice(("phone", "console"))) for _ in range(3)]
    playing = [asyncio.create_task(camera.play(400, pause_s=0.01)) for camera in cameras]
    names = [f"{scope}-camera-{index}" for index in range(2)]
    for turn in range(12):
        viewer = chance.choice(viewers)
        shown = dict(enumerate(chance.sample(names, chance.randint(0, 2))))
        await stage.route(viewer.connection, shown, tuple(names), scope=scope)
        await asyncio.sleep(0.1)
        if viewer.packets:
            viewer.ask_again(chance.choice(viewer.packets))
        if turn == 4:
            fragment = f"a=ice-ufrag:again{turn}\r\na=ice-pwd:{'p' * 24}\r\n"
            await stage.media.patch(connection_id=cameras[0].connection, ice_tag="*", fragment=fragment)
        if turn == 8:
            viewer.peer.move()
    for each in playing:
        each.cancel()
    peers: list[Sender | Receiver] = [*cameras, *viewers]
    for peer in peers:
        match chance.randrange(3):
            case 0:
                await peer.peer.close()
            case 1:
                await stage.media.close(connection_id=peer.connection)
                peer.peer.vanish()
            case _:
                peer.peer.vanish()
    stage.peers.clear()


@pytest.mark.full
@pytest.mark.timeout(0)
async def test_after_long_coming_and_going_nothing_has_grown(stage: Stage, soak_minutes: float) -> None:
    chance = random.Random(1)
    began = time.monotonic()
    length_s = 60 * soak_minutes
    first: Held | None = None
    meetings = 0
    while time.monotonic() - began < length_s:
        await a_meeting(stage, chance, f"incident-{meetings}")
        await stage.route("nobody", {}, scope=f"incident-{meetings}")
        stage.events.clear()
        stage.slots.clear()
        meetings += 1
        if first is None and time.monotonic() - began > WARM_UP * length_s:
            first = await held(stage)
    last = await held(stage)
    assert first is not None
    assert meetings > 5 * soak_minutes
    assert (last.connections, last.sources) == (0, 0)
    assert last.worker_files <= first.worker_files, (first, last)
    assert last.own_files <= first.own_files, (first, last)
    assert last.tasks <= first.tasks, (first, last)
    assert last.worker_bytes - first.worker_bytes < GROWTH_BYTES, (first, last)
    counters = (await stage.media.stats()).counters
    assert counters["datagrams_faults"] == 0
