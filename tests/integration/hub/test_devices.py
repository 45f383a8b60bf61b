"""Body-cams and other devices: what they may send, and what they open by sending."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.integration.hub.house import (
    ADMIN,
    OFFICER,
    OPERATOR,
    POLICE,
    SDP,
    House,
    Visitor,
    pressed,
    reported,
)


async def a_device(house: House) -> tuple[Visitor, Any, dict[str, str]]:
    operator = await house.signed_in(OPERATOR)
    made = await operator.post(
        "/api/devices", {"name": "执法仪 7", "agency_id": "chengnan.jinxiu", "default_type": "burst_pipe"}
    )
    headers = {"Authorization": f"Bearer {made['token']}", "Content-Type": "application/sdp"}
    return await house.visitor(), made, headers


async def test_a_body_cam_that_starts_without_an_incident_makes_one(house: House) -> None:
    device, made, headers = await a_device(house)
    operator = await house.signed_in(OPERATOR)
    listener = await operator.listen()

    answer = await device.call("POST", f"/whip/{made['feed']['id']}", data=SDP, headers=headers)

    assert answer.status == 201
    assert answer.headers["Content-Type"].startswith("application/sdp")
    assert answer.headers["Location"].startswith(f"/whip/{made['feed']['id']}/")
    (incident,) = (await operator.get("/api/incidents"))["incidents"]
    assert (incident["type"], incident["reporter_name"]) == ("burst_pipe", "执法仪 7")
    assert [feed["id"] for feed in incident["feeds"]] == [made["feed"]["id"]]
    house.plane.packets_arrive(made["feed"]["id"])
    live = await listener.hears("stream_advanced", base=2)
    assert [(feed["id"], feed["state"]) for feed in live["parts"]["feeds"]] == [(made["feed"]["id"], "live")]


async def test_a_body_cam_that_knocks_many_times_at_once_makes_one_incident(house: House) -> None:
    device, made, headers = await a_device(house)

    answers = await asyncio.gather(
        *(device.call("POST", f"/whip/{made['feed']['id']}", data=SDP, headers=headers) for _ in range(5))
    )

    assert {a.status for a in answers} == {201}
    operator = await house.signed_in(OPERATOR)
    assert len((await operator.get("/api/incidents"))["incidents"]) == 1


async def test_a_body_cam_whose_incident_is_over_makes_another_and_leaves_the_first(house: House) -> None:
    device, made, headers = await a_device(house)
    operator = await house.signed_in(OPERATOR)
    await device.call("POST", f"/whip/{made['feed']['id']}", data=SDP, headers=headers)
    (first,) = (await operator.get("/api/incidents"))["incidents"]
    await operator.post(f"/api/incidents/{first['id']}/resolve", {"outcome": "x"})

    await device.call("POST", f"/whip/{made['feed']['id']}", data=SDP, headers=headers)

    incidents = {i["id"]: i for i in (await operator.get("/api/incidents"))["incidents"]}
    (second,) = incidents.keys() - {first["id"]}
    assert incidents[first["id"]]["feeds"] == []
    assert [feed["id"] for feed in incidents[second]["feeds"]] == [made["feed"]["id"]]


async def test_an_officer_cannot_stream_to_what_is_over(house: House) -> None:
    operator, officer = await house.signed_in(OPERATOR), await house.signed_in(OFFICER)
    incident = await reported(officer)
    feed = await officer.post("/api/feeds", {"incident_id": incident["id"]})
    await operator.post(f"/api/incidents/{incident['id']}/resolve", {"outcome": "x"})

    answer = await officer.call(
        "POST", feed["whip_url"], data=SDP, headers={"Content-Type": "application/sdp"}
    )
    assert (answer.status, answer.code) == (409, "room_ended")
    again = await officer.call("POST", "/api/feeds", {"incident_id": incident["id"]})
    assert (again.status, again.code) == (409, "room_ended")


async def test_a_position_is_told_with_its_age_and_an_older_one_is_not(house: House) -> None:
    operator, officer = await house.signed_in(OPERATOR), await house.signed_in(OFFICER)
    listener = await operator.listen()
    incident = await reported(officer)
    feed = await officer.post("/api/feeds", {"incident_id": incident["id"]})
    path = f"/api/feeds/{feed['feed']['id']}/position"

    for at, told in (
        ("2026-03-01T15:59:58+08:00", "2026-03-01T07:59:58.000Z"),
        ("2026-03-01T07:59:59Z", "2026-03-01T07:59:59.000Z"),
        ("2031-01-01T00:00:00Z", "2026-03-01T08:00:00.000Z"),
    ):
        answer = await officer.post(path, {"lat": 41.8, "lon": 123.4, "at": at})
        assert answer["at"] == told
        assert (await listener.hears("feed_position", at=told))["feed_id"] == feed["feed"]["id"]

    heard = len(listener.of("feed_position"))
    await officer.post(path, {"lat": 1, "lon": 1, "at": "2026-03-01T07:59:50Z"})
    assert (await listener.ask("clock", {}))["ok"]
    assert len(listener.of("feed_position")) == heard
    view = await operator.get(f"/api/incidents/{incident['id']}")
    assert view["feeds"][0]["position"]["lat"] == 41.8
    old = await officer.call("POST", path, {"lat": 1, "lon": 1, "at": "2020-01-01T00:00:00Z"})
    assert (old.status, old.data["params"]["problem"]) == (400, "too_old")


@pytest.mark.parametrize("action", ["mute", "remove"])
async def test_moderating_while_the_media_worker_is_away_is_done_all_the_same(
    house: House, action: str
) -> None:
    """Nothing flows without a worker, so it is true at once; when it is back it gets the new routes."""
    from rtc.errors import MediaUnavailable

    operator, police = await house.signed_in(OPERATOR), await house.signed_in(POLICE)
    incident = await reported(operator)
    done = await pressed(operator, incident["id"])
    room = await police.post(f"/api/rooms/{done['room_id']}/join")
    seat = next(p for p in room["participants"] if p["person_id"] == POLICE)
    house.plane.fail = MediaUnavailable("restarting")

    body = {"participant_id": seat["id"], **({"muted": True} if action == "mute" else {})}
    after = await operator.post(f"/api/rooms/{done['room_id']}/{action}", body)

    seat = next(p for p in after["participants"] if p["person_id"] == POLICE)
    assert seat["muted"] or seat["presence"] == "removed"


async def test_devices_are_listed_to_those_who_look_after_their_agency(house: House) -> None:
    operator = await house.signed_in(OPERATOR)
    made = [
        await operator.post(
            "/api/devices", {"name": name, "agency_id": "chengnan.jinxiu", "default_type": "burst_pipe"}
        )
        for name in ("执法仪 2", "执法仪 1")
    ]
    await operator.post(f"/api/devices/{made[0]['feed']['id']}/revoke")

    listed = (await operator.get("/api/devices"))["devices"]

    assert [each["feed"]["name"] for each in listed] == ["执法仪 1", "执法仪 2"]
    assert [each["default_type"] for each in listed] == ["burst_pipe", "burst_pipe"]
    assert [each["revoked_at"] is not None for each in listed] == [False, True]
    assert "token" not in str(listed)
    admin = await house.signed_in(ADMIN)
    assert len((await admin.get("/api/devices"))["devices"]) == 2
    elsewhere = await house.signed_in("op-hexi")
    assert (await elsewhere.get("/api/devices"))["devices"] == []
    for login in (POLICE, OFFICER):
        assert (await (await house.signed_in(login)).call("GET", "/api/devices")).status == 403
