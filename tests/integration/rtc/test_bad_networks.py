"""Chromium publishes and watches through networks as bad as they come; its own statistics say how it went.

How much freezes at which loss, beside Janus, is measured by `scripts/bench media loss`; here nothing may
stand for long.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from playwright.async_api import Page

from rtc.plane import ConnectionDown, SourceDown, SourceUp
from tests.impairment.link import ImpairedLink
from tests.impairment.path import CLEAN, Bursts, Conditions
from tests.integration.rtc.browser import Viewer, chromium, open_viewer
from tests.integration.rtc.stage import Stage

pytestmark = pytest.mark.browser

FRAMES_PER_S = 20  # of Chromium's fake camera


@dataclass(slots=True, kw_only=True)
class Scene:
    """A camera and a viewer, each behind a link of its own."""

    stage: Stage
    camera: Page
    viewer: Viewer
    uplink: ImpairedLink
    downlink: ImpairedLink

    async def watched(self, seconds: float) -> Watched:
        """What the viewer saw and heard in that time."""
        before, voice_before = await self.viewer.look("v0"), await self.viewer.look("a0")
        await asyncio.sleep(seconds)
        after, voice = await self.viewer.look("v0"), await self.viewer.look("a0")
        return Watched(
            frames_per_s=(after["decoded"] - before["decoded"]) / seconds,
            freezes=after["freezes"] - before["freezes"],
            frozen_s=after["frozen"] - before["frozen"],
            concealed_pct=100
            * (voice["concealed"] - voice_before["concealed"])
            / max(1.0, 48_000 * (voice["heard"] - voice_before["heard"])),
            plis=after["plis"] - before["plis"],
        )

    def broken(self) -> list[object]:
        """What ended on the way."""
        return [each for each in self.stage.events if isinstance(each, ConnectionDown | SourceDown)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """Chromium's own figures of some seconds."""

    frames_per_s: float
    freezes: int
    frozen_s: float
    concealed_pct: float
    plis: int


@contextlib.asynccontextmanager
async def a_scene(
    stage: Stage, chromium_path: str, *, up: Conditions = CLEAN, down: Conditions = CLEAN, seed: int = 1
) -> AsyncIterator[Scene]:
    """Picture and sound have arrived once; the links are as bad as asked for from the start."""
    async with (
        ImpairedLink(up=up, down=CLEAN, seed=seed) as uplink,
        ImpairedLink(up=CLEAN, down=down, seed=seed + 1) as downlink,
        chromium(chromium_path) as browser,
    ):
        uplink.down.conditions, downlink.up.conditions = _way_back(up), _way_back(down)
        stage.link = downlink
        viewer = await open_viewer(browser, stage)
        stage.link = uplink
        camera = await (await browser.new_context()).new_page()
        await camera.goto(stage.url)
        await camera.evaluate("publishCamera('camera', {width: 640, height: 480})")
        await stage.until(SourceUp)
        await stage.route(viewer.connection, {0: "camera"}, ("camera",))
        await viewer.until("v0", lambda found: found["decoded"] > 10)
        await viewer.until("a0", lambda found: found["heard"] > 0.5)
        yield Scene(stage=stage, camera=camera, viewer=viewer, uplink=uplink, downlink=downlink)


def _way_back(there: Conditions) -> Conditions:
    """Reports come back with the same loss and delay; only the media's own way is narrow."""
    return Conditions(loss=there.loss, bursts=there.bursts, delay_s=there.delay_s, jitter_s=there.jitter_s)


async def test_behind_a_mobile_network_the_picture_goes_on_and_outlives_a_hole(
    stage: Stage, chromium_path: str
) -> None:
    bad = Conditions(loss=0.03, delay_s=0.03, jitter_s=0.01, reorder=0.01, duplicate=0.01)
    async with a_scene(stage, chromium_path, up=bad, down=bad) as scene:
        seen = await scene.watched(4)
        assert seen.frames_per_s > 0.7 * FRAMES_PER_S, seen
        assert scene.uplink.up.lost > 5
        assert scene.downlink.down.lost > 5
        scene.downlink.hole(2)
        await asyncio.sleep(2)
        before = await scene.viewer.look("v0")
        await scene.viewer.until("v0", lambda found: found["decoded"] > before["decoded"] + 10, within_s=3)
        assert not scene.broken()


