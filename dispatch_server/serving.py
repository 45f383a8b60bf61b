"""Running the hub as a process: ports, certificates, the first sign-in link, the demonstration, the end."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import signal
import socket
import ssl
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

import structlog
from aiohttp import web

from dispatch_server import local_tls, seeding
from dispatch_server.addresses import media_addresses, phone_addresses
from dispatch_server.clock import system_clock
from dispatch_server.config import Config
from dispatch_server.demo.processes import Demonstration
from dispatch_server.errors import HubError, StartError
from dispatch_server.ids import random_id, random_token
from dispatch_server.local_socket import serve_commands
from dispatch_server.notifying import AppriseNotifier
from dispatch_server.ports import MediaPlane
from dispatch_server.running import running
from dispatch_server.wiring import Hub
from rtc.errors import MediaUnavailable
from rtc.link.worker_folder import worker_folder
from rtc.pool.worker_pool import WorkerPool

LOOPBACK = "127.0.0.1"
CERTIFICATE_CHECK_S = 3600.0


def run(config: Config, *, with_demo: bool) -> None:
    """The hub serves until it is told to stop. Raises: StartError."""
    prepare_logging(config)
    asyncio.run(_serve(config, with_demo=with_demo))


async def _serve(config: Config, *, with_demo: bool) -> None:
    prepare_folder(config)
    with sole_owner(config):
        await _serve_alone(config, with_demo=with_demo)


async def _serve_alone(config: Config, *, with_demo: bool) -> None:
    require_free_ports(config)
    stopped: asyncio.Future[signal.Signals] = asyncio.get_running_loop().create_future()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, _stop, stopped, number)
    seed = seeding.demo_city() if with_demo else seeding.bare(config.site_name)
    async with AsyncExitStack() as stack:
        media = await stack.enter_async_context(media_workers(config))
        hub = await stack.enter_async_context(started(config, seed=seed, plane=media))
        demonstration = Demonstration(hub, config) if with_demo else None
        try:
            print(await welcome(hub, config, with_demo=with_demo), flush=True)
        except HubError as error:
            raise StartError(f"The store cannot be written ({error.code}): is the disk full?") from error
        if demonstration is not None:
            await stack.enter_async_context(demonstration.playing())
        media.leaves_it_running = True  # should this hub fall over: the next one goes on with it
        media.leaves_it_running = await stopped is signal.SIGHUP


def _stop(stopped: asyncio.Future[signal.Signals], number: signal.Signals) -> None:
    if not stopped.done():
        stopped.set_result(number)


@asynccontextmanager
async def media_workers(config: Config) -> AsyncIterator[WorkerPool]:
    """The media plane: what an earlier hub left running, or started now. Raises: StartError."""
    try:
        media = WorkerPool(
            workers=config.worker_count,
            udp_port=config.port + 2,
            advertise=media_addresses(config),
            tcp=config.media_tcp,
            folder=worker_folder(config.data),
            outlives_hub_s=config.media_outlives_hub_s,
        )
        await media.__aenter__()
    except MediaUnavailable as error:
        raise StartError(f"{error.reason}. Try --port N.") from error
    try:
        yield media
    finally:
        await media.__aexit__(None, None, None)


@asynccontextmanager
async def started(config: Config, *, seed: seeding.Seed, plane: MediaPlane) -> AsyncIterator[Hub]:
    """A hub that listens on all its ports; an empty store begins with the seed. Raises: StartError."""
    async with AsyncExitStack() as stack:
        tls = _tls(config) if config.https else None
        hub = await stack.enter_async_context(
            running(
                config,
                clock=system_clock,
                new_id=random_id,
                new_token=random_token,
                plane=plane,
                notifier=AppriseNotifier(),
                ca_path=tls.ca_pem if tls else None,
            )
        )
        if not hub.directories.now().agencies:
            await seeding.sow(hub.reference, seed)
            await hub.directories.reload()
        runner = web.AppRunner(hub.app, access_log=None, shutdown_timeout=2)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, LOOPBACK, config.port).start()
        if tls is not None:
            await web.TCPSite(runner, config.host, config.port + 1, ssl_context=tls.context).start()
            renewing = asyncio.create_task(_keep_certificate(config, tls), name="certificate")
            stack.callback(renewing.cancel)
        await stack.enter_async_context(serve_commands(config, hub))
        yield hub


async def welcome(hub: Hub, config: Config, *, with_demo: bool) -> str:
    """What the operator reads at the start: one link to sign in with, and where phones go."""
    people = hub.directories.now().people
    first = people.get(seeding.DEMO_OPERATOR) if with_demo else None
    person = first or people.get("admin") or next(iter(people.values()))
    link = await sign_in_url(hub, config, person.id)
    lines = [
        "",
        f"  联动 Liandong   {link}",
        f"                  {person.name} · {person.role} · 30 min, once",
    ]
    if config.https:
        lines += [
            f"  手机 phones     https://{address}:{config.port + 1}/m" for address in phone_addresses(config)
        ]
        lines += [f"  证书 authority  https://{phone_addresses(config)[0]}:{config.port + 1}/ca.crt"]
    return "\n".join([*lines, ""])


async def sign_in_url(hub: Hub, config: Config, person_id: str) -> str:
    token, _ = await hub.sign_in.make_link(person_id)
    return f"http://{LOOPBACK}:{config.port}/sign-in#link={token}"


def prepare_folder(config: Config) -> None:
    """The data folder exists, is ours alone and can be written. Raises: StartError."""
    try:
        config.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe = config.data / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise StartError(f"The data folder {config.data} cannot be written: {error.strerror}.") from error


@contextmanager
def sole_owner(config: Config) -> Iterator[None]:
    """No other hub runs on the data folder while the block does. Raises: StartError.

    The system lets go of the lock when the process ends, however it ends.
    """
    with (config.data / "hub.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StartError(f"The data folder {config.data} is in use by another hub.") from error
        yield


def require_free_ports(config: Config) -> None:
    """Returns if the hub's own ports are free; the media worker says so of its own.

    Raises: StartError that names the first busy one.
    """
    media_port = 0  # any: an earlier hub's worker may hold the one that it will use
    wanted = [(LOOPBACK, config.port), (config.host, config.port + 1 if config.https else media_port)]
    for host, port in wanted:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                reason = error.strerror or str(error)
                raise StartError(f"Port {port} on {host} cannot be used: {reason}. Try --port N.") from error


def prepare_logging(config: Config) -> None:
    """Logs go to stderr: lines of JSON for machines, or colours for people."""
    renderer = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if config.log_format == "json"
        else structlog.dev.ConsoleRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)


def _tls(config: Config, context: ssl.SSLContext | None = None) -> local_tls.LocalTls:
    names = (*phone_addresses(config), socket.gethostname())
    return local_tls.local_tls(config.data / "tls", names=names, now=system_clock(), context=context)


async def _keep_certificate(config: Config, tls: local_tls.LocalTls) -> None:
    """The listener's certificate follows the machine's addresses and never runs out, until cancelled."""
    while True:
        await asyncio.sleep(CERTIFICATE_CHECK_S)
        try:
            await asyncio.to_thread(_tls, config, tls.context)
        except StartError as error:
            structlog.get_logger("tls").error("tls.not_renewed", reason=str(error))
