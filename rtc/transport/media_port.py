"""The worker's one port number: by UDP, and by TCP where that is wanted.

What a connection sends and receives by is a *path*: a UDP socket or one TCP stream.
"""

import os
from collections.abc import Callable

from rtc.transport.checks import Checks, Peer
from rtc.transport.ice_lite import Address
from rtc.transport.tcp_port import FIRST_PATH, StreamLimits, TcpPort
from rtc.transport.udp_port import UdpPort

NUMBERS_TRIED = 20  # when any number will do: one may be free by UDP and taken by TCP
NO_SOCKET = -1  # there is no datagram socket on that path
GONE = FIRST_PATH  # no stream ever has this path


class PortTaken(Exception):  # noqa: N818 - it says how things are
    """Says which port cannot be bound, and why."""


class MediaPort:
    """Every packet of every peer comes and goes here."""

    def __init__(self, streams: StreamLimits | None) -> None:
        """`streams`: how many come by TCP at most; None for none at all."""
        self._checks = Checks()
        self._udp = UdpPort(self._checks)
        self._tcp = TcpPort(self._checks, streams or StreamLimits())
        self.tcp = streams is not None  # whether peers may come by TCP

    def open(self, hosts: tuple[str, ...], port: int) -> int:
        """The port is bound at these addresses, or at all of them if one is not this machine's own.

        Port 0 takes a free one; the number is returned.

        Raises: PortTaken.
        """
        tries_left = NUMBERS_TRIED if port == 0 else 1
        while True:
            tries_left -= 1
            try:
                number = self._udp.open(hosts, port)
            except OSError as error:
                raise PortTaken(_reason("UDP", hosts, port, error)) from error
            try:
                if self.tcp:
                    self._tcp.open(self._udp.hosts, number)
            except OSError as error:
                self._udp.close()
                if not tries_left:
                    raise PortTaken(_reason("TCP", hosts, port, error)) from error
            else:
                return number

    async def start(self) -> None:
        """Packets are received from now on."""
        self._udp.start()
        if self.tcp:
            await self._tcp.start()

    def close(self) -> None:
        """The port is free again."""
        self._udp.close()
        self._tcp.close()

    def sender(self, path: int) -> Callable[[memoryview | bytes, Address], int]:
        """The function that sends by that path; raises OSError when it takes nothing more for now."""
        return self._tcp.sender(path) if path >= FIRST_PATH else self._udp.sender(path)

    def fileno(self, path: int) -> int:
        """The datagram socket of that path, -1 where it is a stream."""
        return NO_SOCKET if path >= FIRST_PATH else self._udp.fileno(path)

    def expect(self, ufrag: str, peer: Peer) -> None:
        """Checks for that user name are the peer's."""
        self._checks.expect(ufrag, peer)

    def unexpect(self, ufrag: str) -> None:
        """Checks for that user name are nobody's."""
        self._checks.unexpect(ufrag)

    def forget(self, ufrag: str, peer: Peer) -> None:
        """Nothing is the peer's any more."""
        self._checks.unexpect(ufrag)
        self._udp.forget(peer)
        self._tcp.forget(peer)

    def release(self, path: int, address: Address, peer: Peer) -> None:
        """The peer has given up that address."""
        if path >= FIRST_PATH:
            self._tcp.release(path, peer)
        else:
            self._udp.release(path, address, peer)

    def counted(self) -> dict[str, int]:
        """What came that was of no use, by name."""
        udp, tcp, checks = self._udp, self._tcp, self._checks
        return {
            "datagrams_strays": udp.strays + tcp.strays + checks.strays,
            "datagrams_malformed": tcp.malformed + checks.malformed,
            "datagrams_unproved": udp.unproved,
            "datagrams_faults": udp.faults + tcp.faults,
            "streams_proved": tcp.proved,
            "streams_refused": tcp.refused,
            "stream_packets_dropped": tcp.unsent,
        }


def _reason(kind: str, hosts: tuple[str, ...], port: int, error: OSError) -> str:
    return f"{kind} port {port} on {', '.join(hosts)} cannot be used: {os.strerror(error.errno or 0)}"
