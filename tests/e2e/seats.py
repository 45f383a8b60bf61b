"""The seats of an incident as pages: who sits there, what they see and hear, and what their hands can do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from playwright.async_api import Browser, Locator, Page

from tests.e2e.browsers import Browsers
from tests.e2e.capture import Rgb
from tests.e2e.hub import Hub
from tests.e2e.waiting import until

Look = dict[str, Any]
Line = tuple[str, str, str]
PICTURE_WITHIN_S = 20.0
TONE_DB = -60.0  # a tone is heard above it; silence in a spectrum is below −100
NEAR_HZ = 25
PLACES = "[...document.querySelectorAll('button')].map((each) => each.getBoundingClientRect().y).join()"


def is_colour(seen: list[int] | None, rgb: Rgb) -> bool:
    """Whether it is that colour, as far as colour survives a camera and a video codec."""
    return seen is not None and all(abs(one - other) < 70 for one, other in zip(seen, rgb, strict=True))


class Seat:
    """A signed-in page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def by(self, name: str, more: str = "") -> Locator:
        return self.page.locator(f"[data-testid={name}]{more}")

    async def look(self, selector: str) -> Look:
        return cast(Look, await self.page.evaluate("(s) => instruments.look(s)", selector))

    async def sees(
        self,
        rgb: Rgb,
        *,
        at: str = "[data-testid=stage]",
        frames: int = 5,
        within_s: float = PICTURE_WITHIN_S,
    ) -> Look:
        """That colour is shown there, by name and not as a kept still, and its frames go on being decoded."""
        began: dict[int, int] = {}

        def moves(seen: Look) -> bool:
            if not seen["open"] or not is_colour(seen["rgb"], rgb):
                return False
            return bool(seen["decoded"] >= began.setdefault(seen["decoder"], seen["decoded"]) + frames)

        return await until(
            lambda: self.look(at), moves, what=f"{frames} frames of {rgb} at {at}", within_s=within_s
        )

    async def hears(self, hz: int, *, within_s: float = 20) -> None:
        """The tone is the loudest thing in what arrives here, and it is being played."""
        before = (await self.hear(hz))["energy"]
        await until(
            lambda: self.hear(hz),
            lambda heard: (
                (heard["tone_db"] or -200) > TONE_DB
                and abs(heard["peak_hz"] - hz) < NEAR_HZ
                and heard["energy"] > before
            ),
            what=f"a tone of {hz} Hz",
            within_s=within_s,
        )

    async def hear(self, hz: int) -> dict[str, Any]:
        return cast(dict[str, Any], await self.page.evaluate("(hz) => instruments.hear(hz)", hz))

    async def received(self) -> dict[str, int]:
        """Packets that ever arrived on the page's receiving connections, and how many of those are up."""
        return cast(dict[str, int], await self.page.evaluate("instruments.received()"))

    async def first(self, selector: str) -> float | None:
        """When such an element first appeared since this was first asked, ms since 1970."""
        return cast("float | None", await self.page.evaluate("(s) => instruments.first(s)", selector))

    async def first_at(self, selector: str, *, within_s: float = 20) -> float:
        """As `first`, once it did appear."""
        seen = await until(
            lambda: self.first(selector), lambda at: at is not None, what=selector, within_s=within_s
        )
        assert seen is not None
        return seen

    async def negotiations(self) -> dict[str, Any]:
        """How much the page's connections have negotiated so far, and where they stand."""
        return cast(dict[str, Any], await self.page.evaluate("instruments.negotiations()"))

    async def key_at(self) -> float:
        """When a key was pressed last on this page, ms since 1970."""
        return float(await self.page.evaluate("instruments.key_at_ms"))

    async def answered_at(self, method: str, path: str) -> float:
        """When the page had its last reply to such a request, ms since 1970."""
        replies = await until(
            lambda: self.page.evaluate("instruments.replies"),
            lambda all_: any(reply["method"] == method and reply["path"] == path for reply in all_),
            what=f"a reply to {method} {path}",
        )
        return float(
            next(r["at_ms"] for r in reversed(replies) if r["method"] == method and r["path"] == path)
        )


