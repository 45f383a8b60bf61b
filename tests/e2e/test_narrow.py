"""The console on a phone: one column, nothing beside it, the key always at the thumb."""

from __future__ import annotations

import asyncio

import pytest

from tests.e2e.browsers import PHONE, browsers
from tests.e2e.hub import Hub
from tests.e2e.person import someone
from tests.e2e.seats import Console, Doors

pytestmark = pytest.mark.browser

REPORT = {"type": "burst_pipe", "title": "水管爆裂", "place": {"text": "石桥路 12 号"}, "words": "路面积水。"}
#: Everything of the page that can be pressed and reaches past the edge of the window.
PAST_THE_EDGE = """() => [...document.querySelectorAll('.desk button, .desk input')]
    .filter((e) => e.checkVisibility() && !e.closest('.queue, .strip'))
    .map((e) => [e.innerText, e.getBoundingClientRect()])
    .filter(([, box]) => box.left < -0.5 || box.right > innerWidth + 0.5).map(([text]) => text)"""


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_an_incident_is_commanded_from_a_narrow_screen(hub: Hub, chromium_path: str, lang: str) -> None:
    async with browsers(chromium_path) as pages, someone(hub, "lead.chengnan") as commander:
        desk = await Doors(hub=hub, browsers=pages).console(await pages.start(), "op.chengnan")
        await desk.page.evaluate("(lang) => localStorage.setItem('liandong.language', lang)", lang)
        await desk.page.set_viewport_size(PHONE)
        await desk.page.reload()
        incident = (await commander.do("POST", "/api/incidents", REPORT))["id"]
        await desk.select(incident)
        await desk.key_says("first")
        await nothing_reaches_past_the_edge(desk)

        await desk.by("one-key").click()
        await desk.by("one-key-undo").click()
        await desk.key_says("first")
        await desk.by("one-key").click()
        await desk.by("dept-row").nth(3).wait_for()

        await nothing_reaches_past_the_edge(desk)
        await desk.by("reassign").last.click()
        await desk.page.keyboard.press("Escape")
        await desk.by("order-text").fill("先关阀")
        await desk.by("order-send").click()
        await desk.by("tab-orders").click()
        await desk.page.get_by_text("先关阀").wait_for()
        key = await desk.by("one-key").bounding_box()
        assert key
        assert key["y"] + key["height"] <= PHONE["height"]


async def nothing_reaches_past_the_edge(desk: Console) -> None:
    await asyncio.sleep(0.3)
    assert await desk.page.evaluate("document.querySelector('.desk').scrollWidth") <= PHONE["width"]
    assert await desk.page.evaluate(PAST_THE_EDGE) == []
