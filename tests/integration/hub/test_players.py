"""Video walls and players (WHEP): who lets them in, what flows to them, and how they are put out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dispatch_server.media.labels import PlayerLabel
from rtc.plane import Held, HeldConnection, HeldSource, Kind
from tests.fakes import FakePlane
from tests.integration.hub.house import (
    ADMIN,
    CITY,
    LEADER,
    OFFICER,
    OPERATOR,
    POLICE,
    SDP,
    Answer,
    House,
    Visitor,
    config_in,
    open_house,
    pressed,
    reported,
    until,
)
from tests.integration.hub.refusals import check_refusal

RESTART = "a=ice-ufrag:anew\r\na=ice-pwd:xxxxxxxxxxxxxxxxxxxxxxxx\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """An officer's live feed, and a wall whose link an operator has issued."""

    house: House
    operator: Visitor
    officer: Visitor
    incident_id: str
    feed_id: str
    player: Any
    wall: Visitor
    token: str

    async def ask(self, method: str, path: str, data: str | None = None, **headers: str) -> Answer:
        sent = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/sdp", **headers}
        return await self.wall.call(method, path, data=data, headers=sent, csrf=False)

    async def play(self) -> Answer:
        return await self.ask("POST", f"/whep/{self.feed_id}", SDP)

    @property
    def flowing(self) -> tuple[list[str], list[str]]:
        """Which sources the players of the incident see and hear."""
        routes = self.house.plane.routes.get(self.incident_id)
        if routes is None:
            return [], []
        return (
            [each.source_id for each in routes.video if each.connection_id.startswith("play")],
            [
                source
                for each in routes.audio
                if each.connection_id.startswith("play")
                for source in each.source_ids
            ],
        )

    async def flows(self, *sources: str) -> None:
        await until(lambda: self.flowing == (list(sources), list(sources)))


@pytest.fixture
async def scene(house: House) -> Scene:
    officer, operator = await house.signed_in(OFFICER), await house.signed_in(OPERATOR)
    incident = await reported(officer)
    feed = await officer.post("/api/feeds", {"incident_id": incident["id"]})
    feed_id = feed["feed"]["id"]
    sent = await officer.call("POST", feed["whip_url"], data=SDP, headers={"Content-Type": "application/sdp"})
    assert sent.status == 201
    made = await operator.post(f"/api/feeds/{feed_id}/players", {"name": "大屏一", "hours": 2})
    return Scene(
        house=house,
        operator=operator,
        officer=officer,
        incident_id=incident["id"],
        feed_id=feed_id,
        player=made["player"],
        wall=await house.visitor(),
        token=made["token"],
    )


async def test_a_wall_plays_its_feed_with_sound_once_that_is_live_and_nothing_before(scene: Scene) -> None:
    answer = await scene.play()

    assert answer.status == 201
    assert answer.headers["Content-Type"].startswith("application/sdp")
    assert answer.headers["Location"].startswith(f"/whep/{scene.feed_id}/play")
    assert answer.headers["ETag"] == '"first"'
    assert answer.headers["Accept-Patch"] == "application/trickle-ice-sdpfrag"
    await until(lambda: scene.incident_id in scene.house.plane.routes)
    assert scene.flowing == ([], [])
    scene.house.plane.packets_arrive(scene.feed_id)
    await scene.flows(scene.feed_id)
    listed = (await scene.operator.get(f"/api/feeds/{scene.feed_id}/players"))["players"]
    assert [(each["name"], each["playing"]) for each in listed] == [("大屏一", 1)]
    assert scene.token not in str(listed)


async def test_it_hears_its_feed_and_no_voice_of_the_room(scene: Scene) -> None:
    await scene.play()
    scene.house.plane.packets_arrive(scene.feed_id)
    done = await pressed(scene.operator, scene.incident_id)
    police = await scene.house.signed_in(POLICE)
    room = await police.post(f"/api/rooms/{done['room_id']}/join")
    voice = next(p["source_id"] for p in room["participants"] if p["person_id"] == POLICE)
    scene.house.plane.packets_arrive(voice)
    await scene.flows(scene.feed_id)
    await scene.operator.post(
        f"/api/rooms/{done['room_id']}/mute",
        {
            "participant_id": next(p["id"] for p in room["participants"] if p["person_id"] == OFFICER),
            "muted": True,
        },
    )
    await until(lambda: scene.flowing == ([scene.feed_id], []))


