"""What a browser sees through a network that loses packets, by our worker and by Janus, in turns.

One Chromium publishes a restless picture of 1.5 Mbps and a tone, another watches. Both reach the server
through a relay each, which loses and delays: the n-th datagram of a direction meets the same luck at either.
"""

import argparse
import asyncio
import statistics
import sys
from dataclasses import dataclass

from bench_report import Figure, report
from one_picture import Server, both_servers, watched
from playwright.async_api import Browser

from tests.impairment.link import ImpairedLink
from tests.impairment.path import CLEAN, Bursts, Conditions

WARM_UP_S = 8.0  # until the publisher believes in its rate
SETTLE_S = 2.0  # of loss, before it counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One round, by Chromium's own counters."""

    frames_per_s: float
    freezes: int
    frozen_s: float
    concealed_pct: float
    sent_bps: float
    lost_pct: float  # of the datagrams to the viewer


def conditions(options: argparse.Namespace) -> Conditions:
    """One direction of a link."""
    share = options.loss_pct / 100
    bursts = Bursts.of(loss=share, length=options.burst) if options.burst > 1 else None
    return Conditions(loss=0.0 if bursts else share, bursts=bursts, delay_s=options.rtt_ms / 2000)


async def one_round(
    server: Server, browser: Browser, url: str, options: argparse.Namespace, seed: int
) -> Seen:
    """The same picture through the same bad luck."""
    clean = Conditions(delay_s=options.rtt_ms / 2000)
    bad = conditions(options)
    async with ImpairedLink(seed=seed) as uplink, ImpairedLink(seed=seed + 1000) as downlink:
        uplink.set(clean if options.where != "downlink" else CLEAN)
        downlink.set(clean if options.where != "uplink" else CLEAN)
        async with watched(server, browser, url, (uplink, downlink), bps=options.bps) as (camera, viewer):
            await asyncio.sleep(WARM_UP_S)
            if options.where != "downlink":
                uplink.set(bad)
            if options.where != "uplink":
                downlink.set(bad)
            await asyncio.sleep(SETTLE_S)
            downlink.down.lost = downlink.down.passed = 0
            before, sent_before = await viewer.evaluate("counters()"), await camera.evaluate("counters()")
            await asyncio.sleep(options.seconds)
            after, sent = await viewer.evaluate("counters()"), await camera.evaluate("counters()")
    changed = {name: after[name] - before[name] for name in after}
    return Seen(
        frames_per_s=changed["framesDecoded"] / options.seconds,
        freezes=changed["freezeCount"],
        frozen_s=changed["totalFreezesDuration"],
        concealed_pct=100 * changed["concealedSamples"] / max(1, changed["totalSamplesReceived"]),
        sent_bps=8 * (sent["bytesSent"] - sent_before["bytesSent"]) / options.seconds,
        lost_pct=100 * downlink.down.lost / max(1, downlink.down.lost + downlink.down.passed),
    )


async def loss(options: argparse.Namespace) -> int:
    """Rounds in turns, the same seed at both servers."""
    found: dict[str, list[Seen]] = {"ours": [], "janus": []}
    async with both_servers() as (servers, browser, url):
        for number in range(options.rounds):
            for name, server in servers.items():
                seen = await one_round(server, browser, url, options, seed=number + 1)
                print(f"  {name}: {seen}", file=sys.stderr, flush=True)
                found[name].append(seen)
    return report(
        "Media: a network that loses",
        _figures(found),
        as_json=options.json,
        conditions={
            "network_loss_pct": options.loss_pct,
            "burst": options.burst,
            "rtt_ms": options.rtt_ms,
            "where": options.where,
            "video_bps": options.bps,
            "rounds": options.rounds,
            "seconds_a_round": options.seconds,
        },
    )


def _figures(found: dict[str, list[Seen]]) -> list[Figure]:
    ours, theirs = found["ours"], found["janus"]

    def mean(rounds: list[Seen], name: str) -> float:
        return statistics.fmean(getattr(each, name) for each in rounds)

    freezes, janus_freezes = (sum(each.freezes for each in rounds) for rounds in (ours, theirs))
    pairs = [
        ("frozen_s", "stood still (s a round)"),
        ("frames_per_s", "frames decoded a second"),
        ("concealed_pct", "sound concealed (%)"),
        ("sent_bps", "sent by the publisher (bit/s)"),
    ]
    figures = [
        Figure(key="freezes", meaning="freezes, all rounds", value=freezes, at_most=janus_freezes),
        Figure(key="janus_freezes", meaning="… by Janus", value=janus_freezes),
        Figure(
            key="ratio_to_janus",
            meaning="seconds of standing still, ratio to Janus",
            value=mean(ours, "frozen_s") / max(1e-3, mean(theirs, "frozen_s")),
            at_most=1.0,
        ),
        Figure(key="loss_pct", meaning="lost on the way to the viewer (%)", value=mean(ours, "lost_pct")),
    ]
    for key, meaning in pairs:
        figures.append(Figure(key=key, meaning=meaning, value=mean(ours, key)))
        figures.append(Figure(key=f"janus_{key}", meaning="… by Janus", value=mean(theirs, key)))
    return figures
