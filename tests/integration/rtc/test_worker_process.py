"""The worker as a process: what leaves it, who may speak to it, how it ends and comes back."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import time

import pytest

from rtc.errors import (
    MalformedSdp,
    MediaUnavailable,
    NothingAcceptable,
    RtcError,
    UnknownConnection,
    WrongStep,
)
from rtc.plane import ConnectionDown, SourceUp, WorkerLost, WorkerReady
from rtc.pool.supervisor import WorkerProcess
from rtc.rtp.rtcp import pack_nack, pack_pli
from rtc.transport.stun import pack_binding_request
from tests.integration.rtc.peers import receiver, sender
from tests.integration.rtc.stage import Stage
from tests.unit.rtc.offers import CHROMIUM
from tests.unit.rtc.packets import video


async def test_once_the_route_is_gone_not_one_further_packet_arrives(stage: Stage) -> None:
    camera, viewer = await sender(stage, "camera"), await receiver(stage)
    await stage.route(viewer.connection, {0: "camera"})
    await camera.play(50, text="before ")
    await stage.until_slot(viewer.connection, "v0", "camera")
    await viewer.until(lambda it: len(it.texts) == 50)
    playing = asyncio.create_task(camera.play(100, text="during ", pause_s=0.002))
    await asyncio.sleep(0.1)
    await stage.route(viewer.connection, {})
    await playing
    await camera.play(20, text="after ")
    for packet in list(viewer.packets):
        viewer.ask_again(packet)
    await asyncio.sleep(0.3)
    texts = viewer.texts
    assert 50 < len(texts) < 150
    assert not any(text.startswith("after") for text in texts)
    stats = (await stage.media.stats()).counters
    assert stats["packets_sent"] == len(texts)
    state = stage.slots[viewer.connection, "v0"]
    assert (state.source_id, state.epoch) == (None, 2)


async def test_a_packet_asked_for_again_comes_again_while_the_route_stands(stage: Stage) -> None:
    camera, viewer = await sender(stage, "camera"), await receiver(stage)
    await stage.route(viewer.connection, {0: "camera"})
    await camera.play(30)
    await viewer.until(lambda it: len(it.packets) == 30)
    viewer.ask_again(viewer.packets[10])
    async with asyncio.timeout(15):
        while (await stage.media.stats()).counters["packets_sent"] < 31:  # noqa: ASYNC110 - a process
            await asyncio.sleep(0.02)
    await asyncio.sleep(0.1)
    assert (await stage.media.stats()).counters["packets_sent"] == 31


async def test_strangers_are_sent_nothing_at_all(stage: Stage) -> None:
    subscribed = await stage.media.subscribe(profile="phone")
    line = next(each for each in subscribed.offer_sdp.splitlines() if each.startswith("a=candidate"))
    ufrag = next(each for each in subscribed.offer_sdp.splitlines() if each.startswith("a=ice-ufrag:"))
    address = ("127.0.0.1", int(line.split()[5]))
    rng = random.Random(1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.setblocking(False)
        wrong = pack_binding_request(
            username=f"{ufrag.partition(':')[2]}:x", password="guess", transaction=bytes(12)
        )
        nobody = pack_binding_request(username="nobody:x", password="guess", transaction=bytes(12))
        hello = bytes((22, 254, 253)) + bytes(200)
        for data in (wrong, nobody, hello, b"\x80\x60" + bytes(100), b"", b"\xff"):
            stranger.sendto(data, address)
        for _ in range(3000):
            first = rng.choice((0, 1, 20, 22, 63, 64, 127, 128, 144, 191, 192, 255))
            stranger.sendto(bytes((first,)) + rng.randbytes(rng.randrange(300)), address)
        await asyncio.sleep(0.3)
        with pytest.raises(BlockingIOError):
            stranger.recv(2000)
    counters = (await stage.media.stats()).counters
    assert counters["datagrams_faults"] == 0
    assert counters["datagrams_malformed"] > 0
    assert counters["datagrams_unproved"] > 0


async def test_a_peer_that_sends_junk_after_its_handshake_hurts_nobody(stage: Stage) -> None:
    camera, viewer = await sender(stage, "camera"), await receiver(stage)
    await stage.route(viewer.connection, {0: "camera"})
    rng = random.Random(2)
    assert camera.peer.writer is not None
    for _ in range(500):
        camera.peer.send_raw(bytes((rng.randrange(20, 192),)) + rng.randbytes(rng.randrange(200)))
        camera.peer.writer.send_rtcp(
            bytes((0x80 | rng.randrange(32), rng.randrange(200, 207))) + rng.randbytes(30)
        )
        junk = bytes((rng.choice((0x80, 0x90, 0xA0, 0xBF)), rng.randrange(64))) + rng.randbytes(40)
        camera.peer.send(junk)
    await camera.play(30, text="real ")
    await viewer.until(lambda it: any(text.startswith("real") for text in it.texts))
    counters = (await stage.media.stats()).counters
    assert counters["datagrams_faults"] == 0
    assert counters["forged"] > 0
    assert counters["malformed_rtcp"] > 0


async def test_a_peer_that_floods_is_read_no_more_than_its_budget_and_others_see_on(stage: Stage) -> None:
    camera, viewer, flooder = await sender(stage, "camera"), await receiver(stage), await receiver(stage)
    await stage.route(viewer.connection, {0: "camera"})
    await stage.route(flooder.connection, {0: "camera"}, scope="incident-2")
    await camera.play(5)
    await flooder.until(lambda it: len(it.packets) >= 5)
    ssrc = flooder.packets[0].ssrc
    assert flooder.peer.writer is not None
    for index in range(3000):
        flooder.peer.writer.send_rtcp(pack_nack(1, ssrc, range(17)) + pack_pli(1, ssrc))
        flooder.peer.send(video(index, index, bytes(50)))
        if index % 100 == 0:
            await asyncio.sleep(0.002)
    await camera.play(30, text="real ")
    await viewer.until(lambda it: any(text.startswith("real 3") for text in it.texts))
    counters = (await stage.media.stats()).counters
    assert counters["packets_beyond_budget"] > 1000
    assert counters["packets_unasked"] > 1000
    assert counters["resends_refused"] > 0


async def test_media_follows_a_viewer_and_a_camera_that_change_networks(stage: Stage) -> None:
    camera, viewer = await sender(stage, "camera"), await receiver(stage)
    await stage.route(viewer.connection, {0: "camera"})
    await camera.play(20)
    viewer.peer.move()
    await asyncio.sleep(2.2)  # the next check is at most two seconds away
    before = len(viewer.packets)
    await camera.play(20, text="again ")
    await viewer.until(lambda it: len(it.packets) == before + 20)
    camera.peer.move()
    await asyncio.sleep(2.2)
    await camera.play(20, text="moved ")
    await viewer.until(lambda it: it.texts[-1].startswith("moved"))


async def test_a_publisher_that_comes_back_takes_its_own_place(stage: Stage) -> None:
    viewer = await receiver(stage)
    await stage.route(viewer.connection, {0: "camera"})
    first = await sender(stage, "camera")
    await first.play(10, text="first ")
    second = await sender(stage, "camera")
    down = await stage.until(ConnectionDown)
    assert (down.connection_id, down.reason) == (first.connection, "replaced")
    await second.play(10, text="second ")
    await viewer.until(lambda it: len(it.texts) == 20)
    assert viewer.texts[-1].startswith("second")
    seqs = [packet.seq for packet in viewer.packets]
    assert seqs == list(range(seqs[0], seqs[0] + 20))


async def test_a_killed_worker_is_told_and_replaced_and_the_new_one_serves(stage: Stage) -> None:
    await sender(stage, "camera")
    pid = stage.media.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(MediaUnavailable):
        await stage.media.stats()
    await stage.until(WorkerLost)
    del stage.events[: stage.events.index(WorkerLost())]
    await stage.until(WorkerReady)
    assert [type(event) for event in stage.events[:2]] == [WorkerLost, WorkerReady]
    camera, viewer = await sender(stage, "camera"), await receiver(stage)
    stage.epoch = 0  # a new worker knows no epochs
    await stage.route(viewer.connection, {0: "camera"})
    await camera.play(5)
    await stage.until_slot(viewer.connection, "v0", "camera")


async def test_a_busy_port_is_named_at_once() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        media = WorkerProcess(udp_port=port, advertise=("127.0.0.1",))
        with pytest.raises(MediaUnavailable, match=f"UDP port {port} on 127.0.0.1 cannot be used"):
            await media.__aenter__()


async def test_what_cannot_be_done_is_refused_by_name_and_changes_nothing(stage: Stage) -> None:
    media = stage.media
    refusals: list[tuple[type[RtcError], object]] = [
        (MalformedSdp, media.publish(source_id="s", offer_sdp="nonsense")),
        (NothingAcceptable, media.publish(source_id="s", offer_sdp=CHROMIUM.replace("sendonly", "recvonly"))),
        (RtcError, media.subscribe(profile="wall")),
        (UnknownConnection, media.accept(connection_id="nobody", answer_sdp="v=0")),
    ]
    for kind, call in refusals:
        with pytest.raises(kind):
            await call  # type: ignore[misc]
    viewer = await receiver(stage)
    with pytest.raises(WrongStep):
        await media.accept(connection_id=viewer.connection, answer_sdp="v=0")
    await media.close(connection_id="nobody")
    await media.close(connection_id=viewer.connection)
    down = await stage.until(ConnectionDown)
    assert down.reason == "closed"
    stats = await media.stats()
    assert (stats.connections, stats.sources) == (0, 0)


async def test_a_browser_that_says_farewell_is_gone_at_once(stage: Stage) -> None:
    viewer = await receiver(stage)
    await viewer.peer.close()
    down = await stage.until(ConnectionDown, within_s=15)
    assert down.reason == "closed_by_peer"


@pytest.mark.full
@pytest.mark.timeout(60)
async def test_a_peer_that_vanishes_is_given_up_after_fifteen_seconds(stage: Stage) -> None:
    camera = await sender(stage, "camera")
    await camera.play(5)
    await stage.until(SourceUp)
    camera.peer.vanish()
    began = time.monotonic()
    down = await stage.until(ConnectionDown, within_s=20)
    assert down.reason == "consent_lost"
    assert 14 < time.monotonic() - began < 18


@pytest.mark.full
@pytest.mark.timeout(60)
async def test_a_handshake_that_never_ends_is_ended(stage: Stage) -> None:
    peer = stage.peer()
    published = await stage.media.publish(source_id="slow", offer_sdp=peer.offer(1, 2))
    connecting = asyncio.create_task(
        peer.connect(published.answer_sdp.replace("a=setup:passive", "a=setup:active"))
    )
    down = await stage.until(ConnectionDown, within_s=20)
    assert down.reason == "handshake_timeout"
    connecting.cancel()
    peer.vanish()


@pytest.mark.full
@pytest.mark.timeout(60)
async def test_an_offer_that_nobody_takes_up_is_withdrawn(stage: Stage) -> None:
    subscribed = await stage.media.subscribe(profile="phone")
    down = await stage.until(ConnectionDown, within_s=40)
    assert (down.connection_id, down.reason) == (subscribed.connection_id, "unanswered")
