"""Chromium plays by WHEP: it offers, and sees and hears the source under its own payload types."""

from __future__ import annotations

import asyncio
import contextlib
import statistics

import pytest

from rtc.plane import ConnectionUp, SourceUp
from tests.integration.rtc.browser import Viewer, chromium, open_publisher
from tests.integration.rtc.clips import BLUE, GREEN
from tests.integration.rtc.stage import Stage

pytestmark = pytest.mark.browser


async def until_in_step(player: Viewer, *, within_s: float = 10) -> None:
    """What is seen and what is heard at one moment were taken within 80 ms of each other."""
    apart: list[float] = []
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            while True:
                picture, sound = await player.page.evaluate("Promise.all([look('v0'), look('a0')])")
                if picture["playout"] and sound["playout"]:
                    apart.append(picture["playout"] - sound["playout"])
                if len(apart) >= 5 and abs(statistics.median(apart[-5:])) <= 80:
                    return
                await asyncio.sleep(0.1)
    raise AssertionError(f"lips and voice are apart by {apart[-5:]} ms")


async def test_a_player_sees_and_hears_both_codecs_and_stays_through_an_ice_restart(
    stage: Stage, chromium_path: str
) -> None:
    async with chromium(chromium_path) as browser:
        page = await browser.new_page()
        await page.goto(stage.url)
        session = str(await page.evaluate("play('wall')"))
        player = Viewer(page, session.rpartition("/")[2])
        await stage.until(ConnectionUp)
        await open_publisher(browser, stage, "wall", "VP8", GREEN)
        await stage.until(SourceUp)
        seen = await player.until_colour("v0", GREEN)
        assert seen["stream"] == "stage"
        await player.until("a0", lambda found: found["energy"] > 0.01)
        await until_in_step(player)
        await open_publisher(browser, stage, "wall", "H264", BLUE)
        seen = await player.until_colour("v0", BLUE)
        former, present = await page.evaluate("restartIce()")
        assert former != present
        await player.until("v0", lambda found, n=seen["decoded"]: found["decoded"] > n + 50)
        assert (await player.look("a0"))["stream"] == "stage"


async def test_a_player_that_wants_no_sound_gets_none(stage: Stage, chromium_path: str) -> None:
    async with chromium(chromium_path) as browser:
        page = await browser.new_page()
        await page.goto(stage.url)
        await page.evaluate("play('wall', ['video'])")
        await open_publisher(browser, stage, "wall", "VP8", GREEN)
        await Viewer(page, "").until_colour("v0", GREEN)
        assert await page.evaluate("Object.keys(slots)") == ["v0"]
