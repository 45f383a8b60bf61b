"""Pictures of the console and the phone pages, to be looked at: `python -m tests.e2e.screens OUTDIR`.

Both languages; every page at 1920×1080, 1366×768 and 390×844, the console at 390 also whole; empty, summoned,
busy, with the link lost, and with a hub that refuses everything. CHROMIUM_PATH names the browser, as
scripts/test does.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Route, ViewportSize

from dispatch_server.demo.clip import make_clip
from tests.e2e.browsers import PHONE, browsers
from tests.e2e.capture import capture_of
from tests.e2e.hub import Hub
from tests.e2e.person import Someone, someone
from tests.e2e.seats import Console, Doors, Phone, Seat
from tests.e2e.way import Way

SIZES: tuple[ViewportSize, ...] = ({"width": 1920, "height": 1080}, {"width": 1366, "height": 768}, PHONE)
REFUSED = '{"code": "store_failed", "message": "数据库写入出错，未保存。请重试", "params": {}}'
REPORTS: tuple[dict[str, Any], ...] = (
    {
        "type": "noise",
        "title": "邻里噪声",
        "place": {"text": "桂花苑 3 栋"},
        "words": "深夜装修，多次劝说无果。",
    },
    {
        "type": "burst_pipe",
        "title": "水管爆裂",
        "place": {"text": "石桥路 12 号"},
        "words": "路面积水约 20 厘米。",
    },
    {
        "type": "traffic",
        "title": "交通事故赔偿",
        "place": {"text": "柳塘大街路口"},
        "words": "双方对责任有争议。",
    },
)


class Studio:
    """The seats, and the folder that the pictures go to."""

    def __init__(self, out: Path, desk: Console, phones: dict[str, Phone]) -> None:
        self._out = out
        self._desk = desk
        self._phones = phones
        self._lang = "zh"

    async def speak(self, lang: str) -> None:
        """Every page is loaded again in that language."""
        self._lang = lang
        for seat in (self._desk, *self._phones.values()):
            await seat.page.evaluate("(lang) => localStorage.setItem('liandong.language', lang)", lang)
            await seat.page.reload()
        await asyncio.sleep(3)

    async def shoot(self, state: str) -> None:
        for name, seat in (("console", self._desk), *self._phones.items()):
            home = seat.page.viewport_size or PHONE
            for viewport in SIZES:
                await seat.page.set_viewport_size(viewport)
                await self._save(seat, f"{name}-{state}-{viewport['width']}")
                if name == "console" and viewport is PHONE:
                    await self._whole_column(f"{name}-{state}-{viewport['width']}-whole")
            await seat.page.set_viewport_size(home)

    async def _whole_column(self, name: str) -> None:
        """The narrow console is a column that scrolls; a window as high as that column shows all of it."""
        height = await self._desk.page.evaluate("document.querySelector('.desk').scrollHeight")
        await self._desk.page.set_viewport_size({"width": PHONE["width"], "height": height})
        await self._save(self._desk, name)

    async def _save(self, seat: Seat, name: str, *, settle_s: float = 1.0) -> None:
        await seat.page.evaluate("document.fonts.ready")
        await asyncio.sleep(settle_s)
        await seat.page.screenshot(path=self._out / f"{name}-{self._lang}.png")

    @asynccontextmanager
    async def refusing(self) -> AsyncIterator[None]:
        """Every request but the one for the session is refused."""

        async def refuse(route: Route) -> None:
            if route.request.url.endswith("/api/me"):
                await route.continue_()
            else:
                await route.fulfill(status=503, content_type="application/json", body=REFUSED)

        for seat in (self._desk, *self._phones.values()):
            await seat.page.route("**/api/**", refuse)
        yield
        for seat in (self._desk, *self._phones.values()):
            await seat.page.unroute("**/api/**", refuse)


async def both(studio: Studio, state: str) -> None:
    for lang in ("zh", "en"):
        await studio.speak(lang)
        await studio.shoot(state)


async def make_busy(desk: Console, phones: dict[str, Phone], commander: Someone) -> None:
    """Four incidents; the officer streams to the last, whose departments are at every stage."""
    for report in REPORTS:
        await commander.do("POST", "/api/incidents", report)
    officer = phones["officer"]
    await officer.by("type-chip", '[data-type="wage_dispute"]').tap()
    await officer.by("report-place").fill("锦绣工地东门")
    await officer.by("report-words").fill("约 40 人讨要工资，情绪激动，暂无冲突")
    await officer.by("start-stream").tap()
    await officer.by("stream-state", '[data-phase="live"]').wait_for()
    listed = await commander.do("GET", "/api/incidents?state=open")
    (incident,) = [i["id"] for i in listed["incidents"] if i["type"] == "wage_dispute"]
    await desk.select(incident)
    await desk.key_says("first")
    await desk.page.keyboard.press("F9")
    await phones["responder"].summons()
    await desk.key_says("again")


async def answer(hub: Hub, desk: Console, phones: dict[str, Phone]) -> None:
    responder = phones["responder"]
    await responder.by("acknowledge").tap()
    await responder.by("join").tap()
    await responder.by("room").wait_for()
    for login, verb, body in (
        ("police.chengnan.1", "depart", {}),
        ("housing.chengnan.1", "decline", {"reason": "正在另一现场"}),
    ):
        async with someone(hub, login) as person:
            (task,) = (await person.do("GET", "/api/assignments"))["assignments"]
            await person.do("POST", f"/api/assignments/{task['assignment']['id']}/{verb}", body or None)
    await desk.by("order-text").fill("先劝离，后清点人数")
    await desk.by("order-send").click()


async def main(out: Path) -> None:
    chromium = os.environ.get("CHROMIUM_PATH") or shutil.which("chromium") or "chromium"
    with tempfile.TemporaryDirectory() as name, Hub(Path(name) / "hub", every_s=60) as hub:
        clip = Path(name) / "street.mkv"
        make_clip(clip)
        async with (
            browsers(chromium) as pages,
            Way(hub.port) as way,
            someone(hub, "lead.chengnan") as commander,
        ):
            browser = await pages.start(capture_of(clip, Path(name) / "street", 440))
            doors = Doors(hub=hub, browsers=pages)
            desk = await doors.console(browser, "op.chengnan", url=way.url)
            phones = {
                "officer": await doors.phone(browser, "off.jinxiu", url=way.url),
                "responder": await doors.phone(browser, "labour.chengnan.1", url=way.url),
            }
            studio = Studio(out, desk, phones)
            await both(studio, "empty")
            await make_busy(desk, phones, commander)
            await both(studio, "summoned")
            await answer(hub, desk, phones)
            await both(studio, "busy")
            for lang in ("zh", "en"):
                await studio.speak(lang)
                way.cut()
                await asyncio.gather(*(seat.by("link-down").wait_for() for seat in (desk, *phones.values())))
                await asyncio.sleep(6)
                await studio.shoot("reconnecting")
                way.restore()
                await asyncio.sleep(4)
                async with studio.refusing():
                    await studio.speak(lang)
                    await studio.shoot("refused")
                await studio.speak(lang)


if __name__ == "__main__":
    Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
    asyncio.run(main(Path(sys.argv[1])))
