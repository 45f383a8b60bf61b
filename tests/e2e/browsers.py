"""Chromium, one process for each pair of fake camera and microphone, and pages with their instruments."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from playwright.async_api import (
    Browser,
    BrowserContext,
    Geolocation,
    Page,
    Playwright,
    ViewportSize,
    async_playwright,
)

from tests.e2e.capture import Capture

INSTRUMENTS = Path(__file__).with_name("instruments.js")
CONSOLE: ViewportSize = {"width": 1366, "height": 768}
PHONE: ViewportSize = {"width": 390, "height": 844}
PLACE: Geolocation = {"latitude": 41.7993, "longitude": 123.4289, "accuracy": 8.0}
ARGUMENTS = [
    "--disable-gpu",
    "--allow-loopback-in-peer-connection",
    "--use-fake-ui-for-media-stream",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
GRANTED = ["geolocation", "camera", "microphone"]
LOCALE = "zh-CN"
"""Playwright's own is en-US, for which the pages speak English."""


class Browsers:
    """Starts browsers and opens pages in them; all are gone after `browsers`."""

    def __init__(self, playwright: Playwright, executable: str, stack: AsyncExitStack) -> None:
        self._playwright = playwright
        self._executable = executable
        self._stack = stack

    async def start(self, capture: Capture | None = None) -> Browser:
        """A browser whose camera and microphone are these files.

        Without its sandbox: root and many a container cannot have it, and it shows only the hub's own pages.
        """
        devices = capture.arguments if capture else ["--use-fake-device-for-media-stream"]
        browser = await self._playwright.chromium.launch(
            executable_path=self._executable, args=[*ARGUMENTS, *devices], chromium_sandbox=False
        )
        self._stack.push_async_callback(browser.close)
        return browser

    async def console(self, browser: Browser, *, locale: str = LOCALE) -> Page:
        return await _page(await browser.new_context(viewport=CONSOLE, permissions=GRANTED, locale=locale))

    async def phone(self, browser: Browser) -> Page:
        """A page of a phone, which reaches the hub by https and has accepted its authority."""
        return await _page(
            await browser.new_context(
                viewport=PHONE,
                locale=LOCALE,
                has_touch=True,
                is_mobile=True,
                permissions=GRANTED,
                geolocation=PLACE,
                ignore_https_errors=True,
            )
        )


async def _page(context: BrowserContext) -> Page:
    await context.add_init_script(path=INSTRUMENTS)
    return await context.new_page()


@asynccontextmanager
async def browsers(executable: str) -> AsyncIterator[Browsers]:
    async with async_playwright() as playwright, AsyncExitStack() as stack:
        yield Browsers(playwright, executable, stack)
