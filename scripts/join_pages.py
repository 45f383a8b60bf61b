"""The pages of the join measurements: signed-in Chromium pages that click, and say when what happened."""

import asyncio
import math
import os
import statistics
from collections.abc import Sequence
from typing import Any

from playwright.async_api import Browser, Page, Playwright

Steps = dict[str, float]
STEPS = (
    *("offered", "answered", "connected"),  # of a media connection that is made meanwhile
    *("asked", "joined", "watched", "told", "received", "decoded", "shown"),
)

CLICK = (
    "testid => { const at = performance.timeOrigin + performance.now();"
    " document.querySelector(`[data-testid=${testid}]`).click(); return at }"
)
# Watches what a page asks and hears, without a part in it; remembers peer connections.
MARKS = """
(() => {
  const marks = window.__marks = []
  const mark = name => marks.push([name, performance.now()])
  const latin = new TextDecoder('latin1')
  const says = (data, word) =>
    (typeof data === 'string' ? data : data instanceof Blob ? '' : latin.decode(data)).includes(word)
  const ask = window.fetch
  window.fetch = async (input, options) => {
    const joins = /\\/join$/.test(new URL(input.url ?? input, location).pathname)
    if (joins) mark('asked')
    const reply = await ask(input, options)
    if (joins) mark('joined')
    return reply
  }
  const Socket = window.WebSocket
  window.WebSocket = class extends Socket {
    constructor(...options) {
      super(...options)
      this.addEventListener('message', ({data}) => { if (says(data, 'media_slots')) mark('told') })
    }
    send(data) {
      if (says(data, 'media_watch')) mark('watched')
      super.send(data)
    }
  }
  const Peer = window.RTCPeerConnection
  const peers = window.__peers = []
  window.RTCPeerConnection = class extends Peer {
    constructor(...options) { super(...options); peers.push(this) }
  }
})()
"""
# Clicks, and resolves with the milliseconds until the stage's first decoded frame after the click, and until
# each step on the way: the command leaves, is answered, the page says what it shows, is told its slots, the
# frame's packets are there, the frame is decoded.
FIRST_FRAME = """
testid => new Promise((resolve, reject) => {
  const began = performance.now()
  setTimeout(() => reject(new Error('no frame within 15 s')), 15000)
  const seen = new WeakSet()
  const done = frame => {
    const shown = performance.now() - began
    const steps = {shown}
    const first = (name, after) => {
      const found = (window.__marks ?? []).find(([each, at]) => each === name && at >= after)
      if (found) steps[name] = found[1] - began
      return found ? found[1] : after
    }
    first('told', first('watched', first('joined', first('asked', began))))
    if (frame.receiveTime) steps.received = frame.receiveTime - began
    steps.decoded = frame.presentationTime - began
    resolve(steps)
  }
  const look = () => {
    const query = '[data-testid=stage] video, video[data-testid=stage-video]'
    for (const video of document.querySelectorAll(query)) {
      if (video.requestVideoFrameCallback && !seen.has(video)) {
        seen.add(video)
        video.requestVideoFrameCallback((_, frame) => done(frame))
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
# Of all pictures that the page receives: how long they have stood still so far, and how many were decoded.
FROZEN = """
async () => {
  const found = {frozen_s: 0, freezes: 0, decoded: 0}
  for (const peer of window.__peers) {
    if (peer.signalingState === 'closed') continue
    for (const entry of (await peer.getStats()).values()) {
      if (entry.type !== 'inbound-rtp' || entry.kind !== 'video') continue
      found.frozen_s += entry.totalFreezesDuration ?? 0
      found.freezes += entry.freezeCount ?? 0
      found.decoded += entry.framesDecoded ?? 0
    }
  }
  return found
}
"""


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


async def launched(playwright: Playwright) -> Browser:
    """A Chromium with a camera and a microphone that are not real."""
    return await playwright.chromium.launch(
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


async def signed_in(browser: Browser, url: str, token: str, entry: str, size: tuple[int, int]) -> Page:
    """A page of a signed-in person at the entry."""
    context = await browser.new_context(viewport={"width": size[0], "height": size[1]}, locale="zh-CN")
    await context.add_init_script(MARKS)
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


async def live_incident(operator: Page) -> dict[str, Any]:
    """The body-cam's incident with its departments summoned."""
    for _ in range(100):
        listed = await call(operator, "GET", "/api/incidents")
        live = [i for i in listed["incidents"] if any(f["state"] == "live" for f in i["feeds"])]
        if live:
            break
        await asyncio.sleep(0.2)
    else:
        raise SystemExit("the body-cam did not come live")
    pressed = await call(operator, "POST", f"/api/incidents/{live[0]['id']}/summon", {})
    incident: dict[str, Any] = pressed["incident"]
    return incident


def assignment_of(incident: dict[str, Any], department: str) -> str:
    """The department's assignment."""
    for assignment in incident["assignments"]:
        if assignment["department_id"] == department:
            return str(assignment["id"])
    raise SystemExit(f"{department} was not summoned")


async def join_once(page: Page, *, stay: bool = False) -> Steps:
    """One join, and one leaving unless it stays; milliseconds from the click to each step."""
    await page.locator("[data-testid=join]").wait_for(timeout=20_000)
    await page.evaluate("() => { (window.__marks ?? []).length = 0 }")
    steps: Steps = await page.evaluate(FIRST_FRAME, "join")
    if not stay:
        await page.locator("[data-testid=leave-room]").click()
        await page.locator("[data-testid=join]").wait_for(timeout=20_000)
    return steps


async def join_warm(responder: Page, runs: int) -> list[Steps]:
    """So many joins by a page whose media connection is up."""
    found = []
    for _ in range(runs):
        found.append(await join_once(responder))
        await responder.wait_for_timeout(400)
    return found


async def join_cold(responder: Page, url: str, runs: int) -> list[Steps]:
    """The same by a page that makes its media connection only when it is clicked."""
    await responder.context.add_init_script(HOLD_BACK)
    found = []
    for _ in range(runs):
        await responder.goto("about:blank")
        await responder.goto(url)
        await responder.wait_for_timeout(500)
        found.append(await join_once(responder))
    return found


def told(name: str, joins: Sequence[Steps]) -> str:
    """Where the time of these joins went: p50 / p95 of the moment at which each step was reached."""
    words = []
    for step in STEPS:
        reached = [each[step] for each in joins if step in each]
        if reached:
            words.append(f"{step} {statistics.median(reached):.0f} / {percentile(reached, 0.95):.0f}")
    return f"  {name}, ms after the click (p50 / p95): " + ", ".join(words)
