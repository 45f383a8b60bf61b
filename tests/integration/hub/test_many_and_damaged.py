"""One incident whose record cannot be read, and more incidents than a page is sent."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from sqlalchemy import update

from dispatch_server import timekeeper
from dispatch_server.store import tables as t
from dispatch_server.usecases import looking
from tests.integration.hub.house import (
    LABOUR,
    OFFICER,
    OPERATOR,
    House,
    assignment_of,
    pressed,
    reported,
)


async def damage(house: House, incident_id: str) -> None:
    """The incident's document lacks what it needs."""
    async with house.hub.writer.transaction() as connection:
        await connection.execute(
            update(t.aggregate)
            .where(t.aggregate.c.id == incident_id, t.aggregate.c.kind == "response")
            .values(doc=json.dumps({"incident": {}}))
        )


async def test_a_record_that_cannot_be_read_costs_one_incident(house: House) -> None:
    operator = await house.signed_in(OPERATOR)
    listener = await operator.listen()
    bad, good = await reported(operator), await reported(operator)
    await pressed(operator, bad["id"])
    await damage(house, bad["id"])

    assert [each["id"] for each in (await operator.get("/api/incidents"))["incidents"]] == [good["id"]]
    synced = await listener.ask("sync", {"streams": {}})
    assert [each["id"] for each in synced["incidents"]] == [good["id"]]
    asked = await operator.call("GET", f"/api/incidents/{bad['id']}")
    assert (asked.status, asked.code) == (503, "record_unreadable")


async def test_deadlines_that_cannot_fire_hold_up_no_others(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timekeeper, "CLAIM_LIMIT", 5)
    operator = await house.signed_in(OPERATOR)
    bad, good = await reported(operator), await reported(operator)
    await pressed(operator, bad["id"])
    house.clock.pass_by(1)
    done = await pressed(operator, good["id"])
    await damage(house, bad["id"])
    house.clock.pass_by(121)
    cycle = house.hub.timekeeper.cycle

    await house.hub.timekeeper.cycle_once()

    assert house.hub.timekeeper.cycle > cycle, "a complete cycle, and its beat"
    assert house.hub.timekeeper.stuck == {bad["id"]}
    assignment_id = assignment_of(done["incident"], "chengnan.labour")
    view: Any = (await operator.get(f"/api/assignments/{assignment_id}"))["assignment"]
    assert view["step"] > 1
    health = await operator.get("/health/engine")
    assert health["detail"]["stuck_incidents"] == 1


async def test_a_deadline_that_another_hub_fired_first_is_no_fault(house: House) -> None:
    operator = await house.signed_in(OPERATOR)
    incident = await reported(operator)
    done = await pressed(operator, incident["id"])
    house.clock.pass_by(61)
    hubs = [house.hub.timekeeper] * 4

    await asyncio.gather(*(each.cycle_once() for each in hubs))

    assert house.hub.timekeeper.stuck == set()
    journal = (await operator.get(f"/api/incidents/{incident['id']}/journal"))["events"]
    fired = [
        (each["payload"]["assignment_id"], each["payload"]["step"])
        for each in journal
        if each["kind"] == "escalation_fired"
    ]
    assert (assignment_of(done["incident"], "chengnan.labour"), 1) in fired
    assert len(fired) == len(set(fired)), "each step once"


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "SYNC_UNDER_WAY", 3)
    monkeypatch.setattr(looking, "SYNC_RESOLVED", 2)


@pytest.mark.usefixtures("few")
async def test_what_waits_for_its_follow_up_crowds_out_nothing_that_is_under_way(house: House) -> None:
    operator = await house.signed_in(OPERATOR)
    listener = await operator.listen()
    for _ in range(4):
        done = await reported(operator)
        await operator.post(f"/api/incidents/{done['id']}/resolve", {"outcome": "x"})
    house.clock.pass_by(60)
    fresh = await reported(operator)

    synced = await listener.ask("sync", {"streams": {}})

    states = [each["state"] for each in synced["incidents"]]
    assert (states.count("received"), states.count("resolved")) == (1, 2)
    assert fresh["id"] in [each["id"] for each in synced["incidents"]]
    assert synced["partial"]
    listed = (await operator.get("/api/incidents?limit=1"))["incidents"]
    assert [each["id"] for each in listed] == [fresh["id"]]


@pytest.mark.usefixtures("few")
async def test_what_rings_is_sent_however_much_there_is(house: House) -> None:
    operator, labour = await house.signed_in(OPERATOR), await house.signed_in(LABOUR)
    for _ in range(5):
        incident = await reported(operator)
        await pressed(operator, incident["id"])

    synced = await (await labour.listen()).ask("sync", {"streams": {}})

    assert len(synced["incidents"]) == len(synced["ringing"]) == 5


async def test_a_page_that_holds_everything_is_told_so(house: House) -> None:
    await reported(await house.signed_in(OFFICER))
    synced = await (await (await house.signed_in(OPERATOR)).listen()).ask("sync", {"streams": {}})
    assert synced["partial"] is False
