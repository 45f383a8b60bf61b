"""One key, pressed by nervous fingers over bad networks: each command does its work once."""

from __future__ import annotations

import asyncio

import pytest

from tests.integration.hub.house import (
    CITY,
    LABOUR,
    LEADER,
    OFFICER,
    OPERATOR,
    POLICE,
    SDP,
    House,
    Visitor,
    assignment_of,
    pressed,
    reported,
)

PLANNED = {f"chengnan.{slug}" for slug in ("labour", "police", "housing", "justice", "petition")}


async def journal(visitor: Visitor, incident_id: str) -> list[str]:
    return [e["kind"] for e in (await visitor.get(f"/api/incidents/{incident_id}/journal"))["events"]]


async def test_the_preview_is_what_the_key_does(house: House) -> None:
    operator = await house.signed_in(OPERATOR)
    incident = await reported(operator)
    await (await house.signed_in(POLICE)).listen()

    plan = await operator.get(f"/api/incidents/{incident['id']}/plan")
    done = await pressed(operator, incident["id"])

    assert {d["department_id"] for d in plan["departments"]} == PLANNED
    assert {a["department_id"] for a in done["incident"]["assignments"]} == PLANNED
    online = {p["id"]: p["online"] for d in plan["departments"] for p in d["on_duty"]}
    assert (online[POLICE], online[LABOUR]) == (True, False)
    for planned, made in zip(plan["departments"], done["incident"]["assignments"], strict=True):
        assert {k: planned[k] for k in ("required", "lead", "mode")} == {
            k: made[k] for k in ("required", "lead", "mode")
        }


async def test_one_press_makes_room_summons_assignments_clocks_and_deadlines_together(house: House) -> None:
    operator = await house.signed_in(OPERATOR)
    incident = await reported(operator)
    done = await pressed(operator, incident["id"])

    assert done["pressed"] == "issued"
    assert done["incident"]["room_id"] == done["room_id"]
    assert done["incident"]["summons"]["issued_by"]["id"] == OPERATOR
    assert {a["clock"]["started_at"] for a in done["incident"]["assignments"]} == {incident["received_at"]}
    assert {a["state"] for a in done["incident"]["assignments"]} == {"pending"}
    rows = await house.hub.reader.due_before(2**53, limit=1000)
    for assignment in done["incident"]["assignments"]:
        keys = {key.removeprefix(assignment["id"]) for key, *_ in rows if key.startswith(assignment["id"])}
        assert keys == {":clock:50", ":clock:80", ":clock:100", ":give_up"} | {
            f":step:{n}" for n in range(1, 5)
        }


async def test_two_operators_and_a_double_click_at_once_make_one_summons(house: House) -> None:
    operator = await house.signed_in(OPERATOR)
    everybody = [operator, await house.signed_in(LEADER), await house.signed_in(CITY)]
    incident = await reported(operator)

    done = await asyncio.gather(*(pressed(who, incident["id"]) for who in everybody for _ in range(4)))

    assert sorted(d["pressed"] for d in done) == ["issued"] + ["unchanged"] * 11
    assert len({d["room_id"] for d in done}) == 1
    assert (await journal(operator, incident["id"])).count("summons_issued") == 1
    assert len(done[0]["incident"]["assignments"]) == len(PLANNED)


async def test_a_later_press_calls_only_those_who_are_not_moving(house: House) -> None:
    operator, police = await house.signed_in(OPERATOR), await house.signed_in(POLICE)
    incident = await reported(operator)
    done = await pressed(operator, incident["id"])
    await police.post(f"/api/assignments/{assignment_of(done['incident'], 'chengnan.police')}/depart")
    house.clock.pass_by(6)

    again = await pressed(operator, incident["id"])

    assert (again["pressed"], again["resummoned"]) == ("resummoned", len(PLANNED) - 1)
    attempts = {a["department_id"]: a["attempt"] for a in again["incident"]["assignments"]}
    assert attempts == {d: 1 if d == "chengnan.police" else 2 for d in PLANNED}


async def test_esc_takes_a_summons_back_within_five_seconds(house: House) -> None:
    operator, police = await house.signed_in(OPERATOR), await house.signed_in(POLICE)
    listener = await police.listen()
    incident = await reported(operator)
    done = await pressed(operator, incident["id"])
    ring = await listener.hears("summons_ring")
    house.clock.pass_by(5)

    back = await operator.post(f"/api/incidents/{incident['id']}/recall")

    assert (back["state"], back["assignments"], back["room_id"]) == ("received", [], None)
    assert back["summons"]["state"] == "recalled"
    stopped = await listener.hears("ring_stopped", assignment_id=ring["assignment_id"])
    assert stopped["reason"] == "recalled"
    assert (await listener.hears("stream_gone"))["stream"] == incident["stream"]
    assert (await police.call("GET", f"/api/incidents/{incident['id']}")).status == 404
    assert (await operator.call("GET", f"/api/rooms/{done['room_id']}")).status == 404
    assert [row for row in await house.hub.reader.due_before(2**53, limit=99) if ":step:" in row[0]] == []