@pytest.mark.full
@pytest.mark.parametrize("loss", [0.02, 0.05, 0.1])
@pytest.mark.parametrize("bursts", [False, True], ids=["single", "bursts"])
async def test_a_link_that_loses_packets_costs_few_frames_and_little_sound(
    stage: Stage, chromium_path: str, loss: float, bursts: bool
) -> None:
    bad = Conditions(
        loss=0.0 if bursts else loss,
        bursts=Bursts.of(loss=loss, length=4) if bursts else None,
        delay_s=0.025,
    )
    async with a_scene(stage, chromium_path, up=bad, down=bad) as scene:
        seen = await scene.watched(15)
        assert seen.frames_per_s > (0.75 if loss < 0.1 else 0.6) * FRAMES_PER_S, seen
        assert seen.frozen_s < 15 * (0.2 if loss < 0.1 else 0.35), seen
        assert seen.concealed_pct < 250 * loss, seen
        assert not scene.broken()


@pytest.mark.full
@pytest.mark.parametrize("rtt_ms", [100, 300])
async def test_a_long_way_only_delays(stage: Stage, chromium_path: str, rtt_ms: int) -> None:
    far = Conditions(delay_s=rtt_ms / 2000, jitter_s=0.02)
    async with a_scene(stage, chromium_path, up=far, down=far) as scene:
        seen = await scene.watched(8)
        assert seen.frames_per_s > 0.85 * FRAMES_PER_S, seen
        assert seen.concealed_pct < 5, seen


@pytest.mark.full
@pytest.mark.parametrize("side", ["camera", "viewer"])
async def test_after_a_hole_of_ten_seconds_the_same_picture_is_back_without_a_click(
    stage: Stage, chromium_path: str, side: str
) -> None:
    async with a_scene(stage, chromium_path, up=Conditions(delay_s=0.02)) as scene:
        link = scene.uplink if side == "camera" else scene.downlink
        connection = scene.viewer.connection
        link.hole(10)
        await asyncio.sleep(10)
        before = await scene.viewer.look("v0")
        await scene.viewer.until("v0", lambda found: found["decoded"] > before["decoded"] + 5, within_s=8)
        seen = await scene.watched(3)
        assert seen.frames_per_s > 0.7 * FRAMES_PER_S, seen
        assert scene.stage.slots[connection, "v0"].source_id == "camera"
        assert not [each for each in scene.broken() if isinstance(each, ConnectionDown)]


@pytest.mark.full
async def test_on_an_uplink_of_300_kbps_the_camera_sends_less_and_the_sound_stays(
    stage: Stage, chromium_path: str
) -> None:
    async with a_scene(stage, chromium_path, up=Conditions(delay_s=0.02)) as scene:
        await asyncio.sleep(6)  # it has found out by then how much it may send
        wide = await scene.camera.evaluate("allowed()")
        scene.uplink.up.conditions = Conditions(delay_s=0.02, rate_bps=300_000, queue_bytes=24_000)
        await asyncio.sleep(8)
        scene.uplink.up.lost = 0
        seen = await scene.watched(12)
        narrow = await scene.camera.evaluate("allowed()")
        assert wide > 800_000
        assert narrow < 400_000
        assert seen.frames_per_s > 5, seen
        assert seen.concealed_pct < 5, seen
        assert not scene.broken()


@pytest.mark.full
@pytest.mark.parametrize("side", ["camera", "viewer"])
async def test_media_follows_a_browser_whose_address_changes(
    stage: Stage, chromium_path: str, side: str
) -> None:
    async with a_scene(stage, chromium_path) as scene:
        link = scene.uplink if side == "camera" else scene.downlink
        for _ in range(3):
            began = await scene.viewer.now()
            link.move()
            await asyncio.sleep(4)
            assert await scene.viewer.stood("v0", began) < 2_000
        assert not scene.broken()
