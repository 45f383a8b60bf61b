"""Coming back: the hub killed, the page loaded again, the way lost, the media worker killed."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.e2e.person import someone
from tests.e2e.scene import LABOUR, OFFICER, Scene, instant
from tests.e2e.seats import Console
from tests.e2e.waiting import until

ON_TIME = timedelta(seconds=10)  # a busy machine is late; how late it was stands in the numbers
BACK_WITHIN_S = 20.0
SILENCE_S, WHOLE_SILENCE_S = 6.0, 60.0


async def the_ladder_survives_the_death_of_the_hub(scene: Scene) -> None:
    """kill -9 before a step is due, back after it: the missed one follows at once, the next on its time."""
    first = await until(lambda: escalations(scene), bool, what="a first step", within_s=30)
    housing = (await scene.assignments())["housing"]
    view = await _assignment(scene, housing)
    missed_at = instant(view["next_step"]["at"])
    scene.hub.kill()
    killed_at = datetime.now(UTC)
    await asyncio.sleep(max(0.0, (missed_at - killed_at).total_seconds()))
    scene.hub.start()
    await asyncio.to_thread(scene.hub.wait_ready)
    ready_at, ready = datetime.now(UTC), time.monotonic()
    await scene.operator.sees(OFFICER.rgb, within_s=BACK_WITHIN_S)
    scene.numbers["hub_back_to_picture_ms"] = (time.monotonic() - ready) * 1000
    await asyncio.gather(
        scene.labour.sees(OFFICER.rgb, within_s=BACK_WITHIN_S),
        scene.justice.sees(OFFICER.rgb, within_s=BACK_WITHIN_S),
    )
    next_at = instant((await _assignment(scene, housing))["next_step"]["at"])
    await until(
        lambda: escalations(scene),
        lambda fired: any(event["due"] >= next_at for event in fired),
        what="the step after the outage",
        within_s=30,
    )
    fired = await escalations(scene)
    assert len(fired) > len(first)
    steps: dict[str, list[int]] = {}
    for event in fired:
        steps.setdefault(event["assignment_id"], []).append(event["step"])
        late = event["at"] - event["due"]
        if killed_at <= event["due"] + timedelta(seconds=1) and event["due"] <= ready_at:
            assert event["at"] <= ready_at + ON_TIME, f"step {event['step']} after the outage"
        else:
            assert timedelta(0) <= late <= ON_TIME, f"step {event['step']} was {late} late"
            scene.numbers["escalation_late_max_ms"] = max(
                scene.numbers.get("escalation_late_max_ms", 0), late.total_seconds() * 1000
            )
    for assignment, numbers in steps.items():
        assert numbers == list(range(1, len(numbers) + 1)), (
            f"{assignment}: each step once, in order: {numbers}"
        )
    assert any(event["due"] == missed_at for event in fired), (
        "the step that fell into the outage was made up for"
    )


async def everything_is_back_after_a_reload(scene: Scene) -> None:
    operator = scene.operator
    before = await operator.timeline()
    began = time.monotonic()
    await operator.page.reload()
    await operator.sees(OFFICER.rgb, frames=1)
    scene.numbers["reload_to_picture_ms"] = (time.monotonic() - began) * 1000
    await until(
        operator.timeline,
        lambda lines: lines[len(lines) - len(before) :] == before,
        what=f"the {len(before)} lines that were there before",
    )
    await asyncio.gather(scene.labour.page.reload(), scene.officer.page.reload())
    await asyncio.gather(scene.labour.sees(OFFICER.rgb), operator.sees(OFFICER.rgb))
    seats = (await scene.commander.do("GET", f"/api/rooms/{scene.room_id}"))["participants"]
    assert len({seat["person_id"] for seat in seats}) == len(seats), "nobody sits there twice"
    (feed,) = (await scene.commander.incident(scene.incident_id))["feeds"]
    assert feed["state"] == "live", "the officer's stream went on in the same feed"


async def everything_is_back_after_a_silence(scene: Scene) -> None:
    """While the operator's way is lost a department sets out, an order is given, the level changes."""
    full = scene.full
    operator, commander = scene.operator, scene.commander
    incident = f"/api/incidents/{scene.incident_id}"
    if full:
        scene.way.hush()
    else:
        scene.way.cut()
    began = time.monotonic()
    police = (await scene.assignments())["police"]
    async with someone(scene.hub, "police.chengnan.1") as officer_on_duty:
        await officer_on_duty.do("POST", f"/api/assignments/{police}/depart")
        await commander.do("POST", f"{incident}/orders", {"text": "先劝离，后清点人数", "department_ids": []})
        await commander.do("PATCH", incident, {"level": "difficult"})
        await operator.by("link-down").wait_for(timeout=60_000)
        await asyncio.sleep(max(0.0, began + (WHOLE_SILENCE_S if full else SILENCE_S) - time.monotonic()))
        await officer_on_duty.do("POST", f"/api/assignments/{police}/arrive")
    scene.way.restore()
    began = time.monotonic()
    await until(
        operator.departments, lambda rows: rows["chengnan.police"][0] == "on_scene", what="who arrived"
    )
    scene.numbers["socket_back_to_state_ms"] = (time.monotonic() - began) * 1000
    await operator.sees(OFFICER.rgb)
    scene.numbers["socket_back_to_picture_ms"] = (time.monotonic() - began) * 1000
    assert await operator.by("link-down").count() == 0
    await shows_what_everybody_sees(scene)