async def test_it_sees_and_hears_no_other_feed_of_the_incident(scene: Scene) -> None:
    other = await scene.operator.post("/api/feeds", {"incident_id": scene.incident_id})
    sent = await scene.operator.call(
        "POST", other["whip_url"], data=SDP, headers={"Content-Type": "application/sdp"}
    )
    assert sent.status == 201
    await scene.play()
    scene.house.plane.packets_arrive(other["feed"]["id"])
    scene.house.plane.packets_arrive(scene.feed_id)
    await scene.flows(scene.feed_id)
    view = await scene.operator.get(f"/api/incidents/{scene.incident_id}")
    assert [feed["state"] for feed in view["feeds"]] == ["live", "live"]
    await scene.flows(scene.feed_id)


async def test_where_its_agency_oversees_nothing_it_is_sent_nothing(scene: Scene) -> None:
    """A camera may move on into an incident of somebody else's."""
    label = PlayerLabel(
        link_id="theirs", feed_id=scene.feed_id, agency_id="hexi", incident_id=scene.incident_id
    )
    scene.house.hub.director._players.take_over("play-theirs", label)
    await scene.play()
    scene.house.plane.packets_arrive(scene.feed_id)
    await scene.flows(scene.feed_id)
    routes = scene.house.plane.routes[scene.incident_id]
    assert "play-theirs" not in {each.connection_id for each in (*routes.video, *routes.audio)}


async def test_revoking_cuts_it_off_and_is_journaled_as_the_admission_was(scene: Scene) -> None:
    await scene.play()
    scene.house.plane.packets_arrive(scene.feed_id)
    await scene.flows(scene.feed_id)

    revoked = await scene.operator.post(f"/api/players/{scene.player['id']}/revoke")

    assert (revoked["playing"], revoked["revoked_at"] is not None) == (0, True)
    assert scene.house.plane.players == set()
    await scene.flows()
    again = await scene.play()
    assert (again.status, again.code) == (401, "bad_player_link")
    assert again.headers["WWW-Authenticate"] == "Bearer"
    check_refusal(again, "revoked")
    journal = (await scene.operator.get(f"/api/incidents/{scene.incident_id}/journal"))["events"]
    told = [each for each in journal if each["kind"].startswith("player_")]
    assert [each["kind"] for each in told] == ["player_admitted", "player_revoked"]
    assert [each["actor"]["id"] for each in told] == [OPERATOR, OPERATOR]
    assert told[0]["payload"]["name"] == "大屏一"
    assert scene.token not in str(journal)
    await scene.operator.post(f"/api/players/{scene.player['id']}/revoke")
    after = (await scene.operator.get(f"/api/incidents/{scene.incident_id}/journal"))["events"]
    assert len(after) == len(journal), "revoking twice is one revocation"


async def test_an_expired_link_opens_nothing_and_ends_what_it_had_opened(scene: Scene) -> None:
    await scene.play()
    scene.house.clock.pass_by(2 * 3600 - 1)
    await scene.house.hub.housekeeping.round(15)
    assert len(scene.house.plane.players) == 1
    scene.house.clock.pass_by(1)
    await scene.house.hub.housekeeping.round(15)
    assert scene.house.plane.players == set()
    answer = await scene.play()
    assert (answer.status, answer.code) == (401, "bad_player_link")


async def test_when_the_feed_ends_its_players_are_let_go_and_it_is_not_found(scene: Scene) -> None:
    await scene.play()
    scene.house.plane.packets_arrive(scene.feed_id)
    await scene.flows(scene.feed_id)
    await scene.officer.post(f"/api/feeds/{scene.feed_id}/end")
    await until(lambda: not scene.house.plane.players)
    await scene.flows()
    answer = await scene.play()
    assert (answer.status, answer.code) == (404, "not_found")
    assert answer.headers["Content-Type"].startswith("application/problem+json")


async def test_a_link_reaches_its_own_feed_and_no_other(scene: Scene) -> None:
    device = await scene.operator.post(
        "/api/devices", {"name": "枪机", "agency_id": "chengnan.jinxiu", "default_type": "burst_pipe"}
    )
    other = await scene.ask("POST", f"/whep/{device['feed']['id']}", SDP)
    assert (other.status, other.code) == (404, "not_found")
    sending = await scene.ask("POST", f"/whip/{scene.feed_id}", SDP)
    assert (sending.status, sending.code) == (401, "bad_token"), "it is no device's token"
    reading = await scene.ask("GET", f"/api/incidents/{scene.incident_id}")
    assert reading.status == 401
    own = await scene.operator.post(f"/api/feeds/{device['feed']['id']}/players", {"name": "大屏二"})
    player = await scene.play()
    stolen = await scene.ask("DELETE", player.headers["Location"], Authorization=f"Bearer {own['token']}")
    assert stolen.status == 404
    beside = await scene.operator.post(f"/api/feeds/{scene.feed_id}/players", {"name": "大屏三"})
    theirs = {"Authorization": f"Bearer {beside['token']}"}
    assert (await scene.ask("DELETE", player.headers["Location"], **theirs)).status == 404
    assert len(scene.house.plane.players) == 1


