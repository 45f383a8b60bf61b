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
from dispatch_server.media.away import GRACE_S, Away
from dispatch_server.media.labels import PlayerLabel, SenderLabel, ViewerLabel, read_label
from dispatch_server.media.players import Players
from dispatch_server.media.reconciling import Reconciler
from dispatch_server.media.slot_map import slot_map
from dispatch_server.media.source_book import SourceBook
from dispatch_server.media.viewers import ViewerConnection, Want, wants_of
from dispatch_server.ports import Broadcaster, MediaPlane
from dispatch_server.store.reader import Reader
from dispatch_server.tasks import Tasks
from dispatch_server.usecases.case import Case
from dispatch_server.usecases.desk import Desk
from rooms import PersonId, Presence
from rtc.errors import MediaTimeout, RtcError
from rtc.plane import Held, HeldConnection, Kind, Patched, Published, SlotsChanged, Subscribed

_Reply = TypeVar("_Reply")

CONNECTIONS_PER_PERSON = 8  # tabs and devices; a ninth is refused
SOURCES_PER_SENDER = 4  # a phone's camera, a room's camera, and what is just being replaced
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
        players: Players,
        grace_s: float = GRACE_S,
    ) -> None:
        self._plane = plane
        self._players = players
        self._directory = directory
        self._broadcaster = broadcaster
        self._viewers: dict[str, ViewerConnection] = {}
        self._sources = SourceBook()
        self._opening: Counter[str] = Counter()  # per person or device, connections being made
        self._reconciler = Reconciler(
            plane=plane,
            desk=desk,
            reader=reader,
            directory=directory,
            viewers=lambda: [*self._viewers.values(), *self._players.viewers],
            withdraw=self._withdraw,
            tasks=tasks,
        )
        self._away = Away(tasks=tasks, close=self._close_away, grace_s=grace_s)

    async def go_on_from(self, held: Held) -> None:
        """What an earlier hub left running is ours: pages and senders keep their connections, and nobody
        receives what they may not by now. A connection that nobody can tell the owner of is closed.
        """
        self._reconciler.go_on_from(held)
        wants = wants_of(held.routes)
        strangers = []
        for connection in held.connections:
            if not self._take_over(connection, wants.get(connection.connection_id, Want())):
                strangers.append(connection.connection_id)
        for source in held.sources:
            if source.up:
                self._sources.up(source.source_id, source.kinds)
        for connection_id in strangers:
            await self._close_quietly(connection_id)
        await asyncio.gather(*(self.settle(scope.scope_id) for scope in held.routes))

    def _take_over(self, connection: HeldConnection, want: Want) -> bool:
        """Whether the connection's label says whose it is."""
        connection_id, source_id = connection.connection_id, connection.source_id
        if source_id is None:
            player = read_label(PlayerLabel, connection.label)
            if player is not None:
                self._players.take_over(connection_id, player, want.incident_id)
                return True
            owner = read_label(ViewerLabel, connection.label)
            if owner is None:
                return False
            self._viewers[connection_id] = ViewerConnection(
                connection_id=connection_id,
                sid="",
                person_id=owner.person_id,
                session=owner.session,
                want=want,
            )
            self._away.left(connection_id)
            return True
        sender = read_label(SenderLabel, connection.label)
        if sender is None:
            return False
        self._sources.connected(
            connection_id, source_id, sender_id=sender.sender_id, incident_id=sender.incident_id
        )
        return True

    # ── publishers ───────────────────────────────────────────────────────────────────────────────

    async def publish(self, *, source_id: str, incident_id: str, sender_id: str, offer_sdp: str) -> Published:
        """The source's packets will be taken in from this connection. Raises: RtcError, Conflict."""
        sending = self._sources.sent_by(sender_id) - {source_id}
        if len(sending) + self._opening[sender_id] >= SOURCES_PER_SENDER:
            raise Conflict("too_many_senders", limit=SOURCES_PER_SENDER)
        label = SenderLabel(sender_id=sender_id, incident_id=incident_id)
        with self._one_more(sender_id):
            published = await self._call(
                self._plane.publish(
                    source_id=source_id,
                    offer_sdp=offer_sdp,
                    label=label.model_dump_json(),
                    scope_id=incident_id,
                )
            )
        self._sources.connected(
            published.connection_id, source_id, sender_id=sender_id, incident_id=incident_id
        )
        self._players.follow(source_id, incident_id)
        return published

    def was_sent_by(self, source_id: str, connection_id: str) -> bool:
        """Whether this is the source's connection, or was its last one."""
        return self._sources.was_sent_by(source_id, connection_id)

    async def patch(self, *, source_id: str, connection_id: str, ice_tag: str, fragment: str) -> Patched:
        """The sender's candidates or ICE restart were taken. Raises: NotFound, RtcError."""
        if not self._sources.is_sent_by(source_id, connection_id):
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
        for connection_id in self._sources.connections_of(source_id):
            await self._call(self._plane.close(connection_id=connection_id))

    async def feed_over(self, feed_id: str) -> None:
        """The feed has ended: nobody sends for it any more, and no player waits for it."""
        await self._players.end_feed(feed_id)
        await self.silence(feed_id)

    # ── viewers ──────────────────────────────────────────────────────────────────────────────────

    async def subscribe(self, *, sid: str, person_id: str, session: str, profile: str) -> Subscribed:
        """A connection with empty slots awaits the browser's answer. Raises: RtcError, Conflict."""
        own = {c for c, viewer in self._viewers.items() if viewer.person_id == person_id}
        if len(own) + self._opening[person_id] >= CONNECTIONS_PER_PERSON:
            await self._make_room(own)
        with self._one_more(person_id):
            label = ViewerLabel(person_id=person_id, session=session).model_dump_json()
            subscribed = await self._call(self._plane.subscribe(profile=profile, label=label))
        self._viewers[subscribed.connection_id] = ViewerConnection(
            connection_id=subscribed.connection_id, sid=sid, person_id=person_id, session=session
        )
        return subscribed

    async def _make_room(self, own: set[str]) -> None:
        """One connection less: one whose page may never come back. Raises: Conflict when there is none."""
        waiting = next((c for c in self._away.longest() if c in own), None)
        if waiting is None:
            raise Conflict("too_many_connections", limit=CONNECTIONS_PER_PERSON)
        await self._close_away(waiting)

    async def resume(self, *, sid: str, person_id: str, session: str, connection_id: str) -> None:
        """The page has its connection back, and is told all its slots; or it is still the one that sends.

        Raises: NotFound when it is gone, or was opened under another session, RtcError.
        """
        if self._sources.source_of(connection_id, person_id) is not None:
            return
        viewer = self._viewers.get(connection_id)
        if viewer is None or viewer.session != session:
            raise NotFound("unknown_connection")
        self._viewers[connection_id] = replace(viewer, sid=sid)
        self._away.is_back(connection_id)
        await self._call(self._plane.retell(connection_id=connection_id))

    async def restart(self, *, sid: str, connection_id: str) -> Patched:
        """The page's ICE session begins anew; `accept` follows with its answer.

        Raises: NotFound, RtcError.
        """
        self._own(sid, connection_id)
        return await self._call(self._plane.restart(connection_id=connection_id))

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
        self._own(sid, connection_id)
        await self._close_viewer(connection_id)

    async def socket_closed(self, sid: str, *, for_good: bool) -> None:
        """A page's socket is gone, and its connections with it: at once if it is for good, else if it does
        not come back in time.
        """
        for connection_id in [c for c, viewer in self._viewers.items() if viewer.sid == sid]:
            if for_good:
                await self._close_away(connection_id)
            else:
                self._viewers[connection_id] = replace(self._viewers[connection_id], sid="")
                self._away.left(connection_id)

    async def session_ended(self, session: str) -> None:
        """Nothing flows any more to pages that were opened under this session."""
        for connection_id in [c for c, viewer in self._viewers.items() if viewer.session == session]:
            await self._close_away(connection_id)

    async def _close_viewer(self, connection_id: str) -> None:
        viewer = self._viewers.pop(connection_id)
        self._away.is_back(connection_id)
        if viewer.want.incident_id:
            self.changed(viewer.want.incident_id)
        await self._call(self._plane.close(connection_id=connection_id))

    async def _close_away(self, connection_id: str) -> None:
        """The page's connection is closed, if it is not yet; nobody waits for the outcome."""
        if connection_id in self._viewers:
            try:
                await self._close_viewer(connection_id)
            except (RtcError, HubError) as error:
                _log.info("media.close_failed", code=error.code)

    async def _close_quietly(self, connection_id: str) -> None:
        try:
            await self._call(self._plane.close(connection_id=connection_id))
        except RtcError as error:
            _log.info("media.close_failed", code=error.code)

    def watchers(self, incident_id: str) -> list[str]:
        """The sockets of pages that show this incident."""
        watching = (v for v in self._viewers.values() if v.sid and v.want.incident_id == incident_id)
        return list(dict.fromkeys(v.sid for v in watching))

    def sid_of(self, connection_id: str) -> str | None:
        """The socket of the page that receives by this connection."""
        viewer = self._viewers.get(connection_id)
        return viewer.sid or None if viewer is not None else None

    def sent_by(self, connection_id: str, sender_id: str) -> str | None:
        """The source that this person or device sends by this connection."""
        return self._sources.source_of(connection_id, sender_id)

    def watched(self) -> set[str]:
        return {v.want.incident_id for v in self._viewers.values() if v.want.incident_id}

    # ── what is live ─────────────────────────────────────────────────────────────────────────────

    def is_live(self, source_id: str) -> bool:
        """Whether packets of the source arrive."""
        return self._sources.is_live(source_id)

    def live(self, incident_id: str) -> dict[str, dict[str, bool]]:
        return self._sources.live(incident_id)

    def scope_of(self, source_id: str) -> str | None:
        return self._sources.scope_of(source_id)

    async def source_up(self, source_id: str, kinds: tuple[Kind, ...]) -> None:
        self._sources.up(source_id, kinds)
        await self._tell_live(self.scope_of(source_id))

    async def source_down(self, source_id: str) -> None:
        incident_id = self.scope_of(source_id)
        self._sources.down(source_id)
        await self._tell_live(incident_id)

    async def _tell_live(self, incident_id: str | None) -> None:
        if incident_id is not None:
            data = {"incident_id": incident_id, "live": self.live(incident_id)}
            await self._tell(incident_id, "sources", data)

    async def tell_speaking(self, source_ids: tuple[str, ...]) -> None:
        for incident_id in self.watched():
            speaking = [s for s in source_ids if self.scope_of(s) == incident_id]
            await self._tell(incident_id, "speaking", {"incident_id": incident_id, "source_ids": speaking})

    async def tell_slots(self, event: SlotsChanged) -> None:
        viewer = self._viewers.get(event.connection_id)
        if viewer is None or not viewer.sid:
            return  # a page that comes back is told everything again
        await self._broadcaster.to_socket("media_slots", slot_map(event), viewer.sid)

    async def connection_down(self, connection_id: str, reason: str) -> None:
        self._players.connection_down(connection_id)
        data = {"connection_id": connection_id, "reason": reason}
        sender_id = self._sources.disconnected(connection_id)
        if sender_id in self._directory().people:
            await self._broadcaster.to_groups("media_lost", data, [f"person:{sender_id}"])
        viewer = self._viewers.pop(connection_id, None)
        if viewer is not None:
            self._away.is_back(connection_id)
            if viewer.sid:
                await self._broadcaster.to_socket("media_lost", data, viewer.sid)

    async def all_up(self) -> None:
        """Workers serve: every page has been told, so that one that waits tries at once."""
        await self._broadcaster.to_all("media_back", {})

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
