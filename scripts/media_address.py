"""For how long a picture stands still when somebody's address changes in mid-call, by us and by Janus.

A relay between each browser and the server goes on from another port, as a router does that has forgotten a
connection, or a phone's network that puts it behind another one. The browser is not told.
"""

import argparse
import asyncio
import sys

from bench_report import Figure, report
from join_pages import percentile
from one_picture import Server, both_servers, watched
from playwright.async_api import Browser

from tests.impairment.link import ImpairedLink
from tests.impairment.path import Conditions

AIM_MS = 1_000
WARM_UP_S = 5.0
MOVES = 6  # of each side in one round
APART_S = 4.0


async def one_round(
    server: Server, browser: Browser, url: str, options: argparse.Namespace
) -> dict[str, list[float]]:
    """How long the picture stood after each move, by who moved."""
    far = Conditions(delay_s=options.rtt_ms / 2000)
    found: dict[str, list[float]] = {"publisher": [], "viewer": []}
    async with (
        ImpairedLink(up=far, down=far) as uplink,
        ImpairedLink(up=far, down=far) as downlink,
        watched(server, browser, url, (uplink, downlink), bps=options.bps) as (_, viewer),
    ):
        await asyncio.sleep(WARM_UP_S)
        for _ in range(MOVES):
            for name, link in (("publisher", uplink), ("viewer", downlink)):
                began = await viewer.evaluate("performance.now()")
                link.move()
                await asyncio.sleep(APART_S)
                found[name].append(await viewer.evaluate("since => stood(since)", began))
    return found


async def address(options: argparse.Namespace) -> int:
    """Rounds in turns."""
    found: dict[str, dict[str, list[float]]] = {
        name: {"publisher": [], "viewer": []} for name in ("ours", "janus")
    }
    async with both_servers() as (servers, browser, url):
        for _ in range(options.rounds):
            for name, server in servers.items():
                for who, stood in (await one_round(server, browser, url, options)).items():
                    print(f"  {name}, {who}: {[round(each) for each in stood]}", file=sys.stderr, flush=True)
                    found[name][who] += stood

    def p95(name: str, *who: str) -> float:
        return percentile([each for one in who for each in found[name][one]], 0.95)

    both = ("publisher", "viewer")
    figures = [
        Figure(key="back_p95_ms", meaning="media back, p95 (ms)", value=p95("ours", *both), at_most=AIM_MS),
        Figure(key="janus_back_p95_ms", meaning="… by Janus", value=p95("janus", *both)),
        *(Figure(key=f"{who}_back_p95_ms", meaning=f"{who} moved", value=p95("ours", who)) for who in both),
    ]
    conditions = {"moves_a_side": MOVES * options.rounds, "rtt_ms": options.rtt_ms, "video_bps": options.bps}
    return report("Media: an address changes", figures, as_json=options.json, conditions=conditions)
