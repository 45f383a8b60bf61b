"""Every call is authorised by role and place in the tree: what is not yours does not exist."""

import pytest

from tests.integration.hub.house import (
    ADMIN,
    CITY,
    ELSEWHERE,
    LABOUR,
    LEADER,
    OFFICER,
    OPERATOR,
    POLICE,
    House,
    Visitor,
    pressed,
    reported,
)
from tests.integration.hub.routes import (
    BODIES,
    OPEN_PATHS,
    SDP_BODIES,
    UNKNOWN,
    Entry,
    entries,
    heads,
    ids_of_a_case,
)

STRANGERS = (*ELSEWHERE, "chengnan-urban-1", "off-chengnan-shiqiao", ADMIN)


async def ask(visitor: Visitor, entry: Entry, ids: dict[str, str]) -> tuple[int, str]:
    answer = await visitor.call(entry.method, entry.address(ids), **entry.body(ids))
    return answer.status, str(answer.data["code"]) if answer.status >= 400 else ""


def test_every_route_that_takes_a_body_has_an_example_here(house: House) -> None:
    """A new route that is not in the table of bodies would be tried without one, and prove nothing."""
    described = house.hub.description["paths"]
    with_body = {
        f"{method.upper()} {path}"
        for path, methods in described.items()
        for method, operation in methods.items()
        if "requestBody" in operation
    }
    undescribed = {"PATCH /whip/{source_id}/{connection_id}", "PATCH /whep/{feed_id}/{connection_id}"}
    assert with_body == set(BODIES) | set(SDP_BODIES) - undescribed


def test_every_route_is_described(house: House) -> None:
    described = house.hub.description["paths"]
    unsaid = {
        entry.name
        for entry in entries(house.hub.app)
        if entry.method.lower() not in described.get(entry.path, {}) and entry.path not in OPEN_PATHS
    }
    assert unsaid == {
        "PATCH /whip/{source_id}/{connection_id}",
        "DELETE /whip/{source_id}/{connection_id}",
        "PATCH /whep/{feed_id}/{connection_id}",
        "DELETE /whep/{feed_id}/{connection_id}",
    }


@pytest.mark.parametrize("stranger", STRANGERS)
async def test_whoever_is_not_concerned_cannot_tell_an_incident_from_nothing(
    house: House, stranger: str
) -> None:
    ids = await ids_of_a_case(house)
    visitor = await house.signed_in(stranger)
    before = await heads(house)

    for entry in entries(house.hub.app):
        if not entry.names_an_id or "person_id" in entry.ids:
            continue
        status, code = await ask(visitor, entry, ids)
        assert (status, code) == await ask(visitor, entry, UNKNOWN), entry.name
        if entry.path.startswith("/whep/"):  # there a player's token counts, and no session at all
            assert (status, code) == (401, "not_signed_in"), entry.name
            continue
        # Whoever may never do a thing anywhere is told so at once, whatever the id.
        assert status == 404 or (status, code) == (403, "not_allowed"), (entry.name, status, code)
        if {"incident_id", "assignment_id", "room_id", "order_id"} & set(entry.ids) and stranger != ADMIN:
            assert status == 404 or "room" in entry.name or stranger.startswith("off-"), (entry.name, status)

    assert await heads(house) == before, "a refused call changed something"


async def test_nothing_is_open_to_whoever_has_not_signed_in(house: House) -> None:
    ids = await ids_of_a_case(house)
    visitor = await house.visitor()
    before = await heads(house)

    for entry in entries(house.hub.app):
        if entry.path not in OPEN_PATHS:
            assert await ask(visitor, entry, ids) == (401, "not_signed_in"), entry.name

    assert await heads(house) == before


