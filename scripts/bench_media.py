"""Forwarding on loopback, beside Debian's Janus in the same run.

  fanout    1 publisher → N subscribers: CPU per forwarded packet
  hall      40 publishers, each with 2 to 8 subscribers of its own: the same
  latency   how long a packet takes, at N subscribers
  load      how much our worker forwards on one core before anything is lost (ours alone)
  address   how long a picture stands still when somebody's address changes (--rtt-ms)
  loss      what a browser sees through a network that loses packets (--loss-pct, --burst, --rtt-ms, --where)

Both servers are up, pinned to one core; the load is made on another. They are fed in turns with the same
packets (1,200 bytes of video in 30 frames a second, Opus at 50/s) and only the server that is fed is
measured, by the scheduler's own account of all its threads. Janus: VideoRoom, event_loops=1.

Janus gathers no candidate on 127.0.0.1, so both are reached at the machine's own address; what is sent there
stays within the machine all the same.
"""

import argparse
import asyncio
import os
import statistics
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack

from aiohttp import ClientSession, ClientTimeout
from bench_report import Figure, report
from janus_server import JANUS, JanusApi, janus
from machine import ROOT

sys.path.insert(0, str(ROOT))
from media_address import address
from media_load import AUDIO_PER_S, Load, Measured, connect_janus, connect_ours, own_address, pin
from media_loss import loss

from rtc.aiortc_seam import WorkerCertificate
from rtc.pool.supervisor import WorkerProcess

NATIVE_AIM, PLAIN_AIM, HALL_AIM = 0.75, 1.2, 0.75
LOAD_AIM_PER_S = 90_000
HALL_PUBLISHERS = 40
LOAD_STEPS_PER_S = range(20_000, 160_001, 10_000)
CLEAN_LOSS_PCT = 0.1


class Bench:
    """Our worker and, if wanted, Janus, each with its load."""

    def __init__(self, options: argparse.Namespace, groups: Sequence[int], *, beside: bool = True) -> None:
        self.options = options
        self.groups = groups
        self._beside = beside
        self._stack = AsyncExitStack()
        self._cores = sorted(os.sched_getaffinity(0))
        self.loads: list[Load] = []

    async def __aenter__(self) -> "Bench":
        host = own_address()
        certificate = WorkerCertificate()
        worker = WorkerProcess(udp_port=0, advertise=(host,), plain=self.options.plain)
        media = await self._stack.enter_async_context(worker)
        ours = Load("ours", lambda: media.pid or 0)
        if len(self._cores) > 1:
            os.sched_setaffinity(0, {self._cores[-1]})
        await connect_ours(ours, media, self.groups, certificate, host)
        self.loads = [ours]
        if self._beside:
            process, url = await self._stack.enter_async_context(janus())
            session = ClientSession(timeout=ClientTimeout(total=60))
            self._api = JanusApi(await self._stack.enter_async_context(session), url)
            await self._api.open()
            theirs = Load("janus", lambda: process.pid)
            await connect_janus(theirs, self._api, self.groups, certificate, host)
            self.loads.append(theirs)
        for load in self.loads:
            pin(load.pid(), self._cores[0])
        return self

    async def __aexit__(self, *_: object) -> None:
        os.sched_setaffinity(0, self._cores)
        for load in self.loads:
            for peer in load.peers:
                peer.vanish()
        await self._stack.aclose()

    async def in_turns(self, video_per_s: float) -> dict[str, list[Measured]]:
        """So many rounds, Janus first in each."""
        found: dict[str, list[Measured]] = {load.name: [] for load in self.loads}
        for _ in range(self.options.rounds):
            for load in reversed(self.loads):
                await self._api.keep_alive()
                found[load.name].append(await load.measure(self.options.seconds, video_per_s))
        return found

    def conditions(self, video_per_s: float) -> dict[str, object]:
        """What the figures hold for."""
        subscribers = sum(self.groups)
        profiles = {load.name: load.clips[0].peer.profile for load in self.loads}
        return {
            "publishers": len(self.groups),
            "subscribers": subscribers,
            "packets_per_s": round((video_per_s + AUDIO_PER_S) * subscribers),
            "rounds": self.options.rounds,
            "seconds_a_round": self.options.seconds,
            "plain": self.options.plain,
            **{f"srtp_{name}": profile for name, profile in profiles.items()},
        }


def compared(found: dict[str, list[Measured]], aim: float) -> list[Figure]:
    """CPU per packet and loss of both."""
    us = statistics.median(each.us_per_packet for each in found["ours"])
    janus_us = statistics.median(each.us_per_packet for each in found["janus"])
    loss, janus_loss = (max(each.loss_pct for each in found[name]) for name in ("ours", "janus"))
    return [
        Figure(key="us_per_packet", meaning="CPU per forwarded packet (µs)", value=us),
        Figure(key="janus_us_per_packet", meaning="… of Janus (µs)", value=janus_us),
        Figure(key="ratio_to_janus", meaning="ratio to Janus", value=us / janus_us, at_most=aim),
        Figure(key="loss_pct", meaning="packets lost (%)", value=loss, at_most=CLEAN_LOSS_PCT),
        Figure(key="janus_loss_pct", meaning="… by Janus (%)", value=janus_loss),
    ]


