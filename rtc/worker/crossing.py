"""Sources that another worker needs too: each crosses once to every such worker, however many watch there.

The publisher's worker hands on what it took in, decrypted and with retransmissions, over a SOCK_SEQPACKET
connection in the workers' own folder. The other one has an ordinary source of it, whose requests for
keyframes and for lost packets come back the same way, and nothing else does. What the socket does not take is
dropped and counted; the other worker then asks for it as for any lost packet. Who may receive is decided
there too, by the routes that it was given.
"""

import asyncio
import dataclasses
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgpack
import structlog
from pydantic import TypeAdapter, ValidationError

from rtc.downlink.fanout import LaneFanout
from rtc.errors import MalformedPacket
from rtc.forwarding.forwarder import Forwarder
from rtc.link.worker_folder import crossing_path
from rtc.rtp.rtcp import KeyframeRequest, Nack, parse_rtcp
from rtc.rtp.rtp_packet import is_rtcp
from rtc.transport.connection import Connection
from rtc.transport.udp_port import SO_SNDBUFFORCE
from rtc.uplink.handing_over import Numbered, know, numbers, recent, serve
from rtc.uplink.source import Source, StreamPlan

MESSAGES_A_TURN = 64  # before other work has its turn
MAX_MESSAGE = 65_536
BUFFER_BYTES = 4 << 20
WAITING = 64  # crossings that may knock at once

_PLANS = TypeAdapter(tuple[StreamPlan, ...])
_NUMBERS = TypeAdapter(tuple[Numbered, ...])


class Crossings:
    """What one worker hands to others, and what it is handed. Every method is called on the event loop."""

    def __init__(
        self, *, folder: Path, forwarder: Forwarder, fanout: LaneFanout[Connection], counters: dict[str, int]
    ) -> None:
        self._folder = folder
        self._forwarder = forwarder
        self._fanout = fanout
        self._counters = counters
        self._log = structlog.get_logger("rtc.crossing")
        self._listening: socket.socket | None = None
        self._wanted: dict[str, tuple[int, ...]] = {}  # by source: the workers that need it
        self._present: dict[str, tuple[Source, tuple[StreamPlan, ...]]] = {}  # published here
        self._out: dict[tuple[str, int], _Out] = {}
        self._in: set[_In] = set()
        counters |= {"packets_crossed": 0, "packets_not_crossed": 0}

    @property
    def count(self) -> tuple[int, int]:
        """Sources handed out (each once for every worker), and taken in."""
        return len(self._out), len(self._in)

    def listen(self, index: int) -> None:
        """Other workers may hand over sources from now on."""
        path = crossing_path(self._folder, index)
        path.unlink(missing_ok=True)
        self._listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._listening.setblocking(False)
        self._listening.bind(str(path))
        self._listening.listen(WAITING)
        asyncio.get_running_loop().add_reader(self._listening, self._accept)

    def close(self) -> None:
        """Nothing crosses any more."""
        for leaving in list(self._out.values()):
            leaving.close()
        for arriving in list(self._in):
            arriving.close()
        if self._listening is not None:
            asyncio.get_running_loop().remove_reader(self._listening)
            self._listening.close()

    def carry(self, source_id: str, workers: tuple[int, ...]) -> None:
        """The source crosses to just these workers, as soon and as long as it is published here."""
        if workers:
            self._wanted[source_id] = workers
        else:
            self._wanted.pop(source_id, None)
        self._settle(source_id)

    def came_up(self, source: Source, plans: tuple[StreamPlan, ...]) -> None:
        """The source is published here, perhaps in the place of an earlier connection's."""
        if source.source_id in self._present:
            self.went_down(self._present[source.source_id][0])
        self._present[source.source_id] = source, plans
        self._settle(source.source_id)

    def went_down(self, source: Source) -> None:
        """The source is not published here any more, at least not by this connection."""
        held = self._present.get(source.source_id)
        if held is not None and held[0] is source:
            del self._present[source.source_id]
            self._settle(source.source_id)

    def tend(self) -> None:
        """What should cross and does not is tried again. To be called every second or so."""
        for source_id in self._wanted:
            self._settle(source_id)

    def _settle(self, source_id: str) -> None:
        held = self._present.get(source_id)
        wanted = set(self._wanted.get(source_id, ())) if held is not None else set()
        for there, worker in [key for key in self._out if key[0] == source_id]:
            if worker not in wanted:
                self._out[there, worker].close()
        if held is None:
            return
        source, plans = held
        for worker in sorted(wanted):
            if (source_id, worker) not in self._out:
                self._open(source, plans, worker)

    def _open(self, source: Source, plans: tuple[StreamPlan, ...], worker: int) -> None:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        connection.setblocking(False)
        try:
            connection.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, BUFFER_BYTES)
        except OSError:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)
        header = {
            "source_id": source.source_id,
            "plans": [dataclasses.asdict(plan) for plan in plans],
            "numbers": [dataclasses.asdict(each) for each in numbers(source)],
        }
        try:
            connection.connect(str(crossing_path(self._folder, worker)))
            connection.send(msgpack.packb(header))
        except OSError as error:  # it is being started again, or very busy: the next tending tries anew
            connection.close()
            self._log.info("crossing.unreachable", worker=worker, reason=error.strerror)
            return
        key = source.source_id, worker

        def gone() -> None:
            self._out.pop(key, None)

        self._out[key] = _Out(connection, source, self._counters, gone)

    def _accept(self) -> None:
        if self._listening is None:
            return
        with suppress(BlockingIOError):
            connection, _ = self._listening.accept()
            connection.setblocking(False)
            crossing = _In(connection, self._forwarder, self._fanout, self._in)
            self._in.add(crossing)


