"""From the officer's tap to the proof of the record: one incident, from every seat at once."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.hub import Hub
from tests.e2e.scene import JUSTICE, LABOUR, OFFICER, OPERATOR, Scene, instant, on_scene
from tests.e2e.steps_apart import the_outsider_learns_nothing
from tests.e2e.steps_back import (
    everything_is_back_after_a_reload,
    everything_is_back_after_a_silence,
    everything_is_back_after_the_media_worker_died,
    the_ladder_survives_the_death_of_the_hub,
)
from tests.e2e.waiting import until

pytestmark = pytest.mark.browser

PLAN = {"labour", "police", "housing", "justice", "petition"}


@pytest.mark.timeout(400)
async def test_an_incident_goes_from_the_officers_tap_to_its_close(
    hub: Hub, tmp_path: Path, chromium_path: str, full: bool, record_property: Callable[[str, object], None]
) -> None:
    async with on_scene(hub, tmp_path, chromium_path, full=full) as scene:
        try:
            for step in (
                nobody_has_a_password,
                one_tap_reports_and_streams,
                one_key_summons_and_esc_takes_back,
                two_presses_at_once_make_one_summons,
                one_tap_answers_and_one_more_joins,
                everyone_sees_and_hears,
                the_outsider_learns_nothing,
                the_ladder_survives_the_death_of_the_hub,
                everything_is_back_after_a_reload,
                everything_is_back_after_a_silence,
                everything_is_back_after_the_media_worker_died,
                it_closes_only_with_its_follow_up,
                the_record_holds_every_step,
            ):
                began = time.monotonic()
                await step(scene)
                scene.seconds[step.__name__] = time.monotonic() - began
        finally:
            for name, value in scene.numbers.items():
                record_property(name, round(value, 1))
            print(*(f"{value:10.1f} {name}" for name, value in scene.numbers.items()), sep="\n")
            print(*(f"{value:10.1f} s {name}" for name, value in scene.seconds.items()), sep="\n")


async def nobody_has_a_password(scene: Scene) -> None:
    body = {"login": "op.chengnan", "password": "op.chengnan"}
    reply = await scene.stranger.ask("POST", "/api/sign-in", body)
    assert (reply.status, reply.code) == (401, "wrong_credentials")


async def one_tap_reports_and_streams(scene: Scene) -> None:
    operator, officer = scene.operator, scene.officer
    assert await operator.queue() == []
    await officer.by("type-chip", '[data-type="wage_dispute"]').tap()
    chosen = await officer.by("type-chip", '[aria-checked="true"]').get_attribute("data-type")
    assert chosen == "wage_dispute", "the tap chose what was under the finger"
    await officer.by("report-place").fill("锦绣工地东门")
    await operator.first("[data-testid=queue-item]")
    await officer.by("start-stream").tap()
    appeared_at = await operator.first_at("[data-testid=queue-item]")
    scene.numbers["appeared_after_reply_ms"] = appeared_at - await officer.answered_at(
        "POST", "/api/incidents"
    )
    assert scene.numbers["appeared_after_reply_ms"] < 2000

    (scene.incident_id,) = await operator.queue()
    assert "讨薪聚集" in await operator.by("incident-title").inner_text()
    assert await operator.by("queue-item").get_attribute("data-state") == "calm"
    assert await operator.by("incident-clock").is_visible()
    await operator.sees(OFFICER.rgb)
    await officer.by("stream-state", '[data-phase="live"]').wait_for()
    view = await scene.commander.incident(scene.incident_id)
    assert view["place"]["text"] == "锦绣工地东门"
    assert (view["place"]["lat"], view["level"]) == (pytest.approx(41.7993), "complex")
    await until(
        lambda: operator.by("stage").inner_text(),
        lambda text: re.search(r"±8 m · [0-3] 秒前", text) is not None,
        what="where the officer is, how exactly, and how long ago",
    )
    first = (await scene.commander.incident(scene.incident_id))["feeds"][0]["position"]["at"]
    later = await until(
        lambda: scene.commander.incident(scene.incident_id),
        lambda seen: seen["feeds"][0]["position"]["at"] > first,
        what="the next position",
    )
    between = instant(later["feeds"][0]["position"]["at"]) - instant(first)
    scene.numbers["between_positions_ms"] = between.total_seconds() * 1000


async def one_key_summons_and_esc_takes_back(scene: Scene) -> None:
    operator = scene.operator
    planned = await operator.by("planned-department").evaluate_all(
        "(all) => all.map((e) => e.dataset.department)"
    )
    assert {name.rpartition(".")[2] for name in planned} == PLAN
    await operator.key_says("first")
    for phone in (scene.labour, scene.justice):
        await phone.first("[data-testid=summons]")
    await scene.labour.page.locator("body").tap()  # once touched, a page may sound
    await operator.page.keyboard.press("F9")
    pressed_at = await operator.key_at()
    rung = [
        await phone.first_at("[data-testid=summons]") - pressed_at for phone in (scene.labour, scene.justice)
    ]
    scene.numbers["key_to_last_ring_ms"] = max(rung)
    scene.numbers["key_to_ring_heard_ms"] = await scene.labour.rang_at(pressed_at) - pressed_at
    await operator.key_says("undoable")
    assert len(await operator.departments()) == len(PLAN)
    (issued,) = await scene.commander.journal(scene.incident_id, "summons_issued")
    assert {a["department_id"].rpartition(".")[2] for a in issued["payload"]["assignments"]} == PLAN
    assert all(assignment["person_ids"] for assignment in issued["payload"]["assignments"])
    await until(
        operator.departments, lambda rows: rows["chengnan.labour"][0] == "notified", what="the receipt"
    )

    await operator.page.keyboard.press("Escape")
    await operator.key_says("first", within_s=10)
    assert await operator.departments() == {}
    for phone in (scene.labour, scene.justice):
        await phone.by("summons").wait_for(state="detached")
    view = await scene.commander.incident(scene.incident_id)
    assert (view["state"], view["assignments"]) == ("received", [])
    assert len(await scene.commander.journal(scene.incident_id, "summons_recalled")) == 1
    await operator.sees(OFFICER.rgb)


async def two_presses_at_once_make_one_summons(scene: Scene) -> None:
    """Twice on the keyboard, once with the mouse, and a commander elsewhere, all within the same moment."""
    operator = scene.operator
    await asyncio.gather(
        operator.page.keyboard.press("F9"),
        operator.page.keyboard.press("F9"),
        operator.by("one-key").click(),
        scene.commander.do("POST", f"/api/incidents/{scene.incident_id}/summon", {}),
    )
    await operator.key_says("undoable")
    await until(operator.departments, lambda rows: len(rows) == len(PLAN), what="five departments")
    issued = await scene.commander.journal(scene.incident_id, "summons_issued")
    assert len(issued) == 2, "one that was taken back, and one"
    assert await scene.commander.journal(scene.incident_id, "assignments_resummoned") == []
    scene.room_id = (await scene.commander.incident(scene.incident_id))["room_id"]
    assignments = await scene.assignments()
    assert await scene.labour.summons() == assignments["labour"]
    assert await scene.justice.summons() == assignments["justice"]
    await operator.sees(OFFICER.rgb)
    await be_in_the_room(scene)


async def be_in_the_room(scene: Scene) -> None:
    """Whose press came first is in the room at once; the operator goes in if it was not hers."""
    await scene.operator.by("tab-room").click()
    inside = scene.operator.by("leave-room")
    await inside.or_(scene.operator.by("join-room")).wait_for()
    if not await inside.is_visible():
        await scene.operator.by("join-room").click()
        await inside.wait_for()
    await scene.operator.by("tab-timeline").click()


async def one_tap_answers_and_one_more_joins(scene: Scene) -> None:
    operator, labour = scene.operator, scene.labour
    await labour.by("acknowledge").tap()
    await until(
        operator.departments, lambda rows: rows["chengnan.labour"][0] == "acknowledged", what="the answer"
    )
    assert (await operator.departments())["chengnan.labour"][1] == "", (
        "an answer alone does not stop the clock"
    )
    assert await scene.justice.by("summons").is_visible(), "one answer does not silence another department"
    assert (await labour.received())["packets"] == 0, "who has only answered does not see yet"
    await labour.by("join").tap()
    rows = await until(
        operator.departments, lambda rows: rows["chengnan.labour"][0] == "joined", what="the join"
    )

    (joined,) = await scene.commander.journal(scene.incident_id, "assignment_joined")
    (stopped,) = await scene.commander.journal(scene.incident_id, "clock_stopped")
    view = await scene.commander.incident(scene.incident_id)
    (clock,) = [a["clock"] for a in view["assignments"] if a["department_id"] == "chengnan.labour"]
    at = instant(joined["at"])
    assert instant(stopped["payload"]["stopped_at"]) == at
    assert instant(clock["stopped_at"]) == instant(rows["chengnan.labour"][1]) == at
    elapsed_ms = (at - instant(clock["started_at"])).total_seconds() * 1000
    assert stopped["payload"]["elapsed_ms"] == pytest.approx(elapsed_ms, abs=2)

    await labour.sees(OFFICER.rgb)
    await scene.justice.by("acknowledge").tap()
    await scene.justice.by("join").tap()
    await scene.justice.sees(OFFICER.rgb)


async def everyone_sees_and_hears(scene: Scene) -> None:
    operator, officer, labour = scene.operator, scene.officer, scene.labour
    seats = (await scene.commander.do("GET", f"/api/rooms/{scene.room_id}"))["participants"]
    source = {seat["person_id"]: seat["source_id"] for seat in seats}
    await operator.sees(LABOUR.rgb, at=f'[data-testid=tile] [data-source="{source["chengnan-labour-1"]}"]')
    await operator.sees(JUSTICE.rgb, at=f'[data-testid=tile] [data-source="{source["chengnan-justice-1"]}"]')
    await asyncio.gather(labour.hears(OFFICER.tone_hz), scene.justice.hears(OFFICER.tone_hz))
    await operator.hears(OFFICER.tone_hz)

    quiet = await operator.hear(LABOUR.tone_hz)
    assert quiet["peak_hz"] is None or abs(quiet["peak_hz"] - LABOUR.tone_hz) > 50, "the microphone is shut"
    await labour.by("hold-to-talk").hover()
    await labour.page.mouse.down()
    await asyncio.gather(operator.hears(LABOUR.tone_hz), officer.hears(LABOUR.tone_hz))
    await labour.page.mouse.up()

    await operator.page.locator("body").click(position={"x": 5, "y": 400})
    await operator.page.keyboard.down(" ")
    await asyncio.gather(labour.hears(OPERATOR.tone_hz), scene.justice.hears(OPERATOR.tone_hz))
    await operator.page.keyboard.up(" ")


async def it_closes_only_with_its_follow_up(scene: Scene) -> None:
    operator = scene.operator
    await operator.by("resolve").click()
    await operator.by("outcome").fill("工资已当场发放，人员散去")
    await operator.by("closing-submit").click()
    await operator.by("close").click()
    await operator.by("closing-submit").click()
    await operator.by("closing-form").locator("[role=alert]").wait_for()
    refused = await scene.commander.ask("POST", f"/api/incidents/{scene.incident_id}/close", {})
    assert (refused.status, refused.code) == (400, "follow_up_missing")
    assert (await scene.commander.incident(scene.incident_id))["state"] == "resolved"
    await operator.by("follow-up-reached").check()
    await operator.by("satisfaction-4").check()
    await operator.by("closing-submit").click()
    await operator.by("closing-form").wait_for(state="detached")
    view = await scene.commander.incident(scene.incident_id)
    assert (view["state"], view["follow_up"]["result"], view["follow_up"]["satisfaction"]) == (
        "closed",
        "reached",
        4,
    )


async def the_record_holds_every_step(scene: Scene) -> None:
    kinds = [kind for _, _, kind in reversed(await scene.operator.timeline())]
    wanted = [
        *("incident_received", "feed_started", "summons_issued", "summons_recalled", "summons_issued"),
        *("assignment_acknowledged", "assignment_joined", "escalation_fired", "order_given"),
        *("incident_resolved", "incident_closed"),
    ]
    rest = iter(kinds)
    missing = [kind for kind in wanted if kind not in rest]
    assert not missing, f"{missing} not in this order in {kinds}"
    assert (await scene.hub.verify_journal()).startswith("whole")
