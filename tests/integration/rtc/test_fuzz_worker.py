"""A real worker is sent spoilt packets and descriptions of every kind: no fault, growth or stray answer."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import time
from collections.abc import Awaitable
from contextlib import suppress
from pathlib import Path

import pytest

from rtc.errors import RtcError
from rtc.rtp.rtcp import pack_nack, pack_pli, pack_receiver_report, pack_remb
from rtc.rtp.transport_feedback import ArrivalLog
from rtc.transport.stun import pack_binding_request
from tests.fuzzing import Spoiler
from tests.integration.rtc.peers import Receiver, Sender, receiver, sender
from tests.integration.rtc.stage import Stage
from tests.unit.rtc.offers import CHROMIUM, FFMPEG
from tests.unit.rtc.packets import VP8_DELTA, VP8_KEY, video

GROWTH_BYTES = 24 << 20  # histories and the allocator's own reserve; a leak of what is sent would be more
HELLO = bytes.fromhex("16fefd0000000000000000") + (200).to_bytes(2, "big") + bytes(200)


class Size:
    """What a process holds: memory and open files."""

    def __init__(self, pid: int) -> None:
        self._pid = pid

    def bytes(self) -> int:
        fields = Path(f"/proc/{self._pid}/statm").read_text().split()
        return int(fields[1]) * os.sysconf("SC_PAGE_SIZE")

    def files(self) -> int:
        return len(list(Path(f"/proc/{self._pid}/fd").iterdir()))


@pytest.fixture
def seconds(full: bool) -> float:
    """How long each kind of junk is sent."""
    return 60.0 if full else 1.5


async def no_fault(stage: Stage) -> dict[str, int]:
    counters = (await stage.media.stats()).counters
    assert counters["datagrams_faults"] == 0
    return counters


async def shows(stage: Stage, camera: Sender, viewer: Receiver, text: str) -> None:
    """The worker still does its work."""
    await camera.play(30, text=text)
    await viewer.until(lambda it: any(each.startswith(text) for each in it.texts))


@pytest.mark.timeout(180)
async def test_whoever_has_proved_nothing_is_sent_nothing_whatever_they_send(
    stage: Stage, seconds: float
) -> None:
    camera, viewer = await sender(stage, "camera"), await receiver(stage)
    await stage.route(viewer.connection, {0: "camera"})
    subscribed = await stage.media.subscribe(profile="phone")
    address = address_of(subscribed.offer_sdp)
    found = re.search(r"a=ice-ufrag:(\S+)", subscribed.offer_sdp)
    assert found is not None
    spoiler = Spoiler(1)
    size = Size(stage.media.pid or 0)
    began = time.monotonic()
    sent = 0
    before = (0, 0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.setblocking(False)
        while time.monotonic() - began < seconds:
            check = pack_binding_request(
                username=f"{found[1]}:x", password="a guess", transaction=spoiler.chance.randbytes(12)
            )
            media = video(spoiler.chance.randrange(0x10000), 1, VP8_KEY + bytes(40))
            for sample in (check, HELLO, media, pack_pli(1, 2)):
                stranger.sendto(spoiler.data(sample) or b"\0", address)
            stranger.sendto(spoiler.junk(), address)
            sent += 5
            if sent % 500 == 0:
                await asyncio.sleep(0.005)
            if sent == 5000:
                before = (size.bytes(), size.files())
        await asyncio.sleep(0.3)
        with pytest.raises(BlockingIOError):
            stranger.recv(2000)
    await no_fault(stage)
    await shows(stage, camera, viewer, "after ")
    assert sent > 5000
    assert size.bytes() - before[0] < GROWTH_BYTES
    assert size.files() == before[1]


@pytest.mark.timeout(180)
async def test_peers_that_send_spoilt_media_and_reports_hurt_nobody(stage: Stage, seconds: float) -> None:
    camera, viewer = await sender(stage, "camera"), await receiver(stage)
    await stage.route(viewer.connection, {0: "camera"})
    mad, madder = await sender(stage, "mad"), await receiver(stage)
    await stage.route(madder.connection, {0: "camera", 1: "mad"}, scope="incident-2")
    await shows(stage, camera, viewer, "before ")
    spoiler = Spoiler(2)
    chance = spoiler.chance
    size = Size(stage.media.pid or 0)
    before = (size.bytes(), size.files())
    ssrcs = [packet.ssrc for packet in madder.packets] or [1]
    log = ArrivalLog(ssrc=1)
    writers = [each.peer.writer for each in (mad, madder)]
    began = time.monotonic()
    seq = sent = 0
    while time.monotonic() - began < seconds:
        seq = (seq + chance.choice((1, 1, 1, 2, 300, 4000, 0x8000, -2))) & 0xFFFF
        head = chance.choice((VP8_KEY, VP8_DELTA, b"\x90\xff\xff\xff"))
        packet = video(seq, chance.randrange(2**32), head + spoiler.junk(1100), ssrc=mad.ssrc)
        padded = b"\xa0" + packet[1:40] + b"\xff"  # more padding than packet
        mad.peer.send(chance.choice((packet, spoiler.data(packet)[:1400].ljust(12, b"\x80"), padded)))
        log.note(seq, began)
        first = chance.randrange(0x10000)
        reports = (
            pack_nack(1, chance.choice(ssrcs), [(first + step) & 0xFFFF for step in range(0, 600, 7)]),
            pack_pli(1, chance.choice(ssrcs)),
            pack_remb(1, ssrcs[:1], chance.randrange(2**60)),
            log.feedback(1),
            pack_receiver_report(1, ()),
        )
        compound = chance.choice(reports)
        for writer in writers:
            if writer is not None and compound:
                spoilt = spoiler.data(compound).ljust(8, b"\0")
                writer.send_rtcp(chance.choice((compound, spoilt)))
        mad.peer.send_raw(bytes((chance.randrange(20, 64),)) + spoiler.junk())
        sent += 1
        if sent % 20 == 0:
            await asyncio.sleep(0.005)
    counters = await no_fault(stage)
    assert counters["malformed_rtcp"] > 0
    assert counters["malformed_rtp"] > 0
    await shows(stage, camera, viewer, "after ")
    assert size.bytes() - before[0] < GROWTH_BYTES
    assert size.files() == before[1]


@pytest.mark.timeout(180)
async def test_spoilt_descriptions_are_answered_or_refused_and_leave_nothing_behind(
    stage: Stage, seconds: float
) -> None:
    peer = stage.peer()
    spoiler = Spoiler(3)
    media = stage.media
    began = time.monotonic()
    kept: list[str] = []
    answered = refused = 0

    async def tried(call: Awaitable[object]) -> object | None:
        nonlocal answered, refused
        try:
            found = await call
        except RtcError:
            refused += 1
            return None
        answered += 1
        return found

    while time.monotonic() - began < seconds:
        offer = spoiler.text(spoiler.chance.choice((CHROMIUM, FFMPEG, peer.offer(1, 2))))
        published = await tried(media.publish(source_id=f"s{answered % 50}", offer_sdp=offer))
        connection = getattr(published, "connection_id", "nobody")
        kept.append(connection)
        fragment = spoiler.text("a=ice-ufrag:abcd\r\na=ice-pwd:" + "x" * 24)
        await tried(media.patch(connection_id=connection, ice_tag="*", fragment=fragment))
        subscribed = await media.subscribe(profile="phone")
        kept.append(subscribed.connection_id)
        answer = spoiler.text(peer.answer(subscribed.offer_sdp))
        await tried(media.accept(connection_id=subscribed.connection_id, answer_sdp=answer))
        if len(kept) > 100:
            for each in kept:
                await media.close(connection_id=each)
            kept.clear()
    for each in kept:
        await media.close(connection_id=each)
    assert answered > 20
    assert refused > 20
    async with asyncio.timeout(15):
        while (await media.stats()).connections:  # noqa: ASYNC110 - a process
            await asyncio.sleep(0.05)
    await no_fault(stage)
    with suppress(IndexError):
        assert not [each for each in stage.events if type(each).__name__ == "WorkerLost"]
    camera, viewer = await sender(stage, "camera"), await receiver(stage)
    await stage.route(viewer.connection, {0: "camera"})
    await shows(stage, camera, viewer, "after ")


def address_of(sdp: str) -> tuple[str, int]:
    """Where the worker is reached by UDP."""
    found = re.search(r"a=candidate:\S+ 1 udp \d+ (\S+) (\d+) ", sdp, re.I)
    assert found is not None
    return found[1], int(found[2])