class _Out:
    """A source on its way to one other worker."""

    def __init__(
        self,
        connection: socket.socket,
        source: Source,
        counters: dict[str, int],
        gone: Callable[[], None],
    ) -> None:
        self._connection: socket.socket | None = connection
        self._source = source
        self._counters = counters
        self._gone = gone
        for packet in recent(source, time.monotonic()):
            self.send(packet)
        source.taps = (*source.taps, self.send)
        asyncio.get_running_loop().add_reader(connection, self._read)

    def send(self, data: bytes) -> None:
        """The packet is on its way, or dropped where the other worker does not keep up."""
        if self._connection is None:
            return
        try:
            self._connection.send(data)
        except BlockingIOError:
            self._counters["packets_not_crossed"] += 1
        except OSError:
            self.close()
        else:
            self._counters["packets_crossed"] += 1

    def close(self) -> None:
        """The other worker sees that it is over."""
        if self._connection is not None:
            asyncio.get_running_loop().remove_reader(self._connection)
            self._connection.close()
            self._connection = None
            self._source.taps = tuple(tap for tap in self._source.taps if tap != self.send)
            self._gone()

    def _read(self) -> None:
        """What the other worker asks for is sent again, or requested of the publisher."""
        for _ in range(MESSAGES_A_TURN):
            if self._connection is None:
                return
            try:
                data = self._connection.recv(MAX_MESSAGE)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:
                self.close()
                return
            with suppress(MalformedPacket):
                for packet in serve(self._source, parse_rtcp(data)):
                    self.send(packet)


class _In:
    """A source that another worker hands over; as an outlet it passes on requests and nothing else."""

    def __init__(
        self,
        connection: socket.socket,
        forwarder: Forwarder,
        fanout: LaneFanout[Connection],
        others: "set[_In]",
    ) -> None:
        self._connection: socket.socket | None = connection
        self._forwarder = forwarder
        self._fanout = fanout
        self._others = others
        self._source: Source | None = None
        asyncio.get_running_loop().add_reader(connection, self._read)

    def send(self, plain: bytes, seq: int, timestamp: int, ssrc: int) -> None:
        """As an outlet: a publisher is sent no media."""

    def send_rtcp(self, data: bytes) -> None:
        """As an outlet: requests go to the worker that has the publisher, reports to nobody."""
        if self._connection is None:
            return
        if any(isinstance(fact, KeyframeRequest | Nack) for fact in parse_rtcp(data)):
            with suppress(OSError):  # what it does not take is asked for again
                self._connection.send(data)

    def close(self) -> None:
        """Nothing of the source flows here any more."""
        if self._connection is not None:
            asyncio.get_running_loop().remove_reader(self._connection)
            self._connection.close()
            self._connection = None
            self._others.discard(self)
            if self._source is not None:
                self._forwarder.remove_source(self._source, "not_carried")

    def _read(self) -> None:
        for _ in range(MESSAGES_A_TURN):
            if self._connection is None:
                return
            try:
                data = self._connection.recv(MAX_MESSAGE)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:
                self.close()
                return
            with suppress(MalformedPacket):
                self._take(data, time.monotonic())

    def _take(self, data: bytes, now: float) -> None:
        if self._source is None:
            self._begin(data, now)
        elif is_rtcp(data):
            self._source.receive_rtcp(parse_rtcp(data), now)
        else:
            self._forwarder.receive_rtp(self._source, data, now)

    def _begin(self, header: bytes, now: float) -> None:
        """The first message says which source it is; one that is published here itself is not taken in."""
        try:
            described = msgpack.unpackb(header)
            source_id, plans = str(described["source_id"]), _PLANS.validate_python(described["plans"])
            told = _NUMBERS.validate_python(described["numbers"])
        except (ValueError, KeyError, TypeError, msgpack.UnpackException, ValidationError):
            self.close()
            return
        held = self._forwarder.sources.get(source_id)
        if held is not None and not held.crossed:
            self.close()
            return
        self._source = Source(
            source_id=source_id,
            connection_id="",
            plans=plans,
            outlet=self,
            fanout=self._fanout,
            on_start=self._forwarder.note_start,
            now=now,
        )
        know(self._source, told)
        self._forwarder.add_source(self._source, now)
