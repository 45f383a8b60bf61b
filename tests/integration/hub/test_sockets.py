"""The socket: who comes in, and what a page is told."""

from __future__ import annotations

import asyncio
from typing import Any

import msgpack
import pytest
from socketio.exceptions import ConnectionError as Refused

from tests.integration.hub.house import (
    LABOUR,
    OFFICER,
    OPERATOR,
    POLICE,
    House,
    pressed,
    reported,
)
from tests.integration.hub.packets import (
    CONNECT,
    CONNECT_ERROR,
    frame,
    nobody_online,
    raw,
)
from tests.integration.hub.routes import ids_of_a_case


async def test_whoever_has_not_signed_in_is_refused_with_a_sentence(house: House) -> None:
    visitor = await house.visitor()
    for language, words in (("zh", "请先登录"), ("en", "Sign in first")):
        async with raw(visitor, connect=False, language=language) as ws:
            await ws.send_bytes(frame(CONNECT))
            refusal = msgpack.loads((await ws.receive(timeout=5)).data)
        assert refusal["type"] == CONNECT_ERROR
        assert refusal["data"]["message"] == words
        assert refusal["data"]["data"]["code"] == "not_signed_in"


async def test_a_device_has_no_business_on_the_socket(house: House) -> None:
    operator = await house.signed_in(OPERATOR)
    made = await operator.post(
        "/api/devices", {"name": "x", "agency_id": "chengnan.jinxiu", "default_type": "burst_pipe"}
    )
    with pytest.raises(Refused):
        await (await house.visitor()).listen(Authorization=f"Bearer {made['token']}")


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", "http://localhost"])
async def test_a_page_of_another_origin_is_kept_out(house: House, origin: str) -> None:
    operator = await house.signed_in(OPERATOR)
    with pytest.raises(Refused):
        await operator.listen(Origin=origin)
    assert (await operator.listen(Origin=house.url)).client.connected


