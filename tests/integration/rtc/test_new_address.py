"""Media finds a peer at its new address by what the peer sends there, before the peer has checked it."""

from __future__ import annotations

import asyncio
import socket

from rtc.rtp.rtcp import pack_receiver_report, parse_rtcp
from tests.integration.rtc.peers import Receiver, Sender, receiver, sender
from tests.integration.rtc.stage import Stage

REPORT = pack_receiver_report(1, ()) * 12  # as long as a browser's with its slots


async def both(stage: Stage) -> tuple[Sender, Receiver]:
    camera, viewer = await sender(stage, "camera"), await receiver(stage)
    await stage.route(viewer.connection, {0: "camera"})
    await camera.play(20)
    await viewer.until(lambda it: len(it.packets) == 20)
    await asyncio.sleep(0.1)
    return camera, viewer


async def test_not_one_packet_of_a_camera_that_moved_is_lost(stage: Stage) -> None:
    camera, viewer = await both(stage)
    camera.peer.stop_checking()
    camera.peer.move()
    await camera.play(20, text="moved ")
    await viewer.until(lambda it: len(it.packets) == 40, within_s=1)
    heard: list[bytes] = []
    camera.peer.on_media = heard.append
    await camera.play(100, text="on ", pause_s=0.02)
    assert heard, "what it is told comes to its new address too"


async def test_a_viewer_that_moved_sees_on_as_soon_as_it_has_said_something(stage: Stage) -> None:
    camera, viewer = await both(stage)
    viewer.peer.stop_checking()
    viewer.peer.move()
    await camera.play(5, text="lost ")
    assert viewer.peer.writer is not None
    viewer.peer.writer.send_rtcp(REPORT)
    await asyncio.sleep(0.2)
    await camera.play(20, text="moved ")
    await viewer.until(lambda it: sum(text.startswith("moved") for text in it.texts) == 20, within_s=1)
    assert not any(text.startswith("lost") for text in viewer.texts)


async def test_who_carries_off_a_packet_is_asked_for_proof_and_sent_no_media(stage: Stage) -> None:
    camera, viewer = await both(stage)
    stolen: list[bytes] = []
    writer = viewer.peer.writer
    assert writer is not None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as thief:
        thief.bind(("127.0.0.1", 0))
        thief.setblocking(False)
        writer.aim(lambda data, _to: stolen.append(bytes(data)) or len(data), -1, ("127.0.0.1", 9))
        writer.send_rtcp(REPORT)
        writer.send_rtcp(REPORT)
        before = stage_address(stage, camera)
        for packet in stolen:
            thief.sendto(packet, before)
        await camera.play(50, text="on ", pause_s=0.01)
        await viewer.until(lambda it: sum(text.startswith("on") for text in it.texts) == 50, within_s=2)
        got: list[bytes] = []
        try:
            while True:
                got.append(thief.recv(2000))
        except BlockingIOError:
            pass
    assert got, "the packets are genuine: their sender may be there"
    assert all(data[:2] == b"\x00\x01" for data in got), "checks, and nothing else"
    assert sum(map(len, got)) <= sum(map(len, stolen))
    assert [fact for data in viewer.rtcp for fact in parse_rtcp(data)]


async def test_a_packet_that_comes_a_second_time_from_elsewhere_is_nothing(stage: Stage) -> None:
    camera, viewer = await both(stage)
    sent: list[bytes] = []
    writer = viewer.peer.writer
    assert writer is not None
    real = viewer.peer._socket
    address = stage_address(stage, camera)
    writer.aim(lambda data, to: sent.append(bytes(data)) or real.sendto(data, to), -1, address)
    writer.send_rtcp(REPORT)
    await asyncio.sleep(0.2)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as thief:
        thief.setblocking(False)
        for _ in range(10):
            thief.sendto(sent[0], address)
        await asyncio.sleep(0.3)
        try:
            answer = thief.recv(2000)
        except BlockingIOError:
            answer = b""
    assert answer == b""


def stage_address(_stage: Stage, camera: Sender) -> tuple[str, int]:
    """Where the worker is reached."""
    return camera.peer._remote[2]
