"""How fast a summons rings and how fast a picture comes, in a hub with 10,000 incidents and 200 consoles.

ring   click on 一键扩群 in a real Chromium → the last of 20 departments' consoles rings (sockets, same clock)
warm   click on 进入视频会商 on a phone page whose media connection is open → first decoded frame
cold   the same, but the page's connection is held back until the click: ICE, DTLS and first frame all count
"""

import argparse
import asyncio
import json
import math
import os
import socket
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from bench_report import Figure, report
from playwright.async_api import Browser, Page, async_playwright

ROOT = Path(__file__).resolve().parent.parent
HERE = Path(__file__).resolve().parent
OPERATOR = "w0"
RESPONDER = "r-d00"
CLICK = (
    "testid => { const at = performance.timeOrigin + performance.now();"
    " document.querySelector(`[data-testid=${testid}]`).click(); return at }"
)
# Clicks, and resolves with the milliseconds until the stage's first decoded frame after the click.
FIRST_FRAME = """
testid => new Promise((resolve, reject) => {
  const began = performance.now()
  setTimeout(() => reject(new Error('no frame within 15 s')), 15000)
  const seen = new WeakSet()
  const look = () => {
    const query = '[data-testid=stage] video, video[data-testid=stage-video]'
    for (const video of document.querySelectorAll(query)) {
      if (video.requestVideoFrameCallback && !seen.has(video)) {
        seen.add(video)
        video.requestVideoFrameCallback(() => resolve(performance.now() - began))
      }
    }
    requestAnimationFrame(look)
  }
  document.querySelector(`[data-testid=${testid}]`).click()
  window.__release?.()
  look()
})
"""
# A cold page: its media connection stays unmade until `__release` is called.
HOLD_BACK = """
(() => {
  const gate = new Promise(resolve => { window.__release = resolve })
  const original = RTCPeerConnection.prototype.setRemoteDescription
  RTCPeerConnection.prototype.setRemoteDescription = async function (...facts) {
    await gate
    return original.apply(this, facts)
  }
})()
"""


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def free_ports() -> int:
    """A port N such that N, N+1 and N+2 (UDP) are free now."""
    for base in range(23000, 60000, 17):
        try:
            for offset, kind in ((0, socket.SOCK_STREAM), (1, socket.SOCK_STREAM), (2, socket.SOCK_DGRAM)):
                with socket.socket(socket.AF_INET, kind) as probe:
                    probe.bind(("127.0.0.1", base + offset))
        except OSError:
            continue
        return base
    raise SystemExit("no free ports")


class Program:
    """A child that speaks lines of JSON; its standard input being closed ends it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, *arguments: str) -> "Program":
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=1 << 20,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        return cls(process)

    async def line(self, timeout_s: float) -> dict[str, Any]:
        async with asyncio.timeout(timeout_s):
            raw = await self._process.stdout.readline()  # type: ignore[union-attr]
        if not raw:
            raise SystemExit("a part of the measurement ended early")
        found: dict[str, Any] = json.loads(raw)
        return found

    async def say(self, facts: dict[str, Any]) -> None:
        self._process.stdin.write(json.dumps(facts).encode() + b"\n")  # type: ignore[union-attr]
        await self._process.stdin.drain()  # type: ignore[union-attr]

    async def stop(self) -> None:
        self._process.stdin.close()  # type: ignore[union-attr]
        try:
            async with asyncio.timeout(10):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


async def signed_in(browser: Browser, url: str, token: str, entry: str, size: tuple[int, int]) -> Page:
    """A page of a signed-in person at the entry."""
    context = await browser.new_context(viewport={"width": size[0], "height": size[1]}, locale="zh-CN")
    reply = await context.request.post(url + "/api/sign-in/link", data={"token": token})
    if not reply.ok:
        raise SystemExit(f"sign-in was refused: {await reply.text()}")
    page = await context.new_page()
    await page.goto(url + entry)
    return page


async def call(page: Page, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """A command through the page's own session."""
    return await page.evaluate(
        """async ([method, path, body]) => {
            const me = await (await fetch('/api/me')).json()
            const reply = await fetch(path, {method, headers: {'X-CSRF-Token': me.csrf,
                'Content-Type': 'application/json'}, body: body === null ? undefined : JSON.stringify(body)})
            if (!reply.ok) throw new Error(await reply.text())
            return reply.json()
        }""",
        [method, path, body],
    )


async def measure_rings(operator: Page, crowd: Program, runs: int, departments: int) -> list[float]:
    """Milliseconds from the click to the last ring, per run."""
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
            line = await crowd.line(10)
            if line.get("incident_id") == incident["id"]:
                rung.setdefault(line["person"], line["at_ms"])
        found.append(max(rung.values()) - clicked_ms)
        await operator.wait_for_timeout(300)
        await call(operator, "POST", f"/api/incidents/{incident['id']}/resolve", {"outcome": "测量"})
    return found


