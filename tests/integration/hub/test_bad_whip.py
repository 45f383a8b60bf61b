"""WHIP with what is no offer, no token or no answer."""

from __future__ import annotations

from tests.integration.hub.house import (
    OFFICER,
    OPERATOR,
    POLICE,
    SDP,
    House,
)
from tests.integration.hub.refusals import check_refusal
from tests.integration.hub.routes import SDP_BODIES, heads, ids_of_a_case


async def test_malformed_sdp_is_a_problem_with_a_code(house: House) -> None:
    ids, officer = await ids_of_a_case(house), await house.signed_in(OFFICER)
    path = f"/whip/{ids['feed_id']}"
    before = await heads(house)

    for raw, content_type, status, code in (
        (b"no sdp", "application/sdp", 400, "malformed_sdp"),
        (b"", "application/sdp", 400, "malformed_sdp"),
        (b"\xff\xfe", "application/sdp", 400, "malformed_sdp"),
        (b"v=0\x00", "text/plain", 415, "wrong_content_type"),
        (b"{}", "application/json", 415, "wrong_content_type"),
        (b"v" * 200_000, "application/sdp", 413, "body_too_large"),
    ):
        answer = await officer.call("POST", path, data=raw, headers={"Content-Type": content_type})
        assert (answer.status, answer.code) == (status, code), raw[:10]
        assert answer.headers["Content-Type"].startswith("application/problem+json")
        check_refusal(answer, str(raw[:10]))
    assert await heads(house) == before


async def test_a_token_of_another_feed_publishes_nothing(house: House) -> None:
    operator = await house.signed_in(OPERATOR)
    devices = [
        await operator.post(
            "/api/devices", {"name": f"{n}", "agency_id": "chengnan.jinxiu", "default_type": "burst_pipe"}
        )
        for n in range(2)
    ]
    before = await heads(house)

    answer = await (await house.visitor()).call(
        "POST",
        f"/whip/{devices[0]['feed']['id']}",
        data=SDP,
        headers={"Content-Type": "application/sdp", "Authorization": f"Bearer {devices[1]['token']}"},
    )

    assert (answer.status, answer.code) == (404, "not_found")
    assert await heads(house) == before, "no incident was opened for it"


async def test_the_whip_of_a_room_wants_a_seat_in_it(house: House) -> None:
    ids, police = await ids_of_a_case(house), await house.signed_in(POLICE)
    sdp = {"Content-Type": SDP_BODIES["POST /whip/{feed_id}"]}

    answer = await police.call("POST", f"/whip/rooms/{ids['room_id']}", data=SDP, headers=sdp)
    assert (answer.status, answer.code) == (403, "not_allowed")

    await police.post(f"/api/rooms/{ids['room_id']}/join")
    answer = await police.call("POST", f"/whip/rooms/{ids['room_id']}", data=SDP, headers=sdp)
    assert answer.status == 201
    assert answer.headers["ETag"]
    path = answer.headers["Location"]
    assert (await police.call("DELETE", path)).status == 200
    assert (await police.call("DELETE", path)).status == 404


async def test_deleting_a_session_that_was_replaced_ends_nothing(house: House) -> None:
    ids, officer = await ids_of_a_case(house), await house.signed_in(OFFICER)
    old = f"/whip/{ids['feed_id']}/{ids['connection_id']}"
    sdp = {"Content-Type": "application/sdp"}
    again = await officer.call("POST", f"/whip/{ids['feed_id']}", data=SDP, headers=sdp)

    stale = await officer.call("DELETE", old)
    assert (stale.status, stale.code) == (404, "not_found")
    incident = await officer.get(f"/api/incidents/{ids['incident_id']}")
    assert incident["feeds"][0]["state"] == "idle"

    assert (await officer.call("DELETE", again.headers["Location"])).status == 200
    incident = await officer.get(f"/api/incidents/{ids['incident_id']}")
    assert incident["feeds"][0]["state"] == "ended"
    assert ids["feed_id"] not in house.plane.publishers.values(), "nothing of it is taken in any more"
