"""A UDP relay in front of a media server: everything that its peers send and get meets the link's conditions.

A peer that was given `through(sdp)` knows no other way to the server. What leads around the link (other
candidates, TCP) is taken out of the description; `without_candidates` does the same for the peer's own, for
a server that would otherwise reach it directly.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Self

from tests.impairment.path import CLEAN, Conditions, Path

Address = tuple[str, int]
CANDIDATE = re.compile(r"^a=candidate:\S+ 1 udp \d+ (?P<host>[0-9.]+) (?P<port>\d+) typ host", re.I)
DATAGRAMS_A_TURN = 64


class ImpairedLink:
    """`up` leads to the server, `down` to its peers; `seed` decides over both."""

    def __init__(
        self, *, up: Conditions = CLEAN, down: Conditions = CLEAN, seed: int = 1, host: str = "127.0.0.1"
    ) -> None:
        self.up = Path(up, seed=2 * seed)
        self.down = Path(down, seed=2 * seed + 1)
        self._host = host  # where peers reach the link
        self._fronts: dict[Address, _Front] = {}  # by server

    def set(self, both: Conditions) -> None:
        """Both directions are like this from now on."""
        self.up.conditions = self.down.conditions = both

    def through(self, sdp: str) -> str:
        """The server's description, leading to the link instead; one candidate is left in each part."""
        lines = []
        led = False
        for line in sdp.splitlines():
            if line.startswith("m="):
                led = False
            if not line.startswith("a=candidate:"):
                lines.append(line)
                continue
            found = CANDIDATE.match(line)
            if found and not led:
                led = True
                host, port = self._front((found["host"], int(found["port"]))).address
                lines.append(f"a=candidate:1 1 udp 2130706431 {host} {port} typ host")
        return "\r\n".join(lines) + "\r\n"

    def hole(self, seconds: float) -> None:
        """Nothing passes for so long, in either direction."""
        until = asyncio.get_running_loop().time() + seconds
        self.up.close(until)
        self.down.close(until)

    def move(self) -> None:
        """The server sees every peer at another address from now on, and reaches none at its former one."""
        for front in self._fronts.values():
            front.move()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for front in self._fronts.values():
            front.close()

    def _front(self, server: Address) -> _Front:
        if server not in self._fronts:
            self._fronts[server] = _Front(self, server, self._host)
        return self._fronts[server]


def without_candidates(sdp: str) -> str:
    """A peer's description that does not say where it is: the server learns that from what arrives."""
    return "".join(
        line + "\r\n" for line in sdp.splitlines() if not line.startswith(("a=candidate", "a=end-of-cand"))
    )


class _Front:
    """Where peers reach one server; a socket of its own for each peer behind it."""

    def __init__(self, link: ImpairedLink, server: Address, host: str) -> None:
        self._link = link
        self._server = server
        self._loop = asyncio.get_running_loop()
        self._behind: dict[Address, socket.socket] = {}
        self._front = self._open(host)
        self._loop.add_reader(self._front.fileno(), self._from_peers)
        self.address: Address = self._front.getsockname()

    def move(self) -> None:
        for peer, behind in list(self._behind.items()):
            self._shut(behind)
            self._behind[peer] = self._towards_server(peer)

    def close(self) -> None:
        for sock in (self._front, *self._behind.values()):
            self._shut(sock)

    def _from_peers(self) -> None:
        with suppress(BlockingIOError, ConnectionError):
            for _ in range(DATAGRAMS_A_TURN):
                data, peer = self._front.recvfrom(2048)
                if peer not in self._behind:
                    self._behind[peer] = self._towards_server(peer)
                self._carry(self._link.up, data, partial(self._to_server, peer))

    def _to_server(self, peer: Address, data: bytes) -> None:
        with suppress(OSError):
            self._behind[peer].sendto(data, self._server)

    def _from_server(self, behind: socket.socket, peer: Address) -> None:
        with suppress(BlockingIOError, ConnectionError):
            for _ in range(DATAGRAMS_A_TURN):
                data = behind.recv(2048)
                self._carry(self._link.down, data, partial(self._to_peer, peer))

    def _to_peer(self, peer: Address, data: bytes) -> None:
        with suppress(OSError):
            self._front.sendto(data, peer)

    def _carry(self, path: Path, data: bytes, deliver: Callable[[bytes], None]) -> None:
        now = self._loop.time()
        for at in path.arrivals(len(data), now):
            if at <= now:
                deliver(data)
            else:
                self._loop.call_at(at, deliver, data)

    def _towards_server(self, peer: Address) -> socket.socket:
        behind = self._open(self._server[0])
        self._loop.add_reader(behind.fileno(), self._from_server, behind, peer)
        return behind

    @staticmethod
    def _open(host: str) -> socket.socket:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        sock.setblocking(False)
        sock.bind((host, 0))
        return sock

    def _shut(self, sock: socket.socket) -> None:
        if sock.fileno() >= 0:
            self._loop.remove_reader(sock.fileno())
            sock.close()
