"""Chromium watches through a place that becomes narrow and wide again, and gets the layer that fits."""

from __future__ import annotations

import asyncio

import pytest

from rtc.figures import SubscriberStats
from rtc.plane import SourceUp
from tests.impairment.link import ImpairedLink
from tests.impairment.path import CLEAN, Conditions
from tests.integration.rtc.browser import chromium, open_viewer
from tests.integration.rtc.stage import Stage

pytestmark = pytest.mark.browser

LAYERS = [
    {"rid": "q", "scaleResolutionDownBy": 4, "maxBitrate": 200_000},
    {"rid": "f", "maxBitrate": 2_000_000},
]
NARROW = Conditions(delay_s=0.02, rate_bps=700_000, queue_bytes=60_000)


async def test_a_narrow_place_brings_the_small_layer_without_a_standstill_and_a_wide_one_the_large(
    stage: Stage, chromium_path: str
) -> None:
    async with (
        ImpairedLink(up=CLEAN, down=CLEAN, seed=3) as downlink,
        chromium(chromium_path) as browser,
    ):
        stage.link = downlink
        viewer = await open_viewer(browser, stage)
        stage.link = None
        page = await (await browser.new_context()).new_page()
        await page.goto(stage.url)
        await page.evaluate("(layers) => publishCamera('camera', {width: 1280, height: 720}, layers)", LAYERS)
        await stage.until(SourceUp)
        await stage.route(viewer.connection, {0: "camera"}, ("camera",), height=720)
        await viewer.until("v0", lambda found: found["height"] == 720, within_s=20)
        async with asyncio.timeout(15):  # the layer is as large as it gets
            while await page.evaluate("allowed()") < 2_000_000:  # noqa: ASYNC110 - a browser is asked
                await asyncio.sleep(0.2)
        await asyncio.sleep(2)

        downlink.down.conditions = NARROW
        began = await viewer.now()
        await viewer.until("v0", lambda found: found["height"] == 180, within_s=12)
        await asyncio.sleep(3)
        settled = await viewer.now()
        overflowed = downlink.down.overflowed
        await asyncio.sleep(4)
        assert await viewer.stood("v0", settled) < 600
        assert downlink.down.overflowed - overflowed < 40, "what is sent fits"
        assert await viewer.stood("v0", began) < 4000
        told = [event for event in stage.events if isinstance(event, SubscriberStats)][-1]
        assert told.available_bps is not None
        assert 250_000 < told.available_bps < 900_000
        assert told.slots[0].held

        downlink.down.conditions = CLEAN
        await viewer.until("v0", lambda found: found["height"] == 720, within_s=25)