async def test_a_device_may_call_its_own_feed_and_nothing_else(house: House) -> None:
    ids = await ids_of_a_case(house)
    operator = await house.signed_in(OPERATOR)
    made = await operator.post(
        "/api/devices", {"name": "执法仪", "agency_id": "chengnan.jinxiu", "default_type": "burst_pipe"}
    )
    device = await house.visitor()
    headers = {"Authorization": f"Bearer {made['token']}"}
    before = await heads(house)

    for entry in entries(house.hub.app):
        if entry.path in OPEN_PATHS:
            continue
        body = entry.body(ids)
        body["headers"] = {**body.get("headers", {}), **headers}
        answer = await device.call(entry.method, entry.address(ids), **body)
        assert answer.status in (401, 403, 404), (entry.name, answer.status)
    assert await heads(house) == before

    own = {"feed_id": made["feed"]["id"]}
    for path, body in (("position", {"lat": 1, "lon": 2}), ("end", None)):
        answer = await device.call("POST", f"/api/feeds/{own['feed_id']}/{path}", body, headers=headers)
        assert answer.status == 200, answer.data


async def test_a_revoked_device_is_nobody(house: House) -> None:
    operator = await house.signed_in(OPERATOR)
    made = await operator.post(
        "/api/devices", {"name": "执法仪", "agency_id": "chengnan.jinxiu", "default_type": "burst_pipe"}
    )
    await operator.post(f"/api/devices/{made['feed']['id']}/revoke")

    answer = await (await house.visitor()).call(
        "POST",
        f"/api/feeds/{made['feed']['id']}/position",
        {"lat": 1, "lon": 2},
        headers={"Authorization": f"Bearer {made['token']}"},
    )

    assert (answer.status, answer.code) == (401, "bad_token")


@pytest.mark.parametrize("stranger", ELSEWHERE)
async def test_the_socket_keeps_the_same_secret(house: House, stranger: str) -> None:
    ids = await ids_of_a_case(house)
    visitor = await house.signed_in(stranger)
    listener = await visitor.listen()
    opened = await listener.ask("media_open", {"profile": "console"})
    before = await heads(house)

    asked = {
        "media_watch": {"connection_id": opened["connection_id"], "incident_id": ids["incident_id"]},
        "ring_received": {"assignment_id": ids["assignment_id"], "step": 0, "attempt": 1},
        "position": {"feed_id": ids["feed_id"], "lat": 1, "lon": 2},
    }
    for event, message in asked.items():
        reply = await listener.ask(event, message)
        assert (reply["ok"], reply.get("code")) == (False, "not_found"), event

    stream, room = f"incident:{ids['incident_id']}", f"room:{ids['room_id']}"
    synced = await listener.ask("sync", {"streams": {stream: 1, room: 1}})
    assert (synced["incidents"], synced["rooms"], synced["missed"]) == ([], [], {})
    assert sorted(synced["gone"]) == sorted([stream, room])
    assert await heads(house) == before
    assert [event for event, _ in listener.heard if event not in ("beat", "media_back")] == []


async def test_nobody_uses_anothers_media_connection(house: House) -> None:
    operator, labour = await house.signed_in(OPERATOR), await house.signed_in(LABOUR)
    listener, other = await operator.listen(), await labour.listen()
    opened = await listener.ask("media_open", {"profile": "console"})
    connection = {"connection_id": opened["connection_id"]}

    for event, message in (
        ("media_answer", {**connection, "sdp": "v=0"}),
        ("media_watch", connection),
        ("media_close", connection),
    ):
        reply = await other.ask(event, message)
        assert (reply["ok"], reply["code"]) == (False, "unknown_connection"), event
    assert (await listener.ask("media_answer", {**connection, "sdp": "v=0"}))["ok"]


async def test_each_sees_the_incidents_of_their_own_part_of_the_tree(house: House) -> None:
    officer, operator = await house.signed_in(OFFICER), await house.signed_in(OPERATOR)
    incident = await reported(officer)

    async def listed(person_id: str) -> bool:
        visitor = await house.signed_in(person_id)
        answer = await visitor.call("GET", "/api/incidents")
        if answer.status == 403:
            return False
        return incident["id"] in {i["id"] for i in answer.data["incidents"]}

    for person_id in (OFFICER, OPERATOR, LEADER, CITY):
        assert await listed(person_id), person_id
    for person_id in (*STRANGERS, POLICE):
        assert not await listed(person_id), person_id
    await pressed(operator, incident["id"])
    assert await listed(POLICE), "a department that is summoned sees it from then on"
    assert not await listed("chengnan-urban-1")


