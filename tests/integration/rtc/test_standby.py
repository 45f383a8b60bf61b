"""A worker that dies is replaced by one that had everything loaded."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from rtc.plane import WorkerLost, WorkerReady
from rtc.pool.worker_pool import WorkerPool
from tests.integration.rtc.peers import receiver, sender
from tests.integration.rtc.stage import Stage


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with Stage(WorkerPool(workers=1, udp_port=0, advertise=("127.0.0.1",))) as running:
        yield running


def standing_by(but: int = 0) -> int | None:
    """The process that this one started to stand by, except for one that has a role by now."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            if parent == os.getpid() and b"--standby" in stat.with_name("cmdline").read_bytes():
                pid = int(stat.parent.name)
                if pid != but:
                    return pid
        except OSError:
            continue
    return None


async def stands_by(but: int = 0) -> int:
    async with asyncio.timeout(15):
        while (pid := standing_by(but)) is None:  # noqa: ASYNC110 - another process begins
            await asyncio.sleep(0.05)
    return pid


async def replaced(stage: Stage) -> None:
    """The worker was killed, and another one serves."""
    victim = stage.media.pids[0]
    stage.events.clear()
    os.kill(victim, signal.SIGKILL)
    await stage.until(WorkerLost)
    await stage.until(WorkerReady)


async def test_the_one_that_stood_by_takes_the_place_of_one_that_died_and_another_stands_by(
    stage: Stage,
) -> None:
    spare = await stands_by()
    await replaced(stage)
    assert stage.media.pids == [spare]
    camera, viewer = await sender(stage, "camera"), await receiver(stage)
    await stage.route(viewer.connection, {0: "camera"})
    await camera.play(5)
    await stage.until_slot(viewer.connection, "v0", "camera")
    assert await stands_by(but=spare) != spare


async def test_one_that_stands_by_ends_with_its_hub(stage: Stage) -> None:
    spare = await stands_by()
    await stage.media.__aexit__(None, None, None)
    assert standing_by() != spare


async def test_without_one_that_stands_by_a_new_process_is_started(stage: Stage) -> None:
    first = stage.media.pids[0]
    await replaced(stage)
    assert stage.media.pids != [first]
