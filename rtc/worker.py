"""The worker process: `python -m rtc.worker --socket PATH --udp-port N --advertise ADDR[,ADDR]`.

It connects to the hub's Unix socket, serves its requests and ends when that socket closes, however the hub
ended. It listens to nothing but its media port, by UDP and TCP.
"""

import argparse
import asyncio
import contextlib
import gc
import ipaddress
import logging
import signal
import sys

import structlog

from rtc import native_fanout, wire
from rtc.connection import Connection
from rtc.engine import Engine
from rtc.errors import MalformedMessage, RtcError
from rtc.fanout import LaneFanout, PlainFanout
from rtc.media_port import MediaPort, PortTaken
from rtc.plane import Hint, MediaEvent, ScopeRoutes, WorkerReady
from rtc.tcp_port import StreamLimits

CONNECT_S = 10.0
HINTS_UP_TO_BYTES = 1 << 20  # unread by the hub: beyond this, levels and statistics are dropped
UNREAD_LIMIT_BYTES = 16 << 20  # beyond this the hub does not read at all: the worker ends
EXIT_NO_SOCKET, EXIT_NO_PORT = 3, 4


def main(arguments: list[str] | None = None) -> int:
    """Serve until the hub goes; the exit status."""
    parser = argparse.ArgumentParser(prog="rtc.worker", description=__doc__)
    parser.add_argument("--socket", required=True, help="the hub's Unix socket")
    parser.add_argument("--udp-port", required=True, type=int, help="the media port; 0 takes a free one")
    parser.add_argument("--advertise", required=True, help="addresses that browsers are told, the best first")
    parser.add_argument("--plain", action="store_true", help="forward in Python although there is a C helper")
    parser.add_argument("--no-tcp", action="store_true", help="peers come by UDP only")
    options = parser.parse_args(arguments)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the hub, whose end is ours
    hosts = tuple(str(ipaddress.ip_address(each.strip())) for each in options.advertise.split(","))
    fanout = None if options.plain else native_fanout.load()
    serving = serve(options.socket, options.udp_port, hosts, fanout or PlainFanout(), tcp=not options.no_tcp)
    return asyncio.run(serving)


async def serve(
    socket_path: str,
    udp_port: int,
    hosts: tuple[str, ...],
    fanout: LaneFanout[Connection],
    *,
    tcp: bool,
) -> int:
    """Serve the hub at that socket until it goes; the exit status."""
    log = structlog.get_logger("rtc.worker")
    try:
        async with asyncio.timeout(CONNECT_S):
            reader, writer = await asyncio.open_unix_connection(socket_path)
    except (OSError, TimeoutError):
        log.exception("socket.unreachable")
        return EXIT_NO_SOCKET
    port = MediaPort(StreamLimits() if tcp else None)
    try:
        number = port.open(hosts, udp_port)
    except PortTaken as error:
        writer.write(wire.pack({"failed": str(error)}))
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(1):
                await writer.drain()
        return EXIT_NO_PORT
    hub = _Hub(writer)
    try:
        async with asyncio.TaskGroup() as tasks:
            engine = Engine(
                port=port,
                candidates=tuple((host, number) for host in hosts),
                emit=hub.emit,
                tasks=tasks,
                fanout=fanout,
            )
            await port.start()
            gc.collect()
            gc.freeze()  # what lives for good is never looked at again
            tasks.create_task(engine.run(), name="engine")
            hub.emit(WorkerReady(native=not isinstance(fanout, PlainFanout)))
            await _answer_requests(engine, reader, hub)
    except* _HubGone:
        log.debug("hub.gone")
    finally:
        port.close()
        writer.close()
    return 0


class _HubGone(Exception):  # noqa: N818 - ends the task group, nothing else
    """The hub's socket closed: the reason to end."""


class _Hub:
    """The way to the hub. Unread frames are bounded: hints are dropped first, then the worker ends."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self.hints_dropped = 0

    def emit(self, event: MediaEvent) -> None:
        unread = self._writer.transport.get_write_buffer_size()
        if unread > HINTS_UP_TO_BYTES and isinstance(event, Hint):
            self.hints_dropped += 1
            return
        self.write(wire.event_frame(event))

    def write(self, frame: wire.Frame) -> None:
        if self._writer.transport.is_closing():
            return  # the hub is gone: nobody is told any more
        if self._writer.transport.get_write_buffer_size() > UNREAD_LIMIT_BYTES:
            self._writer.transport.abort()
            return
        self._writer.write(wire.pack(frame))


async def _answer_requests(engine: Engine, reader: asyncio.StreamReader, hub: _Hub) -> None:
    """Answer one request after the other; they are short and never wait.

    Raises: _HubGone, in the end.
    """
    while (frame := await wire.read_frame(reader)) is not None:
        try:
            number, request = wire.request_of(frame)
        except MalformedMessage as error:
            given = frame.get("id")
            hub.write(wire.error_frame(given if isinstance(given, int) else 0, error))
            continue
        try:
            hub.write(wire.reply_frame(number, _answer(engine, request)))
        except RtcError as error:
            hub.write(wire.error_frame(number, error))
    raise _HubGone


def _answer(engine: Engine, request: wire.Request) -> wire.Reply:
    match request:
        case wire.Publish(source_id=source_id, offer_sdp=offer_sdp):
            return engine.publish(source_id, offer_sdp)
        case wire.Play(offer_sdp=offer_sdp):
            return engine.play(offer_sdp)
        case wire.Patch(connection_id=connection_id, ice_tag=ice_tag, fragment=fragment):
            return engine.patch(connection_id, ice_tag, fragment)
        case wire.Subscribe(profile=profile):
            return engine.subscribe(profile)
        case wire.Accept(connection_id=connection_id, answer_sdp=answer_sdp):
            engine.accept(connection_id, answer_sdp)
        case wire.Close(connection_id=connection_id):
            engine.close(connection_id)
        case ScopeRoutes():
            engine.reconcile(request)
        case wire.Ask(what=what):
            return engine.stats() if what == "stats" else None
    return None


if __name__ == "__main__":
    sys.exit(main())
