"""Players and senders that nobody here wrote: on a page of another origin, and in Node."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import av
import pytest
from aiohttp import web
from aiortc.codecs.h264 import h264_depayload
from playwright.async_api import Page

from tests.e2e.browsers import browsers
from tests.e2e.hub import Hub
from tests.e2e.nodes import page_script, running
from tests.e2e.person import someone
from tests.e2e.seats import Doors, is_colour
from tests.e2e.test_senders import BODYCAM, TONE_HZ, bodycam_on_air
from tests.e2e.waiting import until
from tests.integration.rtc.clips import BLUE, GREEN, make_clip

pytestmark = pytest.mark.browser

HERE = Path(__file__).parent
PLAY_WHEP = (HERE / "play_whep.js").read_text()
INGEST_CLIP = (HERE / "ingest_clip.js").read_text()
RELAY = HERE / "werift_relay.mjs"


def local(hub: Hub, url: str) -> str:
    """The same address as this machine itself reaches it."""
    return urljoin(hub.url, urlsplit(url).path)


@asynccontextmanager
async def foreign_origin() -> AsyncIterator[str]:
    """An empty page that is not the hub's."""

    async def empty(_request: web.Request) -> web.Response:
        return web.Response(text="<!doctype html><title>wall</title><body></body>", content_type="text/html")

    app = web.Application()
    app.router.add_get("/", empty)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def seen(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = await page.evaluate("seen()")
    return found


async def test_eyevinns_player_on_a_page_of_another_origin_plays_a_feed_until_its_link_is_revoked(
    hub: Hub, tmp_path: Path, chromium_path: str
) -> None:
    async with bodycam_on_air(hub, tmp_path, chromium_path) as cast, foreign_origin() as origin:
        desk = cast.operator
        await desk.by("open-players").click()
        await desk.by("player-name").fill("指挥大厅大屏")
        await desk.by("player-issue").click()
        address = await desk.by("player-address").input_value()
        token = await desk.by("player-token").input_value()
        own = await desk.page.context.new_page()
        page = urlsplit(await desk.by("player-page").input_value())
        await own.goto(f"{hub.url}{page.path}#{page.fragment}")
        wall = await (await desk.page.context.browser.new_context()).new_page()  # type: ignore[union-attr]
        await wall.goto(origin)
        await wall.add_script_tag(content=page_script("@eyevinn/webrtc-player", "webrtc"))
        await wall.mouse.click(5, 5)  # no sound without a hand
        await wall.evaluate(PLAY_WHEP, {"url": local(hub, address), "token": token})

        first = await until(
            lambda: seen(wall), lambda it: is_colour(it["rgb"], BLUE) and it["energy"] > 0, what="the picture"
        )
        assert (first["codec"], first["width"]) == ("video/H264", 640)
        await until(lambda: seen(wall), lambda it: it["decoded"] > first["decoded"] + 50, what="50 frames")
        assert await wall.evaluate("errors") == []

        look = "document.querySelector('video.seen') && instruments.look('body')"
        await until(
            lambda: own.evaluate(look), lambda it: it and is_colour(it["rgb"], BLUE), what="our own page"
        )
        await desk.by("player-revoke").click()
        await desk.by("player", ".over").wait_for()
        stopped = await seen(wall)
        await wall.wait_for_timeout(1000)
        assert (await seen(wall))["decoded"] <= stopped["decoded"] + 5
        await desk.page.keyboard.press("Escape")
        await desk.sees(BLUE)
        await own.get_by_text("播放链接无效").wait_for()
        told = [kind for _, _, kind in await desk.timeline()]
        assert {"player_admitted", "player_revoked"} <= set(told)


async def test_eyevinns_sender_publishes_a_clip_that_the_desk_sees_and_hears(
    hub: Hub, tmp_path: Path, chromium_path: str
) -> None:
    clip = make_clip(tmp_path / "green.mp4", GREEN, tone_hz=TONE_HZ)
    async with browsers(chromium_path) as pages, someone(hub, "op.chengnan") as registrar:
        desk, doors = await pages.start(), Doors(hub=hub, browsers=pages)
        operator = await doors.console(desk, "op.chengnan")
        device = await registrar.do("POST", "/api/devices", BODYCAM)
        sender = await (await desk.new_context(bypass_csp=True)).new_page()
        await sender.goto(f"{hub.url}/api/docs")
        await sender.add_script_tag(content=page_script("@eyevinn/whip-web-client", "whip"))
        data = base64.b64encode(clip.read_bytes()).decode()
        url = local(hub, device["whip_url"])
        asked = {"clip": f"data:video/mp4;base64,{data}", "url": url, "token": device["token"]}
        await sender.evaluate(INGEST_CLIP, asked)

        (incident_id,) = await until(operator.queue, bool, what="the incident that the sender opens")
        found = await operator.sees(GREEN, frames=25)
        assert found["source"] == device["feed"]["id"]
        await operator.page.locator("body").click(position={"x": 5, "y": 400})
        await operator.hears(TONE_HZ)
        await sender.evaluate("window.client.destroy()")

        async def state() -> str:
            return str((await registrar.incident(incident_id))["feeds"][0]["state"])

        await until(state, lambda each: each == "ended", what="the feed's end")


async def test_werift_in_node_plays_a_feed_and_publishes_it_again_as_another(
    hub: Hub, tmp_path: Path, chromium_path: str
) -> None:
    async with bodycam_on_air(hub, tmp_path, chromium_path) as cast, someone(hub, "op.chengnan") as operator:
        link = await operator.do("POST", f"/api/feeds/{cast.bodycam_id}/players", {"name": "转发"})
        device = await operator.do("POST", "/api/devices", {**BODYCAM, "name": "转发后"})
        asked = {
            "whep": {"url": local(hub, link["whep_url"]), "token": link["token"]},
            "whip": {"url": local(hub, device["whip_url"]), "token": device["token"]},
        }
        async with running(RELAY, json.dumps(asked), needs="werift") as relay:
            assert relay.stdout is not None
            decoder = av.CodecContext.create("h264", "r")
            pictures: list[list[int]] = []
            while len(pictures) < 25:
                payload = base64.b64decode(await relay.stdout.readline())
                assert payload, "the relay has ended"
                pictures += [
                    [int(each) for each in frame.to_ndarray(format="rgb24")[60, 60]]
                    for packet in decoder.parse(h264_depayload(payload))
                    for frame in decoder.decode(packet)
                ]
            assert all(is_colour(each, BLUE) for each in pictures)

            async def both() -> list[str]:
                return await cast.operator.queue()

            queue = await until(both, lambda ids: len(ids) == 2, what="the incident that the relay opens")
            (second,) = set(queue) - {cast.incident_id}
            await cast.operator.select(second)
            found = await cast.operator.sees(BLUE, frames=25)
            assert found["source"] == device["feed"]["id"]
