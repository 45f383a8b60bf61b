"""The worker's one UDP port: every datagram of every peer comes and goes here.

A datagram belongs to the connection whose STUN user name it carries; any other to the connection that has
proved its address. What belongs to nobody is dropped and counted, and never answered.
"""

import asyncio
import socket
import time
from collections.abc import Callable
from contextlib import suppress

import structlog

from rtc.transport.checks import Checks, Peer
from rtc.transport.ice_lite import Address

DATAGRAMS_A_TURN = 64  # before other work has its turn
BUFFER_BYTES = 8 << 20
SO_SNDBUFFORCE, SO_RCVBUFFORCE = 32, 33  # Linux: past the system's limit, where the process may


class UdpPort:
    """The sockets of one port number: one for each local address, so that answers leave as they came."""

    def __init__(self, checks: Checks) -> None:
        self._log = structlog.get_logger("rtc.udp_port")
        self._checks = checks
        self._sockets: list[socket.socket] = []
        self._by_place: list[dict[Address, Peer]] = []
        self.strays = 0
        self.unproved = 0
        self.faults = 0

    def open(self, hosts: tuple[str, ...], port: int) -> int:
        """The port is bound at these addresses, or at all of them if one is not this machine's own.

        Port 0 takes a free one; the number is returned.

        Raises: OSError.
        """
        try:
            for host in dict.fromkeys(hosts):
                self._add(host, port)
                port = port or self._sockets[0].getsockname()[1]
        except OSError as error:
            self.close()
            if error.errno not in (99, 19):  # the address is another machine's (a NAT's, in front of us)
                raise
            self._add("0.0.0.0", port)  # noqa: S104 - advertised addresses are not local: all are needed
            port = port or self._sockets[0].getsockname()[1]
            if any(":" in host for host in hosts):
                with suppress(OSError):
                    self._add("::", port)
        return port

    @property
    def hosts(self) -> tuple[str, ...]:
        """The addresses at which it is bound."""
        return tuple(str(sock.getsockname()[0]) for sock in self._sockets)

    def start(self) -> None:
        """Datagrams are received from now on."""
        loop = asyncio.get_running_loop()
        for path, sock in enumerate(self._sockets):
            loop.add_reader(sock.fileno(), self._reader(path, sock))

    def close(self) -> None:
        """The port is free again."""
        with suppress(RuntimeError):
            loop = asyncio.get_running_loop()
            for sock in self._sockets:
                loop.remove_reader(sock.fileno())
        for sock in self._sockets:
            sock.close()
        self._sockets.clear()
        self._by_place.clear()

    def sender(self, path: int) -> Callable[[memoryview | bytes, Address], int]:
        """The function that sends by that path; raises OSError when the socket's buffer is full."""
        return self._sockets[path].sendto

    def fileno(self, path: int) -> int:
        """The socket of that path."""
        return self._sockets[path].fileno()

    def forget(self, peer: Peer) -> None:
        """No address is the peer's any more."""
        for places in self._by_place:
            for address in [address for address, owner in places.items() if owner is peer]:
                del places[address]

    def release(self, path: int, address: Address, peer: Peer) -> None:
        """The peer has given up that address."""
        if self._by_place[path].get(address) is peer:
            del self._by_place[path][address]

    def _add(self, host: str, port: int) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_DGRAM)
        try:
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            for plain, forced in ((socket.SO_RCVBUF, SO_RCVBUFFORCE), (socket.SO_SNDBUF, SO_SNDBUFFORCE)):
                try:
                    sock.setsockopt(socket.SOL_SOCKET, forced, BUFFER_BYTES)
                except OSError:
                    sock.setsockopt(socket.SOL_SOCKET, plain, BUFFER_BYTES)
            sock.setblocking(False)
            sock.bind((host, port))
        except OSError:
            sock.close()
            raise
        self._sockets.append(sock)
        self._by_place.append({})

    def _reader(self, path: int, sock: socket.socket) -> Callable[[], None]:
        receive = sock.recvfrom
        by_address = self._by_place[path]

        def drain() -> None:
            now = time.monotonic()
            for turn in range(DATAGRAMS_A_TURN):
                try:
                    data, address = receive(2048)
                except (BlockingIOError, InterruptedError):
                    return
                except OSError:  # a peer's port is closed: nothing to do with this datagram
                    continue
                try:
                    first = data[0] if data else 255
                    if 127 < first < 192:
                        peer = by_address.get(address)
                        if peer is not None:
                            peer.receive_media(data, path, address, now)
                            if turn == 0 and 192 <= data[1] <= 223:
                                return  # a report comes alone: to find nothing behind it costs as much again
                        else:
                            self._receive_moved(data, path, address, now)
                    else:
                        self._receive_other(first, data, path, address, now)
                except Exception:  # noqa: BLE001 - the outermost boundary of the packet path
                    self.faults += 1
                    self._log.exception("datagram.fault")

        return drain

    def _receive_other(self, first: int, data: bytes, path: int, address: Address, now: float) -> None:
        if first < 4:
            self._receive_stun(data, path, address, now)
        elif 19 < first < 64:
            peer = self._by_place[path].get(address)
            if peer is None:
                self.unproved += 1
            else:
                peer.receive_handshake(data, path, address)
        else:
            self.strays += 1

    def _receive_moved(self, data: bytes, path: int, address: Address, now: float) -> None:
        peer = self._checks.whose(data, path, address, now)
        if peer is None:
            self.unproved += 1
        else:
            self._by_place[path][address] = peer

    def _receive_stun(self, data: bytes, path: int, address: Address, now: float) -> None:
        known = self._by_place[path].get(address)
        if known is not None and known.receive_proof(data, path, address, now):
            return
        taken = self._checks.take(data, path, address, now)
        if taken is None:
            return
        peer, answer = taken
        self._by_place[path][address] = peer
        with suppress(OSError):
            self._sockets[path].sendto(answer, address)