async def fanout(options: argparse.Namespace) -> int:
    """One publisher."""
    video_per_s = options.video_per_s or 220
    async with Bench(options, [options.subscribers]) as bench:
        for load in bench.loads:
            load.watch(options.subscribers, reporting=load.name == "ours")
        figures = compared(await bench.in_turns(video_per_s), PLAIN_AIM if options.plain else NATIVE_AIM)
        conditions = bench.conditions(video_per_s)
    return report("Media: fan-out", figures, as_json=options.json, conditions=conditions)


async def hall(options: argparse.Namespace) -> int:
    """Many publishers with few subscribers each: what arrives costs as much as what leaves."""
    video_per_s = options.video_per_s or 60
    async with Bench(options, [2 + number % 7 for number in range(HALL_PUBLISHERS)]) as bench:
        for load in bench.loads:
            load.watch(options.subscribers, reporting=load.name == "ours")
        figures = compared(await bench.in_turns(video_per_s), HALL_AIM)
        conditions = bench.conditions(video_per_s)
    return report("Media: a full hall", figures, as_json=options.json, conditions=conditions)


async def latency(options: argparse.Namespace) -> int:
    """From the publisher's socket to the subscriber's."""
    video_per_s = options.video_per_s or 220
    delays: dict[str, list[float]] = {"ours": [], "janus": []}
    async with Bench(options, [options.subscribers]) as bench:
        for load in bench.loads:
            load.watch(10, timed=True)
        for _ in range(options.rounds):
            for load in reversed(bench.loads):
                await load.measure(options.seconds, video_per_s)
                delays[load.name] += load.delays_ms
        conditions = bench.conditions(video_per_s)
    ours, theirs = (statistics.quantiles(delays[name], n=100) for name in ("ours", "janus"))
    figures = [
        Figure(key="p50_ms", meaning="half of all packets within (ms)", value=ours[49]),
        Figure(key="janus_p50_ms", meaning="… by Janus (ms)", value=theirs[49]),
        Figure(key="p99_ms", meaning="99 % of all packets within (ms)", value=ours[98], at_most=theirs[98]),
        Figure(key="janus_p99_ms", meaning="… by Janus (ms)", value=theirs[98]),
    ]
    return report("Media: added latency", figures, as_json=options.json, conditions=conditions)


async def load(options: argparse.Namespace) -> int:
    """Steps of 10,000 packets a second, until some are lost."""
    clean = cost = 0.0
    subscribers = options.subscribers
    async with Bench(options, [subscribers], beside=False) as bench:
        (ours,) = bench.loads
        ours.watch(10)
        conditions = bench.conditions(0)
        for step in LOAD_STEPS_PER_S:
            measured = await ours.measure(options.seconds, step / subscribers - AUDIO_PER_S)
            print(
                f"{measured.packets_per_s:9,.0f}/s  core {measured.core:.2f}  lost {measured.loss_pct:.2f} %",
                file=sys.stderr,
            )
            if measured.loss_pct > CLEAN_LOSS_PCT or measured.packets_per_s < 0.9 * step:
                break
            clean, cost = measured.packets_per_s, measured.us_per_packet
    figures = [
        Figure(
            key="clean_packets_per_s",
            meaning="packets forwarded a second with none lost",
            value=clean,
            at_least=LOAD_AIM_PER_S,
        ),
        Figure(key="us_per_packet", meaning="CPU per packet then (µs)", value=cost),
    ]
    del conditions["packets_per_s"]
    return report("Media: highest clean load", figures, as_json=options.json, conditions=conditions)


MEASUREMENTS = {each.__name__: each for each in (fanout, hall, latency, load, loss, address)}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", nargs="?", choices=MEASUREMENTS, default="fanout")
    parser.add_argument("--json", action="store_true", help="end with one JSON object")
    parser.add_argument("--subscribers", type=int, default=50)
    parser.add_argument("--video-per-s", type=float, help="video packets a second of each publisher")
    parser.add_argument("--plain", action="store_true", help="our worker forwards in Python")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--seconds", type=float, help="of load, per server and round (4; loss: 20)")
    parser.add_argument("--loss-pct", type=float, default=5.0, help="loss: on each way of each peer")
    parser.add_argument("--burst", type=float, default=1.0, help="loss: so many in a row on average")
    parser.add_argument("--rtt-ms", type=float, default=100.0, help="loss: between each peer and the server")
    parser.add_argument("--where", choices=("both", "uplink", "downlink"), default="both", help="loss")
    parser.add_argument("--bps", type=int, default=1_500_000, help="loss: of the picture")
    options = parser.parse_args()
    options.seconds = options.seconds or (20.0 if options.what == "loss" else 4.0)
    if not JANUS.exists() and options.what != "load":
        print(
            "Janus is not installed (Debian: apt install janus): nothing to measure beside", file=sys.stderr
        )
        return 2
    return asyncio.run(MEASUREMENTS[options.what](options))


if __name__ == "__main__":
    sys.exit(main())