class Console(Seat):
    """The operator's desk."""

    async def select(self, incident_id: str) -> None:
        await self.by("queue-item", f'[data-incident="{incident_id}"]').click()

    async def queue(self) -> list[str]:
        """The incidents in the queue, from the top."""
        return cast(
            list[str], await self.by("queue-item").evaluate_all("(all) => all.map((e) => e.dataset.incident)")
        )

    async def key_says(self, says: str, *, within_s: float = 20) -> None:
        await self.by("one-key", f'[data-says="{says}"]').wait_for(timeout=within_s * 1000)

    async def timeline(self) -> list[Line]:
        """Stream, number and kind of each line of the record, newest first."""
        lines = await self.by("timeline-item").evaluate_all(
            "(all) => all.map((e) => [e.dataset.stream, e.dataset.seq, e.dataset.kind])"
        )
        return [cast(Line, tuple(line)) for line in lines]

    async def departments(self) -> dict[str, tuple[str, str]]:
        """State and stopped clock of each department in the list."""
        rows = await self.by("dept-row").evaluate_all(
            "(all) => all.map((e) => [e.dataset.department, e.dataset.state, e.dataset.stopped])"
        )
        assert len({row[0] for row in rows}) == len(rows), "no department is listed twice"
        return {department: (state, stopped) for department, state, stopped in rows}

    async def tiles(self) -> list[str]:
        """The sources beside the stage."""
        return cast(
            list[str], await self.by("tile").evaluate_all("(all) => all.map((e) => e.dataset.source)")
        )


class Phone(Seat):
    """An officer's or a department's page."""

    async def rang_at(self, since_ms: float) -> float:
        """When the page first made itself heard after that moment, ms since 1970."""
        tones = await until(
            lambda: self.page.evaluate("(since) => instruments.tones.filter((at) => at >= since)", since_ms),
            bool,
            what="a ring that can be heard",
        )
        return float(tones[0])

    async def summons(self, *, within_s: float = 20) -> str:
        """The assignment whose summons fills the page."""
        ringing = self.by("summons")
        await ringing.wait_for(timeout=within_s * 1000)
        return str(await ringing.get_attribute("data-assignment"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """Where pages enter."""

    hub: Hub
    browsers: Browsers

    async def console(
        self, browser: Browser, login: str, *, url: str | None = None, script: str = ""
    ) -> Console:
        """The desk of that person, signed in by a one-time link, with its media connection up; `script` runs
        before those of the page.
        """
        page = await self.browsers.console(browser)
        await page.add_init_script(script)
        await page.goto(f"{url or self.hub.url}/#link={await self.hub.link_token(login)}")
        seat = Console(page)
        await seat.by("one-key").or_(page.locator(".nothing")).first.wait_for(timeout=30_000)
        await self._warm(seat)
        return seat

    async def phone(self, browser: Browser, login: str, *, url: str | None = None, script: str = "") -> Phone:
        """The phone page of that person, likewise."""
        page = await self.browsers.phone(browser)
        await page.add_init_script(script)
        await page.goto(f"{url or self.hub.phone_url}/m#link={await self.hub.link_token(login)}")
        seat = Phone(page)
        await seat.by("start-stream").or_(seat.by("tasks")).first.wait_for(timeout=30_000)
        await self._warm(seat)
        return seat

    async def _warm(self, seat: Seat) -> None:
        await until(seat.received, lambda it: it["up"] == 1, what="a warm media connection", within_s=30)
        seen: list[str] = []

        def rests(places: str) -> bool:
            seen.append(places)
            return seen[-3:] == [places] * 3

        await until(
            lambda: seat.page.evaluate(PLACES), rests, what="a page whose buttons lie still", every_s=0.2
        )
