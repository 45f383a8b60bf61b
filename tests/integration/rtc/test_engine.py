"""The engine in this very process: its limits, and the other internet."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from synthetic_peer import SyntheticPeer

from rtc.aiortc_seam import WorkerCertificate
from rtc.downlink.fanout import PlainFanout
from rtc.errors import MediaFull
from rtc.figures import WorkerLoad
from rtc.plane import ConnectionUp, MediaEvent
from rtc.transport.media_port import MediaPort
from rtc.transport.tcp_port import StreamLimits
from rtc.worker.admission import Limits
from rtc.worker.engine import Engine


@contextlib.asynccontextmanager
async def engine(
    host: str, events: list[MediaEvent], *, most: int = 600, limits: Limits | None = None
) -> AsyncIterator[tuple[Engine, MediaPort]]:
    port = MediaPort(StreamLimits())
    number = port.open((host,), 0)
    await port.start()
    try:
        async with asyncio.TaskGroup() as tasks:
            running = Engine(
                port=port,
                candidates=((host, number),),
                emit=events.append,
                tasks=tasks,
                fanout=PlainFanout(),
                folder=Path(),
                max_connections=most,
                limits=limits,
            )
            ticking = tasks.create_task(running.run())
            yield running, port
            ticking.cancel()
            for connection_id in list(running.peers.connections):
                running.close(connection_id)
    finally:
        port.close()


async def test_a_full_worker_says_so_and_has_room_again_when_somebody_leaves() -> None:
    events: list[MediaEvent] = []
    async with engine("127.0.0.1", events, most=3) as (running, _):
        ids = [running.subscribe("phone").connection_id for _ in range(3)]
        with pytest.raises(MediaFull):
            running.subscribe("phone")
        running.close(ids[0])
        await asyncio.sleep(0.1)
        running.subscribe("phone")


async def test_a_worker_that_is_too_busy_takes_nobody_new_but_lets_a_publisher_come_back() -> None:
    events: list[MediaEvent] = []
    nothing_is_too_little = Limits(cpu_full=-1.0, welcome_s=0.0)
    async with engine("127.0.0.1", events, limits=nothing_is_too_little) as (running, _):
        peer = SyntheticPeer(WorkerCertificate())
        await peer.connect(running.publish("camera", peer.offer(1, 2)).answer_sdp)
        async with asyncio.timeout(5):
            while not any(isinstance(event, WorkerLoad) for event in events):  # noqa: ASYNC110 - another task's
                await asyncio.sleep(0.05)
        with pytest.raises(MediaFull):
            running.subscribe("phone")
        with pytest.raises(MediaFull):
            running.publish("another", peer.offer(3, 4))
        running.publish("camera", peer.offer(1, 2))
        assert running.stats().counters["connections_refused"] == 2
        assert next(event for event in events if isinstance(event, WorkerLoad)).full
        peer.vanish()


async def test_a_publisher_that_asks_again_before_it_is_up_gives_up_its_first_try() -> None:
    events: list[MediaEvent] = []
    certificate = WorkerCertificate()
    async with engine("127.0.0.1", events) as (running, _):
        peer = SyntheticPeer(certificate)
        for _ in range(5):
            running.publish("camera", peer.offer(1, 2))
            await asyncio.sleep(0.02)
        assert running.stats().connections == 1
        peer.vanish()


async def test_peers_are_met_on_ipv6_too() -> None:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            pytest.skip("this machine has no IPv6 loopback")
    events: list[MediaEvent] = []
    async with engine("::1", events) as (running, port):
        peer = SyntheticPeer(WorkerCertificate(), host="::1")
        published = running.publish("camera", peer.offer(1, 2))
        await peer.connect(published.answer_sdp)
        assert ConnectionUp(connection_id=published.connection_id) in events
        assert port.counted()["datagrams_faults"] == 0
        peer.vanish()
