"""Candidates and ICE restarts by PATCH (RFC 9725 section 4.3), and the relays that a sender is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dispatch_server import seeding
from tests.integration.hub.house import OFFICER, OPERATOR, SDP, Answer, House, Visitor, config_in, open_house
from tests.integration.hub.routes import ids_of_a_case

TRICKLE = "a=mid:0\r\na=candidate:1 1 udp 1 192.0.2.1 4000 typ host\r\na=end-of-candidates\r\n"
RESTART = "a=ice-ufrag:anew\r\na=ice-pwd:xxxxxxxxxxxxxxxxxxxxxxxx\r\n"


async def streaming(house: House) -> tuple[Visitor, str, str]:
    """An officer who sends; their session's address and tag."""
    ids, officer = await ids_of_a_case(house), await house.signed_in(OFFICER)
    answer = await officer.call(
        "POST", f"/whip/{ids['feed_id']}", data=SDP, headers={"Content-Type": "application/sdp"}
    )
    assert answer.status == 201
    return officer, answer.headers["Location"], answer.headers["ETag"]


async def patch(visitor: Visitor, path: str, text: str, tag: str | None, **more: str) -> Answer:
    headers = {"Content-Type": "application/trickle-ice-sdpfrag", **more}
    if tag is not None:
        headers["If-Match"] = tag
    return await visitor.call("PATCH", path, data=text, headers=headers)


async def test_candidates_are_taken_note_of_under_the_present_tag(house: House) -> None:
    officer, path, tag = await streaming(house)
    assert tag.startswith('"')

    answer = await patch(officer, path, TRICKLE, tag)

    assert (answer.status, answer.headers["ETag"]) == (204, tag)


async def test_a_restart_is_answered_with_our_side_and_a_new_tag(house: House) -> None:
    officer, path, tag = await streaming(house)

    answer = await patch(officer, path, RESTART, "*")

    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("application/trickle-ice-sdpfrag")
    assert b"a=ice-ufrag:" in answer.raw
    assert answer.headers["ETag"] != tag


async def test_a_wrong_tag_a_missing_one_and_a_wrong_kind_are_refused_by_name(house: House) -> None:
    officer, path, tag = await streaming(house)

    refusals: list[tuple[Any, ...]] = []
    for answer in (
        await patch(officer, path, TRICKLE, '"another"'),
        await patch(officer, path, TRICKLE, None),
        await patch(officer, path, TRICKLE, tag, **{"Content-Type": "application/sdp"}),
        await patch(officer, "/whip/nothing/nowhere", TRICKLE, tag),
        await patch(await house.signed_in(OPERATOR), path, TRICKLE, tag),
    ):
        assert answer.headers["Content-Type"].startswith("application/problem+json")
        refusals.append((answer.status, answer.code))
    assert refusals == [
        (412, "stale_ice_session"),
        (428, "precondition_required"),
        (415, "wrong_content_type"),
        (404, "not_found"),
        (404, "not_found"),
    ]


async def test_a_session_that_another_replaced_takes_no_patch(house: House) -> None:
    officer, path, tag = await streaming(house)
    feed = path.split("/")[2]
    await officer.call("POST", f"/whip/{feed}", data=SDP, headers={"Content-Type": "application/sdp"})

    assert (await patch(officer, path, RESTART, tag)).status == 404


async def test_a_sender_is_told_the_relays_as_links(tmp_path: Path) -> None:
    config = config_in(tmp_path, turn_urls=("turn:relay.example:3478?transport=tcp",), turn_secret="north")
    async with open_house(config, seed=seeding.demo_city()) as house:
        ids, officer = await ids_of_a_case(house), await house.signed_in(OFFICER)
        answer = await officer.call(
            "POST", f"/whip/{ids['feed_id']}", data=SDP, headers={"Content-Type": "application/sdp"}
        )
    assert answer.headers["Link"].startswith(
        '<turn:relay.example:3478?transport=tcp>; rel="ice-server"; username="'
    )
