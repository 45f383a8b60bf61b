"""Real Chromium without transport-wide feedback: REMB alone says what its uplink carries."""

from __future__ import annotations

import asyncio

import pytest

from rtc.plane import SourceStats, SourceUp
from tests.impairment.link import ImpairedLink
from tests.impairment.path import CLEAN, Conditions
from tests.integration.rtc.browser import chromium
from tests.integration.rtc.stage import Stage

pytestmark = pytest.mark.browser

WIDTH_BPS = 1_000_000


@pytest.mark.full
async def test_a_narrow_uplink_is_filled_and_not_flooded(stage: Stage, chromium_path: str) -> None:
    narrow = Conditions(rate_bps=WIDTH_BPS, delay_s=0.03)
    async with ImpairedLink(up=narrow, down=CLEAN, seed=3) as link, chromium(chromium_path) as browser:
        stage.link = link
        page = await (await browser.new_context()).new_page()
        await page.goto(stage.url)
        await page.evaluate("publishCamera('camera', {width: 1280, height: 720}, [], {without: 'transport'})")
        await stage.until(SourceUp)
        answer = await page.evaluate("publisher.remoteDescription.sdp")
        assert "transport-wide-cc" not in answer
        assert "abs-send-time" in answer
        await asyncio.sleep(10)
        passed, lost, told = link.up.passed, link.up.lost, len(stage.events)
        await asyncio.sleep(10)
        lost_share = (link.up.lost - lost) / (link.up.passed - passed)
        rates = [event.bitrate_bps for event in stage.events[told:] if isinstance(event, SourceStats)]
        print(f"rates {rates}, lost {lost_share:.3f}")
        assert lost_share < 0.03
        assert max(rates) < 1.1 * WIDTH_BPS
        assert sum(rates) / len(rates) > 0.4 * WIDTH_BPS