async def test_a_responder_answers_for_their_own_department_only(house: House) -> None:
    ids = await ids_of_a_case(house)
    labour = await house.signed_in(LABOUR)

    for verb in ("acknowledge", "depart", "arrive"):
        answer = await labour.call("POST", f"/api/assignments/{ids['assignment_id']}/{verb}")
        assert (answer.status, answer.code) == (404, "not_found"), verb


@pytest.mark.parametrize("person_id", [POLICE, OFFICER])
async def test_whoever_takes_part_does_not_command(house: House, person_id: str) -> None:
    ids = await ids_of_a_case(house)
    visitor = await house.signed_in(person_id)
    incident = f"/api/incidents/{ids['incident_id']}"
    before = await heads(house)

    for path, body in (
        (f"{incident}/summon", {}),
        (f"{incident}/recall", None),
        (f"{incident}/departments", {"department_id": "chengnan.health"}),
        (f"{incident}/orders", {"text": "x"}),
        (f"{incident}/resolve", {"outcome": "x"}),
        (f"{incident}/close", {}),
        (f"{incident}/reopen", None),
        (f"/api/assignments/{ids['assignment_id']}/release", None),
        (f"/api/assignments/{ids['assignment_id']}/resummon", None),
        (f"/api/assignments/{ids['assignment_id']}/reassign", {"person_id": "chengnan-police-2"}),
    ):
        answer = await visitor.call("POST", path, body)
        assert (answer.status, answer.code) == (403, "not_allowed"), path
    assert await heads(house) == before


async def test_an_administrator_stays_in_their_own_part_of_the_tree(house: House) -> None:
    admin = await house.signed_in(ADMIN)
    await admin.post(
        "/api/people", {"login": "adm.hexi", "name": "河西", "role": "administrator", "agency_id": "hexi"}
    )
    below = next(p for p in house.hub.directories.now().people.values() if p.login == "adm.hexi")
    visitor = await house.signed_in(below.id)
    person = {"login": "new.one", "name": "x", "role": "operator"}

    for path, body, status in (
        ("/api/people", {**person, "agency_id": "chengnan"}, 403),
        ("/api/agencies", {"parent_id": "chengnan", "kind": "street", "name": "x"}, 403),
        (f"/api/people/{OPERATOR}/sign-in-link", None, 404),
        (f"/api/people/{ADMIN}/sign-in-link", None, 404),
        ("/api/people", {**person, "agency_id": "hexi"}, 201),
        ("/api/agencies", {"kind": "street", "name": "x"}, 201),
    ):
        answer = await visitor.call("POST", path, body)
        assert answer.status == status, (path, answer.data)


async def test_only_administrators_administer(house: House) -> None:
    for person_id in (OPERATOR, LEADER, CITY, POLICE, OFFICER):
        visitor = await house.signed_in(person_id)
        for path, body in (
            ("/api/people", BODIES["POST /api/people"]),
            ("/api/agencies", BODIES["POST /api/agencies"]),
            (f"/api/people/{POLICE}/sign-in-link", None),
        ):
            answer = await visitor.call("POST", path, body)
            assert (answer.status, answer.code) == (403, "not_allowed"), (person_id, path)


async def test_people_may_address_whom_their_place_allows(house: House) -> None:
    async def addressed(person_id: str) -> set[str]:
        directory = await (await house.signed_in(person_id)).get("/api/directory")
        assert "contacts" not in str(directory)
        return {person["id"] for person in directory["people"]}

    assert {OPERATOR, POLICE, OFFICER} <= await addressed(OPERATOR)
    assert not {"op-hexi", "hexi-police-1", CITY} & await addressed(OPERATOR)
    assert {"op-hexi", OPERATOR} <= await addressed(CITY)
    assert await addressed(POLICE) == {"chengnan-police-1", "chengnan-police-2", "chengnan-police-3"}


async def test_figures_are_for_this_machine_only(house: House) -> None:
    answer = await (await house.visitor()).call("GET", "/metrics")
    assert answer.status == 200
    assert b"liandong_people_online" in answer.raw
