"""A stage with a real worker process, and clips to publish."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from tests.integration.rtc.clips import BLUE, RED, make_clip
from tests.integration.rtc.stage import Stage

PUBLISHER = Path(__file__).with_name("whip_publisher.py")
Ffmpeg = Callable[[str, Path], Awaitable[asyncio.subprocess.Process]]


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with Stage() as running:
        yield running


@pytest.fixture
async def ffmpeg(stage: Stage) -> AsyncIterator[Ffmpeg]:
    """Starts a program that publishes a clip as that source, by FFmpeg's whip muxer."""
    started: list[asyncio.subprocess.Process] = []

    async def publish(source: str, clip: Path) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(PUBLISHER), f"{stage.url}/whip/{source}", str(clip), "60"
        )
        started.append(process)
        return process

    yield publish
    for process in started:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.fixture(scope="session")
def red_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Red, 440 Hz, a keyframe every two seconds."""
    return make_clip(tmp_path_factory.mktemp("clips") / "red.mp4", RED)


@pytest.fixture(scope="session")
def blue_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Blue, 880 Hz, a keyframe every ten seconds only."""
    path = tmp_path_factory.mktemp("clips") / "blue.mp4"
    return make_clip(path, BLUE, seconds=10, keyframe_every=250, tone_hz=880)
