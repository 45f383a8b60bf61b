"""A picture is bad on purpose, and the desk says whose fault it is; the wrong one is an error."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Page

from tests.e2e.browsers import browsers
from tests.e2e.capture import Signature, make_capture
from tests.e2e.hub import Hub
from tests.e2e.person import someone
from tests.e2e.seats import Console, Doors, Phone, Seat
from tests.e2e.waiting import until
from tests.impairment.link import ImpairedLink
from tests.impairment.path import CLEAN, Conditions
from tests.integration.rtc.clips import GREEN

pytestmark = pytest.mark.browser

LOSSY = Conditions(loss=0.12)
MEDIA_BY = Path(__file__).with_name("media_by.js").read_text()
WITHIN_S = 40.0
HOLDS_S = 5.0
SLOW_DECODER = """
const get = RTCPeerConnection.prototype.getStats;
RTCPeerConnection.prototype.getStats = async function () {
  const report = await get.call(this);
  return new Map([...report].map(([id, entry]) => [id, entry.type === "inbound-rtp" && entry.kind === "video"
    ? {...entry, totalDecodeTime: entry.framesDecoded * 0.09} : entry]));
};
"""


def by(link: ImpairedLink, hub: Hub) -> str:
    """What makes a page send and receive its media by that link."""
    led = link.through(f"m=video\r\na=candidate:1 1 udp 1 127.0.0.1 {hub.port + 2} typ host\r\n")
    found = re.search(r"127\.0\.0\.1 (\d+) typ", led)
    assert found is not None
    return f"window.mediaPort = {found[1]};\n{MEDIA_BY}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """An officer who streams over one link, and a desk that watches over another."""

    hub: Hub
    desk: Console
    officer: Phone
    uplink: ImpairedLink
    downlink: ImpairedLink


@asynccontextmanager
async def a_scene(hub: Hub, folder: Path, chromium: str, *, script: str = "") -> AsyncIterator[Scene]:
    green = make_capture(folder, "officer", Signature(rgb=GREEN, tone_hz=440), size=(640, 360))
    async with (
        ImpairedLink(seed=3) as uplink,
        ImpairedLink(seed=4) as downlink,
        browsers(chromium) as pages,
        someone(hub, "op.chengnan") as operator,
    ):
        doors = Doors(hub=hub, browsers=pages)
        browser = await pages.start(green)
        officer = await doors.phone(browser, "off.jinxiu", script=by(uplink, hub))
        desk = await doors.console(browser, "op.chengnan", script=by(downlink, hub) + script)
        await officer.by("start-stream").tap()
        await officer.by("stream-state", '[data-phase="live"]').wait_for()
        (incident,) = (await operator.do("GET", "/api/incidents?state=open"))["incidents"]
        await desk.select(incident["id"])
        await desk.sees(GREEN)
        yield Scene(hub=hub, desk=desk, officer=officer, uplink=uplink, downlink=downlink)


async def verdict(seat: Seat, name: str = "why") -> str | None:
    """What the page says, if it says anything."""
    line = seat.by(name)
    return await line.get_attribute("data-verdict", timeout=1000) if await line.count() else None


async def says(
    seat: Seat, expected: str, *, after: tuple[str | None, ...] = (None,), name: str = "why"
) -> None:
    """The page comes to say so, says nothing but `after` before, and goes on saying so."""
    seen: list[str | None] = []

    async def look() -> str | None:
        seen.append(await verdict(seat, name))
        return seen[-1]

    await until(look, lambda it: it == expected, what=f"{name}: {expected}", within_s=WITHIN_S, every_s=0.2)
    assert {*seen} <= {expected, *after}, seen
    loop = asyncio.get_running_loop()
    end = loop.time() + HOLDS_S
    while loop.time() < end:
        assert await verdict(seat, name) == expected
        await asyncio.sleep(0.2)


async def figures(page: Page) -> str:
    """The parts of the picture's way, as the page lists them, and the one that it blames."""
    return await page.locator("[data-testid=way] .blamed").inner_text()


async def test_the_desk_blames_its_own_network_for_a_lossy_downlink_and_the_senders_for_a_lossy_uplink(
    hub: Hub, tmp_path: Path, chromium_path: str
) -> None:
    async with a_scene(hub, tmp_path, chromium_path) as scene:
        await asyncio.sleep(HOLDS_S)
        assert await verdict(scene.desk) is None
        scene.downlink.down.conditions = LOSSY
        await says(scene.desk, "my_downlink")
        assert await verdict(scene.officer, "uplink-why") is None
        await scene.desk.by("why").hover()
        assert "本机网络" in await figures(scene.desk.page)

        scene.downlink.down.conditions = CLEAN
        scene.uplink.up.conditions = LOSSY
        await says(scene.desk, "sender_uplink", after=("my_downlink", None))
        await says(scene.officer, "weak", name="uplink-why")


@pytest.mark.full
async def test_the_desk_says_nothing_any_more_when_the_network_is_good_again(
    hub: Hub, tmp_path: Path, chromium_path: str
) -> None:
    async with a_scene(hub, tmp_path, chromium_path) as scene:
        scene.downlink.down.conditions = LOSSY
        await says(scene.desk, "my_downlink")
        scene.downlink.down.conditions = CLEAN
        await scene.desk.by("why").wait_for(state="detached", timeout=60_000)


@pytest.mark.full
async def test_the_desk_blames_a_server_that_comes_too_late(
    hub: Hub, tmp_path: Path, chromium_path: str
) -> None:
    async with a_scene(hub, tmp_path, chromium_path) as scene:
        worker = hub.media_worker()
        assert worker is not None

        async def hold_up() -> None:
            """The worker has the processor for a tenth of a second, and then not for two."""
            while True:
                os.kill(worker, signal.SIGSTOP)
                await asyncio.sleep(0.2)
                os.kill(worker, signal.SIGCONT)
                await asyncio.sleep(0.1)

        task = asyncio.create_task(hold_up())
        try:
            await says(scene.desk, "server", after=(None, "unknown"))
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            os.kill(worker, signal.SIGCONT)


@pytest.mark.full
async def test_the_desk_blames_its_own_computer_for_decoding_too_slowly(
    hub: Hub, tmp_path: Path, chromium_path: str
) -> None:
    async with a_scene(hub, tmp_path, chromium_path, script=SLOW_DECODER) as scene:
        await says(scene.desk, "this_device")