async def open_scene(operator: Page) -> str:
    """The body-cam's incident with its departments summoned; the responder's assignment."""
    for _ in range(100):
        listed = await call(operator, "GET", "/api/incidents")
        live = [i for i in listed["incidents"] if any(f["state"] == "live" for f in i["feeds"])]
        if live:
            break
        await asyncio.sleep(0.2)
    else:
        raise SystemExit("the body-cam did not come live")
    pressed = await call(operator, "POST", f"/api/incidents/{live[0]['id']}/summon", {})
    for assignment in pressed["incident"]["assignments"]:
        if assignment["department_id"] == RESPONDER.removeprefix("r-"):
            return str(assignment["id"])
    raise SystemExit("the responder was not summoned")


async def join_once(page: Page) -> float:
    """One join and one leaving; the milliseconds in between the click and the first frame."""
    await page.locator("[data-testid=join]").wait_for(timeout=20_000)
    took_ms: float = await page.evaluate(FIRST_FRAME, "join")
    await page.locator("[data-testid=leave-room]").click()
    await page.locator("[data-testid=join]").wait_for(timeout=20_000)
    return took_ms


async def measure_warm(responder: Page, runs: int) -> list[float]:
    found = []
    for _ in range(runs):
        found.append(await join_once(responder))
        await responder.wait_for_timeout(400)
    return found


async def measure_cold(responder: Page, url: str, runs: int) -> list[float]:
    await responder.context.add_init_script(HOLD_BACK)
    found = []
    for _ in range(runs):
        await responder.goto("about:blank")
        await responder.goto(url)
        await responder.wait_for_timeout(500)
        found.append(await join_once(responder))
    return found


async def run(options: argparse.Namespace) -> list[Figure]:
    port = free_ports()
    url = f"http://127.0.0.1:{port}"
    async with AsyncExitStack() as stack:
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
        own = {name: tokens.pop(name) for name in (OPERATOR, RESPONDER)}
        crowd = await Program.start(str(HERE / "join_crowd.py"))
        stack.push_async_callback(crowd.stop)
        await crowd.say({"url": url, "tokens": tokens})
        await crowd.line(120)
        print(f"  {len(tokens)} consoles are connected", file=sys.stderr, flush=True)
        playwright = await stack.enter_async_context(async_playwright())
        browser = await playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM_PATH", "/usr/bin/chromium"),
            args=[
                *(["--no-sandbox"] if os.geteuid() == 0 else []),
                "--disable-gpu",
                "--allow-loopback-in-peer-connection",
                "--use-fake-ui-for-media-stream",
                "--use-fake-device-for-media-stream",
                "--autoplay-policy=no-user-gesture-required",
                "--disable-background-networking",
            ],
        )
        stack.push_async_callback(browser.close)
        operator = await signed_in(browser, url, own[OPERATOR], "/", (1920, 1080))
        rings = await measure_rings(operator, crowd, options.runs, options.departments)
        print("  rings are measured", file=sys.stderr, flush=True)
        camera = {
            "url": url,
            "feed_id": facts["feed_id"],
            "token": facts["feed_token"],
            "folder": str(folder),
        }
        device = await Program.start("-m", "dispatch_server.demo.bodycam")
        stack.push_async_callback(device.stop)
        await device.say(camera)
        assignment = await open_scene(operator)
        responder = await signed_in(browser, url, own[RESPONDER], f"/m/a/{assignment}", (390, 844))
        await call(responder, "POST", f"/api/assignments/{assignment}/acknowledge")
        await join_once(responder)
        warm = await measure_warm(responder, options.runs)
        print("  warm joins are measured", file=sys.stderr, flush=True)
        cold = await measure_cold(responder, f"{url}/m/a/{assignment}", options.runs)
    return [
        Figure(key="ring_p50_ms", meaning="click → last console rings, p50", value=percentile(rings, 0.5)),
        Figure(
            key="ring_p95_ms",
            meaning="click → last console rings, p95",
            value=percentile(rings, 0.95),
            at_most=150,
        ),
        Figure(key="warm_p50_ms", meaning="warm join → first frame, p50", value=percentile(warm, 0.5)),
        Figure(
            key="warm_p95_ms",
            meaning="warm join → first frame, p95",
            value=percentile(warm, 0.95),
            at_most=500,
        ),
        Figure(key="cold_p50_ms", meaning="cold join → first frame, p50", value=percentile(cold, 0.5)),
        Figure(
            key="cold_p95_ms",
            meaning="cold join → first frame, p95",
            value=percentile(cold, 0.95),
            at_most=1500,
        ),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench join", description=__doc__)
    parser.add_argument("--json", action="store_true", help="end with one JSON object")
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--incidents", type=int, default=10_000)
    parser.add_argument("--consoles", type=int, default=200)
    parser.add_argument("--departments", type=int, default=20)
    options = parser.parse_args()
    figures = asyncio.run(run(options))
    conditions = {name: getattr(options, name) for name in ("runs", "incidents", "consoles", "departments")}
    return report("Summons and join", figures, as_json=options.json, conditions=conditions)


if __name__ == "__main__":
    sys.exit(main())