async def everything_is_back_after_the_media_worker_died(scene: Scene) -> None:
    operator = scene.operator
    dead = scene.hub.kill_media_worker()
    await until(
        lambda: asyncio.to_thread(scene.hub.media_worker),
        lambda pid: pid not in (None, dead),
        what="another worker",
        within_s=30,
    )
    await until(lambda: asyncio.to_thread(scene.hub.is_ready), bool, what="the media plane", within_s=30)
    began = time.monotonic()
    await operator.sees(OFFICER.rgb, within_s=BACK_WITHIN_S)
    scene.numbers["worker_back_to_picture_ms"] = (time.monotonic() - began) * 1000
    await asyncio.gather(
        scene.labour.sees(OFFICER.rgb, within_s=BACK_WITHIN_S),
        scene.justice.sees(OFFICER.rgb, within_s=BACK_WITHIN_S),
        scene.justice.hears(OFFICER.tone_hz),
    )
    seats = (await scene.commander.do("GET", f"/api/rooms/{scene.room_id}"))["participants"]
    (labour,) = [seat["source_id"] for seat in seats if seat["person_id"] == "chengnan-labour-1"]
    await operator.sees(LABOUR.rgb, at=f'[data-testid=tile] [data-source="{labour}"]')
    await shows_what_everybody_sees(scene)


async def shows_what_everybody_sees(scene: Scene) -> None:
    """The operator's desk, which has seen it all happen, shows what a desk shows that was opened just now."""
    fresh = await scene.doors.console(scene.desk, "lead.chengnan")
    try:
        await until(
            lambda: _both(scene.operator, fresh),
            lambda both: both[0] == both[1],
            what="the same on both desks",
        )
        lines = await scene.operator.timeline()
        assert len(set(lines)) == len(lines), "no line of the record stands twice"
    finally:
        await fresh.page.context.close()


async def _both(one: Console, other: Console) -> tuple[Any, Any]:
    shown = [(await each.queue(), await each.departments(), await each.timeline()) for each in (one, other)]
    return shown[0], shown[1]


async def escalations(scene: Scene) -> list[dict[str, Any]]:
    """Every step that was taken for the summons in force, with the time at which it was due."""
    view = await scene.commander.incident(scene.incident_id)
    issued = {a["id"]: instant(a["issued_at"]) for a in view["assignments"]}
    every = timedelta(seconds=scene.hub.every_s)
    fired = []
    for event in await scene.commander.journal(scene.incident_id, "escalation_fired"):
        step, assignment_id = event["payload"]["step"], event["payload"]["assignment_id"]
        assert assignment_id in issued, "nobody is tried for a summons that was taken back"
        due = issued[assignment_id] + every * step
        fired.append({"assignment_id": assignment_id, "step": step, "due": due, "at": instant(event["at"])})
    return fired


async def _assignment(scene: Scene, assignment_id: str) -> dict[str, Any]:
    reply = await scene.commander.do("GET", f"/api/assignments/{assignment_id}")
    assignment: dict[str, Any] = reply["assignment"]
    return assignment
