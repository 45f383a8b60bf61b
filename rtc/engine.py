"""The media plane inside the worker: connections on the one port, joined to the forwarder."""

import asyncio
import secrets
import time
from collections.abc import Callable

import structlog

from rtc.aiortc_seam import WorkerCertificate
from rtc.connection import Connection, Reason
from rtc.errors import (
    MalformedPacket,
    MediaFull,
    StaleIceSession,
    UnknownConnection,
    UnknownProfile,
    WrongStep,
)
from rtc.fanout import LaneFanout
from rtc.forwarder import Forwarder
from rtc.ice_lite import IceLite
from rtc.plane import (
    SLOT_COUNTS,
    ConnectionDown,
    ConnectionUp,
    MediaEvent,
    Patched,
    Profile,
    Published,
    ScopeRoutes,
    Subscribed,
    WorkerStats,
)
from rtc.rtcp import parse_rtcp
from rtc.sdp_answer import accepted_mids, publisher_answer, read_publisher_offer
from rtc.sdp_fragment import read_fragment, restart_fragment
from rtc.sdp_lines import LocalTransport
from rtc.sdp_offer import SlotLine, SubscriberAnswer, read_subscriber_answer, slot_lines, subscriber_offer
from rtc.slot_making import distinct_ssrcs, make_slots
from rtc.source import Source
from rtc.subscriber import Subscriber
from rtc.udp_port import UdpPort

MAX_CONNECTIONS = 600
TICK_S = 0.04
PRESSING_TICK_S = 0.01
CONSENT_EVERY_S = 1.0


