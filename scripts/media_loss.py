"""What a browser sees through a network that loses packets, by our worker and by Janus, in turns.

One Chromium publishes a restless picture of 1.5 Mbps and a tone, another watches. Both reach the server
through a relay each, which loses and delays: the n-th datagram of a direction meets the same luck at either.
"""

import argparse
import asyncio
import os
import secrets
import statistics
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from aiohttp import ClientSession, ClientTimeout, web
from bench_report import Figure, report
from janus_server import JanusApi, janus
from media_load import own_address
from playwright.async_api import Browser, Page, async_playwright

from rtc.plane import AudioRoute, ScopeRoutes, VideoRoute
from rtc.supervisor import WorkerProcess
from tests.impairment.link import ImpairedLink, without_candidates
from tests.impairment.path import CLEAN, Bursts, Conditions

PAGE = Path(__file__).with_name("media_loss.html").read_text()
WARM_UP_S = 8.0  # until the publisher believes in its rate
SETTLE_S = 2.0  # of loss, before it counts
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One round, by Chromium's own counters."""

    frames_per_s: float
    freezes: int
    frozen_s: float
    concealed_pct: float
    sent_bps: float
    lost_pct: float  # of the datagrams to the viewer


def conditions(options: argparse.Namespace) -> Conditions:
    """One direction of a link."""
    share = options.loss_pct / 100
    bursts = Bursts.of(loss=share, length=options.burst) if options.burst > 1 else None
    return Conditions(loss=0.0 if bursts else share, bursts=bursts, delay_s=options.rtt_ms / 2000)


async def one_round(
    server: Server, browser: Browser, url: str, options: argparse.Namespace, seed: int
) -> Seen:
    """The same picture through the same bad luck."""
    clean = Conditions(delay_s=options.rtt_ms / 2000)
    bad = conditions(options)
    async with ImpairedLink(seed=seed) as uplink, ImpairedLink(seed=seed + 1000) as downlink:
        uplink.set(clean if options.where != "downlink" else CLEAN)
        downlink.set(clean if options.where != "uplink" else CLEAN)
        camera, viewer = [await _page(browser, url) for _ in range(2)]
        try:
            answer = await server.publish(await camera.evaluate("bps => offer(bps)", options.bps))
            await camera.evaluate("sdp => take(sdp)", uplink.through(answer))
            offered, accept = await server.subscribe()
            await accept(await viewer.evaluate("sdp => answer(sdp)", downlink.through(offered)))
            await server.show()
            await asyncio.sleep(WARM_UP_S)
            if options.where != "downlink":
                uplink.set(bad)
            if options.where != "uplink":
                downlink.set(bad)
            await asyncio.sleep(SETTLE_S)
            downlink.down.lost = downlink.down.passed = 0
            before, sent_before = await viewer.evaluate("counters()"), await camera.evaluate("counters()")
            await asyncio.sleep(options.seconds)
            after, sent = await viewer.evaluate("counters()"), await camera.evaluate("counters()")
        finally:
            await camera.context.close()
            await viewer.context.close()
    changed = {name: after[name] - before[name] for name in after}
    return Seen(
        frames_per_s=changed["framesDecoded"] / options.seconds,
        freezes=changed["freezeCount"],
        frozen_s=changed["totalFreezesDuration"],
        concealed_pct=100 * changed["concealedSamples"] / max(1, changed["totalSamplesReceived"]),
        sent_bps=8 * (sent["bytesSent"] - sent_before["bytesSent"]) / options.seconds,
        lost_pct=100 * downlink.down.lost / max(1, downlink.down.lost + downlink.down.passed),
    )


async def _page(browser: Browser, url: str) -> Page:
    page = await (await browser.new_context()).new_page()
    await page.goto(url)
    return page


@asynccontextmanager
async def _door() -> AsyncIterator[str]:
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


async def loss(options: argparse.Namespace) -> int:
    """Rounds in turns, the same seed at both servers."""
    found: dict[str, list[Seen]] = {"ours": [], "janus": []}
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        media = await enter(WorkerProcess(udp_port=0, advertise=(own_address(),)))
        _, janus_url = await enter(janus())
        api = JanusApi(await enter(ClientSession(timeout=ClientTimeout(total=60))), janus_url)
        await api.open()
        servers: dict[str, Server] = {"janus": Theirs(api), "ours": Ours(media)}
        url = await enter(_door())
        playwright = await enter(async_playwright())
        browser = await playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM_PATH", "/usr/bin/chromium"), args=ARGUMENTS
        )
        stack.push_async_callback(browser.close)
        for number in range(options.rounds):
            for name, server in servers.items():
                seen = await one_round(server, browser, url, options, seed=number + 1)
                print(f"  {name}: {seen}", file=sys.stderr, flush=True)
                found[name].append(seen)
    return report(
        "Media: a network that loses",
        _figures(found),
        as_json=options.json,
        conditions={
            "network_loss_pct": options.loss_pct,
            "burst": options.burst,
            "rtt_ms": options.rtt_ms,
            "where": options.where,
            "video_bps": options.bps,
            "rounds": options.rounds,
            "seconds_a_round": options.seconds,
        },
    )


def _figures(found: dict[str, list[Seen]]) -> list[Figure]:
    ours, theirs = found["ours"], found["janus"]

    def mean(rounds: list[Seen], name: str) -> float:
        return statistics.fmean(getattr(each, name) for each in rounds)

    freezes, janus_freezes = (sum(each.freezes for each in rounds) for rounds in (ours, theirs))
    pairs = [
        ("frozen_s", "stood still (s a round)"),
        ("frames_per_s", "frames decoded a second"),
        ("concealed_pct", "sound concealed (%)"),
        ("sent_bps", "sent by the publisher (bit/s)"),
    ]
    figures = [
        Figure(key="freezes", meaning="freezes, all rounds", value=freezes, at_most=janus_freezes),
        Figure(key="janus_freezes", meaning="… by Janus", value=janus_freezes),
        Figure(
            key="ratio_to_janus",
            meaning="seconds of standing still, ratio to Janus",
            value=mean(ours, "frozen_s") / max(1e-3, mean(theirs, "frozen_s")),
            at_most=1.0,
        ),
        Figure(key="loss_pct", meaning="lost on the way to the viewer (%)", value=mean(ours, "lost_pct")),
    ]
    for key, meaning in pairs:
        figures.append(Figure(key=key, meaning=meaning, value=mean(ours, key)))
        figures.append(Figure(key=f"janus_{key}", meaning="… by Janus", value=mean(theirs, key)))
    return figures
