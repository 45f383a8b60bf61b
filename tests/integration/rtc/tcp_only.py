"""Networks that let no UDP through: descriptions without it, a gateway for peers that know nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import re
from types import TracebackType
from typing import Self

Address = tuple[str, int]


class TcpOnly:
    """A page sees only the candidates by TCP."""

    def through(self, sdp: str) -> str:
        kept = re.sub(r"a=candidate:\S+ 1 udp [^\r]*\r\n", "", sdp)
        assert " tcptype passive" in kept
        assert not re.search(r"a=candidate:\S+ 1 udp", kept)
        return kept


class TcpGateway:
    """Peers that speak UDP reach the worker by it, each on one TCP stream, framed as RFC 4571 has it."""

    def __init__(self) -> None:
        self._worker: Address = ("", 0)
        self._front: asyncio.DatagramTransport | None = None
        self._streams: dict[Address, asyncio.Future[asyncio.StreamWriter]] = {}
        self._reading: list[asyncio.Task[None]] = []
        self.frames = 0  # from the worker

    def through(self, sdp: str) -> str:
        """The description, leading to the gateway instead of to the worker."""
        found = re.search(r"candidate:\d+ 1 tcp \d+ (\S+) (\d+) typ host tcptype passive", sdp)
        assert found is not None
        assert self._front is not None
        self._worker = (found[1], int(found[2]))
        port = self._front.get_extra_info("sockname")[1]
        return re.sub(r"(a=candidate:\S+ 1 udp \d+ \S+) \d+ typ", rf"\1 {port} typ", sdp)

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._front, _ = await loop.create_datagram_endpoint(
            lambda: _Front(self), local_addr=("127.0.0.1", 0)
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._front is not None
        self._front.close()
        self.cut()
        for task in self._reading:
            task.cancel()
        await asyncio.gather(*self._reading, return_exceptions=True)

    def cut(self) -> None:
        """Every stream is gone, as when the network changes; the next check opens another."""
        for stream in self._streams.values():
            if stream.done() and stream.exception() is None:
                stream.result().transport.abort()
        self._streams.clear()

    def take(self, data: bytes, peer: Address) -> None:
        """A peer's datagram goes on its stream, which a check opens."""
        if data[0] < 4 and peer not in self._streams:
            self._streams[peer] = asyncio.ensure_future(self._open(peer))
        stream = self._streams.get(peer)
        framed = len(data).to_bytes(2, "big") + data
        if stream is not None and stream.done():
            stream.result().write(framed)
        elif stream is not None:
            stream.add_done_callback(lambda done: done.result().write(framed))

    async def _open(self, peer: Address) -> asyncio.StreamWriter:
        reader, writer = await asyncio.open_connection(*self._worker)
        self._reading.append(asyncio.create_task(self._read(reader, peer)))
        return writer

    async def _read(self, reader: asyncio.StreamReader, peer: Address) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while self._front is not None:
                length = int.from_bytes(await reader.readexactly(2), "big")
                frame = await reader.readexactly(length)
                self.frames += 1
                self._front.sendto(frame, peer)


class _Front(asyncio.DatagramProtocol):
    def __init__(self, gateway: TcpGateway) -> None:
        self._gateway = gateway

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._gateway.take(data, addr)
