"""Players that are connected: each watches its one feed, as far as the routes of committed state let it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TypeVar

import structlog

from dispatch_server.errors import Conflict, NotFound
from dispatch_server.media.labels import PlayerLabel
from dispatch_server.media.viewers import PlayerSight, ViewerConnection, Want, WantedVideo
from dispatch_server.ports import MediaPlane
from dispatch_server.store.player_links import PlayerLink
from rtc.errors import MediaTimeout, RtcError
from rtc.plane import Patched, Played

_Reply = TypeVar("_Reply")

CONNECTIONS_PER_LINK = 4  # a wall's own player, its spare, and what is just being replaced
CALL_TIMEOUT_S = 5.0

_log = structlog.get_logger("media")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Player:
    link_id: str
    feed_id: str
    viewer: ViewerConnection


class Players:
    """`changed` brings an incident's routes in step, soon."""

    def __init__(self, *, plane: MediaPlane, changed: Callable[[str], None]) -> None:
        self._plane = plane
        self._changed = changed
        self._players: dict[str, _Player] = {}  # by connection
        self._opening: dict[str, int] = {}  # by link

    @property
    def viewers(self) -> list[ViewerConnection]:
        """Every player's connection, as the routes see it."""
        return [player.viewer for player in self._players.values()]

    def count(self, link_id: str) -> int:
        """How many watch by this link."""
        return sum(player.link_id == link_id for player in self._players.values())

    async def open(self, link: PlayerLink, *, incident_id: str | None, offer_sdp: str) -> Played:
        """The player will be sent its feed, whenever that is live in an incident that its agency oversees.

        Raises: RtcError, Conflict.
        """
        opening = self._opening.get(link.id, 0)
        if self.count(link.id) + opening >= CONNECTIONS_PER_LINK:
            raise Conflict("too_many_connections", limit=CONNECTIONS_PER_LINK)
        self._opening[link.id] = opening + 1
        label = PlayerLabel(
            link_id=link.id, feed_id=link.feed_id, agency_id=link.agency_id, incident_id=incident_id
        )
        try:
            played = await self._call(
                self._plane.play(
                    offer_sdp=offer_sdp, label=label.model_dump_json(), scope_id=incident_id or ""
                )
            )
        finally:
            self._opening[link.id] -= 1
            if not self._opening[link.id]:
                del self._opening[link.id]
        self.take_over(played.connection_id, label)
        if incident_id is not None:
            self._changed(incident_id)
        return played

    def take_over(self, connection_id: str, label: PlayerLabel, incident_id: str | None = None) -> None:
        """The connection belongs to that player; `incident_id` is where its feed was seen last."""
        self._players[connection_id] = _Player(
            link_id=label.link_id,
            feed_id=label.feed_id,
            viewer=ViewerConnection(
                connection_id=connection_id,
                sid="",
                person_id=f"player:{label.link_id}",
                session="",
                want=_want(label.feed_id, incident_id or label.incident_id),
                player=PlayerSight(feed_id=label.feed_id, agency_id=label.agency_id),
            ),
        )

    async def patch(self, link: PlayerLink, connection_id: str, *, ice_tag: str, fragment: str) -> Patched:
        """The player's candidates or ICE restart were taken. Raises: NotFound, RtcError."""
        self._require(link, connection_id)
        return await self._call(
            self._plane.patch(connection_id=connection_id, ice_tag=ice_tag, fragment=fragment)
        )

    async def close(self, link: PlayerLink, connection_id: str) -> None:
        """The player watches no more. Raises: NotFound, RtcError."""
        self._require(link, connection_id)
        await self._end(connection_id)

    async def end_link(self, link_id: str) -> None:
        """Nobody watches by this link any more."""
        await self._end_all([c for c, player in self._players.items() if player.link_id == link_id])

    async def end_feed(self, feed_id: str) -> None:
        """The feed has ended, and nobody is kept waiting for it."""
        await self._end_all([c for c, player in self._players.items() if player.feed_id == feed_id])

    async def end_stale(self, good: Callable[[frozenset[str]], Awaitable[frozenset[str]]]) -> None:
        """Only links that are `good` (of those that it is given) are watched by."""
        links = frozenset(player.link_id for player in self._players.values())
        for link_id in links - await good(links):
            await self.end_link(link_id)

    def follow(self, feed_id: str, incident_id: str) -> None:
        """The feed shows this incident from now on: so do its players, if their agency oversees that too."""
        for connection_id, player in list(self._players.items()):
            before = player.viewer.want.incident_id
            if player.feed_id != feed_id or before == incident_id:
                continue
            viewer = replace(player.viewer, want=_want(player.feed_id, incident_id))
            self._players[connection_id] = replace(player, viewer=viewer)
            for concerned in (before, incident_id):
                if concerned is not None:
                    self._changed(concerned)

    def connection_down(self, connection_id: str) -> None:
        """The connection is gone."""
        self._players.pop(connection_id, None)

    async def _end_all(self, connection_ids: list[str]) -> None:
        for connection_id in connection_ids:
            try:
                await self._end(connection_id)
            except RtcError as error:  # its worker does not answer, and is ended: nothing flows either way
                _log.info("media.close_failed", code=error.code)

    async def _end(self, connection_id: str) -> None:
        player = self._players.pop(connection_id, None)
        if player is not None and player.viewer.want.incident_id is not None:
            self._changed(player.viewer.want.incident_id)
        await self._call(self._plane.close(connection_id=connection_id))

    def _require(self, link: PlayerLink, connection_id: str) -> None:
        player = self._players.get(connection_id)
        if player is None or player.link_id != link.id:
            raise NotFound()

    async def _call(self, call: Awaitable[_Reply]) -> _Reply:
        """The plane's reply. Raises: RtcError, MediaTimeout when none comes in time."""
        try:
            async with asyncio.timeout(CALL_TIMEOUT_S):
                return await call
        except TimeoutError:
            raise MediaTimeout("no reply") from None


def _want(feed_id: str, incident_id: str | None) -> Want:
    if incident_id is None:
        return Want()
    return Want(incident_id=incident_id, video=(WantedVideo(slot=0, source_id=feed_id),), audio=True)
