"""One worker as the hub sees it: found running or started, and started again whenever it dies.

async with WorkerProcess(udp_port=8792, advertise=("192.0.2.7",)) as media:
    published = await media.publish(source_id="feed-1", offer_sdp=…)
    async for event in media.events: …
"""

import asyncio
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog

from rtc.errors import MediaTimeout, MediaUnavailable, RtcError
from rtc.link import wire
from rtc.link.client import WorkerClient
from rtc.link.stamp import package_stamp
from rtc.link.worker_folder import socket_path
from rtc.link.worker_handle import WorkerHandle
from rtc.plane import (
    Held,
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
STOP_S = 8.0
FIND_S = 4.0
PING_EVERY_S = 3.0
FIRST_PAUSE_S = 0.05  # before a worker is started again; doubles while it keeps dying
MAX_PAUSE_S = 5.0
HEALTHY_S = 2.5  # it served: the next one is started at once
OUTLIVES_HUB_S = 60.0
MAX_EVENTS = 20_000  # unread by the hub: levels and statistics are dropped from half of it on
HINTS_UP_TO = MAX_EVENTS // 2


Start = Callable[[socket.socket, Sequence[str]], WorkerHandle]


def start_worker(listening: socket.socket, arguments: Sequence[str]) -> WorkerHandle:
    """A new process that serves on the socket. Raises: OSError."""
    return WorkerHandle.start(listening, "--listen", arguments)


class WorkerProcess:
    """A worker that is always there, or about to be.

    `events` holds at most 20,000 unread events; from 10,000 on, levels and statistics are dropped; when it is
    full the worker is ended, so that what follows is WorkerLost and the truth from the start.
    """

    def __init__(
        self,
        *,
        udp_port: int,
        advertise: tuple[str, ...],
        plain: bool = False,
        tcp: bool = True,
        folder: Path | None = None,
        index: int = 0,
        outlives_hub_s: float = OUTLIVES_HUB_S,
        start: Start = start_worker,
    ) -> None:
        """`plain`: the worker forwards in Python although there is a C helper. `tcp`: peers may come by TCP
        too, on the same port number. In `folder` a later hub finds the worker again; without one it has a
        folder of its own, and ends with this object.
        """
        self._arguments = (
            *("--udp-port", str(udp_port), "--advertise", ",".join(advertise)),
            *("--outlives-hub-s", f"{outlives_hub_s:g}"),
            *(("--plain",) if plain else ()),
            *(() if tcp else ("--no-tcp",)),
            *("--index", str(index)),
        )
        self._start = start
        self._own_folder = folder is None
        self._folder = folder or Path()
        self._index = index
        self._log = structlog.get_logger("rtc.supervisor")
        self._events: asyncio.Queue[MediaEvent] = asyncio.Queue(MAX_EVENTS + 100)
        self._client: WorkerClient | None = None
        self._handle: WorkerHandle | None = None
        self._held = Held()
        self._running: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._failure = ""
        self.leaves_it_running = False
        """At the end the worker is left to the next hub, instead of being ended."""

    async def __aenter__(self) -> Self:
        """The worker is ready: the one that was found, if it is what is wanted, or a new one.

        Raises: MediaUnavailable with the worker's own reason, a busy port for example.
        """
        if self._own_folder:
            self._folder = Path(tempfile.mkdtemp(prefix="liandong-media-"))  # mode 0700: only we may connect
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
        """The worker is gone, or left to the next hub."""
        await self._stop()

    @property
    def pid(self) -> int | None:
        """The running worker's process id."""
        return self._handle.pid if self._handle is not None and self._handle.running else None

    @property
    def events(self) -> AsyncIterator[MediaEvent]:
        """What happens, in order, without end. For one reader."""
        return self._read_events()

    def held(self) -> Held:
        """What the worker held when it was found; nothing if it was started."""
        return self._held

    async def publish(self, *, source_id: str, offer_sdp: str, label: str = "") -> Published:
        """The publisher is answered; it replaces an earlier connection of the source once it is up."""
        reply = await self._ask(wire.Publish(source_id=source_id, offer_sdp=offer_sdp, label=label))
        if not isinstance(reply, Published):
            raise MediaUnavailable("unexpected reply")
        return reply

    async def patch(self, *, connection_id: str, ice_tag: str, fragment: str) -> Patched:
        """The publisher's candidates are taken note of, or its ICE session has begun anew."""
        reply = await self._ask(wire.Patch(connection_id=connection_id, ice_tag=ice_tag, fragment=fragment))
        if not isinstance(reply, Patched):
            raise MediaUnavailable("unexpected reply")
        return reply

    async def play(self, *, offer_sdp: str, label: str = "") -> Played:
        """The player is answered; routes say what it is sent."""
        reply = await self._ask(wire.Play(offer_sdp=offer_sdp, label=label))
        if not isinstance(reply, Played):
            raise MediaUnavailable("unexpected reply")
        return reply

    async def subscribe(self, *, profile: str, label: str = "") -> Subscribed:
        """An offer for a subscriber of that profile."""
        reply = await self._ask(wire.Subscribe(profile=profile, label=label))
        if not isinstance(reply, Subscribed):
            raise MediaUnavailable("unexpected reply")
        return reply

    async def restart(self, *, connection_id: str) -> Patched:
        """The page's ICE session has begun anew: the fragment's names go into its offer; `accept` follows."""
        reply = await self._ask(wire.Restart(connection_id=connection_id))
        if not isinstance(reply, Patched):
            raise MediaUnavailable("unexpected reply")
        return reply

    async def accept(self, *, connection_id: str, answer_sdp: str) -> None:
        """The subscriber's answer is taken."""
        await self._ask(wire.Accept(connection_id=connection_id, answer_sdp=answer_sdp))

    async def close(self, *, connection_id: str) -> None:
        """Nothing flows on the connection any more."""
        await self._ask(wire.Close(connection_id=connection_id))

    async def carry(self, *, source_id: str, workers: tuple[int, ...]) -> None:
        """The source crosses to just these other workers of the folder, whenever it is published here."""
        await self._ask(wire.Carry(source_id=source_id, workers=workers))

    async def retell(self, *, connection_id: str) -> None:
        """`SlotsChanged` follows, with every slot of the connection."""
        await self._ask(wire.Retell(connection_id=connection_id))

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
        unread = self._events.qsize()
        if unread > HINTS_UP_TO and isinstance(event, Hint):
            return
        if unread >= MAX_EVENTS:
            if self._client is not None:
                self._client.close()
            return
        self._events.put_nowait(event)

    async def _keep_running(self) -> None:
        """Start the worker again whenever it dies; give up only when the very first cannot start."""
        loop = asyncio.get_running_loop()
        pause_s = FIRST_PAUSE_S
        found = await self._find()
        if found is not None:
            self._held = found[2].held
        while True:
            began = loop.time()
            was_ready = False
            try:
                await self._serve(*(found or await self._begin()))
                was_ready = True
            except (RtcError, OSError) as error:  # no process, no memory: the next try may do
                self._failure = error.reason if isinstance(error, RtcError) else str(error)
            found = None
            if not self._ready.is_set():
                return
            if was_ready:
                self._events_reset()
            pause_s = FIRST_PAUSE_S if loop.time() - began > HEALTHY_S else min(MAX_PAUSE_S, pause_s * 2)
            await asyncio.sleep(pause_s)

    async def end_found(self) -> None:
        """Instead of `async with`: the worker that an earlier hub left there has ended, if there was one."""
        found = await self._reach()
        if found is not None:
            await self._end(*found, gently=True)
        socket_path(self._folder, self._index).unlink(missing_ok=True)

    async def _find(self) -> tuple[WorkerHandle, WorkerClient, wire.Welcome] | None:
        """The worker that an earlier hub left, if it is just what is wanted; any other is ended."""
        reached = await self._reach()
        if reached is None:
            return None
        handle, client = reached
        try:
            welcome = await client.hello(within_s=FIND_S)
        except RtcError as error:
            self._log.warning("worker.unfit", code=error.code)
        else:
            wanted = (wire.PROTOCOL, package_stamp(), self._arguments)
            if (welcome.protocol, welcome.stamp, welcome.arguments) == wanted:
                return handle, client, welcome
            self._log.info("worker.unfit", code="another_version")
        await self._end(handle, client, gently=True)
        return None

    async def _reach(self) -> tuple[WorkerHandle, WorkerClient] | None:
        """Whoever listens where our worker would; None if nobody does."""
        try:
            async with asyncio.timeout(FIND_S):
                reader, writer = await asyncio.open_unix_connection(
                    socket_path(self._folder, self._index), limit=1 << 20
                )
        except (OSError, TimeoutError):
            return None
        client = WorkerClient(reader, writer, on_event=self._on_event)
        try:
            return WorkerHandle.behind(writer.get_extra_info("socket")), client
        except OSError:  # it has just gone
            client.close()
            return None

    async def _begin(self) -> tuple[WorkerHandle, WorkerClient, wire.Welcome]:
        """A new worker, which serves us. Raises: RtcError, OSError."""
        path = socket_path(self._folder, self._index)
        path.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(path))
            listening.listen(1)
            reader, writer = await asyncio.open_unix_connection(path, limit=1 << 20)  # it will take it up
            handle = self._start(listening, ("--folder", str(self._folder), *self._arguments))
        client = WorkerClient(reader, writer, on_event=self._on_event)
        try:
            welcome = await client.hello(within_s=START_S)
        except BaseException:
            await self._end(handle, client, gently=False)
            raise
        if welcome.protocol != wire.PROTOCOL:
            await self._end(handle, client, gently=False)
            raise MediaUnavailable("the media worker is of another version: start the hub again")
        return handle, client, welcome

    async def _serve(self, handle: WorkerHandle, client: WorkerClient, welcome: wire.Welcome) -> None:
        """Until the worker's socket closes or it no longer replies; then it is gone."""
        self._handle, self._client = handle, client
        self._on_event(WorkerReady(native=welcome.native))
        self._ready.set()
        running = asyncio.create_task(client.run())
        gently = True  # as long as nothing speaks against it
        try:
            while not running.done():
                await asyncio.wait((running,), timeout=PING_EVERY_S)
                if not running.done():
                    try:
                        await client.request(wire.Ask(what="ping"))
                    except RtcError as error:
                        self._log.warning("worker.silent", code=error.code)
                        break
            gently = False
        finally:
            self._client = None
            if self.leaves_it_running:
                client.close()
                handle.let_go()
            else:
                await self._end(handle, client, gently=gently)
            running.cancel()
            await asyncio.wait((running,))

    async def _end(self, handle: WorkerHandle, client: WorkerClient, *, gently: bool) -> None:
        """The process is gone. Gently: told first, so that it takes leave of its peers."""
        if gently:
            with suppress(RtcError):
                await client.end()
        client.close()
        await (handle.end() if gently else handle.kill())

    def _events_reset(self) -> None:
        """Everything the dead worker said is void, also what was not read yet."""
        self._log.warning("worker.lost")
        while not self._events.empty():
            self._events.get_nowait()
        self._events.put_nowait(WorkerLost())

    async def _stop(self) -> None:
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait((self._running,), timeout=STOP_S)
        if self._own_folder:
            shutil.rmtree(self._folder, ignore_errors=True)
        elif not self.leaves_it_running:
            socket_path(self._folder, self._index).unlink(missing_ok=True)
