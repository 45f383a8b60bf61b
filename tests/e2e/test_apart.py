"""What belongs to one incident, one person or one browser stays with it."""

from __future__ import annotations

import pytest
from playwright.async_api import Route

from tests.e2e.browsers import Browsers, browsers
from tests.e2e.hub import Hub
from tests.e2e.person import someone
from tests.e2e.seats import Console, Doors

pytestmark = pytest.mark.browser

LONG = "多名工人在工地大门外聚集要求支付拖欠工资并封堵道路事件的后续处置与协调"
PLACE = "锦绣工地东门岗亭旁"


async def test_the_desk_keeps_apart_what_belongs_apart(hub: Hub, chromium_path: str) -> None:
    async with browsers(chromium_path) as pages, someone(hub, "lead.chengnan") as commander:
        browser = await pages.start()
        one, other = [
            (await commander.do("POST", "/api/incidents", {"type": "noise", "title": title, "place": place}))[
                "id"
            ]
            for title, place in ((LONG, {"text": PLACE}), ("另一件", {"text": "桂花苑 3 栋"}))
        ]
        desk = await Doors(hub=hub, browsers=pages).console(browser, "op.chengnan")
        await a_long_title_leaves_the_place_whole(desk, one)
        await a_draft_stays_with_its_incident(desk, one, other)
        await esc_in_the_line_leaves_the_summons(desk, other)
        await a_changed_form_is_a_new_command(desk)
        await somebody_else_in_this_browser_is_said(hub, desk)
        await an_english_browser_is_spoken_to_in_english(hub, pages)


async def a_long_title_leaves_the_place_whole(desk: Console, incident: str) -> None:
    await desk.select(incident)
    widths = await desk.by("incident-place").evaluate("(e) => [e.innerText, e.clientWidth, e.scrollWidth]")
    assert widths[0] == PLACE
    assert 0 < widths[2] <= widths[1]


async def a_draft_stays_with_its_incident(desk: Console, one: str, other: str) -> None:
    await desk.by("order-text").fill("只给这一件")
    await desk.select(other)
    assert await desk.by("order-text").input_value() == ""
    await desk.select(one)
    assert await desk.by("order-text").input_value() == "只给这一件"


async def esc_in_the_line_leaves_the_summons(desk: Console, incident: str) -> None:
    await desk.select(incident)
    await desk.key_says("first")
    await desk.page.keyboard.press("F9")
    await desk.key_says("undoable")
    await desk.by("order-text").focus()
    await desk.page.keyboard.press("Escape")
    assert await desk.page.evaluate("document.activeElement === document.body")
    assert await desk.by("one-key").get_attribute("data-says") == "undoable"
    await desk.page.keyboard.press("Escape")
    await desk.key_says("first")


async def a_changed_form_is_a_new_command(desk: Console) -> None:
    """The answer to the first is lost; the corrected form goes through."""
    lost: list[Route] = []

    async def lose_first(route: Route) -> None:
        if route.request.method == "POST" and not lost:
            lost.append(route)
            await route.fetch()
            await route.abort()
        else:
            await route.continue_()

    await desk.page.route("**/api/incidents", lose_first)
    await desk.page.keyboard.press("n")
    await desk.by("new-place").fill("东门")
    await desk.by("new-submit").click()
    await desk.page.locator("dialog [role=alert]").wait_for()
    await desk.by("new-place").fill("西门")
    await desk.by("new-submit").click()
    await desk.by("new-submit").wait_for(state="detached")
    await desk.page.unroute("**/api/incidents", lose_first)


async def somebody_else_in_this_browser_is_said(hub: Hub, desk: Console) -> None:
    tab = await desk.page.context.new_page()
    await tab.goto(f"{hub.url}/#link={await hub.link_token('op.hexi')}")
    await desk.by("displaced").wait_for()
    assert "河西区指挥席" in await desk.by("displaced").inner_text()
    await desk.page.locator("main button.go").click()
    await desk.by("user-menu").wait_for()
    assert "河西区指挥席" in await desk.by("user-menu").inner_text()


async def an_english_browser_is_spoken_to_in_english(hub: Hub, pages: Browsers) -> None:
    browser = await pages.start()
    page = await pages.console(browser, locale="en-GB")
    await page.goto(hub.url)
    english, chinese = page.get_by_text("Sign in", exact=True), page.get_by_text("登录", exact=True)
    await english.last.wait_for()
    await page.locator("button.lang").click()
    await chinese.last.wait_for()
    await page.reload()
    await chinese.last.wait_for()
