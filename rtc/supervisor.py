"""The media plane as the hub sees it: one worker process, started again whenever it dies.

async with WorkerProcess(udp_port=8792, advertise=("192.0.2.7",)) as media:
    published = await media.publish(source_id="feed-1", offer_sdp=…)
    async for event in media.events: …
"""

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog

from rtc import wire
from rtc.client import WorkerClient
from rtc.errors import MediaTimeout, MediaUnavailable, RtcError
from rtc.plane import (
    Hint,
    MediaEvent,
    Patched,
    Played,
    Published,
    ScopeRoutes,
    Subscribed,
    WorkerLost,
    WorkerReady,
    WorkerStats,
)

START_S = 20.0
STOP_S = 3.0
PING_EVERY_S = 3.0
FIRST_PAUSE_S = 0.05  # before a worker is started again; doubles while it keeps dying
MAX_PAUSE_S = 5.0
HEALTHY_S = 30.0
_ROOT = str(Path(__file__).resolve().parent.parent)  # where the worker finds this very package
MAX_EVENTS = 20_000  # unread by the hub: levels and statistics are dropped from half of it on
HINTS_UP_TO = MAX_EVENTS // 2


class WorkerProcess:
    """A worker that is always there, or about to be.

    `events` holds at most 20,000 unread events; from 10,000 on, levels and statistics are dropped; when it is
    full the worker is ended, so that what follows is WorkerLost and the truth from the start.
    """

    def __init__(
        self, *, udp_port: int, advertise: tuple[str, ...], plain: bool = False, tcp: bool = True
    ) -> None:
        """`plain`: the worker forwards in Python although there is a C helper. `tcp`: peers may come by TCP
        too, on the same port number.
        """
        self._udp_port = udp_port
        self._advertise = advertise
        self._options = (*(("--plain",) if plain else ()), *(() if tcp else ("--no-tcp",)))
        self._log = structlog.get_logger("rtc.supervisor")
        self._events: asyncio.Queue[MediaEvent] = asyncio.Queue(MAX_EVENTS + 100)
        self._client: WorkerClient | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._arrived: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue(1)
        self._server: asyncio.Server | None = None
        self._folder: Path | None = None
        self._running: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._failure = ""

    async def __aenter__(self) -> Self:
        """The first worker is ready.

        Raises: MediaUnavailable with the worker's own reason, a busy port for example.
        """
        self._folder = Path(tempfile.mkdtemp(prefix="liandong-media-"))  # mode 0700: only we may connect
        self._server = await asyncio.start_unix_server(
            self._on_connect, self._folder / "hub.sock", limit=1 << 20
        )
        self._running = asyncio.create_task(self._keep_running(), name="media worker")
        ready = asyncio.create_task(self._ready.wait())
        try:
            await asyncio.wait((ready, self._running), return_when=asyncio.FIRST_COMPLETED, timeout=START_S)
        finally:
            ready.cancel()
            if not self._ready.is_set():
                await self._stop()
        if not self._ready.is_set():
            raise MediaUnavailable(self._failure or "the media worker does not start")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """The worker is gone."""
        await self._stop()

    @property
    def pid(self) -> int | None:
        """The running worker's process id."""
        return self._process.pid if self._process and self._process.returncode is None else None

    @property
    def events(self) -> AsyncIterator[MediaEvent]:
        """What happens, in order, without end. For one reader."""
        return self._read_events()

    async def publish(self, *, source_id: str, offer_sdp: str) -> Published:
        """The publisher is answered; it replaces an earlier connection of the source once it is up."""
        reply = await self._ask(wire.Publish(source_id=source_id, offer_sdp=offer_sdp))
        if not isinstance(reply, Published):
            raise MediaUnavailable("unexpected reply")
        return reply

    async def patch(self, *, connection_id: str, ice_tag: str, fragment: str) -> Patched:
        """The publisher's candidates are taken note of, or its ICE session has begun anew."""
        reply = await self._ask(wire.Patch(connection_id=connection_id, ice_tag=ice_tag, fragment=fragment))
        if not isinstance(reply, Patched):
            raise MediaUnavailable("unexpected reply")
        return reply

    async def play(self, *, offer_sdp: str) -> Played:
        """The player is answered; routes say what it is sent."""
        reply = await self._ask(wire.Play(offer_sdp=offer_sdp))
        if not isinstance(reply, Played):
            raise MediaUnavailable("unexpected reply")
        return reply

    async def subscribe(self, *, profile: str) -> Subscribed:
        """An offer for a subscriber of that profile."""
        reply = await self._ask(wire.Subscribe(profile=profile))
        if not isinstance(reply, Subscribed):
            raise MediaUnavailable("unexpected reply")
        return reply

    async def accept(self, *, connection_id: str, answer_sdp: str) -> None:
        """The subscriber's answer is taken."""
        await self._ask(wire.Accept(connection_id=connection_id, answer_sdp=answer_sdp))

    async def close(self, *, connection_id: str) -> None:
        """Nothing flows on the connection any more."""
        await self._ask(wire.Close(connection_id=connection_id))

    async def reconcile(self, routes: ScopeRoutes) -> None:
        """The scope is as the routes say; what was removed is silent.

        A worker that does not confirm it in time might go on sending what it must not: it is ended.
        """
        client = self._client
        try:
            await self._ask(routes)
        except MediaTimeout:
            if client is not None:
                client.close()
            raise

    async def stats(self) -> WorkerStats:
        """The worker's counters."""
        reply = await self._ask(wire.Ask(what="stats"))
        if not isinstance(reply, WorkerStats):
            raise MediaUnavailable("unexpected reply")
        return reply

    async def _ask(self, request: wire.Request) -> wire.Reply:
        if self._client is None:
            raise MediaUnavailable("the media worker is being started again")
        return await self._client.request(request)

    async def _read_events(self) -> AsyncIterator[MediaEvent]:
        while True:
            yield await self._events.get()

    def _on_event(self, event: MediaEvent) -> None:
        if isinstance(event, WorkerReady):
            self._ready.set()
        unread = self._events.qsize()
        if unread > HINTS_UP_TO and isinstance(event, Hint):
            return
        if unread >= MAX_EVENTS:
            if self._client is not None:
                self._client.close()
            return
        self._events.put_nowait(event)

    async def _on_connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._arrived.full():
            writer.close()
            return
        self._arrived.put_nowait((reader, writer))

    async def _keep_running(self) -> None:
        """Start the worker again whenever it dies; give up only when the very first cannot start."""
        loop = asyncio.get_running_loop()
        pause_s = FIRST_PAUSE_S
        while True:
            began = loop.time()
            try:
                was_ready = await self._run_once()
            except OSError as error:  # no process, no memory: the next try may do
                self._failure = str(error)
                was_ready = False
            if not self._ready.is_set():
                return
            if was_ready:
                self._events_reset()
            pause_s = FIRST_PAUSE_S if loop.time() - began > HEALTHY_S else min(MAX_PAUSE_S, pause_s * 2)
            await asyncio.sleep(pause_s)

    async def _run_once(self) -> bool:
        """One worker from its start to its end; whether it was ever ready."""
        process = await self._spawn()
        self._process = process
        client: WorkerClient | None = None
        try:
            exited = asyncio.create_task(process.wait())
            arrived = asyncio.create_task(self._arrived.get())
            await asyncio.wait((exited, arrived), return_when=asyncio.FIRST_COMPLETED, timeout=START_S)
            exited.cancel()
            if not arrived.done():
                arrived.cancel()
                self._failure = self._failure or "the media worker ended before it connected"
                return False
            ready = asyncio.Event()

            def on_event(event: MediaEvent) -> None:
                if isinstance(event, WorkerReady):
                    self._client = client
                    ready.set()
                self._on_event(event)

            client = WorkerClient(*arrived.result(), on_event=on_event)
            await self._serve(client)
            self._failure = client.failure or self._failure
            return ready.is_set()
        finally:
            self._client = None
            if client is not None:
                client.close()
            await self._end(process)

    async def _serve(self, client: WorkerClient) -> None:
        """Until the worker's socket closes or it no longer replies."""
        running = asyncio.create_task(client.run())
        try:
            while not running.done():
                await asyncio.wait((running,), timeout=PING_EVERY_S)
                if not running.done() and self._client is client:
                    try:
                        await client.request(wire.Ask(what="ping"))
                    except RtcError as error:
                        self._log.warning("worker.silent", code=error.code)
                        return
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    async def _spawn(self) -> asyncio.subprocess.Process:
        if self._folder is None:
            raise MediaUnavailable("not started")
        path = os.pathsep.join(filter(None, (_ROOT, os.environ.get("PYTHONPATH", ""))))
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "rtc.worker",
            "--socket",
            str(self._folder / "hub.sock"),
            "--udp-port",
            str(self._udp_port),
            "--advertise",
            ",".join(self._advertise),
            *self._options,
            stdin=asyncio.subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": path},
        )

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        """The process is gone: its socket is closed already, so it ends by itself; if not, it is made to."""
        for signal_it in (None, process.terminate, process.kill):
            if process.returncode is None and signal_it is not None:
                with suppress(ProcessLookupError):
                    signal_it()
            with suppress(TimeoutError):
                async with asyncio.timeout(STOP_S / 3):
                    await process.wait()
                    return

    def _events_reset(self) -> None:
        """Everything the dead worker said is void, also what was not read yet."""
        self._log.warning("worker.lost")
        while not self._events.empty():
            self._events.get_nowait()
        self._events.put_nowait(WorkerLost())

    async def _stop(self) -> None:
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait((self._running,))
        if self._server is not None:
            self._server.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
