"""How fast a summons rings and how fast a picture comes, in a hub with 10,000 incidents and 200 consoles.

ring   click on 一键扩群 in a real Chromium → the last of 20 departments' consoles rings (sockets, same clock)
warm   click on 进入视频会商 on a phone page whose media connection is open → first decoded frame
cold   the same, but the page's connection is held back until the click: ICE, DTLS and first frame all count
storm  30 people of ten departments come within a second, media connections included, while a Chromium
       watches the scene: when the last has its first whole frame, and how long the watcher's stood still
"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench_report import Figure, report
from join_pages import (
    CLICK,
    FROZEN,
    Steps,
    assignment_of,
    call,
    join_cold,
    join_once,
    join_warm,
    launched,
    live_incident,
    percentile,
    signed_in,
    told,
)
from join_program import Program, free_ports
from playwright.async_api import Browser, Page, async_playwright

HERE = Path(__file__).resolve().parent
OPERATOR = "w0"
RESPONDER = "r-d00"
STORM_DEPARTMENTS = 10
RING_AIM_MS, WARM_AIM_MS, COLD_AIM_MS, STORM_AIM_MS, FROZEN_AIM_S = 150, 300, 1_000, 3_000, 0.5
WHAT = ("ring", "warm", "cold", "storm")


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """A hub with its crowd, an operator's page, and what the measurements need to know."""

    url: str
    browser: Browser
    operator: Page
    crowd: Program
    camera: dict[str, Any]
    tokens: dict[str, str]


async def open_house(options: argparse.Namespace, stack: AsyncExitStack) -> House:
    """The hub serves, its consoles are connected; all is gone with the stack."""
    port = free_ports()
    url = f"http://127.0.0.1:{port}"
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="liandong-bench-")))
    arguments = {
        "--data": folder / "data",
        "--port": port,
        "--incidents": options.incidents,
        "--departments": options.departments + 1,  # one more for the browser that joins
        "--watchers": options.consoles - options.departments,
    }
    (folder / "data").mkdir()
    hub = await Program.start(
        str(HERE / "join_hub.py"), *(str(word) for pair in arguments.items() for word in pair)
    )
    stack.push_async_callback(hub.stop)
    facts = await hub.line(180)
    print(f"  the store holds {options.incidents} incidents", file=sys.stderr, flush=True)
    tokens = facts["tokens"]
    consoles = {p: t for p, t in tokens.items() if p[0] in "rw" and p not in (OPERATOR, RESPONDER)}
    crowd = await Program.start(str(HERE / "join_crowd.py"))
    stack.push_async_callback(crowd.stop)
    await crowd.say({"url": url, "tokens": consoles})
    await crowd.line(120)
    print(f"  {len(consoles)} consoles are connected", file=sys.stderr, flush=True)
    playwright = await stack.enter_async_context(async_playwright())
    browser = await launched(playwright)
    stack.push_async_callback(browser.close)
    operator = await signed_in(browser, url, tokens[OPERATOR], "/", (1920, 1080))
    camera = {
        "url": url,
        "feed_id": facts["feed_id"],
        "token": facts["feed_token"],
        "folder": str(folder),
    }
    return House(url=url, browser=browser, operator=operator, crowd=crowd, camera=camera, tokens=tokens)


async def measure_rings(house: House, runs: int, departments: int) -> list[float]:
    """Milliseconds from the click to the last ring, per run."""
    operator = house.operator
    found = []
    for number in range(runs):
        report_body = {"type": "burst_pipe", "title": f"测量 {number}", "place": {"text": "测量点"}}
        incident = await call(operator, "POST", "/api/incidents", report_body)
        item = operator.locator(f'[data-testid=queue-item][data-incident="{incident["id"]}"]')
        await item.click(timeout=20_000)
        await operator.wait_for_function(
            "n => document.querySelectorAll('[data-testid=planned-department]').length > n", arg=departments
        )
        clicked_ms = await operator.evaluate(CLICK, "one-key")
        rung: dict[str, float] = {}
        while len(rung) < departments:
            line = await house.crowd.line(10)
            if line.get("incident_id") == incident["id"]:
                rung.setdefault(line["person"], line["at_ms"])
        found.append(max(rung.values()) - clicked_ms)
        await operator.wait_for_timeout(300)
        await call(operator, "POST", f"/api/incidents/{incident['id']}/resolve", {"outcome": "测量"})
    return found