async def test_whoever_leaves_while_being_let_in_leaves_no_ghost(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator = await house.signed_in(OPERATOR)
    asked = asyncio.Event()
    session = house.hub.accounts.session

    async def slowly(*args: Any) -> Any:
        asked.set()
        await asyncio.sleep(0.2)
        return await session(*args)

    monkeypatch.setattr(house.hub.accounts, "session", slowly)
    async with raw(operator, connect=False) as ws:
        await ws.send_bytes(frame(CONNECT))
        await asked.wait()
    await asyncio.sleep(0.4)

    await nobody_online(house)
    assert list(house.hub.sockets.manager.get_participants("/", f"person:{OPERATOR}")) == []


async def test_an_incident_appears_on_every_console_of_its_agency_and_nowhere_else(house: House) -> None:
    near = [await (await house.signed_in(p)).listen() for p in (OPERATOR, "lead-chengnan", "commander")]
    far = [await (await house.signed_in(p)).listen() for p in ("op-hexi", POLICE, "admin", "med-chengnan")]

    incident = await reported(await house.signed_in(OFFICER))

    for listener in near:
        delta = await listener.hears("stream_advanced", within_s=2, stream=incident["stream"])
        assert (delta["base"], delta["seq"]) == (0, 1)
        assert delta["parts"]["incident"]["id"] == incident["id"]
    for listener in far:
        assert (await listener.ask("clock", {}))["ok"], "what was sent before has arrived by now"
        assert listener.of("stream_advanced") == []


async def test_a_summons_rings_at_whoever_is_on_duty_and_stops_when_somebody_answers(house: House) -> None:
    operator, officer = await house.signed_in(OPERATOR), await house.signed_in(OFFICER)
    police, deputy, labour = [await house.signed_in(p) for p in (POLICE, "chengnan-police-2", LABOUR)]
    rings = [await visitor.listen() for visitor in (police, deputy, labour)]
    incident = await reported(officer)
    await pressed(operator, incident["id"])

    ring = await rings[0].hears("summons_ring", department_id="chengnan.police")
    assert (ring["kind"], ring["step"], ring["attempt"], ring["place"]) == ("summons", 0, 1, "东门")
    assert rings[1].of("summons_ring") == [], "the deputy's turn has not come"
    receipt = {key: ring[key] for key in ("assignment_id", "step", "attempt")}
    assert (await rings[0].ask("ring_received", receipt))["ok"]
    view = await police.get(f"/api/assignments/{ring['assignment_id']}")
    assert view["assignment"]["state"] == "notified"

    await deputy.post(f"/api/assignments/{ring['assignment_id']}/acknowledge")

    stopped = await rings[0].hears("ring_stopped", assignment_id=ring["assignment_id"])
    assert (stopped["reason"], stopped["by"]["id"]) == ("acknowledged", "chengnan-police-2")
    assert rings[2].of("ring_stopped") == [], "one acknowledgement never silences another department"


async def test_a_receipt_of_somebody_who_was_not_paged_counts_for_nothing(house: House) -> None:
    ids = await ids_of_a_case(house)
    deputy = await house.signed_in("chengnan-police-2")

    await (await deputy.listen()).ask("ring_received", {"assignment_id": ids["assignment_id"]})

    view = await deputy.get(f"/api/assignments/{ids['assignment_id']}")
    assert view["assignment"]["state"] == "pending"


async def test_an_order_reaches_whom_it_is_for(house: House) -> None:
    ids = await ids_of_a_case(house)
    operator = await house.signed_in(OPERATOR)
    police, labour = [await (await house.signed_in(p)).listen() for p in (POLICE, LABOUR)]

    await operator.post(
        f"/api/incidents/{ids['incident_id']}/orders",
        {"text": "先疏散", "department_ids": ["chengnan.police"]},
    )

    given = await police.hears("order_given")
    assert given["order"]["text"] == "先疏散"
    assert (await labour.ask("clock", {}))["ok"]
    assert labour.of("order_given") == []


async def test_after_a_lost_socket_sync_brings_exactly_the_missed_events(house: House) -> None:
    operator, leader = await house.signed_in(OPERATOR), await house.signed_in("lead-chengnan")
    listener = await leader.listen()
    incident = await reported(operator)
    await listener.hears("stream_advanced", stream=incident["stream"])
    synced = await listener.ask("sync", {"streams": {}})
    known = {view["stream"]: view["seq"] for view in synced["incidents"]}
    assert known[incident["stream"]] == 1
    await listener.close()

    summoned = await pressed(operator, incident["id"])
    await operator.post(f"/api/incidents/{incident['id']}/orders", {"text": "先疏散"})
    other = await reported(operator, type="noise")

    back = await leader.listen()
    synced = await back.ask("sync", {"streams": known})
    kinds = [event["kind"] for event in synced["missed"][incident["stream"]]]
    assert kinds == ["summons_issued", "order_given"]
    assert [event["seq"] for event in synced["missed"][incident["stream"]]] == [2, 3]
    assert {view["id"] for view in synced["incidents"]} == {incident["id"], other["id"]}
    assert [room["id"] for room in synced["rooms"]] == [summoned["room_id"]]
    fresh = await leader.get(f"/api/incidents/{incident['id']}")
    assert next(view for view in synced["incidents"] if view["id"] == incident["id"]) == fresh

    again = await back.ask(
        "sync",
        {
            "streams": {
                **{v["stream"]: v["seq"] for v in synced["incidents"]},
                **{r["stream"]: r["seq"] for r in synced["rooms"]},
            }
        },
    )
    assert (again["incidents"], again["rooms"], again["missed"], again["gone"]) == ([], [], {}, [])


async def test_what_rings_still_rings_after_a_reload(house: House) -> None:
    ids = await ids_of_a_case(house)
    police = await house.signed_in(POLICE)
    listener = await police.listen()

    synced = await listener.ask("sync", {"streams": {}})

    assert [ring["assignment_id"] for ring in synced["ringing"]] == [ids["assignment_id"]]
    await police.post(f"/api/assignments/{ids['assignment_id']}/acknowledge")
    assert (await listener.ask("sync", {"streams": {}}))["ringing"] == []


async def test_a_beat_comes_with_every_cycle(house: House) -> None:
    listener = await (await house.signed_in(OPERATOR)).listen()

    first = await listener.hears("beat", within_s=5)
    second = await listener.hears("beat", within_s=5, cycle=first["cycle"] + 1)

    assert second["now"].endswith("Z")
