"""Pictures of the pages while a picture is bad, to be looked at: `python -m tests.e2e.screens_why OUTDIR`.

The console with the line alone and with the figures open, the officer's page and the responder's room, in
both languages: nothing wrong, the sender's uplink, this page's downlink, this computer, the server.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
from pathlib import Path

from dispatch_server.demo.clip import make_clip
from tests.e2e.browsers import PHONE, browsers
from tests.e2e.capture import capture_of
from tests.e2e.hub import Hub
from tests.e2e.late_worker import held_up
from tests.e2e.person import someone
from tests.e2e.screens import SIZES
from tests.e2e.seats import Console, Doors, Seat
from tests.e2e.test_why import LOSSY, SLOW_DECODER, by
from tests.impairment.link import ImpairedLink
from tests.impairment.path import CLEAN

SLOW = f"window.slow = false; {SLOW_DECODER.replace('0.09', '(window.slow ? 0.09 : 0.004)')}"


async def speak(seat: Seat, lang: str) -> None:
    """The page says everything in that language; it is not loaded again, or the picture would be another."""
    if str(await seat.page.evaluate("document.documentElement.lang")).startswith(lang):
        return
    button = seat.by("user-menu" if isinstance(seat, Console) else "account-button")
    if not await button.count():
        return  # in a room there is no such button
    await button.click()
    await seat.by("switch-language").click()
    await seat.page.keyboard.press("Escape")
    await asyncio.sleep(0.3)


async def shoot(out: Path, seats: dict[str, Seat], state: str) -> None:
    for lang in ("zh", "en"):
        for name, seat in seats.items():
            await speak(seat, lang)
            home = seat.page.viewport_size or PHONE
            for viewport in SIZES if isinstance(seat, Console) else (PHONE,):
                await seat.page.set_viewport_size(viewport)
                await asyncio.sleep(1.0)
                stem = f"{name}-{state}-{viewport['width']}-{lang}"
                await seat.page.screenshot(path=out / f"{stem}.png")
                if await seat.by("why").count() and isinstance(seat, Console):
                    await seat.by("why").click()
                    await asyncio.sleep(0.4)
                    await seat.page.screenshot(path=out / f"{stem}-open.png")
                    await seat.page.keyboard.press("Escape")
                    await seat.page.mouse.move(5, 5)
            await seat.page.set_viewport_size(home)


async def comes(desk: Console, verdict: str) -> None:
    await desk.by("why", f'[data-verdict="{verdict}"]').wait_for(timeout=60_000)
    await asyncio.sleep(5)


async def goes(desk: Console) -> None:
    await desk.by("why").wait_for(state="detached", timeout=120_000)


async def main(out: Path) -> None:
    chromium = os.environ.get("CHROMIUM_PATH") or shutil.which("chromium") or "chromium"
    with tempfile.TemporaryDirectory() as name, Hub(Path(name) / "hub", every_s=60) as hub:
        clip = Path(name) / "street.mkv"
        make_clip(clip)
        async with (
            ImpairedLink(seed=3) as uplink,
            ImpairedLink(seed=4) as downlink,
            browsers(chromium) as pages,
            someone(hub, "op.chengnan") as operator,
        ):
            browser = await pages.start(capture_of(clip, Path(name) / "street", 440))
            doors = Doors(hub=hub, browsers=pages)
            desk = await doors.console(browser, "op.chengnan", script=by(downlink, hub) + SLOW)
            officer = await doors.phone(browser, "off.jinxiu", script=by(uplink, hub))
            responder = await doors.phone(browser, "labour.chengnan.1", script=by(uplink, hub))
            await officer.by("type-chip", '[data-type="wage_dispute"]').tap()
            await officer.by("report-place").fill("锦绣工地东门")
            await officer.by("start-stream").tap()
            await officer.by("stream-state", '[data-phase="live"]').wait_for()
            (incident,) = (await operator.do("GET", "/api/incidents?state=open"))["incidents"]
            await desk.select(incident["id"])
            await desk.key_says("first")
            await desk.page.keyboard.press("F9")
            await responder.summons()
            await responder.by("acknowledge").tap()
            await responder.by("join").tap()
            await responder.by("room").wait_for()
            await asyncio.sleep(12)
            seats: dict[str, Seat] = {"console": desk, "officer": officer, "responder": responder}
            await shoot(out, seats, "fine")
            uplink.up.conditions = LOSSY
            await comes(desk, "sender_uplink")
            await shoot(out, seats, "uplink")
            uplink.up.conditions = CLEAN
            await goes(desk)
            downlink.down.conditions = LOSSY
            await comes(desk, "my_downlink")
            await shoot(out, {"console": desk}, "downlink")
            downlink.down.conditions = CLEAN
            await goes(desk)
            await desk.page.evaluate("window.slow = true")
            await comes(desk, "this_device")
            await shoot(out, {"console": desk}, "device")
            await desk.page.evaluate("window.slow = false")
            await goes(desk)
            async with held_up(hub):
                await comes(desk, "server")
                await shoot(out, {"console": desk}, "server")


if __name__ == "__main__":
    Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
    asyncio.run(main(Path(sys.argv[1])))
