"""The worker's TCP port, for networks that let no UDP through (ICE-TCP, passive: RFC 6544).

A stream belongs to the peer whose check is its first frame, for good. What is sent on it is the same packets
as by UDP, each in a frame (RFC 4571); what the peer does not take in time is dropped, as a network would.
"""

import asyncio
import socket
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import structlog

from rtc.errors import MalformedPacket, Undeliverable
from rtc.rtp.rtp_packet import is_rtcp
from rtc.transport.checks import Checks, Peer
from rtc.transport.framing import Deframer, framed
from rtc.transport.ice_lite import Address

FIRST_PATH = 1 << 16  # streams are numbered behind it, never twice; the UDP sockets before
KERNEL_UNSENT = 64 << 10
LINGER_S = 1.0  # for the farewell


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamLimits:
    """What a port of a worker takes on."""

    streams: int = 800  # 600 connections, some on two networks at once
    per_address: int = 256  # a command hall behind one NAT
    unproved: int = 64  # without a genuine check so far; the oldest makes way
    prove_s: float = 5.0
    media_unsent: int = (
        192 << 10
    )  # 0.8 s at 2 Mbps; beyond it media is dropped: what is late is worth nothing
    control_unsent: int = 256 << 10  # RTCP and handshakes a little longer


class Stream(asyncio.Protocol):
    """One TCP connection."""

    def __init__(self, port: "TcpPort", path: int) -> None:
        self._port = port
        self._deframer = Deframer()
        self._transport: asyncio.Transport | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self.path = path
        self.address: Address = ("", 0)
        self.peer: Peer | None = None
        self.left = False  # its peer has said goodbye

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what a TCP server hands over
        self._transport = transport
        sock = transport.get_extra_info("socket")
        self.address = transport.get_extra_info("peername") or ("", 0)
        with suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, KERNEL_UNSENT)
        self._deadline = asyncio.get_running_loop().call_later(self._port.limits.prove_s, self._give_up)
        self._port.opened(self)

    def data_received(self, data: bytes) -> None:
        try:
            for frame in self._deframer.feed(data):
                if self.left or self._transport is None or self._transport.is_closing():
                    return
                self._port.receive(self, frame)
        except MalformedPacket:
            self._port.malformed += 1
            self.abort()

    def connection_lost(self, _error: Exception | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._port.closed(self)

    def belong_to(self, peer: Peer) -> None:
        """The peer has proved itself on it."""
        self.peer = peer
        if self._deadline is not None:
            self._deadline.cancel()

    def send(self, data: memoryview | bytes, address: Address) -> int:
        """The packet is on its way.

        Raises: Undeliverable when the peer takes too slowly what it is sent.
        """
        transport = self._transport
        if transport is None or transport.is_closing():
            return self._port.send_nowhere(data, address)
        media = 127 < data[0] < 192 and not is_rtcp(bytes(data[:2]))
        limits = self._port.limits
        most = limits.media_unsent if media else limits.control_unsent
        if transport.get_write_buffer_size() + len(data) > most:
            return self._port.send_nowhere(data, address)
        transport.write(framed(data))
        return len(data)

    def leave(self) -> None:
        """Nothing more is read from it; it is closed when the farewell had its time."""
        self.left = True
        asyncio.get_running_loop().call_later(LINGER_S, self.abort)

    def abort(self) -> None:
        """It is closed, whatever was still to be sent."""
        if self._transport is not None:
            self._transport.abort()

    def _give_up(self) -> None:
        if self.peer is None:
            self._port.refused += 1
            self.abort()


class TcpPort:
    """The listeners of one port number and the streams that they accepted."""

    def __init__(self, checks: Checks, limits: StreamLimits) -> None:
        self.limits = limits
        self._checks = checks
        self._log = structlog.get_logger("rtc.tcp_port")
        self._listening: list[socket.socket] = []
        self._servers: list[asyncio.Server] = []
        self._streams: dict[int, Stream] = {}  # by path
        self._unproved: dict[int, Stream] = {}  # the oldest first
        self._per_address: Counter[str] = Counter()
        self._next_path = FIRST_PATH
        self.refused = 0  # streams: too many, or no genuine check in time
        self.malformed = 0
        self.strays = 0
        self.proved = 0
        self.unsent = 0  # packets that their peer was too slow for, or gone
        self.faults = 0

    @property
    def streams(self) -> int:
        """How many there are now."""
        return len(self._streams)

    def open(self, hosts: tuple[str, ...], port: int) -> None:
        """The port is bound at these addresses.

        Raises: OSError.
        """
        try:
            for host in hosts:
                family = socket.AF_INET6 if ":" in host else socket.AF_INET
                sock = socket.socket(family, socket.SOCK_STREAM)
                self._listening.append(sock)
                if family == socket.AF_INET6:
                    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                sock.setblocking(False)
                sock.bind((host, port))
                sock.listen()  # binding alone does not show that another one listens here
        except OSError:
            self.close()
            raise

    async def start(self) -> None:
        """Streams are accepted from now on."""
        loop = asyncio.get_running_loop()
        for sock in self._listening:
            self._servers.append(await loop.create_server(self._stream, sock=sock))

    def close(self) -> None:
        """The port is free again, and no stream is open."""
        for server in self._servers:
            server.close()
        for sock in self._listening:
            sock.close()
        for stream in list(self._streams.values()):
            stream.abort()
        self._servers.clear()
        self._listening.clear()

    def sender(self, path: int) -> Callable[[memoryview | bytes, Address], int]:
        """The function that sends by that stream; raises Undeliverable when it is full or gone."""
        stream = self._streams.get(path)
        return stream.send if stream is not None else self.send_nowhere

    def send_nowhere(self, _data: memoryview | bytes, _address: Address) -> int:
        """Nothing has left, and it is counted.

        Raises: Undeliverable.
        """
        self.unsent += 1
        raise Undeliverable

    def release(self, path: int, peer: Peer) -> None:
        """The peer has given up that stream."""
        stream = self._streams.get(path)
        if stream is not None and stream.peer is peer:
            stream.peer = None
            stream.abort()

    def forget(self, peer: Peer) -> None:
        """No stream is the peer's any more."""
        for stream in [stream for stream in self._streams.values() if stream.peer is peer]:
            stream.leave()

    def opened(self, stream: Stream) -> None:
        """The stream counts, or is closed again because there are too many."""
        host = stream.address[0]
        self._streams[stream.path] = stream
        self._per_address[host] += 1
        if len(self._streams) > self.limits.streams or self._per_address[host] > self.limits.per_address:
            self.refused += 1
            stream.abort()
            return
        self._unproved[stream.path] = stream
        if len(self._unproved) > self.limits.unproved:
            self.refused += 1
            self._unproved.pop(next(iter(self._unproved))).abort()

    def closed(self, stream: Stream) -> None:
        """The stream is gone, and its peer knows."""
        host = stream.address[0]
        if self._streams.pop(stream.path, None) is not None:
            self._per_address[host] -= 1
            if not self._per_address[host]:
                del self._per_address[host]
        self._unproved.pop(stream.path, None)
        if stream.peer is not None and not stream.left:
            stream.peer.lose(stream.path)

    def receive(self, stream: Stream, data: bytes) -> None:
        """A packet is taken to its peer."""
        try:
            self._receive(stream, data, time.monotonic())
        except Exception:  # noqa: BLE001 - the outermost boundary of the packet path
            self.faults += 1
            self._log.exception("stream.fault")

    def _receive(self, stream: Stream, data: bytes, now: float) -> None:
        first = data[0]
        peer = stream.peer
        if first < 4:
            taken = self._checks.take(data, stream.path, stream.address, now, only=peer)
            if taken is not None:
                self.proved += peer is None
                stream.belong_to(taken[0])
                self._unproved.pop(stream.path, None)
                with suppress(OSError):
                    stream.send(taken[1], stream.address)
                return
        if peer is None:  # its first frame is no check of anybody's
            self.refused += 1
            stream.abort()
        elif 127 < first < 192:
            peer.receive_media(data, stream.path, stream.address, now)
        elif 19 < first < 64:
            peer.receive_handshake(data, stream.path, stream.address)
        else:
            self.strays += 1

    def _stream(self) -> Stream:
        self._next_path += 1
        return Stream(self, self._next_path)
