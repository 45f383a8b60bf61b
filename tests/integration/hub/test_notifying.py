"""Messages to the outside, through apprise to a real webhook: at least once, and not after an answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from alerting import DutyLine, PersonId
from dispatch_server.errors import Unavailable
from dispatch_server.identity import Person, Role
from dispatch_server.notifying import ATTEMPTS, CLAIMED_FOR, AppriseNotifier
from tests.fakes import FakeClock, FakeNotifier
from tests.integration.hub.house import (
    OPERATOR,
    House,
    assignment_of,
    config_in,
    open_house,
    pressed,
    reported,
    until,
)

PAGER = "pager-1"
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of what apprise's plugins import


class Webhook:
    """A far side that keeps what it is sent, and answers as told."""

    def __init__(self) -> None:
        self.got: list[Any] = []
        self.answers: list[int] = []
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        self.got.append(await request.json())
        return web.Response(status=self.answers.pop(0) if self.answers else 200)

    async def has(self, count: int, within_s: float = 10) -> None:
        await until(lambda: len(self.got) >= count, within_s)

    async def stays_at(self, count: int, for_s: float = 1.2) -> None:
        """Longer than the outbox sleeps."""
        await asyncio.sleep(for_s)
        assert len(self.got) == count


@pytest.fixture
async def webhook() -> AsyncIterator[Webhook]:
    hook = Webhook()
    app = web.Application()
    app.router.add_post("/{tail:.*}", hook.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    hook.url = f"json://127.0.0.1:{runner.addresses[0][1]}/"
    yield hook
    await runner.cleanup()


async def put_on_duty(house: House, *contacts: str) -> None:
    """The police of 城南 are reached by these addresses only."""
    person = Person(
        id=PAGER,
        login="pager",
        name="值班手机",
        role=Role.RESPONDER,
        agency_id="chengnan.police",
        contacts=contacts,
    )
    await house.hub.reference.add_people([(person, None)])
    await house.hub.reference.save_duty_lines({"chengnan.police": DutyLine(on_duty=(PersonId(PAGER),))})
    await house.hub.directories.reload()


@asynccontextmanager
async def paging(data: Path, webhook: Webhook, clock: FakeClock | None = None) -> AsyncIterator[House]:
    async with open_house(config_in(data), notifier=AppriseNotifier(), clock=clock) as house:
        if PAGER not in house.hub.directories.now().people:
            await put_on_duty(house, webhook.url)
        yield house


async def summoned(house: House) -> tuple[Any, str]:
    operator = await house.signed_in(OPERATOR)
    incident = await reported(operator)
    done = await pressed(operator, incident["id"])
    return incident, assignment_of(done["incident"], "chengnan.police")


async def state_of(house: House, assignment_id: str) -> str:
    visitor = await house.signed_in(OPERATOR)
    return str((await visitor.get(f"/api/assignments/{assignment_id}"))["assignment"]["state"])


async def test_a_summons_reaches_a_webhook_and_counts_as_delivered(data: Path, webhook: Webhook) -> None:
    async with paging(data, webhook) as house:
        incident, assignment_id = await summoned(house)
        await webhook.has(1)

        async def notified() -> bool:
            return await state_of(house, assignment_id) == "notified"

        await until(notified)
        await webhook.stays_at(1)

    message = webhook.got[0]
    assert message["title"] == "综治中心"
    assert message["message"] == f"警情 {incident['number']} 召集你单位，请在 16:15:00 前到位"
    assert "东门" not in str(message), "nothing about the case itself leaves the house"


async def test_a_refused_message_is_sent_again_after_a_pause_that_grows(data: Path, webhook: Webhook) -> None:
    webhook.answers = [500, 503]
    async with paging(data, webhook) as house:
        await summoned(house)
        await webhook.has(1)
        await webhook.stays_at(1)
        for count, wait_s in ((2, 2), (3, 4)):
            house.clock.pass_by(wait_s - 0.1)
            await webhook.stays_at(count - 1)
            house.clock.pass_by(0.1)
            await webhook.has(count)
            await webhook.stays_at(count)  # and the hub has counted the pause from now
        await until(lambda: outbox_is_empty(house))


async def outbox_is_empty(house: House) -> bool:
    return await house.hub.reader.outbox_ready(2**53, limit=9) == []


async def test_after_an_answer_nobody_is_paged_any_more(data: Path, webhook: Webhook) -> None:
    webhook.answers = [500] * 50
    async with paging(data, webhook) as house:
        _, assignment_id = await summoned(house)
        await webhook.has(1)
        police = await house.signed_in("chengnan-police-1")
        await police.post(f"/api/assignments/{assignment_id}/acknowledge")

        house.clock.pass_by(3600)

        await webhook.stays_at(1)
        assert await outbox_is_empty(house)


@pytest.mark.full
async def test_a_message_that_nobody_takes_is_given_up_in_the_end(data: Path, webhook: Webhook) -> None:
    notifier = FakeNotifier(takes=False)
    async with open_house(config_in(data), notifier=notifier) as house:
        await put_on_duty(house, "json://nowhere/")
        await summoned(house)

        def summonses() -> int:
            """The ladder goes on meanwhile, with messages of its own."""
            house.clock.pass_by(1)
            return sum("召集你单位" in message["body"] for message in notifier.sent)

        await until(lambda: summonses() == ATTEMPTS, 30)
        for _ in range(200):
            house.clock.pass_by(1)
            await asyncio.sleep(0.005)
        assert summonses() == ATTEMPTS


async def test_a_message_outlives_a_restart(data: Path, webhook: Webhook) -> None:
    webhook.answers = [500]
    clock = FakeClock()
    async with paging(data, webhook, clock) as house:
        await summoned(house)
        await webhook.has(1)
        await until(lambda: waits(house))
    clock.pass_by(3)
    async with paging(data, webhook, clock) as house:
        await webhook.has(2)
        await until(lambda: outbox_is_empty(house))


async def waits(house: House) -> bool:
    """The failure is written down."""
    rows = await house.hub.reader.outbox_ready(2**53, limit=9)
    return [attempts for _, _, attempts in rows] == [1]


async def test_a_message_that_was_on_its_way_at_the_crash_goes_again(data: Path, webhook: Webhook) -> None:
    """Claimed and never heard of again: better twice than never."""
    clock = FakeClock()

    class Hangs(FakeNotifier):
        async def send(self, address: str, *, title: str, body: str) -> bool:
            await super().send(address, title=title, body=body)
            await asyncio.sleep(60)
            return True

    notifier = Hangs()
    async with open_house(config_in(data), notifier=notifier, clock=clock) as house:
        await put_on_duty(house, webhook.url)
        await summoned(house)
        await until(lambda: notifier.sent)
    clock.pass_by(CLAIMED_FOR.total_seconds())
    async with paging(data, webhook, clock):
        await webhook.has(1)


async def test_each_address_of_each_person_gets_its_own_message(data: Path, webhook: Webhook) -> None:
    async with open_house(config_in(data), notifier=AppriseNotifier()) as house:
        await put_on_duty(house, webhook.url + "one", webhook.url + "two")
        await summoned(house)
        await webhook.has(2)
        await webhook.stays_at(2)


async def test_an_address_that_apprise_does_not_know_harms_nobody(
    data: Path, webhook: Webhook, capfd: pytest.CaptureFixture[str]
) -> None:
    async with open_house(config_in(data), notifier=AppriseNotifier()) as house:
        await put_on_duty(house, "smoke-signal://hill", "", webhook.url)
        await summoned(house)
        await webhook.has(1)

    log = "".join(capfd.readouterr())
    assert "Traceback" not in log
    assert "smoke-signal" not in log, "addresses stay out of the log"


async def test_a_delivery_that_cannot_be_recorded_is_not_sent_over_and_over(
    data: Path, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with paging(data, webhook) as house:

        async def fails(*_: object) -> None:
            raise Unavailable("store_failed")

        monkeypatch.setattr(house.hub.answers, "delivered", fails)
        await summoned(house)
        await webhook.has(1)

        await webhook.stays_at(1)


async def test_the_ladder_pages_the_next_when_nobody_answers(data: Path, webhook: Webhook) -> None:
    async with open_house(config_in(data), notifier=AppriseNotifier()) as house:
        await put_on_duty(house, webhook.url)
        await summoned(house)
        await webhook.has(1)
        house.clock.pass_by(20)
        await house.hub.timekeeper.cycle_once()

        await webhook.has(2)
        assert "无人应答" in webhook.got[1]["message"]


async def test_a_recall_is_told_outside_too(data: Path, webhook: Webhook) -> None:
    async with paging(data, webhook) as house:
        incident, _ = await summoned(house)
        await webhook.has(1)
        operator = await house.signed_in(OPERATOR)
        await operator.post(f"/api/incidents/{incident['id']}/recall")

        await webhook.has(2)
        assert "召集已撤销" in webhook.got[1]["message"]
