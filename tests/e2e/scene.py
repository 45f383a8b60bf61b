"""One incident with everybody at their seats, and one who has no business there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path

from playwright.async_api import Browser, Geolocation

from tests.e2e.browsers import PLACE, browsers
from tests.e2e.capture import Signature, make_capture
from tests.e2e.hub import Hub
from tests.e2e.person import Someone, someone
from tests.e2e.seats import Console, Doors, Phone
from tests.e2e.way import Way
from tests.integration.rtc.clips import BLUE, GREEN, RED

OFFICER = Signature(rgb=RED, tone_hz=440)
LABOUR = Signature(rgb=BLUE, tone_hz=880)
JUSTICE = Signature(rgb=GREEN, tone_hz=660)
OPERATOR = Signature(rgb=(200, 200, 20), tone_hz=1320)


@dataclass(slots=True, kw_only=True)
class Scene:
    """`commander` and `stranger` only speak to the API: the truth to compare with, the outsider's hands."""

    hub: Hub
    way: Way
    doors: Doors
    desk: Browser
    operator: Console
    officer: Phone
    labour: Phone
    justice: Phone
    outsider: Console
    commander: Someone
    stranger: Someone
    incident_id: str = ""
    room_id: str = ""
    full: bool = False
    numbers: dict[str, float] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    async def assignments(self) -> dict[str, str]:
        """The assignment of each department by the last part of its id: labour, justice, …"""
        view = await self.commander.incident(self.incident_id)
        return {a["department_id"].rpartition(".")[2]: a["id"] for a in view["assignments"]}


def instant(text: str) -> datetime:
    """The moment that a text of the wire names, to the millisecond."""
    at = datetime.fromisoformat(text)
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


@asynccontextmanager
async def pacing(phone: Phone) -> AsyncIterator[None]:
    """The phone has a fresh fix every second: whoever carries it paces to and fro."""

    async def pace() -> None:
        for step in count():
            place: Geolocation = {**PLACE, "longitude": PLACE["longitude"] + 0.00002 * (step % 2)}
            await phone.page.context.set_geolocation(place)
            await asyncio.sleep(1)

    task = asyncio.create_task(pace())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait((task,))


@asynccontextmanager
async def on_scene(hub: Hub, folder: Path, executable: str, *, full: bool) -> AsyncIterator[Scene]:
    """Everybody has signed in and nothing has happened yet. The operator's way to the hub can be cut."""
    async with AsyncExitStack() as stack:
        pages = await stack.enter_async_context(browsers(executable))
        way = await stack.enter_async_context(Way(hub.port))
        officer, labour, justice, operator = [
            make_capture(folder, name, signature)
            for name, signature in (
                ("officer", OFFICER),
                ("labour", LABOUR),
                ("justice", JUSTICE),
                ("operator", OPERATOR),
            )
        ]
        desk, *phones = await asyncio.gather(
            pages.start(operator), pages.start(officer), pages.start(labour), pages.start(justice)
        )
        doors = Doors(hub=hub, browsers=pages)
        carried = await doors.phone(phones[0], "off.jinxiu")
        await stack.enter_async_context(pacing(carried))
        yield Scene(
            full=full,
            hub=hub,
            way=way,
            doors=doors,
            desk=desk,
            operator=await doors.console(desk, "op.chengnan", url=way.url),
            outsider=await doors.console(desk, "op.hexi"),
            officer=carried,
            labour=await doors.phone(phones[1], "labour.chengnan.1"),
            justice=await doors.phone(phones[2], "justice.chengnan.1"),
            commander=await stack.enter_async_context(someone(hub, "lead.chengnan")),
            stranger=await stack.enter_async_context(someone(hub, "op.hexi")),
        )
