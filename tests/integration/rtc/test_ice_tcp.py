"""By TCP, where a network bars UDP: the same media, bounded in every direction."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import re
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest

from rtc.errors import Undeliverable
from rtc.plane import ConnectionDown
from rtc.pool.supervisor import WorkerProcess
from rtc.transport.checks import Checks
from rtc.transport.stun import BindingRequest, binding_success, pack_binding_request
from rtc.transport.tcp_port import StreamLimits, TcpPort
from tests.integration.rtc.peers import receiver, sender
from tests.integration.rtc.stage import Stage
from tests.integration.rtc.tcp_only import TcpGateway

PASSWORD = "secret"


@dataclass
class Wary:
    """A peer that keeps what it is handed."""

    lost: list[int]
    media: int = 0
    handshakes: int = 0
    path: int = 0

    def receive_check(
        self, request: BindingRequest, path: int, address: tuple[str, int], now: float
    ) -> bytes | None:
        self.path = path
        return binding_success(request, address, PASSWORD) if request.signed_by(PASSWORD) else None

    def receive_handshake(self, data: bytes, path: int, address: tuple[str, int]) -> None:
        self.handshakes += 1

    def receive_media(self, data: bytes, path: int, address: tuple[str, int], now: float) -> None:
        self.media += 1

    def lose(self, path: int) -> None:
        self.lost.append(path)


@contextlib.asynccontextmanager
async def port(limits: StreamLimits, host: str = "127.0.0.1") -> AsyncIterator[tuple[TcpPort, Wary, int]]:
    checks, peer = Checks(), Wary(lost=[])
    checks.expect("ours", peer)
    listening = TcpPort(checks, limits)
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        try:
            probe.bind((host, 0))
        except OSError:
            pytest.skip(f"this machine has no {host}")
        number = probe.getsockname()[1]
    listening.open((host,), number)
    await listening.start()
    try:
        yield listening, peer, number
    finally:
        listening.close()
        await asyncio.sleep(0)


def check(ufrag: str = "ours", password: str = PASSWORD, *, nominate: bool = True) -> bytes:
    data = pack_binding_request(
        username=f"{ufrag}:theirs",
        password=password,
        transaction=os.urandom(12),
        use_candidate=nominate,
    )
    return len(data).to_bytes(2, "big") + data


async def read_frame(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(5):
        return await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))


async def closed_unanswered(reader: asyncio.StreamReader) -> bool:
    with contextlib.suppress(ConnectionResetError):
        async with asyncio.timeout(5):
            return await reader.read() == b""
    return True


def refused(send: Callable[[bytes, tuple[str, int]], int], data: bytes) -> bool:
    try:
        send(data, ("", 0))
    except Undeliverable:
        return True
    return False


async def until(test: object) -> None:
    async with asyncio.timeout(10):
        while not test():  # type: ignore[operator]  # noqa: ASYNC110 - packets arrive on a socket
            await asyncio.sleep(0.01)


async def test_a_camera_and_a_viewer_without_udp_send_and_see_and_say_farewell(stage: Stage) -> None:
    async with TcpGateway() as gateway:
        stage.link = gateway
        camera, viewer = await sender(stage, "camera"), await receiver(stage)
        await stage.route(viewer.connection, {0: "camera"})
        await camera.play(60)
        await viewer.until(lambda it: len(it.packets) == 60)
        assert gateway.frames > 60
        counters = (await stage.media.stats()).counters
        assert (counters["streams_proved"], counters["stream_packets_dropped"]) == (2, 0)
        await viewer.peer.close()
        down = await stage.until(ConnectionDown)
        assert down.reason == "closed_by_peer"


async def test_what_comes_by_a_new_stream_goes_on_where_the_cut_one_ended(stage: Stage) -> None:
    async with TcpGateway() as gateway:
        stage.link = gateway
        camera, viewer = await sender(stage, "camera"), await receiver(stage)
        await stage.route(viewer.connection, {0: "camera"})
        await camera.play(10)
        gateway.cut()
        playing = asyncio.create_task(camera.play(400, text="later ", pause_s=0.01))
        await viewer.until(lambda it: it.texts[-1].startswith("later"))
        playing.cancel()


async def test_when_the_selected_stream_closes_another_proved_one_carries_on_at_once(stage: Stage) -> None:
    async with TcpGateway() as gateway:
        subscribed = await stage.media.subscribe(profile="phone")
        offer = subscribed.offer_sdp
        ufrag, password, port_number = (
            re.search(pattern, offer)[1]  # type: ignore[index]
            for pattern in (r"a=ice-ufrag:(\S+)", r"a=ice-pwd:(\S+)", r"udp \d+ \S+ (\d+) typ")
        )
        peer = stage.peer()
        await stage.media.accept(connection_id=subscribed.connection_id, answer_sdp=peer.answer(offer))
        await peer.connect(gateway.through(offer))
        camera = await sender(stage, "camera")
        await stage.route(subscribed.connection_id, {0: "camera"})
        reader, writer = await asyncio.open_connection("127.0.0.1", int(port_number))
        writer.write(check(ufrag, password, nominate=False))
        assert (await read_frame(reader))[:2] == b"\x01\x01"
        await camera.play(5)
        peer.stop_checking()
        gateway.cut()
        await asyncio.sleep(0.1)
        await camera.play(5)
        frame = await read_frame(reader)
        assert 127 < frame[0] < 192, "media comes by the other stream, which was not even nominated"
        writer.close()


@pytest.mark.parametrize(
    "opening",
    [
        check(ufrag="nobody"),
        check(password="guess"),
        b"\x00\x04\x80\x60\x00\x01",
        b"\x00\x05\x16\xfe\xfd\x00\x00",
        b"\x08\x01",
        b"GET / HTTP/1.1\r\n\r\n" * 200,
    ],
    ids=["nobody's name", "a guess", "media", "a handshake", "a length too great", "another protocol"],
)
async def test_a_stream_that_does_not_begin_with_a_genuine_check_is_closed_unanswered(
    opening: bytes,
) -> None:
    async with port(StreamLimits()) as (listening, _, number):
        reader, writer = await asyncio.open_connection("127.0.0.1", number)
        writer.write(opening)
        assert await closed_unanswered(reader)
        await until(lambda: listening.streams == 0)
        writer.close()


async def test_whoever_says_nothing_has_five_seconds_and_makes_way_before_that() -> None:
    async with port(StreamLimits(unproved=2, prove_s=0.3)) as (listening, peer, number):
        ways = [await asyncio.open_connection("127.0.0.1", number) for _ in range(3)]
        await until(lambda: listening.streams == 2)
        assert await closed_unanswered(ways[0][0])
        ways[1][1].write(check())
        assert (await read_frame(ways[1][0]))[:2] == b"\x01\x01"
        assert await closed_unanswered(ways[2][0])
        assert (listening.streams, listening.refused) == (1, 2), "who has proved itself stays"
        ways[1][1].write(b"\x00\x02\x80\x60")
        await until(lambda: peer.media == 1)
        for _, writer in ways:
            writer.close()
        await until(lambda: peer.lost == [peer.path])


@pytest.mark.parametrize("limits", [StreamLimits(streams=3), StreamLimits(per_address=3)])
async def test_streams_are_counted_in_all_and_for_each_address(limits: StreamLimits) -> None:
    async with port(limits) as (listening, _, number):
        ways = [await asyncio.open_connection("127.0.0.1", number) for _ in range(3)]
        await until(lambda: listening.streams == 3)
        reader, writer = await asyncio.open_connection("127.0.0.1", number)
        assert await closed_unanswered(reader)
        ways[0][1].close()
        await until(lambda: listening.streams == 2)
        again = await asyncio.open_connection("127.0.0.1", number)
        again[1].write(check())
        assert (await read_frame(again[0]))[:2] == b"\x01\x01"
        for each in (writer, *(each for _, each in ways), again[1]):
            each.close()


async def test_a_stream_comes_by_ipv6_too() -> None:
    async with port(StreamLimits(), "::1") as (_, peer, number):
        reader, writer = await asyncio.open_connection("::1", number)
        writer.write(check())
        answer = await read_frame(reader)
        assert answer[:2] == b"\x01\x01"
        writer.write(b"\x00\x02\x80\x60")
        await until(lambda: peer.media == 1)
        writer.close()


async def test_a_stream_is_one_peers_for_good() -> None:
    async with port(StreamLimits()) as (listening, peer, number):
        other = Wary(lost=[])
        listening._checks.expect("other", other)
        reader, writer = await asyncio.open_connection("127.0.0.1", number)
        writer.write(check())
        await read_frame(reader)
        writer.write(check("other") + b"\x00\x02\x80\x60")
        await until(lambda: peer.media == 1)
        assert other.path == 0
        writer.close()


async def test_whatever_comes_by_tcp_is_no_fault_and_leaves_nothing_behind() -> None:
    chance = random.Random(3)
    async with port(StreamLimits(unproved=8)) as (listening, peer, number):
        for turn in range(120):
            reader, writer = await asyncio.open_connection("127.0.0.1", number)
            if turn % 2:
                writer.write(check())
                await read_frame(reader)
            for _ in range(chance.randrange(6)):
                size = chance.choice((0, 1, 12, 200, 2048, 2049, 65535))
                first = bytes((chance.choice((0, 1, 22, 64, 128, 200, 255)),))
                body = (first + chance.randbytes(size))[:size]
                writer.write(size.to_bytes(2, "big") + body[: chance.randrange(size + 1)])
            writer.close()
        await until(lambda: listening.streams == 0)
        assert listening.faults == 0
        assert listening._unproved == {}
        assert len(peer.lost) == 60


async def test_what_a_slow_peer_does_not_take_is_dropped_and_counted_and_never_piles_up() -> None:
    async with port(StreamLimits(media_unsent=20_000, control_unsent=30_000)) as (listening, peer, number):
        reader, writer = await asyncio.open_connection("127.0.0.1", number, limit=1000)
        writer.write(check())
        await read_frame(reader)
        writer.transport.pause_reading()
        send = listening.sender(peer.path)
        media, control = b"\x80\x60" + bytes(1000), b"\x80\xc8" + bytes(1000)
        dropped = sum(refused(send, media) for _ in range(20_000))
        assert dropped > 10_000
        assert listening.unsent == dropped
        held = listening._streams[peer.path]._transport.get_write_buffer_size()  # type: ignore[union-attr]
        assert held <= 20_000
        for _ in range(8):
            send(control, ("", 0))
        full = [each for each in range(8) if refused(send, control)]
        assert full == [2, 3, 4, 5, 6, 7], "and no more than that of RTCP"
        listening.release(peer.path, peer)
        await until(lambda: listening.streams == 0)
        assert peer.lost == [], "it gave the stream up itself"
        with pytest.raises(Undeliverable):
            listening.sender(peer.path)(media, ("", 0))
        writer.close()


async def test_without_tcp_nothing_is_advertised_and_nothing_listens() -> None:
    async with WorkerProcess(udp_port=0, advertise=("127.0.0.1",), tcp=False) as media:
        offer = (await media.subscribe(profile="phone")).offer_sdp
        number = int(re.search(r"udp \d+ \S+ (\d+) typ", offer)[1])  # type: ignore[index]
        assert "tcptype" not in offer
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", number)


async def test_a_tcp_port_that_another_program_has_is_named_at_the_start() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        number = other.getsockname()[1]
        with pytest.raises(Exception, match=f"TCP port {number} on 127.0.0.1 cannot be used"):
            await WorkerProcess(udp_port=number, advertise=("127.0.0.1",)).__aenter__()