async def test_candidates_restarts_and_the_end_are_as_with_whip(scene: Scene) -> None:
    created = await scene.play()
    path, tag = created.headers["Location"], created.headers["ETag"]
    fragment = {"Content-Type": "application/trickle-ice-sdpfrag"}
    trickled = await scene.ask("PATCH", path, "a=end-of-candidates\r\n", **fragment, **{"If-Match": tag})
    assert (trickled.status, trickled.headers["ETag"]) == (204, tag)
    restarted = await scene.ask("PATCH", path, RESTART, **fragment, **{"If-Match": "*"})
    assert (restarted.status, restarted.headers["ETag"]) == (200, '"second"')
    for more, status, code in (
        ({"If-Match": '"old"', **fragment}, 412, "stale_ice_session"),
        (fragment, 428, "precondition_required"),
        ({"If-Match": tag}, 415, "wrong_content_type"),
    ):
        refused = await scene.ask("PATCH", path, RESTART, **more)
        assert (refused.status, refused.code) == (status, code)
        check_refusal(refused, code)
    assert (await scene.ask("DELETE", path)).status == 200
    assert scene.house.plane.players == set()
    assert (await scene.ask("DELETE", path)).status == 404


async def test_pages_of_any_origin_may_call_but_no_cookie_counts(scene: Scene) -> None:
    preflight = await scene.wall.call("OPTIONS", f"/whep/{scene.feed_id}", csrf=False)
    assert preflight.status == 204
    assert preflight.headers["Accept-Post"] == "application/sdp"
    assert "Authorization" in preflight.headers["Access-Control-Allow-Headers"]
    assert {"POST", "PATCH", "DELETE"} <= set(preflight.headers["Access-Control-Allow-Methods"].split(", "))
    created = await scene.play()
    for answer in (preflight, created, await scene.ask("POST", "/whep/unknown", SDP)):
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Location" in answer.headers["Access-Control-Expose-Headers"]
    by_cookie = await scene.operator.call(
        "POST", f"/whep/{scene.feed_id}", data=SDP, headers={"Content-Type": "application/sdp"}
    )
    assert (by_cookie.status, by_cookie.code) == (401, "not_signed_in")
    elsewhere = await scene.wall.call("GET", "/api/me", csrf=False)
    assert "Access-Control-Allow-Origin" not in elsewhere.headers


async def test_what_is_no_offer_is_refused_by_name(scene: Scene) -> None:
    for data, kind, status, code in (
        ("no sdp", "application/sdp", 400, "malformed_sdp"),
        (SDP, "text/plain", 415, "wrong_content_type"),
        ("v" * 200_000, "application/sdp", 413, "body_too_large"),
    ):
        answer = await scene.ask("POST", f"/whep/{scene.feed_id}", data, **{"Content-Type": kind})
        assert (answer.status, answer.code) == (status, code)
        check_refusal(answer, code)


@pytest.mark.parametrize(
    ("person_id", "status"),
    [(LEADER, 201), (CITY, 201), ("op-hexi", 404), (POLICE, 403), (OFFICER, 403), (ADMIN, 403)],
)
async def test_whoever_oversees_the_feed_lets_players_in_and_nobody_else(
    scene: Scene, person_id: str, status: int
) -> None:
    visitor = await scene.house.signed_in(person_id)
    path = f"/api/feeds/{scene.feed_id}/players"
    issued = await visitor.call("POST", path, {"name": "大屏"})
    assert issued.status == status
    assert (await visitor.call("GET", path)).status == (200 if status == 201 else status)
    revoked = await visitor.call("POST", f"/api/players/{scene.player['id']}/revoke")
    assert revoked.status == (200 if status == 201 else status)


async def test_a_link_of_an_agency_above_is_not_revoked_from_below(scene: Scene) -> None:
    city = await scene.house.signed_in(CITY)
    made = await city.post(f"/api/feeds/{scene.feed_id}/players", {"name": "市里的大屏"})
    answer = await scene.operator.call("POST", f"/api/players/{made['player']['id']}/revoke")
    assert (answer.status, answer.code) == (403, "not_allowed")


