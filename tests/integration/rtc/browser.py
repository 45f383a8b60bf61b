"""Real Chromium pages on a stage: publishers with a colour and a tone, a viewer that looks and listens."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from itertools import pairwise
from typing import Any

from playwright.async_api import Browser, Page, async_playwright

from rtc.plane import ConnectionUp
from tests.integration.rtc.stage import Stage

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--allow-loopback-in-peer-connection",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
]
Look = dict[str, Any]


class Viewer:
    """A page that subscribes and can be asked what it shows."""

    def __init__(self, page: Page, connection: str) -> None:
        self.page = page
        self.connection = connection

    async def look(self, mid: str) -> Look:
        found: Look = await self.page.evaluate("(mid) => look(mid)", mid)
        return found

    async def until(self, mid: str, test: Callable[[Look], bool], *, within_s: float = 15) -> Look:
        """What the slot shows once it passes the test."""
        found: Look = {}
        try:
            async with asyncio.timeout(within_s):
                while not test(found := await self.look(mid)):  # noqa: ASYNC110 - a browser is asked
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"{mid} never came to show what was awaited: {found}") from None
        return found

    async def until_colour(self, mid: str, rgb: tuple[int, int, int], *, within_s: float = 15) -> Look:
        """What the slot shows once it shows that colour."""
        return await self.until(mid, lambda found: is_colour(found["rgb"], rgb), within_s=within_s)

    async def frames(self, mid: str) -> list[dict[str, float]]:
        """When each frame was shown (ms) and its RTP timestamp."""
        frames: list[dict[str, float]] = await self.page.evaluate("(mid) => framesOf(mid)", mid)
        return frames

    async def now(self) -> float:
        """The page's time in ms, in which its frames' times are told."""
        found: float = await self.page.evaluate("performance.now()")
        return found

    async def stood(self, mid: str, since: float) -> float:
        """For how long, in ms, the picture stood still at most since then, now that it has moved again."""
        shown: list[float] = []
        async with asyncio.timeout(15):
            while not shown or shown[-1] <= since:  # decoded is not shown yet: a busy page paints later
                shown = [frame["at"] for frame in await self.frames(mid)]
        return max(late - early for early, late in pairwise(shown) if late > since)


def is_colour(seen: list[int] | None, rgb: tuple[int, int, int]) -> bool:
    """Whether it is that colour, as far as colour survives a video codec."""
    return seen is not None and all(abs(one - other) < 60 for one, other in zip(seen, rgb, strict=True))


@contextlib.asynccontextmanager
async def chromium(path: str) -> AsyncIterator[Browser]:
    """A browser; it is gone after the block."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()


async def open_viewer(browser: Browser, stage: Stage, profile: str = "phone", *, red: bool = True) -> Viewer:
    """A page whose subscriber connection is up; without `red` it takes no sound with repetitions."""
    page = await browser.new_page()
    await page.goto(stage.url)
    connection = await page.evaluate("([profile, red]) => subscribe(profile, red)", [profile, red])
    await stage.until(ConnectionUp, lambda event: event.connection_id == connection)
    return Viewer(page, connection)


async def open_publisher(
    browser: Browser, stage: Stage, source: str, codec: str, rgb: tuple[int, int, int], **more: object
) -> Page:
    """A page that publishes that colour."""
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(stage.url)
    wanted = {"codec": codec, "color": f"rgb{rgb}", **more}
    await page.evaluate("([source, wanted]) => publish(source, wanted)", [source, wanted])
    return page
