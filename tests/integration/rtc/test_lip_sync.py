"""Sound and picture of the stage are together: a flash and a beep of one moment, seen and heard in Chromium.

What is measured is what the page shows and plays, not what it believes: sender reports that are false by
200 ms put them 200 ms apart, and the measurement says so.
"""

from __future__ import annotations

import asyncio
import statistics

import pytest

from rtc.plane import SourceUp
from tests.impairment.link import ImpairedLink
from tests.impairment.path import Conditions
from tests.integration.rtc.browser import Viewer, chromium, open_viewer
from tests.integration.rtc.flash_and_beep import flash_and_beep
from tests.integration.rtc.stage import Stage

pytestmark = pytest.mark.browser

AIM_MS = 80
SETTLE_S = 8.0  # a browser draws sound and picture together by at most 80 ms a second


async def skews(viewer: Viewer, seconds: float) -> list[float]:
    """How much later than the flash each beep came, in milliseconds, measured for so long."""
    since = await viewer.now()
    await asyncio.sleep(seconds)
    found: list[float] = await viewer.page.evaluate("since => skews(since)", since)
    assert len(found) >= 0.7 * seconds, found
    return found


def p95(values: list[float]) -> float:
    ordered = sorted(abs(value) for value in values)
    return ordered[int(0.95 * (len(ordered) - 1))]


async def on_stage(stage: Stage, viewer: Viewer, source: str) -> None:
    await stage.route(viewer.connection, {0: source}, (source,))
    await stage.until_slot(viewer.connection, "v0", source)


@pytest.mark.full
async def test_a_flash_and_its_beep_are_together(stage: Stage, chromium_path: str) -> None:
    async with chromium(chromium_path) as browser:
        viewer = await open_viewer(browser, stage)
        playing = await flash_and_beep(stage, "one")
        await stage.until(SourceUp)
        await on_stage(stage, viewer, "one")
        await viewer.page.evaluate("watchLips('v0', 'a0')")
        await asyncio.sleep(SETTLE_S)
        found = await skews(viewer, 15)
        assert p95(found) <= AIM_MS, found
        playing.cancel()


@pytest.mark.full
async def test_they_are_together_again_after_another_source_came_on_stage(
    stage: Stage, chromium_path: str
) -> None:
    async with chromium(chromium_path) as browser:
        viewer = await open_viewer(browser, stage)
        playing = [await flash_and_beep(stage, name) for name in ("one", "two")]
        for name in ("one", "two"):
            await stage.until(SourceUp, lambda event, name=name: event.source_id == name)
        await on_stage(stage, viewer, "one")
        await viewer.page.evaluate("watchLips('v0', 'a0')")
        await asyncio.sleep(SETTLE_S)
        for name in ("two", "one"):
            await on_stage(stage, viewer, name)
            await asyncio.sleep(2)
            found = await skews(viewer, 10)
            assert p95(found) <= AIM_MS, found
        for each in playing:
            each.cancel()


@pytest.mark.full
async def test_they_are_together_behind_a_way_that_delays_by_turns(stage: Stage, chromium_path: str) -> None:
    jittery = Conditions(delay_s=0.05, jitter_s=0.1)
    async with ImpairedLink(up=jittery, down=jittery) as link, chromium(chromium_path) as browser:
        stage.link = link
        viewer = await open_viewer(browser, stage)
        playing = await flash_and_beep(stage, "one")
        await stage.until(SourceUp)
        await on_stage(stage, viewer, "one")
        await viewer.page.evaluate("watchLips('v0', 'a0')")
        await asyncio.sleep(SETTLE_S)
        found = await skews(viewer, 15)
        assert p95(found) <= AIM_MS, found
        playing.cancel()


@pytest.mark.full
async def test_reports_that_are_false_by_200_ms_are_seen_in_the_measurement(
    stage: Stage, chromium_path: str
) -> None:
    async with chromium(chromium_path) as browser:
        viewer = await open_viewer(browser, stage)
        playing = await flash_and_beep(stage, "liar", sound_lies_s=0.2)
        await stage.until(SourceUp)
        await on_stage(stage, viewer, "liar")
        await viewer.page.evaluate("watchLips('v0', 'a0')")
        await asyncio.sleep(SETTLE_S)
        found = await skews(viewer, 10)
        assert 120 < abs(statistics.median(found)) < 280, found
        playing.cancel()
