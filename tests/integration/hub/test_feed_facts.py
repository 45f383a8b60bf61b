"""What happens to a feed reaches the store, also past trouble, and no closed incident is sent into."""

from __future__ import annotations

from typing import Any

import pytest

from dispatch_server.media import director, following
from dispatch_server.usecases import feeds
from rtc.plane import ConnectionDown
from tests.integration.hub.house import (
    OFFICER,
    OPERATOR,
    SDP,
    Answer,
    House,
    Visitor,
    reported,
    until,
)
from tests.integration.hub.test_store_trouble import read_only

OFFER = {"Content-Type": "application/sdp"}


async def feed_of(officer: Visitor, incident_id: str) -> Any:
    return (await officer.post("/api/feeds", {"incident_id": incident_id}))["feed"]


async def publish(who: Visitor, feed_id: str) -> Answer:
    return await who.call("POST", f"/whip/{feed_id}", data=SDP, headers=OFFER)


async def state_of(who: Visitor, incident_id: str, feed_id: str) -> str:
    view = await who.get(f"/api/incidents/{incident_id}")
    return str(next(each["state"] for each in view["feeds"] if each["id"] == feed_id))


@pytest.mark.parametrize("goes", ["up", "down"])
async def test_a_fact_that_the_store_refuses_is_said_until_it_is_taken(
    house: House, monkeypatch: pytest.MonkeyPatch, goes: str
) -> None:
    monkeypatch.setattr(following, "PAUSES_S", (0.05,))
    officer = await house.signed_in(OFFICER)
    incident = await reported(officer)
    feed = await feed_of(officer, incident["id"])
    assert (await publish(officer, feed["id"])).status == 201

    async def is_now(state: str) -> None:
        async def same() -> bool:
            return await state_of(officer, incident["id"], feed["id"]) == state

        await until(same, 5)

    if goes == "down":
        house.plane.packets_arrive(feed["id"])
        await is_now("live")
    with read_only(house):
        if goes == "up":
            house.plane.packets_arrive(feed["id"])
            await until(lambda: house.hub.director.is_live(feed["id"]))
        else:
            house.plane.packets_stop(feed["id"])
            await until(lambda: not house.hub.director.is_live(feed["id"]))
        assert await state_of(officer, incident["id"], feed["id"]) == ("idle" if goes == "up" else "live")

    await is_now("live" if goes == "up" else "interrupted")


async def test_a_handshake_that_outlives_its_incident_is_cut_and_shows_nothing(house: House) -> None:
    officer, operator = await house.signed_in(OFFICER), await house.signed_in(OPERATOR)
    incident = await reported(officer)
    feed = await feed_of(officer, incident["id"])
    await officer.post(f"/api/feeds/{feed['id']}/end")
    assert (await publish(officer, feed["id"])).status == 201
    await operator.post(f"/api/incidents/{incident['id']}/resolve", {"outcome": "x"})
    await operator.post(
        f"/api/incidents/{incident['id']}/close", {"follow_up": {"result": "reached", "note": ""}}
    )
    await until(lambda: feed["id"] not in house.plane.publishers.values())

    house.plane.packets_arrive(feed["id"])  # its first packet was under way already
    await until(lambda: house.hub.director.is_live(feed["id"]))

    assert await state_of(operator, incident["id"], feed["id"]) == "ended"


async def test_one_account_does_not_take_all_of_the_media_plane(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(director, "SOURCES_PER_SENDER", 2)
    officer = await house.signed_in(OFFICER)
    own = []
    for _ in range(3):
        feed = await feed_of(officer, (await reported(officer))["id"])
        own.append(feed["id"])

    answers = [await publish(officer, each) for each in own]

    assert [each.status for each in answers] == [201, 201, 409]
    assert answers[2].code == "too_many_senders"
    assert (await publish(officer, own[0])).status == 201, "the same again takes its own place"
    second = next(c for c, source in house.plane.publishers.items() if source == own[1])
    house.plane.happened.put_nowait(ConnectionDown(connection_id=second, reason="unanswered"))

    async def has_room() -> bool:
        return (await publish(officer, own[2])).status == 201

    await until(has_room, 5)


async def test_an_incident_takes_only_so_many_feeds(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "FEEDS_PER_INCIDENT", 2)
    officer = await house.signed_in(OFFICER)
    incident = await reported(officer)
    for _ in range(2):
        feed = await feed_of(officer, incident["id"])
        await officer.post(f"/api/feeds/{feed['id']}/end")

    refused = await officer.call("POST", "/api/feeds", {"incident_id": incident["id"]})

    assert (refused.status, refused.code) == (409, "too_many_feeds")


async def test_a_clock_that_was_set_back_does_not_freeze_a_position(house: House) -> None:
    officer = await house.signed_in(OFFICER)
    incident = await reported(officer)
    feed = await feed_of(officer, incident["id"])
    path = f"/api/feeds/{feed['id']}/position"
    await officer.post(path, {"lat": 1.0, "lon": 1.0})
    house.clock.pass_by(-3600)

    await officer.post(path, {"lat": 2.0, "lon": 2.0})

    view = await officer.get(f"/api/incidents/{incident['id']}")
    assert view["feeds"][0]["position"]["lat"] == 2.0