async def test_after_five_seconds_esc_is_too_late(house: House) -> None:
    operator = await house.signed_in(OPERATOR)
    incident = await reported(operator)
    await pressed(operator, incident["id"])
    house.clock.pass_by(5.001)

    answer = await operator.call("POST", f"/api/incidents/{incident['id']}/recall")

    assert (answer.status, answer.code) == (409, "recall_too_late")
    assert answer.data["message"] == "超过 5 秒，不能撤销。可逐个解除部门"
    assert (await operator.get(f"/api/incidents/{incident['id']}"))["state"] == "dispatched"


async def test_after_a_recall_the_key_opens_another_room(house: House) -> None:
    operator, officer = await house.signed_in(OPERATOR), await house.signed_in(OFFICER)
    incident = await reported(officer)
    feed = await officer.post("/api/feeds", {"incident_id": incident["id"]})
    first = await pressed(operator, incident["id"])
    await operator.post(f"/api/incidents/{incident['id']}/recall")

    published = await officer.call(
        "POST", feed["whip_url"], data=SDP, headers={"Content-Type": "application/sdp"}
    )
    assert published.status == 201, "the officer's picture does not hang on the summons"
    second = await pressed(operator, incident["id"])

    assert second["pressed"] == "issued"
    assert second["room_id"] != first["room_id"]
    room = await operator.get(f"/api/rooms/{second['room_id']}")
    assert room["state"] == "open"


# ── the same command again ───────────────────────────────────────────────────────────────────────


async def test_a_report_said_again_under_its_key_is_the_same_incident(house: House) -> None:
    officer = await house.signed_in(OFFICER)
    headers = {"Idempotency-Key": "tap 1"}

    first = await officer.call("POST", "/api/incidents", {"type": "noise"}, headers=headers)
    again = await officer.call("POST", "/api/incidents", {"type": "noise"}, headers=headers)

    assert (first.status, again.status) == (201, 201)
    assert first.data == again.data
    assert len((await officer.get("/api/incidents"))["incidents"]) == 1


async def test_a_report_said_twice_at_once_under_one_key_is_one_incident(house: House) -> None:
    officer = await house.signed_in(OFFICER)
    headers = {"Idempotency-Key": "tap 1"}

    answers = await asyncio.gather(
        *(officer.call("POST", "/api/incidents", {"type": "noise"}, headers=headers) for _ in range(6))
    )

    assert {a.status for a in answers} == {201}
    assert len({a.data["id"] for a in answers}) == 1


async def test_a_key_used_for_something_else_is_refused(house: House) -> None:
    operator = await house.signed_in(OPERATOR)
    headers = {"Idempotency-Key": "k"}
    incident = await reported(operator)
    first = await operator.call("POST", f"/api/incidents/{incident['id']}/summon", {}, headers=headers)
    assert first.status == 200

    for path, body in (
        (f"/api/incidents/{incident['id']}/summon", {"plan_id": "chengnan.noise"}),
        (f"/api/incidents/{incident['id']}/resolve", {"outcome": "x"}),
        ("/api/incidents", {"type": "noise"}),
    ):
        answer = await operator.call("POST", path, body, headers=headers)
        assert (answer.status, answer.code) == (409, "key_reused"), path


async def test_two_people_may_use_the_same_key(house: House) -> None:
    headers = {"Idempotency-Key": "1"}
    officer, operator = await house.signed_in(OFFICER), await house.signed_in(OPERATOR)

    one = await officer.call("POST", "/api/incidents", {"type": "noise"}, headers=headers)
    other = await operator.call("POST", "/api/incidents", {"type": "noise"}, headers=headers)

    assert one.data["id"] != other.data["id"]


@pytest.mark.parametrize("verb", ["acknowledge", "depart", "arrive"])
async def test_an_answer_said_again_under_its_key_is_told_the_same(house: House, verb: str) -> None:
    operator, police = await house.signed_in(OPERATOR), await house.signed_in(POLICE)
    incident = await reported(operator)
    done = await pressed(operator, incident["id"])
    path = f"/api/assignments/{assignment_of(done['incident'], 'chengnan.police')}/{verb}"
    headers = {"Idempotency-Key": "tap"}

    first = await police.call("POST", path, headers=headers)
    before = await journal(operator, incident["id"])
    again = await police.call("POST", path, headers=headers)

    assert (first.status, again.status) == (200, 200)
    assert first.data == again.data
    assert await journal(operator, incident["id"]) == before


