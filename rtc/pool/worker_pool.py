"""The media plane over all workers of this machine, in the shape of one.

Connections are placed by load, the sources of one scope together as far as that goes. What a worker is told
of a scope concerns its own connections; a source that is watched on another worker crosses to it once. What
is removed is silent on all workers before anything new begins on one.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from rtc.errors import MediaFull, MediaUnavailable, RtcError, UnknownConnection
from rtc.figures import SubscriberStats, WorkerLoad
from rtc.link.standby import Standby
from rtc.link.worker_folder import found_workers, own_folder
from rtc.plane import (
    ConnectionDown,
    Held,
    LevelsChanged,
    MediaEvent,
    Patched,
    Played,
    Published,
    ScopeRoutes,
    SourceDown,
    Subscribed,
    WorkerLost,
    WorkerReady,
    WorkerStats,
)
from rtc.pool.named_locks import NamedLocks
from rtc.pool.placement import kept, loses, order
from rtc.pool.pool_state import PoolState
from rtc.pool.supervisor import OUTLIVES_HUB_S, WorkerProcess

UNREAD = 200  # events of all workers; each has a queue of its own behind it
_Placed = TypeVar("_Placed", Published, Played, Subscribed)


class WorkerPool:
    """`workers` processes; number n has the port `udp_port` + n (or any, if that is 0)."""

    def __init__(
        self,
        *,
        workers: int,
        udp_port: int,
        advertise: tuple[str, ...],
        folder: Path | None = None,
        plain: bool = False,
        tcp: bool = True,
        outlives_hub_s: float = OUTLIVES_HUB_S,
    ) -> None:
        self._count = workers
        self._udp_port = udp_port
        self._advertise = advertise
        self._folder = folder
        self._plain = plain
        self._tcp = tcp
        self._outlives_hub_s = outlives_hub_s
        self._workers: list[WorkerProcess] = []
        self._state = PoolState(workers)
        self._held = Held()
        self._events: asyncio.Queue[MediaEvent] = asyncio.Queue(UNREAD)
        self._scopes = NamedLocks()
        self._stack = AsyncExitStack()
        self.leaves_it_running = False
        """At the end the workers are left to the next hub, instead of being ended."""

    async def __aenter__(self) -> Self:
        """All workers are ready: those that an earlier hub left and that are as wanted, the others new.

        Raises: MediaUnavailable with a worker's own reason, a busy port for example.
        """
        async with AsyncExitStack() as stack:
            folder = self._folder or stack.enter_context(own_folder())
            standby = Standby()
            for index in range(self._count):
                self._workers.append(
                    WorkerProcess(
                        udp_port=self._udp_port + index if self._udp_port else 0,
                        advertise=self._advertise,
                        plain=self._plain,
                        tcp=self._tcp,
                        folder=folder,
                        index=index,
                        outlives_hub_s=self._outlives_hub_s,
                        start=standby.begin,
                    )
                )
            for index in found_workers(folder):
                if index >= self._count:
                    await WorkerProcess(
                        udp_port=0, advertise=self._advertise, folder=folder, index=index
                    ).end_found()
            starting = [asyncio.ensure_future(stack.enter_async_context(worker)) for worker in self._workers]
            await asyncio.wait(starting)
            for started in starting:
                started.result()
            self._take_over()
            tasks = [asyncio.create_task(self._pump(index)) for index in range(self._count)]
            stack.push_async_callback(_cancelled, [*tasks, asyncio.create_task(standby.run())])
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """The workers are gone, or left to the next hub."""
        for worker in self._workers:
            worker.leaves_it_running = self.leaves_it_running
        await asyncio.gather(*(worker.__aexit__(None, None, None) for worker in self._workers))
        await self._stack.aclose()

    @property
    def pids(self) -> list[int | None]:
        """The workers' process ids."""
        return [worker.pid for worker in self._workers]

    @property
    def events(self) -> AsyncIterator[MediaEvent]:
        """What happens on all workers, of each in order. For one reader."""
        return self._read_events()

    def worker_of(self, connection_id: str) -> int | None:
        """The number of the worker that has the connection."""
        return self._state.worker_of.get(connection_id)

    def held(self) -> Held:
        """What the workers held when they were found."""
        return self._held

    async def publish(
        self, *, source_id: str, offer_sdp: str, label: str = "", scope_id: str = ""
    ) -> Published:
        """The publisher is answered where its source was before, else where the scope's other sources are."""

        def ask(worker: WorkerProcess) -> Awaitable[Published]:
            return worker.publish(source_id=source_id, offer_sdp=offer_sdp, label=label)

        before = self._state.home_of.get(source_id)
        published, worker = await self._place(ask, scope_id, first=before)
        connection_id = published.connection_id
        self._state.connected(connection_id, worker, source_id=source_id, scope_id=scope_id)
        if before not in (None, worker):
            for other in self._state.publishers_of(source_id, but=connection_id):
                await self.close(connection_id=other)
        await self._carry(again=source_id)
        return published

    async def play(self, *, offer_sdp: str, label: str = "", scope_id: str = "") -> Played:
        """The player is answered; routes say what it is sent."""

        def ask(worker: WorkerProcess) -> Awaitable[Played]:
            return worker.play(offer_sdp=offer_sdp, label=label)

        played, worker = await self._place(ask, scope_id)
        self._state.connected(played.connection_id, worker)
        return played

    async def subscribe(self, *, profile: str, label: str = "", scope_id: str = "") -> Subscribed:
        """An offer for a subscriber of that profile, who will watch that scope, if that is known already."""

        def ask(worker: WorkerProcess) -> Awaitable[Subscribed]:
            return worker.subscribe(profile=profile, label=label)

        subscribed, worker = await self._place(ask, scope_id)
        self._state.connected(subscribed.connection_id, worker)
        return subscribed

    async def patch(self, *, connection_id: str, ice_tag: str, fragment: str) -> Patched:
        """The peer's candidates are taken note of, or its ICE session has begun anew."""
        worker = self._worker_of(connection_id)
        return await worker.patch(connection_id=connection_id, ice_tag=ice_tag, fragment=fragment)

    async def restart(self, *, connection_id: str) -> Patched:
        """The page's ICE session has begun anew: the fragment's names go into its offer; `accept` follows."""
        return await self._worker_of(connection_id).restart(connection_id=connection_id)

    async def accept(self, *, connection_id: str, answer_sdp: str) -> None:
        """The subscriber's answer is taken."""
        worker = self._worker_of(connection_id)
        await worker.accept(connection_id=connection_id, answer_sdp=answer_sdp)

    async def close(self, *, connection_id: str) -> None:
        """Nothing flows on the connection any more; closing what is gone is no error."""
        if connection_id in self._state.worker_of:
            await self._worker_of(connection_id).close(connection_id=connection_id)

    async def retell(self, *, connection_id: str) -> None:
        """`SlotsChanged` follows, with every slot of the connection."""
        await self._worker_of(connection_id).retell(connection_id=connection_id)

    async def reconcile(self, routes: ScopeRoutes) -> None:
        """The scope is as the routes say; what was removed was silent on all workers before anything began.

        Raises: RtcError. A worker that did not confirm is ended, and nothing new has begun.
        """
        async with self._scopes.held(routes.scope_id):
            before = self._state.told.get(routes.scope_id, {})
            if any(routes.epoch < each.epoch for each in before.values()):
                return  # an older state than the present
            after = self._state.split(routes)
            losing = {
                worker: kept(part, after[worker])
                for worker, part in before.items()
                if loses(part, after[worker])
            }
            if losing and len(after) > 1:
                await self._tell(routes.scope_id, losing)
            self._state.will_need(routes.scope_id, after)
            await self._carry()
            await self._tell(routes.scope_id, after)

    async def stats(self) -> WorkerStats:
        """The counters of all workers together."""
        each = await asyncio.gather(*(worker.stats() for worker in self._workers))
        names = dict.fromkeys(name for stats in each for name in stats.counters)
        return WorkerStats(
            connections=sum(stats.connections for stats in each),
            sources=sum(stats.sources for stats in each),
            counters={name: sum(stats.counters.get(name, 0) for stats in each) for name in names},
        )

    async def _place(
        self,
        ask: Callable[[WorkerProcess], Awaitable[_Placed]],
        scope_id: str,
        *,
        first: int | None = None,
    ) -> tuple[_Placed, int]:
        """The reply of the first worker that takes it, and which one that is.

        Raises: MediaFull when all are full, MediaUnavailable when none is up.
        """
        preferred = self._state.home_of_scope(scope_id) if scope_id else None
        workers: list[int] = order(self._state.shares, preferred)
        if first is not None and first in workers:
            workers = [first, *(each for each in workers if each != first)]
        refusal: RtcError = MediaUnavailable("the media workers are being started again")
        for worker in workers:
            try:
                return await ask(self._workers[worker]), worker
            except (MediaFull, MediaUnavailable) as error:
                refusal = error if not isinstance(refusal, MediaFull) else refusal
        raise refusal

    async def _tell(self, scope_id: str, parts: dict[int, ScopeRoutes]) -> None:
        """These workers confirmed these routes. Raises: RtcError, after all of them have answered."""
        answers = await asyncio.gather(
            *(self._workers[worker].reconcile(part) for worker, part in parts.items()), return_exceptions=True
        )
        failures = []
        for (worker, part), answer in zip(parts.items(), answers, strict=True):
            if isinstance(answer, BaseException):
                failures.append(answer)
            else:
                self._state.tell(scope_id, {worker: part})
        if failures:
            raise failures[0]

    async def _carry(self, again: str = "") -> None:
        """The workers where sources are published know where these cross to, if they can be told. The source
        `again` is new where it is: its worker may remember otherwise.
        """
        if self._count == 1:
            return
        for source_id, home, workers in self._state.crossings_to_tell(again):
            # A worker that cannot be told is gone, or will be, and its sources come again.
            with suppress(RtcError):
                await self._workers[home].carry(source_id=source_id, workers=workers)
                self._state.carried[source_id] = workers

    def _worker_of(self, connection_id: str) -> WorkerProcess:
        worker = self._state.worker_of.get(connection_id)
        if worker is None:
            raise UnknownConnection(connection_id)
        return self._workers[worker]

    def _take_over(self) -> None:
        """What was found on the workers is known, and told in one piece by `held`."""
        found = [worker.held() for worker in self._workers]
        scopes: dict[str, ScopeRoutes] = {}
        for index, held in enumerate(found):
            self._state.note_up(index)
            self._state.take_over(index, held)
            for routes in held.routes:
                other = scopes.get(routes.scope_id, replace(routes, video=(), audio=()))
                scopes[routes.scope_id] = ScopeRoutes(
                    scope_id=routes.scope_id,
                    epoch=max(routes.epoch, other.epoch),
                    video=other.video + routes.video,
                    audio=other.audio + routes.audio,
                )
        self._held = Held(
            connections=tuple(each for held in found for each in held.connections),
            sources=tuple(each for held in found for each in held.sources),
            routes=tuple(scopes.values()),
            epoch=max(held.epoch for held in found),
        )

    async def _pump(self, index: int) -> None:
        """What the worker tells is told, until cancelled."""
        async for event in self._workers[index].events:
            for each in self._seen(index, event):
                await self._events.put(each)
            if isinstance(event, WorkerLost | WorkerReady):
                await self._carry()

    def _seen(self, index: int, event: MediaEvent) -> list[MediaEvent]:
        """The event as the hub is to hear it, with what follows from it."""
        name = str(index)
        match event:
            case WorkerLost():
                connections, sources = self._state.held_by(index)
                self._state.lost(index)
                return [
                    *(ConnectionDown(connection_id=each, reason="worker_lost") for each in connections),
                    *(SourceDown(source_id=each, reason="worker_lost") for each in sources),
                    WorkerLost(worker=name),
                ]
            case WorkerReady():
                self._state.note_up(index)
                return [replace(event, worker=name)]
            case WorkerLoad():
                self._state.note_load(index, event)
                return [replace(event, worker=name)]
            case SubscriberStats():
                return [replace(event, worker=name)]
            case LevelsChanged():
                self._state.speaking[index] = event.source_ids
                return [LevelsChanged(source_ids=self._state.voices())]
            case ConnectionDown():
                self._state.disconnected(event.connection_id)
            case _:
                pass
        return [event]

    async def _read_events(self) -> AsyncIterator[MediaEvent]:
        while True:
            yield await self._events.get()


async def _cancelled(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
