"""A page whose network changed asks for new ICE names for its own connection, and for nobody else's."""

from __future__ import annotations

from tests.integration.hub.house import LABOUR, OPERATOR, House


async def test_a_page_is_given_new_names_and_may_answer_with_its_own(house: House) -> None:
    page = await (await house.signed_in(OPERATOR)).listen()
    opened = await page.ask("media_open", {"profile": "console"})
    wanted = {"connection_id": opened["connection_id"]}
    assert (await page.ask("media_restart", wanted))["code"] == "unknown_connection", (
        "it has not answered yet"
    )
    answer = {**wanted, "sdp": "v=0"}
    assert (await page.ask("media_answer", answer))["ok"]
    restarted = await page.ask("media_restart", wanted)
    assert "a=ice-ufrag:" in restarted["fragment"]
    assert (await page.ask("media_answer", answer))["ok"]


async def test_nobody_begins_anothers_ice_anew(house: House) -> None:
    page = await (await house.signed_in(OPERATOR)).listen()
    opened = await page.ask("media_open", {"profile": "console"})
    other = await (await house.signed_in(LABOUR)).listen()
    refused = await other.ask("media_restart", {"connection_id": opened["connection_id"]})
    assert refused["code"] == "unknown_connection"
    again = await (await house.signed_in(OPERATOR)).listen()
    refused = await again.ask("media_restart", {"connection_id": opened["connection_id"]})
    assert refused["code"] == "unknown_connection", "nor the same person's other page"
    assert (await page.ask("media_restart", {"connection_id": 7}))["code"] == "bad_input"