async def test_a_press_said_again_long_after_its_undo_window_summons_nobody_again(house: House) -> None:
    """The first reply was lost in a tunnel; the queue on the phone says it again a minute later."""
    operator = await house.signed_in(OPERATOR)
    incident = await reported(operator)
    path, headers = f"/api/incidents/{incident['id']}/summon", {"Idempotency-Key": "press"}
    await operator.call("POST", path, {}, headers=headers)
    house.clock.pass_by(60)

    again = await operator.call("POST", path, {}, headers=headers)

    assert again.data["pressed"] == "issued", "what it was told the first time"
    assert {a["attempt"] for a in again.data["incident"]["assignments"]} == {1}


# ── from answer to close ─────────────────────────────────────────────────────────────────────────


async def test_the_second_of_a_department_is_told_who_was_first(house: House) -> None:
    operator = await house.signed_in(OPERATOR)
    incident = await reported(operator)
    done = await pressed(operator, incident["id"])
    path = f"/api/assignments/{assignment_of(done['incident'], 'chengnan.police')}/acknowledge"
    await (await house.signed_in(POLICE)).post(path)

    answer = await (await house.signed_in("chengnan-police-2")).call("POST", path)

    assert (answer.status, answer.code) == (409, "already_answered")
    assert answer.data["message"] == "王警官 已于 16:00:00 接受"


async def test_the_clock_stops_at_the_servers_time_of_the_join(house: House) -> None:
    operator, police = await house.signed_in(OPERATOR), await house.signed_in(POLICE)
    incident = await reported(operator)
    done = await pressed(operator, incident["id"])
    house.clock.pass_by(75)
    await police.post(f"/api/assignments/{assignment_of(done['incident'], 'chengnan.police')}/acknowledge")
    house.clock.pass_by(12.5)
    await police.post(f"/api/rooms/{done['room_id']}/join")

    view = await police.get(f"/api/assignments/{assignment_of(done['incident'], 'chengnan.police')}")
    assert view["assignment"]["state"] == "joined"
    assert view["assignment"]["clock"]["stopped_at"] == "2026-03-01T08:01:27.500Z"
    assert view["assignment"]["acknowledged_at"] == "2026-03-01T08:01:15.000Z"


async def test_only_a_commander_takes_a_required_department_off_before_it_came(house: House) -> None:
    operator, leader = await house.signed_in(OPERATOR), await house.signed_in(LEADER)
    incident = await reported(operator)
    done = await pressed(operator, incident["id"])
    path = f"/api/assignments/{assignment_of(done['incident'], 'chengnan.police')}/release"

    refused = await operator.call("POST", path)
    assert (refused.status, refused.code) == (403, "commander_needed")
    assert (await leader.post(path))["state"] == "released"


async def test_an_incident_goes_from_report_to_close_and_its_timeline_tells_it(house: House) -> None:
    operator, officer = await house.signed_in(OPERATOR), await house.signed_in(OFFICER)
    incident = await reported(officer)
    path = f"/api/incidents/{incident['id']}"
    await pressed(operator, incident["id"])
    await operator.post(f"{path}/resolve", {"outcome": "双方和解"})
    missing = await operator.call("POST", f"{path}/close", {})
    assert (missing.status, missing.code) == (400, "follow_up_missing")
    closed = await operator.post(f"{path}/close", {"follow_up": {"result": "reached", "satisfaction": 5}})

    assert closed["state"] == "closed"
    assert closed["follow_up"]["by"]["id"] == OPERATOR
    kinds = await journal(operator, incident["id"])
    assert [kinds[0], kinds[1], kinds[-1]] == ["incident_received", "summons_issued", "incident_closed"]
    assert incident["id"] not in {i["id"] for i in (await operator.get("/api/incidents"))["incidents"]}
    listed = await operator.get("/api/incidents?state=closed")
    assert [i["id"] for i in listed["incidents"]] == [incident["id"]]
    assert (await officer.get(path))["state"] == "closed", "whoever reported it may read it for ever"


async def test_a_department_added_after_a_reopening_finds_an_open_room(house: House) -> None:
    operator, health = await house.signed_in(OPERATOR), await house.signed_in("chengnan-health-1")
    incident = await reported(operator)
    path = f"/api/incidents/{incident['id']}"
    await pressed(operator, incident["id"])
    await operator.post(f"{path}/resolve", {"outcome": "x"})
    await operator.post(f"{path}/reopen")

    added = await operator.post(f"{path}/departments", {"department_id": "chengnan.health"})

    room = await health.post(f"/api/rooms/{added['room_id']}/join")
    assert room["state"] == "open"
