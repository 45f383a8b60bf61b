"""A UDP relay in front of the worker that loses and delays datagrams, the same ones for one seed."""

from __future__ import annotations

import asyncio
import random
import re
from types import TracebackType
from typing import Self

Address = tuple[str, int]


class LossyLink:
    """Peers that use `through(sdp)` reach the worker by it."""

    def __init__(self, *, loss: float, delay_s: float, seed: int = 1) -> None:
        self.loss = loss
        self._delay_s = delay_s
        self._random = random.Random(seed)
        self._worker: Address = ("", 0)
        self._front: asyncio.DatagramTransport | None = None
        self._behind: dict[Address, asyncio.Future[asyncio.DatagramTransport]] = {}
        self.lost = 0
        self.passed = 0

    def through(self, sdp: str) -> str:
        """The description, leading to the link instead of to the worker."""
        found = re.search(r"candidate:1 1 udp \d+ (\S+) (\d+) typ", sdp)
        assert found is not None
        assert self._front is not None
        self._worker = (found[1], int(found[2]))
        port = self._front.get_extra_info("sockname")[1]
        return sdp.replace(f" {self._worker[1]} typ", f" {port} typ")

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._front, _ = await loop.create_datagram_endpoint(
            lambda: _Handler(self._from_peer), local_addr=("127.0.0.1", 0)
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._front is not None
        self._front.close()
        for behind in self._behind.values():
            (await behind).close()

    def _from_peer(self, data: bytes, peer: Address) -> None:
        if peer not in self._behind:
            self._behind[peer] = asyncio.ensure_future(self._open(peer))
        behind = self._behind[peer]
        self._pass(lambda: behind.done() and behind.result().sendto(data, self._worker))

    async def _open(self, peer: Address) -> asyncio.DatagramTransport:
        def back(data: bytes, _: Address) -> None:
            front = self._front
            self._pass(lambda: front and front.sendto(data, peer))

        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            lambda: _Handler(back), local_addr=("127.0.0.1", 0)
        )
        return transport

    def _pass(self, send: object) -> None:
        if self._random.random() < self.loss:
            self.lost += 1
            return
        self.passed += 1
        asyncio.get_running_loop().call_later(self._delay_s, send)  # type: ignore[arg-type]


class _Handler(asyncio.DatagramProtocol):
    def __init__(self, handle: object) -> None:
        self._handle = handle

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._handle(data, addr)  # type: ignore[operator]
