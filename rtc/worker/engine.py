"""The media plane inside the worker: connections on the one port, joined to the forwarder.

`peers.py` has the connections, `publishing.py` and `subscribing.py` what each kind of them is for.
"""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import structlog

from rtc.downlink.fanout import LaneFanout
from rtc.errors import UnknownConnection
from rtc.forwarding.forwarder import Forwarder
from rtc.plane import Held, MediaEvent, Patched, Played, Published, ScopeRoutes, Subscribed, WorkerStats
from rtc.transport.connection import Connection
from rtc.transport.media_port import MediaPort
from rtc.worker.admission import Limits
from rtc.worker.busyness import LOAD_EVERY_S, Busyness
from rtc.worker.crossing import Crossings
from rtc.worker.peers import Peers
from rtc.worker.publishing import Publishing
from rtc.worker.subscribing import Subscribing

MAX_CONNECTIONS = 600
TICK_S = 0.04
PRESSING_TICK_S = 0.01
CONSENT_EVERY_S = 1.0


class Engine:
    """One worker's media. Every method is called on the event loop."""

    def __init__(
        self,
        *,
        port: MediaPort,
        candidates: tuple[tuple[str, int], ...],
        emit: Callable[[MediaEvent], None],
        tasks: asyncio.TaskGroup,
        fanout: LaneFanout[Connection],
        folder: Path,
        max_connections: int = MAX_CONNECTIONS,
        limits: Limits | None = None,
    ) -> None:
        """In `folder` other workers are found, for what crosses."""
        self._emit = emit
        self._log = structlog.get_logger("rtc.engine")
        self._busy = Busyness(now=time.monotonic(), cpu_s=time.process_time(), limits=limits)
        self._forwarder = Forwarder(emit=emit, unix_offset_s=time.time() - time.monotonic())
        self.peers = Peers(port=port, candidates=candidates, emit=emit, tasks=tasks, most=max_connections)
        self.crossings = Crossings(
            folder=folder, forwarder=self._forwarder, fanout=fanout, counters=self.peers.counters
        )
        self._publishing = Publishing(
            peers=self.peers, forwarder=self._forwarder, crossings=self.crossings, fanout=fanout
        )
        self._subscribing = Subscribing(peers=self.peers, forwarder=self._forwarder, fanout=fanout)

    def publish(self, source_id: str, offer_sdp: str, label: str = "") -> Published:
        """As `Publishing.publish`."""
        return self._publishing.publish(source_id, offer_sdp, label)

    def patch(self, connection_id: str, ice_tag: str, fragment: str) -> Patched:
        """As `Peers.patch`."""
        return self.peers.patch(connection_id, ice_tag, fragment)

    def subscribe(self, profile: str, label: str = "") -> Subscribed:
        """As `Subscribing.subscribe`."""
        return self._subscribing.subscribe(profile, label)

    def play(self, offer_sdp: str, label: str = "") -> Played:
        """As `Subscribing.play`."""
        return self._subscribing.play(offer_sdp, label)

    def accept(self, connection_id: str, answer_sdp: str) -> None:
        """As `Subscribing.accept`."""
        self._subscribing.accept(connection_id, answer_sdp)

    def restart(self, connection_id: str) -> Patched:
        """As `Subscribing.restart`."""
        return self._subscribing.restart(connection_id)

    def close(self, connection_id: str) -> None:
        """As `Peers.close`."""
        self.peers.close(connection_id)

    def reconcile(self, routes: ScopeRoutes) -> None:
        """The scope is as the routes say."""
        self._forwarder.reconcile(routes, time.monotonic())

    def retell(self, connection_id: str) -> None:
        """Every slot of the subscriber is told again. Raises: UnknownConnection."""
        if connection_id not in self.peers.connections:
            raise UnknownConnection(connection_id)
        self._forwarder.retell(connection_id)

    def held(self) -> Held:
        """All that there is, for a hub that was not here before."""
        return Held(
            connections=self.peers.held(),
            sources=self._forwarder.held_sources(),
            routes=self._forwarder.routes.held(),
            epoch=self._forwarder.routes.highest_epoch,
        )

    def stats(self) -> WorkerStats:
        """What happened since the start, as counters."""
        counters = self.peers.counted()
        counters["resends_refused"] += sum(
            subscriber.resends.refused for subscriber in self._forwarder.subscribers.values()
        )
        counters["stale_reconciles"] = self._forwarder.stale_reconciles
        counters["crossings_out"], counters["crossings_in"] = self.crossings.count
        return WorkerStats(
            connections=len(self.peers.connections), sources=len(self._forwarder.sources), counters=counters
        )

    def end(self) -> None:
        """Every connection is on its way out, and nothing crosses any more."""
        self.crossings.close()
        for connection_id in list(self.peers.connections):
            self.peers.close(connection_id)

    async def run(self) -> None:
        """Everything that is due is done, until cancelled."""
        consent_at = load_at = time.monotonic()
        while True:
            now = time.monotonic()
            pressing = self._forwarder.tick(now)
            if now - consent_at >= CONSENT_EVERY_S:
                consent_at = now
                self.peers.check_consent(now)
                self.crossings.tend()
            if now - load_at >= LOAD_EVERY_S:
                load_at = now
                self._measure(now)
            pause_s = PRESSING_TICK_S if pressing else TICK_S
            asked_at = time.monotonic()
            await asyncio.sleep(pause_s)
            self._busy.late(time.monotonic() - asked_at - pause_s)

    def _measure(self, now: float) -> None:
        """How busy the worker is has decided whom it takes and what it gives up, and was told."""
        load = self._busy.measure(now=now, cpu_s=time.process_time(), held=self.stats())
        if load is not None:
            self._emit(load)
        if self._busy.full is not self.peers.full:
            self.peers.full = self._busy.full
            self._log.warning("worker.full" if self._busy.full else "worker.open")
        if self._busy.pressure is not self._forwarder.pressure:
            self._forwarder.pressure = self._busy.pressure
            self._log.warning("worker.relief", gives_up=self._busy.pressure.name.lower())
