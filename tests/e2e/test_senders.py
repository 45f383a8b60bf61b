"""A sender that nobody here wrote, and two that send differently, through the hub to a desk in a browser."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest

from tests.e2e.browsers import browsers
from tests.e2e.hub import ROOT, Hub
from tests.e2e.person import someone
from tests.e2e.seats import Console, Doors
from tests.e2e.waiting import until
from tests.integration.rtc.clips import BLUE, GREEN, make_clip

pytestmark = pytest.mark.browser

PUBLISHER = ROOT / "tests" / "integration" / "rtc" / "whip_publisher.py"
SEND_CANVAS = Path(__file__).with_name("send_canvas.js").read_text()
SEND_CLIP = Path(__file__).with_name("send_clip.js").read_text()
WHIP_CLIENT = ROOT / "web_console" / "node_modules" / "whip-whep" / "whip.js"
TONE_HZ = 880
BODYCAM = {
    "name": "执法仪 07",
    "kind": "bodycam",
    "agency_id": "chengnan.jinxiu",
    "default_type": "burst_pipe",
}
NOBODY_WATCHES_S = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """The desk that watches, and a body-cam that has opened an incident by starting to send."""

    doors: Doors
    operator: Console
    commander: Console
    incident_id: str
    bodycam_id: str


@contextmanager
def sending(url: str, token: str, clip: Path) -> Iterator[None]:
    """FFmpeg's own WHIP muxer publishes the clip, over and over, in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, str(PUBLISHER), url, str(clip), str(NOBODY_WATCHES_S)],
        env={**os.environ, "WHIP_TOKEN": token},
    )
    try:
        yield
    finally:
        process.kill()
        process.wait()


@asynccontextmanager
async def bodycam_on_air(hub: Hub, folder: Path, chromium: str) -> AsyncIterator[Cast]:
    clip = make_clip(folder / "blue.mp4", BLUE, tone_hz=TONE_HZ)
    async with browsers(chromium) as pages, someone(hub, "op.chengnan") as registrar:
        desk, doors = await pages.start(), Doors(hub=hub, browsers=pages)
        operator = await doors.console(desk, "op.chengnan")
        commander = await doors.console(desk, "lead.chengnan")
        device = await registrar.do("POST", "/api/devices", BODYCAM)
        assert await operator.queue() == [], "a device that sends nothing is no incident"
        with sending(device["whip_url"], device["token"], clip):
            (incident_id,) = await until(operator.queue, bool, what="the incident that the body-cam opens")
            yield Cast(
                doors=doors,
                operator=operator,
                commander=commander,
                incident_id=incident_id,
                bodycam_id=device["feed"]["id"],
            )


async def test_ffmpegs_whip_muxer_opens_an_incident_with_its_token_and_the_desk_sees_and_hears_it(
    hub: Hub, tmp_path: Path, chromium_path: str
) -> None:
    async with bodycam_on_air(hub, tmp_path, chromium_path) as cast:
        seen = await cast.operator.sees(BLUE, frames=25)
        assert (seen["source"], seen["codec"], seen["width"]) == (cast.bodycam_id, "video/H264", 640)
        assert "水管爆裂" in await cast.operator.by("incident-title").inner_text()
        await cast.operator.page.locator("body").click(position={"x": 5, "y": 400})
        await cast.operator.hears(TONE_HZ)
        async with someone(hub, "lead.chengnan") as commander:
            view = await commander.incident(cast.incident_id)
            assert (view["type"], view["reporter_name"], len(view["feeds"])) == ("burst_pipe", "执法仪 07", 1)
            assert (view["feeds"][0]["kind"], view["feeds"][0]["state"]) == ("bodycam", "live")


async def test_the_whip_client_of_npm_publishes_a_clip_takes_candidates_and_ends_its_feed(
    hub: Hub, tmp_path: Path, chromium_path: str
) -> None:
    clip = make_clip(tmp_path / "green.mp4", GREEN, tone_hz=TONE_HZ)
    async with browsers(chromium_path) as pages, someone(hub, "op.chengnan") as registrar:
        desk, doors = await pages.start(), Doors(hub=hub, browsers=pages)
        operator = await doors.console(desk, "op.chengnan")
        device = await registrar.do("POST", "/api/devices", BODYCAM)
        sender = await (await desk.new_context(bypass_csp=True)).new_page()
        await sender.goto(f"{hub.url}/api/docs")
        patched: list[int] = []
        sender.on("response", lambda r: patched.append(r.status) if r.request.method == "PATCH" else None)
        module = WHIP_CLIENT.read_text() + "\nwindow.WHIPClient = WHIPClient;"
        await sender.add_script_tag(content=module, type="module")
        await sender.wait_for_function("window.WHIPClient !== undefined")
        url = urljoin(hub.url, urlsplit(device["whip_url"]).path)  # the page is the machine's own
        data = base64.b64encode(clip.read_bytes()).decode()
        asked = {"clip": f"data:video/mp4;base64,{data}", "url": url, "token": device["token"]}
        await sender.evaluate(SEND_CLIP, asked)

        await until(operator.queue, bool, what="the incident that the encoder opens")
        seen = await operator.sees(GREEN, frames=25)
        assert (seen["source"], seen["codec"]) == (device["feed"]["id"], "video/H264")
        await operator.page.locator("body").click(position={"x": 5, "y": 400})
        await operator.hears(TONE_HZ)
        assert patched
        assert set(patched) == {204}

        await sender.evaluate("window.whip.stop()")
        (incident_id,) = await operator.queue()

        async def state() -> str:
            return str((await registrar.incident(incident_id))["feeds"][0]["state"])

        await until(state, lambda each: each == "ended", what="the feed's end")


async def test_two_codecs_take_turns_on_the_stage_by_their_number_keys_without_negotiation(
    hub: Hub, tmp_path: Path, chromium_path: str, record_property: Callable[[str, object], None]
) -> None:
    async with bodycam_on_air(hub, tmp_path, chromium_path) as cast:
        operator = cast.operator
        await operator.sees(BLUE)
        asked = {"incident": cast.incident_id, "name": "编码器", "rgb": list(GREEN)}
        encoder_id = str(await cast.commander.page.evaluate(SEND_CANVAS, asked))
        await operator.sees(GREEN, at=f'[data-testid=tile] [data-source="{encoder_id}"]')
        before = await operator.negotiations()
        assert set(before["states"]) == {"stable"}
        took_ms = []
        for key, source, rgb, codec in 3 * (
            ("2", encoder_id, GREEN, "video/VP8"),
            ("1", cast.bodycam_id, BLUE, "video/H264"),
        ):
            shown = f'[data-testid=stage][data-source="{source}"][data-open="true"]'
            await operator.page.evaluate("(s) => instruments.forget(s)", shown)
            assert await operator.first(shown) is None
            await operator.page.keyboard.press(key)
            took_ms.append(await operator.first_at(shown) - await operator.key_at())
            seen = await operator.sees(rgb)
            assert (seen["source"], seen["codec"]) == (source, codec)
        assert await operator.negotiations() == before, "the same connection, and not one more description"
        record_property("stage_switch_max_ms", round(max(took_ms)))
        print("stage switches, ms:", [round(each) for each in took_ms])