async def test_links_and_their_players_are_bounded(scene: Scene) -> None:
    for _ in range(4):
        assert (await scene.play()).status == 201
    fifth = await scene.play()
    assert (fifth.status, fifth.code) == (409, "too_many_connections")
    path = f"/api/feeds/{scene.feed_id}/players"
    for _ in range(19):
        await scene.operator.post(path, {"name": "x"})
    more = await scene.operator.call("POST", path, {"name": "x"})
    assert (more.status, more.code) == (409, "too_many_players")
    await scene.operator.post(f"/api/players/{scene.player['id']}/revoke")
    await scene.operator.post(path, {"name": "x"})


async def test_links_that_are_long_over_are_forgotten(scene: Scene) -> None:
    path = f"/api/feeds/{scene.feed_id}/players"
    for hours, listed in ((1, ["a", "大屏一"]), (24 * 89, ["b", "a", "大屏一"]), (24 * 2, ["c", "b"])):
        scene.house.clock.pass_by(3600 * hours)
        operator = await scene.house.signed_in(OPERATOR)
        await operator.post(path, {"name": listed[0], "hours": 1})
        assert [each["name"] for each in (await operator.get(path))["players"]] == listed


async def test_a_wall_follows_a_camera_into_its_next_incident_where_its_agency_oversees_that(
    house: House,
) -> None:
    operator = await house.signed_in(OPERATOR)
    device = await operator.post(
        "/api/devices", {"name": "枪机", "agency_id": "chengnan.jinxiu", "default_type": "burst_pipe"}
    )
    feed_id = device["feed"]["id"]
    made = await operator.post(f"/api/feeds/{feed_id}/players", {"name": "大屏"})
    wall, camera = await house.visitor(), await house.visitor()
    sdp = {"Content-Type": "application/sdp"}
    own = {"Authorization": f"Bearer {made['token']}", **sdp}
    assert (await wall.call("POST", f"/whep/{feed_id}", data=SDP, headers=own)).status == 201
    assert house.plane.routes == {}
    sending = {"Authorization": f"Bearer {device['token']}", **sdp}
    await camera.call("POST", f"/whip/{feed_id}", data=SDP, headers=sending)
    house.plane.packets_arrive(feed_id)

    def carried() -> dict[str, list[str]]:
        return {scope: [v.source_id for v in routes.video] for scope, routes in house.plane.routes.items()}

    await until(lambda: list(carried().values()) == [[feed_id]])
    (first,) = carried()
    await operator.post(f"/api/incidents/{first}/resolve", {"outcome": "x"})
    await camera.call("POST", f"/whip/{feed_id}", data=SDP, headers=sending)
    await until(lambda: sorted(carried().values()) == [[], [feed_id]])
    assert carried()[first] == []


async def test_a_lost_worker_takes_the_players_with_it_and_they_come_anew(scene: Scene) -> None:
    await scene.play()
    scene.house.plane.worker_dies()
    path = f"/api/feeds/{scene.feed_id}/players"

    async def nobody() -> bool:
        return (await scene.operator.get(path))["players"][0]["playing"] == 0

    await until(nobody)
    assert (await scene.play()).status == 201


async def test_a_restarted_hub_takes_its_players_up_again_and_still_can_put_them_out(
    scene: Scene, data: Path
) -> None:
    connection_id = (await scene.play()).headers["Location"].rpartition("/")[2]
    before = scene.house.plane
    before.packets_arrive(scene.feed_id)
    await scene.flows(scene.feed_id)
    sending = next(iter(before.publishers))
    plane = FakePlane(
        found=Held(
            connections=(
                HeldConnection(
                    connection_id=connection_id,
                    label=before.labels[connection_id],
                    source_id=None,
                    up=True,
                ),
                HeldConnection(
                    connection_id=sending,
                    label=before.labels[sending],
                    source_id=scene.feed_id,
                    up=True,
                ),
            ),
            sources=(
                HeldSource(
                    source_id=scene.feed_id,
                    connection_id=sending,
                    kinds=(Kind.AUDIO, Kind.VIDEO),
                    codecs=("opus", "vp8"),
                    up=True,
                ),
            ),
        )
    )
    plane.players.add(connection_id)
    plane.publishers[sending] = scene.feed_id
    async with open_house(config_in(data), plane=plane) as following:
        operator = await following.signed_in(OPERATOR)
        path = f"/api/feeds/{scene.feed_id}/players"
        assert [each["playing"] for each in (await operator.get(path))["players"]] == [1]
        await following.hub.director.settle(scene.incident_id)
        assert [each.connection_id for each in plane.routes[scene.incident_id].video] == [connection_id]
        await operator.post(f"/api/players/{scene.player['id']}/revoke")
        assert plane.players == set()
