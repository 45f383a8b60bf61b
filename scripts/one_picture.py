"""One picture and one sound, from a Chromium to a Chromium, by our worker or by Janus."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Protocol

from aiohttp import ClientSession, ClientTimeout, web
from janus_server import JanusApi, janus
from media_load import own_address
from playwright.async_api import Browser, Page, async_playwright

from rtc.plane import AudioRoute, ScopeRoutes, VideoRoute
from rtc.pool.supervisor import WorkerProcess
from tests.impairment.link import ImpairedLink, without_candidates

PAGE = Path(__file__).with_name("one_picture.html").read_text()
ARGUMENTS = [
    *(["--no-sandbox"] if os.geteuid() == 0 else []),
    "--disable-gpu",
    "--allow-loopback-in-peer-connection",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-background-networking",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
]
Answering = Callable[[str], Awaitable[None]]


class Server(Protocol):
    """A media server with one picture to show."""

    async def publish(self, offer: str) -> str:
        """The answer to a publisher."""

    async def subscribe(self) -> tuple[str, Answering]:
        """An offer to a viewer, and where its answer goes."""

    async def show(self) -> None:
        """The viewer gets what the publisher sends."""


class Ours:
    """Our worker."""

    def __init__(self, media: WorkerProcess) -> None:
        self._media = media
        self._viewer = ""
        self._epoch = 0

    async def publish(self, offer: str) -> str:
        return (await self._media.publish(source_id="scene", offer_sdp=offer)).answer_sdp

    async def subscribe(self) -> tuple[str, Answering]:
        made = await self._media.subscribe(profile="phone")
        self._viewer = made.connection_id

        async def accept(answer: str) -> None:
            await self._media.accept(connection_id=made.connection_id, answer_sdp=answer)

        return made.offer_sdp, accept

    async def show(self) -> None:
        self._epoch += 1
        video = (VideoRoute(connection_id=self._viewer, slot=0, source_id="scene"),)
        audio = (AudioRoute(connection_id=self._viewer, source_ids=("scene",)),)
        await self._media.reconcile(
            ScopeRoutes(scope_id="bench", epoch=self._epoch, video=video, audio=audio)
        )


class Theirs:
    """A room of Janus's VideoRoom, another one for every round."""

    def __init__(self, api: JanusApi) -> None:
        self._api = api
        self._room = 0
        self._feed = 0

    async def publish(self, offer: str) -> str:
        await self._api.keep_alive()
        self._room = secrets.randbelow(1 << 30)
        handle = await self._api.handle()
        room = {"room": self._room, "publishers": 2, "bitrate": 0, "videocodec": "vp8"}
        await self._api.message(handle, {"request": "create", **room})
        joined = await self._api.message(
            handle, {"request": "join", "ptype": "publisher", "room": self._room}
        )
        self._feed = joined["plugindata"]["data"]["id"]
        jsep = {"type": "offer", "sdp": without_candidates(offer)}
        reply = await self._api.message(handle, {"request": "publish"}, jsep)
        return str(reply["jsep"]["sdp"])

    async def subscribe(self) -> tuple[str, Answering]:
        handle = await self._api.handle()
        streams = [{"feed": self._feed}]
        join = {"request": "join", "ptype": "subscriber", "room": self._room, "streams": streams}
        reply = await self._api.message(handle, join)
        for _ in range(40):
            if "jsep" in reply:
                break
            await asyncio.sleep(0.2)  # Janus takes a moment to notice that the publisher has come up
            reply = await self._api.message(handle, join)

        async def accept(answer: str) -> None:
            jsep = {"type": "answer", "sdp": without_candidates(answer)}
            await self._api.message(handle, {"request": "start"}, jsep)

        return str(reply["jsep"]["sdp"]), accept

    async def show(self) -> None:
        return None


async def open_page(browser: Browser, url: str) -> Page:
    page = await (await browser.new_context()).new_page()
    await page.goto(url)
    return page


@asynccontextmanager
async def door() -> AsyncIterator[str]:
    """Where the page is served."""
    app = web.Application()
    app.router.add_get("/", lambda _request: _served())
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def _served() -> web.Response:
    return web.Response(text=PAGE, content_type="text/html")


@asynccontextmanager
async def both_servers() -> AsyncIterator[tuple[dict[str, Server], Browser, str]]:
    """Janus and our worker, a browser, and where the page is."""
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        media = await enter(WorkerProcess(udp_port=0, advertise=(own_address(),)))
        _, janus_url = await enter(janus())
        api = JanusApi(await enter(ClientSession(timeout=ClientTimeout(total=60))), janus_url)
        await api.open()
        url = await enter(door())
        playwright = await enter(async_playwright())
        browser = await playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM_PATH", "/usr/bin/chromium"), args=ARGUMENTS
        )
        stack.push_async_callback(browser.close)
        yield {"janus": Theirs(api), "ours": Ours(media)}, browser, url


@asynccontextmanager
async def watched(
    server: Server, browser: Browser, url: str, links: tuple[ImpairedLink, ImpairedLink], *, bps: int
) -> AsyncIterator[tuple[Page, Page]]:
    """A page that publishes and one that watches, each behind a link of its own, in this order."""
    uplink, downlink = links
    camera, viewer = [await open_page(browser, url) for _ in range(2)]
    try:
        answer = await server.publish(await camera.evaluate("bps => offer(bps)", bps))
        await camera.evaluate("sdp => take(sdp)", uplink.through(answer))
        offered, accept = await server.subscribe()
        await accept(await viewer.evaluate("sdp => answer(sdp)", downlink.through(offered)))
        await server.show()
        yield camera, viewer
    finally:
        await camera.context.close()
        await viewer.context.close()