async def measure_storms(house: House, watcher: Page, incident: dict[str, Any], runs: int) -> list[Figure]:
    """The last first frame of each storm, and what the one who was there already saw meanwhile."""
    people = [f"{prefix}-d{n:02d}" for n in range(1, STORM_DEPARTMENTS + 1) for prefix in "stu"]
    crowd = await Program.start(str(HERE / "join_storm.py"))
    try:
        await crowd.say(
            {
                "url": house.url,
                "tokens": {person: house.tokens[person] for person in people if person in house.tokens},
                "incident_id": incident["id"],
                "room_id": incident["room_id"],
                "source_id": house.camera["feed_id"],
            }
        )
        joiners = (await crowd.line(60))["ready"]
        lasts, every, steps = [], [], []
        before = await watcher.evaluate(FROZEN)
        for _ in range(runs):
            await crowd.say({})
            found = await crowd.line(60)
            waited = found["first_frame_ms"]
            steps += found["steps_ms"]
            lasts.append(max(waited))
            every += waited
            await crowd.line(60)
        after = await watcher.evaluate(FROZEN)
    finally:
        await crowd.stop()
    print(told(f"{runs} storms of {joiners}", steps), file=sys.stderr, flush=True)
    if after["decoded"] - before["decoded"] < 10:
        raise SystemExit("the watcher saw nothing")
    return [
        Figure(key="storm_p50_ms", meaning="storm: first frame, p50 of all", value=percentile(every, 0.5)),
        Figure(
            key="last_first_frame_ms",
            meaning="storm: last first frame, worst run",
            value=max(lasts),
            at_most=STORM_AIM_MS,
        ),
        Figure(
            key="watcher_frozen_s",
            meaning="storm: the watcher's picture stood still, all runs (s)",
            value=after["frozen_s"] - before["frozen_s"],
            at_most=FROZEN_AIM_S,
        ),
    ]


async def run(options: argparse.Namespace) -> list[Figure]:
    figures: list[Figure] = []
    async with AsyncExitStack() as stack:
        house = await open_house(options, stack)
        if "ring" in options.what:
            rings = await measure_rings(house, options.runs, options.departments)
            figures += _both("ring", "click → last console rings", rings, RING_AIM_MS)
        if {"warm", "cold", "storm"} & set(options.what):
            device = await Program.start("-m", "dispatch_server.demo.bodycam")
            stack.push_async_callback(device.stop)
            await device.say(house.camera)
            incident = await live_incident(house.operator)
            task = assignment_of(incident, RESPONDER.removeprefix("r-"))
            responder = await signed_in(
                house.browser, house.url, house.tokens[RESPONDER], f"/m/a/{task}", (390, 844)
            )
            await call(responder, "POST", f"/api/assignments/{task}/acknowledge")
            await join_once(responder)
            if "warm" in options.what:
                figures += _joins("warm", await join_warm(responder, options.runs), WARM_AIM_MS)
            if "storm" in options.what:
                await join_once(responder, stay=True)
                figures += await measure_storms(house, responder, incident, options.storms)
                await responder.locator("[data-testid=leave-room]").click()
            if "cold" in options.what:
                joins = await join_cold(responder, f"{house.url}/m/a/{task}", options.runs)
                figures += _joins("cold", joins, COLD_AIM_MS)
    return figures


def _joins(name: str, joins: Sequence[Steps], aim_ms: float) -> list[Figure]:
    print(told(f"{name} joins", joins), file=sys.stderr, flush=True)
    return _both(name, f"{name} join → first frame", [each["shown"] for each in joins], aim_ms)


def _both(name: str, meaning: str, took_ms: Sequence[float], aim_ms: float) -> list[Figure]:
    p50, p95 = (percentile(took_ms, share) for share in (0.5, 0.95))
    return [
        Figure(key=f"{name}_p50_ms", meaning=f"{meaning}, p50", value=p50),
        Figure(key=f"{name}_p95_ms", meaning=f"{meaning}, p95", value=p95, at_most=aim_ms),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="scripts/bench join", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", nargs="*", choices=(*WHAT, []), default=WHAT, help="all of them by default")
    parser.add_argument("--json", action="store_true", help="end with one JSON object")
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--storms", type=int, default=5)
    parser.add_argument("--incidents", type=int, default=10_000)
    parser.add_argument("--consoles", type=int, default=200)
    parser.add_argument("--departments", type=int, default=20)
    options = parser.parse_args()
    figures = asyncio.run(run(options))
    conditions = {name: getattr(options, name) for name in ("runs", "incidents", "consoles", "departments")}
    return report("Summons and join", figures, as_json=options.json, conditions=conditions)


if __name__ == "__main__":
    sys.exit(main())
