"""All connections of one worker: made, run, ended and counted."""

import asyncio
import secrets
import time
from collections.abc import Callable

import structlog

from rtc.aiortc_seam import WorkerCertificate
from rtc.errors import MediaFull, StaleIceSession, UnknownConnection
from rtc.plane import ConnectionDown, ConnectionUp, HeldConnection, MediaEvent, Patched
from rtc.sdp.fragment import read_fragment, read_password, restart_fragment
from rtc.sdp.lines import LocalTransport
from rtc.transport.connection import Connection, Reason
from rtc.transport.ice_lite import IceLite
from rtc.transport.media_port import MediaPort


class Peers:
    """The connections by id; what they carry is their owner's matter."""

    def __init__(
        self,
        *,
        port: MediaPort,
        candidates: tuple[tuple[str, int], ...],
        emit: Callable[[MediaEvent], None],
        tasks: asyncio.TaskGroup,
        most: int,
    ) -> None:
        self._port = port
        self._candidates = candidates
        self._emit = emit
        self._tasks = tasks
        self._most = most
        self._log = structlog.get_logger("rtc.engine")
        self._certificate = WorkerCertificate()
        self._silence: dict[str, Callable[[Reason], None]] = {}  # by connection: nothing of it flows any more
        self._mids: dict[str, tuple[str, ...]] = {}  # by connection that we answered: its m-lines
        self.connections: dict[str, Connection] = {}
        self.full = False  # too busy for another one
        self._labels: dict[str, str] = {}  # by connection: what the hub wants to find again
        self._source_ids: dict[str, str] = {}  # of publishers
        self.counters: dict[str, int] = {
            "connections_refused": 0,
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

    def new_identity(self, *, back: bool = False) -> tuple[str, LocalTransport]:
        """An id and our side of a transport for one connection more; `back`: it takes another one's place.

        Raises: MediaFull.
        """
        if len(self.connections) >= self._most or (self.full and not back):
            self.counters["connections_refused"] += 1
            raise MediaFull("too busy" if self.full else str(self._most))
        return secrets.token_hex(12), self.new_transport()

    def new_transport(self) -> LocalTransport:
        """Our side of an ICE session: new names, the worker's one certificate, all its addresses."""
        return LocalTransport(
            ufrag=secrets.token_hex(6),
            password=secrets.token_hex(16),
            fingerprint=self._certificate.fingerprint(),
            candidates=self._candidates,
            tcp=self._port.tcp,
        )

    def make(
        self,
        connection_id: str,
        local: LocalTransport,
        on_rtp: Callable[[bytes, float], None] | None,
        on_rtcp: Callable[[bytes, float], None],
        *,
        label: str,
        source_id: str | None = None,
    ) -> Connection:
        """A connection that counts among the others; `start` lets it live. A publisher names its source."""
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
        self.connections[connection_id] = connection
        self._labels[connection_id] = label
        if source_id is not None:
            self._source_ids[connection_id] = source_id
        return connection

    def start(
        self, connection: Connection, on_up: Callable[[], None], on_down: Callable[[Reason], None]
    ) -> None:
        """The connection lives until it ends by itself or is closed; then `on_down` silences its owner."""

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
                del self.connections[connection.connection_id]
                self._mids.pop(connection.connection_id, None)
                del self._labels[connection.connection_id]
                self._source_ids.pop(connection.connection_id, None)
                _count(self.counters, connection)
                self._silence.pop(connection.connection_id)(reason)
                self._emit(ConnectionDown(connection_id=connection.connection_id, reason=reason))

        self._silence[connection.connection_id] = on_down
        self._tasks.create_task(live(), name=f"connection {connection.connection_id}")

    def close(self, connection_id: str) -> None:
        """Nothing flows on the connection any more; closing what is gone is no error."""
        connection = self.connections.get(connection_id)
        if connection is not None:
            self._silence[connection_id](Reason.CLOSED)
            connection.end(Reason.CLOSED)

    def note_answered(self, connection_id: str, mids: tuple[str, ...]) -> None:
        """The peer made the offer, and these m-lines of it are in use: it may patch them."""
        self._mids[connection_id] = mids

    def patch(self, connection_id: str, ice_tag: str, fragment: str) -> Patched:
        """The peer's candidates are taken note of; another user name begins its ICE session anew.

        Raises: UnknownConnection, StaleIceSession, MalformedSdp.
        """
        connection = self.connections.get(connection_id)
        mids = self._mids.get(connection_id)
        if connection is None or mids is None:
            raise UnknownConnection(connection_id)
        ufrag = read_fragment(fragment)
        if ice_tag not in ("*", connection.ice.ufrag):
            raise StaleIceSession(connection_id)
        if ufrag is None or ufrag == connection.remote_ufrag:
            return Patched(ice_tag=connection.ice.ufrag, fragment=None)
        local = self.new_transport()
        connection.restart_ice(local.ufrag, local.password)
        connection.rename(ufrag, read_password(fragment))
        return Patched(ice_tag=local.ufrag, fragment=restart_fragment(local, mids))

    def restart(self, connection_id: str, mids: tuple[str, ...]) -> Patched:
        """The ICE session of a connection that we offered begins anew; the peer's names follow (`rename`)."""
        connection = self.connections[connection_id]
        local = self.new_transport()
        connection.restart_ice(local.ufrag, local.password)
        return Patched(ice_tag=local.ufrag, fragment=restart_fragment(local, mids))

    def held(self) -> tuple[HeldConnection, ...]:
        """Every connection, with the hub's words on it."""
        return tuple(
            HeldConnection(
                connection_id=connection_id,
                label=self._labels[connection_id],
                source_id=self._source_ids.get(connection_id),
                up=connection.writer is not None,
            )
            for connection_id, connection in self.connections.items()
        )

    def check_consent(self, now: float) -> None:
        """Whoever has not been heard of for too long is on the way out."""
        for connection in list(self.connections.values()):
            connection.check_consent(now)

    def counted(self) -> dict[str, int]:
        """The counters of connections past and present, and of the port."""
        counters = dict(self.counters)
        for connection in self.connections.values():
            _count(counters, connection)
        counters |= self._port.counted()
        return counters


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