class Engine:
    """All connections of one worker. Every method is called on the event loop."""

    def __init__(
        self,
        *,
        port: UdpPort,
        candidates: tuple[tuple[str, int], ...],
        emit: Callable[[MediaEvent], None],
        tasks: asyncio.TaskGroup,
        fanout: LaneFanout[Connection],
        max_connections: int = MAX_CONNECTIONS,
    ) -> None:
        self._max_connections = max_connections
        self._port = port
        self._candidates = candidates
        self._emit = emit
        self._tasks = tasks
        self._fanout = fanout
        self._log = structlog.get_logger("rtc.engine")
        self._certificate = WorkerCertificate()
        self._forwarder = Forwarder(emit=emit, unix_offset_s=time.time() - time.monotonic())
        self._connections: dict[str, Connection] = {}
        self._silence: dict[str, Callable[[Reason], None]] = {}  # by connection: nothing of it flows any more
        self._offered: dict[str, tuple[SlotLine, ...]] = {}
        self._accepted: dict[str, SubscriberAnswer] = {}
        self._published: dict[str, tuple[str, ...]] = {}  # publishers' m-lines
        self._becoming: dict[str, Connection] = {}  # by source: its publisher before the handshake
        self._counters: dict[str, int] = {
            "forged": 0,
            "packets_beyond_budget": 0,
            "packets_unasked": 0,
            "malformed_rtcp": 0,
            "malformed_rtp": 0,
            "packets_dropped": 0,
            "packets_in": 0,
            "packets_refused": 0,
            "packets_sent": 0,
            "bytes_sent": 0,
            "resends_refused": 0,
        }

    def publish(self, source_id: str, offer_sdp: str) -> Published:
        """The publisher is answered; when its handshake is through it takes the place of an earlier one.

        Raises: MalformedSdp, NothingAcceptable, MediaFull.
        """
        offer = read_publisher_offer(offer_sdp)
        connection_id, local = self._new_identity()
        source: Source | None = None

        def on_rtp(data: bytes, now: float) -> None:
            self._counters["packets_in"] += 1
            if source is not None:
                try:
                    self._forwarder.receive_rtp(source, data, now)
                except MalformedPacket:
                    self._counters["malformed_rtp"] += 1

        def on_rtcp(data: bytes, now: float) -> None:
            if source is not None:
                try:
                    source.receive_rtcp(parse_rtcp(data), now)
                except MalformedPacket:
                    self._counters["malformed_rtcp"] += 1

        connection = self._connection(connection_id, local, on_rtp, on_rtcp)

        def on_up() -> None:
            nonlocal source
            now = time.monotonic()
            self._becoming.pop(source_id, None)
            earlier = self._forwarder.sources.get(source_id)
            source = Source(
                source_id=source_id,
                connection_id=connection_id,
                plans=offer.plans,
                outlet=connection,
                fanout=self._fanout,
                on_start=self._forwarder.note_start,
                now=now,
            )
            self._forwarder.add_source(source, now)
            if earlier is not None:
                self._connections[earlier.connection_id].end(Reason.REPLACED)

        def on_down(reason: Reason) -> None:
            if self._becoming.get(source_id) is connection:
                del self._becoming[source_id]
            self._published.pop(connection_id, None)
            if source is not None:
                self._forwarder.remove_source(source, reason)

        if source_id in self._becoming:  # it asks again: the first try is given up
            self._becoming[source_id].end(Reason.REPLACED)
        self._becoming[source_id] = connection
        connection.describe(offer.remote)
        self._start(connection, on_up, on_down)
        answer = publisher_answer(offer, local, secrets.randbits(62))
        self._published[connection_id] = tuple(accepted_mids(offer))
        return Published(connection_id=connection_id, answer_sdp=answer, ice_tag=local.ufrag)

    def patch(self, connection_id: str, ice_tag: str, fragment: str) -> Patched:
        """The publisher's candidates are taken note of; another user name begins its ICE session anew.

        Raises: UnknownConnection, StaleIceSession, MalformedSdp.
        """
        connection = self._connections.get(connection_id)
        mids = self._published.get(connection_id)
        if connection is None or mids is None:
            raise UnknownConnection(connection_id)
        ufrag = read_fragment(fragment)
        if ice_tag not in ("*", connection.ice.ufrag):
            raise StaleIceSession(connection_id)
        if ufrag is None or ufrag == connection.remote_ufrag:
            return Patched(ice_tag=connection.ice.ufrag, fragment=None)
        local = self._new_transport()
        connection.restart_ice(ufrag, local.ufrag, local.password)
        return Patched(ice_tag=local.ufrag, fragment=restart_fragment(local, mids))

    def subscribe(self, profile: str) -> Subscribed:
        """An offer with the profile's slots; it awaits its answer.

        Raises: UnknownProfile, MediaFull.
        """
        if profile not in SLOT_COUNTS:
            raise UnknownProfile(profile)
        video, audio = SLOT_COUNTS[Profile(profile)]
        connection_id, local = self._new_identity()
        ssrcs = distinct_ssrcs(2 * video + audio)
        lines = slot_lines(video, audio, ssrcs)
        subscriber: Subscriber | None = None

        def on_rtcp(data: bytes, now: float) -> None:
            if subscriber is not None:
                try:
                    self._forwarder.receive_feedback(subscriber, parse_rtcp(data), now)
                except MalformedPacket:
                    self._counters["malformed_rtcp"] += 1

        connection = self._connection(connection_id, local, None, on_rtcp)

        def on_up() -> None:
            nonlocal subscriber
            now = time.monotonic()
            accepted = self._accepted[connection_id]
            slots = make_slots(lines, accepted, connection, self._fanout, now)
            subscriber = Subscriber(
                connection_id=connection_id,
                outlet=connection,
                video=slots[:video],
                audio=slots[video:],
                now=now,
            )
            self._forwarder.add_subscriber(subscriber, now)

        def on_down(_reason: Reason) -> None:
            if self._offered.pop(connection_id, None) is not None and subscriber is not None:
                self._counters["resends_refused"] += subscriber.resends.refused
            self._accepted.pop(connection_id, None)
            self._forwarder.remove_subscriber(connection_id)

        self._offered[connection_id] = lines
        self._start(connection, on_up, on_down)
        offer = subscriber_offer(lines, local, secrets.randbits(62))
        return Subscribed(connection_id=connection_id, offer_sdp=offer)

    def accept(self, connection_id: str, answer_sdp: str) -> None:
        """The subscriber's answer is taken; its handshake may follow.

        Raises: UnknownConnection, WrongStep, MalformedSdp, NothingAcceptable.
        """
        connection = self._connections.get(connection_id)
        if connection is None:
            raise UnknownConnection(connection_id)
        lines = self._offered.get(connection_id)
        if lines is None or not connection.awaits_answer:
            raise WrongStep(connection_id)
        answer = read_subscriber_answer(answer_sdp, lines)
        self._accepted[connection_id] = answer
        connection.describe(answer.remote)

    def close(self, connection_id: str) -> None:
        """Nothing flows on the connection any more; closing what is gone is no error."""
        connection = self._connections.get(connection_id)
        if connection is not None:
            self._silence[connection_id](Reason.CLOSED)
            connection.end(Reason.CLOSED)

    def reconcile(self, routes: ScopeRoutes) -> None:
        """The scope is as the routes say."""
        self._forwarder.reconcile(routes, time.monotonic())

    def stats(self) -> WorkerStats:
        """What happened since the start, as counters."""
        counters = dict(self._counters)
        for connection in self._connections.values():
            _count(counters, connection)
        for name in ("strays", "malformed", "unproved", "faults"):
            counters[f"datagrams_{name}"] = getattr(self._port, name)
        counters["resends_refused"] += sum(
            subscriber.resends.refused for subscriber in self._forwarder.subscribers.values()
        )
        counters["stale_reconciles"] = self._forwarder.stale_reconciles
        return WorkerStats(
            connections=len(self._connections), sources=len(self._forwarder.sources), counters=counters
        )

    async def run(self) -> None:
        """Everything that is due is done, until cancelled."""
        consent_at = time.monotonic()
        while True:
            now = time.monotonic()
            pressing = self._forwarder.tick(now)
            if now - consent_at >= CONSENT_EVERY_S:
                consent_at = now
                for connection in list(self._connections.values()):
                    connection.check_consent(now)
            await asyncio.sleep(PRESSING_TICK_S if pressing else TICK_S)

    def _new_identity(self) -> tuple[str, LocalTransport]:
        if len(self._connections) >= self._max_connections:
            raise MediaFull(str(self._max_connections))
        return secrets.token_hex(12), self._new_transport()

    def _new_transport(self) -> LocalTransport:
        return LocalTransport(
            ufrag=secrets.token_hex(6),
            password=secrets.token_hex(16),
            fingerprint=self._certificate.fingerprint(),
            candidates=self._candidates,
        )

    def _connection(
        self,
        connection_id: str,
        local: LocalTransport,
        on_rtp: Callable[[bytes, float], None] | None,
        on_rtcp: Callable[[bytes, float], None],
    ) -> Connection:
        now = time.monotonic()
        connection = Connection(
            connection_id=connection_id,
            ice=IceLite(ufrag=local.ufrag, password=local.password, now=now),
            port=self._port,
            certificate=self._certificate,
            on_rtp=on_rtp,
            on_rtcp=on_rtcp,
            now=now,
        )
        self._connections[connection_id] = connection
        return connection

    def _start(
        self, connection: Connection, on_up: Callable[[], None], on_down: Callable[[Reason], None]
    ) -> None:
        async def live() -> None:
            def came_up() -> None:
                self._emit(ConnectionUp(connection_id=connection.connection_id))
                on_up()

            reason = Reason.CLOSED
            try:
                reason = await connection.run(came_up)
            except Exception:  # noqa: BLE001 - the outermost boundary of one peer: it must not end the others
                self._log.exception("connection.fault", connection_id=connection.connection_id)
                reason = Reason.FAULT
            finally:
                del self._connections[connection.connection_id]
                _count(self._counters, connection)
                self._silence.pop(connection.connection_id)(reason)
                self._emit(ConnectionDown(connection_id=connection.connection_id, reason=reason))

        self._silence[connection.connection_id] = on_down
        self._tasks.create_task(live(), name=f"connection {connection.connection_id}")


def _count(counters: dict[str, int], connection: Connection) -> None:
    counters["forged"] += connection.forged
    counters["packets_beyond_budget"] += connection.refused
    counters["packets_unasked"] += connection.unasked
    writer = connection.writer
    if writer is not None:
        sent, sent_bytes, dropped, refused = writer.counted()
        counters["packets_sent"] += sent
        counters["bytes_sent"] += sent_bytes
        counters["packets_dropped"] += dropped
        counters["packets_refused"] += refused
