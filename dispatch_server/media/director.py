"""What the hub asks of the media plane for senders and pages, and what it tells pages of it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeVar

import structlog

from dispatch_server.access import may_see
from dispatch_server.errors import Conflict, HubError, NotFound
from dispatch_server.identity import Directory
from dispatch_server.media.reconciling import Reconciler
from dispatch_server.media.viewers import ViewerConnection, Want
from dispatch_server.ports import Broadcaster, MediaPlane
from dispatch_server.store.reader import Reader
from dispatch_server.tasks import Tasks
from dispatch_server.usecases.case import Case
from dispatch_server.usecases.desk import Desk
from rooms import PersonId, Presence
from rtc.errors import MediaTimeout, RtcError
from rtc.plane import Kind, Patched, Published, SlotsChanged, Subscribed

_Reply = TypeVar("_Reply")

CONNECTIONS_PER_PERSON = 8  # tabs and devices; a ninth is refused
SOURCES_PER_SENDER = 4  # a phone's camera, a room's camera, and what is just being replaced
SENDERS_REMEMBERED = 5000
CALL_TIMEOUT_S = 5.0

_log = structlog.get_logger("media")


class MediaDirector:
    def __init__(
        self,
        *,
        plane: MediaPlane,
        desk: Desk,
        reader: Reader,
        directory: Callable[[], Directory],
        broadcaster: Broadcaster,
        tasks: Tasks,
    ) -> None:
        self._plane = plane
        self._directory = directory
        self._broadcaster = broadcaster
        self._viewers: dict[str, ViewerConnection] = {}
        self._publishers: dict[str, str] = {}  # connection -> source
        self._senders: dict[str, str] = {}  # source -> person, or device by its feed
        self._last_sender: dict[str, str] = {}  # source -> its last connection, also when that is gone
        self._scopes: dict[str, str] = {}  # source -> incident
        self._live: dict[str, dict[str, bool]] = {}  # source -> what it sends
        self._opening: Counter[str] = Counter()  # per person or device, connections being made
        self._reconciler = Reconciler(
            plane=plane,
            desk=desk,
            reader=reader,
            directory=directory,
            viewers=lambda: list(self._viewers.values()),
            withdraw=self._withdraw,
            tasks=tasks,
        )
        self.run: str | None = None
        """Names the present run of the media workers; None while there is none."""

    # ── publishers ───────────────────────────────────────────────────────────────────────────────

    async def publish(self, *, source_id: str, incident_id: str, sender_id: str, offer_sdp: str) -> Published:
        """The source's packets will be taken in from this connection. Raises: RtcError, Conflict."""
        sending = {s for s in self._publishers.values() if self._senders.get(s) == sender_id}
        if len(sending - {source_id}) + self._opening[sender_id] >= SOURCES_PER_SENDER:
            raise Conflict("too_many_senders", limit=SOURCES_PER_SENDER)
        with self._one_more(sender_id):
            published = await self._call(self._plane.publish(source_id=source_id, offer_sdp=offer_sdp))
        self._senders[source_id] = sender_id
        self._publishers[published.connection_id] = source_id
        self._last_sender[source_id] = published.connection_id
        if len(self._last_sender) > SENDERS_REMEMBERED:
            self._last_sender.pop(next(iter(self._last_sender)))
        self._scopes[source_id] = incident_id
        return published

    def is_sent_by(self, source_id: str, connection_id: str) -> bool:
        """Whether this is the source's connection, the newest if one is taking another's place."""
        sending = (c for c in reversed(self._publishers) if self._publishers[c] == source_id)
        return next(sending, None) == connection_id

    def was_sent_by(self, source_id: str, connection_id: str) -> bool:
        """As `is_sent_by`, or it was the last one: senders close their connection before they say goodbye."""
        return self.is_sent_by(source_id, connection_id) or (
            self._last_sender.get(source_id) == connection_id and source_id not in self._publishers.values()
        )

    async def patch(self, *, source_id: str, connection_id: str, ice_tag: str, fragment: str) -> Patched:
        """The sender's candidates or ICE restart were taken. Raises: NotFound, RtcError."""
        if not self.is_sent_by(source_id, connection_id):
            raise NotFound()
        return await self._call(
            self._plane.patch(connection_id=connection_id, ice_tag=ice_tag, fragment=fragment)
        )

    async def unpublish(self, *, source_id: str, connection_id: str) -> None:
        """The connection is closed, if it is the source's. Raises: NotFound."""
        if not self.was_sent_by(source_id, connection_id):
            raise NotFound()
        await self._call(self._plane.close(connection_id=connection_id))

    async def silence(self, source_id: str) -> None:
        """Whatever still sends for the source is cut off: its feed ended or its participant is out."""
        for connection_id in [c for c, source in self._publishers.items() if source == source_id]:
            await self._call(self._plane.close(connection_id=connection_id))

    # ── viewers ──────────────────────────────────────────────────────────────────────────────────

    async def subscribe(self, *, sid: str, person_id: str, profile: str) -> Subscribed:
        """A connection with empty slots awaits the browser's answer. Raises: RtcError, Conflict."""
        own = sum(viewer.person_id == person_id for viewer in self._viewers.values())
        if own + self._opening[person_id] >= CONNECTIONS_PER_PERSON:
            raise Conflict("too_many_connections", limit=CONNECTIONS_PER_PERSON)
        with self._one_more(person_id):
            subscribed = await self._call(self._plane.subscribe(profile=profile))
        self._viewers[subscribed.connection_id] = ViewerConnection(
            connection_id=subscribed.connection_id, sid=sid, person_id=person_id
        )
        return subscribed

    async def accept(self, *, sid: str, connection_id: str, answer_sdp: str) -> None:
        self._own(sid, connection_id)
        await self._call(self._plane.accept(connection_id=connection_id, answer_sdp=answer_sdp))

    async def watch(self, *, sid: str, connection_id: str, want: Want) -> dict[str, dict[str, bool]]:
        """The connection's wish is taken note of; what is live in that incident now."""
        viewer = self._own(sid, connection_id)
        before = viewer.want.incident_id
        self._viewers[connection_id] = replace(viewer, want=want)
        for incident_id in {before, want.incident_id} - {None}:
            await self.settle(str(incident_id))
        return self.live(want.incident_id) if want.incident_id else {}

    async def close_viewer(self, *, sid: str, connection_id: str) -> None:
        viewer = self._own(sid, connection_id)
        del self._viewers[connection_id]
        if viewer.want.incident_id:
            self.changed(viewer.want.incident_id)
        await self._call(self._plane.close(connection_id=connection_id))

    async def socket_closed(self, sid: str) -> None:
        """A page is gone, and its connections with it."""
        for connection_id in [c for c, viewer in self._viewers.items() if viewer.sid == sid]:
            try:
                await self.close_viewer(sid=sid, connection_id=connection_id)
            except (RtcError, HubError) as error:
                _log.info("media.close_failed", code=error.code)

    def watchers(self, incident_id: str) -> list[str]:
        """The sockets of pages that show this incident."""
        return list(dict.fromkeys(v.sid for v in self._viewers.values() if v.want.incident_id == incident_id))

    def sid_of(self, connection_id: str) -> str | None:
        """The socket of the page that receives by this connection."""
        viewer = self._viewers.get(connection_id)
        return viewer.sid if viewer is not None else None

    def sent_by(self, connection_id: str, sender_id: str) -> str | None:
        """The source that this person or device sends by this connection."""
        source_id = self._publishers.get(connection_id)
        return source_id if source_id is not None and self._senders.get(source_id) == sender_id else None

    def watched(self) -> set[str]:
        return {v.want.incident_id for v in self._viewers.values() if v.want.incident_id}

    # ── what is live ─────────────────────────────────────────────────────────────────────────────

    def is_live(self, source_id: str) -> bool:
        """Whether packets of the source arrive."""
        return source_id in self._live

    def live(self, incident_id: str) -> dict[str, dict[str, bool]]:
        return {s: kinds for s, kinds in self._live.items() if self._scopes.get(s) == incident_id}

    def scope_of(self, source_id: str) -> str | None:
        return self._scopes.get(source_id)

    async def source_up(self, source_id: str, kinds: tuple[Kind, ...]) -> None:
        self._live[source_id] = {"audio": Kind.AUDIO in kinds, "video": Kind.VIDEO in kinds}
        await self._tell_live(source_id)

    async def source_down(self, source_id: str) -> None:
        self._live.pop(source_id, None)
        await self._tell_live(source_id)
        self._forget(source_id)

    def _forget(self, source_id: str) -> None:
        """A source that neither sends nor is connected leaves nothing behind."""
        if source_id not in self._live and source_id not in self._publishers.values():
            self._scopes.pop(source_id, None)
            self._senders.pop(source_id, None)

    async def _tell_live(self, source_id: str) -> None:
        incident_id = self._scopes.get(source_id)
        if incident_id is None:
            return
        await self._tell(incident_id, "sources", {"incident_id": incident_id, "live": self.live(incident_id)})

    async def tell_speaking(self, source_ids: tuple[str, ...]) -> None:
        for incident_id in self.watched():
            speaking = [s for s in source_ids if self._scopes.get(s) == incident_id]
            await self._tell(incident_id, "speaking", {"incident_id": incident_id, "source_ids": speaking})

    async def tell_slots(self, event: SlotsChanged) -> None:
        viewer = self._viewers.get(event.connection_id)
        if viewer is None:
            return
        slots = [
            {
                "slot": s.slot,
                "kind": s.kind.value,
                "mid": s.mid,
                "source_id": s.source_id,
                "epoch": s.epoch,
                "first_rtp_ts": s.first_rtp_ts,
                "undecodable": s.undecodable,
                "still": s.still,
            }
            for s in event.slots
        ]
        data = {"connection_id": event.connection_id, "epoch": event.epoch, "slots": slots}
        await self._broadcaster.to_socket("media_slots", data, viewer.sid)

    async def connection_down(self, connection_id: str, reason: str) -> None:
        source_id = self._publishers.pop(connection_id, None)
        if source_id is not None:
            self._forget(source_id)
        viewer = self._viewers.pop(connection_id, None)
        if viewer is not None:
            data = {"connection_id": connection_id, "reason": reason}
            await self._broadcaster.to_socket("media_lost", data, viewer.sid)

    async def all_up(self, run: str) -> None:
        """Workers serve, and none of the connections that pages had before: every page has been told, so that
        it sends and watches anew at once instead of waiting for its packets to stay away.
        """
        self.run = run
        await self._broadcaster.to_all("media_back", {"media_run": run})

    async def all_down(self) -> list[str]:
        """Every connection is gone; the sources that were live until now."""
        self.run = None
        for connection_id in list(self._viewers):
            await self.connection_down(connection_id, "worker_lost")
        lost = list(self._live)
        self._publishers.clear()
        for source_id in lost:
            await self.source_down(source_id)
        return lost

    # ── reconciling ──────────────────────────────────────────────────────────────────────────────

    def changed(self, incident_id: str) -> None:
        """The routes of the incident will be brought in step soon, once for many changes."""
        self._reconciler.changed(incident_id)

    async def settle(self, incident_id: str) -> None:
        """The media plane forwards what the committed state allows, or nothing while that cannot be done."""
        await self._reconciler.enforce(incident_id)

    async def settle_all(self) -> None:
        for incident_id in self.watched():
            self.changed(incident_id)

    def _withdraw(self, case: Case) -> None:
        """Pages whose person may not see the incident any more, or was put out of its room, stop watching."""
        directory = self._directory()
        for connection_id, viewer in self._viewers.items():
            if viewer.want.incident_id != case.incident_id:
                continue
            person = directory.people.get(viewer.person_id)
            seat = case.room.of_person(PersonId(viewer.person_id)) if case.room else None
            put_out = seat is not None and seat.presence is Presence.REMOVED
            if person is None or put_out or not may_see(directory, person, case.audience):
                self._viewers[connection_id] = replace(viewer, want=Want())

    @contextmanager
    def _one_more(self, owner_id: str) -> Iterator[None]:
        """A connection of that owner is being made, and counts while it is."""
        self._opening[owner_id] += 1
        try:
            yield
        finally:
            self._opening[owner_id] -= 1
            if not self._opening[owner_id]:
                del self._opening[owner_id]

    def _own(self, sid: str, connection_id: str) -> ViewerConnection:
        viewer = self._viewers.get(connection_id)
        if viewer is None or viewer.sid != sid:
            raise NotFound("unknown_connection")
        return viewer

    async def _tell(self, incident_id: str, event: str, data: dict[str, Any]) -> None:
        for sid in self.watchers(incident_id):
            await self._broadcaster.to_socket(event, data, sid)

    async def _call(self, call: Awaitable[_Reply]) -> _Reply:
        """The plane's reply. Raises: RtcError, MediaTimeout when none comes in time."""
        try:
            async with asyncio.timeout(CALL_TIMEOUT_S):
                return await call
        except TimeoutError:
            raise MediaTimeout("no reply") from None
