"""The worker process: `python -m rtc.worker --listen FD --udp-port N --advertise ADDR[,ADDR]`.

It listens on the Unix socket that the hub made for it, serves one hub at a time (`hub_door.py`) and ends when
a hub says so, or when none has been there for some time, however the last one ended. As `--standby FD` it
loads everything and waits to be told the rest (`standby.py`).
"""

import argparse
import asyncio
import gc
import ipaddress
import logging
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path

import structlog

from rtc.downlink import native_fanout
from rtc.downlink.fanout import LaneFanout, PlainFanout
from rtc.link import wire
from rtc.link.stamp import package_stamp
from rtc.link.standby import await_role
from rtc.plane import ScopeRoutes
from rtc.transport.connection import Connection
from rtc.transport.media_port import MediaPort, PortTaken
from rtc.transport.tcp_port import StreamLimits
from rtc.worker.engine import Engine
from rtc.worker.hub_door import HubDoor

EXIT_NO_PORT = 4


def main(arguments: list[str] | None = None) -> int:
    """Serve until it is over; the exit status."""
    given = sys.argv[1:] if arguments is None else arguments
    stamp = package_stamp()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the hub, which ends us then
    if given[:1] == ["--standby"]:
        role = await_role(int(given[1]))
        if role is None:
            return 0
        given = role
    parser = argparse.ArgumentParser(prog="rtc.worker", description=__doc__)
    parser.add_argument("--listen", required=True, type=int, help="the Unix socket, as an open file")
    parser.add_argument("--udp-port", required=True, type=int, help="the media port; 0 takes a free one")
    parser.add_argument("--advertise", required=True, help="addresses that browsers are told, the best first")
    parser.add_argument("--folder", required=True, type=Path, help="where other workers are found")
    parser.add_argument("--index", required=True, type=int, help="this worker's number among them")
    parser.add_argument("--outlives-hub-s", type=float, default=60.0, help="how long to go on without a hub")
    parser.add_argument("--plain", action="store_true", help="forward in Python although there is a C helper")
    parser.add_argument("--no-tcp", action="store_true", help="peers come by UDP only")
    options = parser.parse_args(given)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=_Unfailing()),  # type: ignore[arg-type]
    )
    hosts = tuple(str(ipaddress.ip_address(each.strip())) for each in options.advertise.split(","))
    fanout = None if options.plain else native_fanout.load()
    listening = socket.socket(fileno=options.listen)
    with listening:
        return asyncio.run(
            serve(
                HubDoor(listening, outlives_hub_s=options.outlives_hub_s),
                udp_port=options.udp_port,
                tcp=not options.no_tcp,
                hosts=hosts,
                fanout=fanout or PlainFanout(),
                folder=options.folder,
                index=options.index,
                arguments=tuple(given[given.index("--udp-port") :]),
                stamp=stamp,
            )
        )


async def serve(
    door: HubDoor,
    *,
    udp_port: int,
    tcp: bool,
    hosts: tuple[str, ...],
    fanout: LaneFanout[Connection],
    folder: Path,
    index: int,
    arguments: tuple[str, ...],
    stamp: str,
) -> int:
    """Serve whoever comes by the door until it is over; the exit status."""
    port = MediaPort(StreamLimits() if tcp else None)
    try:
        number = port.open(hosts, udp_port)
    except PortTaken as error:
        await door.refuse(str(error))
        return EXIT_NO_PORT
    try:
        async with asyncio.TaskGroup() as tasks:
            engine = Engine(
                port=port,
                candidates=tuple((host, number) for host in hosts),
                emit=door.emit,
                tasks=tasks,
                fanout=fanout,
                folder=folder,
            )
            engine.crossings.listen(index)
            await port.start()
            gc.collect()
            gc.freeze()  # what lives for good is never looked at again
            ticking = tasks.create_task(engine.run(), name="engine")

            def answer(request: wire.Request) -> wire.Reply:
                return _answer(engine, request)

            def welcome() -> wire.Welcome:
                return wire.Welcome(
                    protocol=wire.PROTOCOL,
                    stamp=stamp,
                    arguments=arguments,
                    native=not isinstance(fanout, PlainFanout),
                    held=engine.held(),
                )

            await door.serve(answer, welcome)
            engine.end()
            ticking.cancel()
    finally:
        port.close()
    return 0


class _Unfailing:
    """Stderr as long as somebody reads it: a worker that outlives its hub may have lost its log."""

    def write(self, text: str) -> None:
        """The text is in the log, if there is one."""
        with suppress(OSError, ValueError):
            sys.stderr.write(text)

    def flush(self) -> None:
        """Nothing waits in a buffer any more."""
        with suppress(OSError, ValueError):
            sys.stderr.flush()


def _answer(engine: Engine, request: wire.Request) -> wire.Reply:
    reply: wire.Reply = None
    match request:
        case wire.Publish(source_id=source_id, offer_sdp=offer_sdp, label=label):
            reply = engine.publish(source_id, offer_sdp, label)
        case wire.Play(offer_sdp=offer_sdp, label=label):
            reply = engine.play(offer_sdp, label)
        case wire.Patch(connection_id=connection_id, ice_tag=ice_tag, fragment=fragment):
            reply = engine.patch(connection_id, ice_tag, fragment)
        case wire.Subscribe(profile=profile, label=label):
            reply = engine.subscribe(profile, label)
        case wire.Accept(connection_id=connection_id, answer_sdp=answer_sdp):
            engine.accept(connection_id, answer_sdp)
        case wire.Restart(connection_id=connection_id):
            reply = engine.restart(connection_id)
        case wire.Close(connection_id=connection_id):
            engine.close(connection_id)
        case wire.Retell(connection_id=connection_id):
            engine.retell(connection_id)
        case ScopeRoutes():
            engine.reconcile(request)
        case wire.Ask(what=what):
            reply = engine.stats() if what == "stats" else None
        case wire.Carry(source_id=source_id, workers=workers):
            engine.crossings.carry(source_id, workers)
        case wire.Hello():
            pass  # it has been said before
    return reply


if __name__ == "__main__":
    sys.exit(main())
