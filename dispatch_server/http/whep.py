"""WHEP (draft-ietf-wish-whep): video walls and players watch one feed by one POST.

Only a link's own token counts here, never a session's cookie: so pages of any origin may call.
"""

from __future__ import annotations

from aiohttp import web

from dispatch_server.clock import Clock
from dispatch_server.errors import NotSignedIn
from dispatch_server.http.adapter import path_ids
from dispatch_server.http.media_resource import (
    created,
    fragment_of,
    offer_of,
    options_response,
    patched_response,
)
from dispatch_server.media.players import Players
from dispatch_server.media.turn import Turn
from dispatch_server.store.player_links import PlayerLink
from dispatch_server.usecases.player_links import PlayerLinks
from rooms import Feed

SESSION = "/whep/{feed_id}/{connection_id}"
PREFLIGHT = {
    "Access-Control-Allow-Methods": "POST, PATCH, DELETE, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, If-Match",
    "Access-Control-Max-Age": "86400",
}


class WhepEndpoint:
    def __init__(self, *, links: PlayerLinks, players: Players, turn: Turn, clock: Clock) -> None:
        self._links = links
        self._players = players
        self._turn = turn
        self._clock = clock

    def add_to(self, app: web.Application) -> None:
        app.router.add_post("/whep/{feed_id}", self._play)
        app.router.add_route("OPTIONS", "/whep/{feed_id}", self._options)
        app.router.add_patch(SESSION, self._patch)
        app.router.add_delete(SESSION, self._delete)
        app.router.add_route("OPTIONS", SESSION, self._options)

    async def _play(self, request: web.Request) -> web.StreamResponse:
        link, feed = await self._authorised(request)
        offer = await offer_of(request)
        played = await self._players.open(link, incident_id=feed.scope_id, offer_sdp=offer)
        if not await self._links.good(frozenset({link.id})):  # revoked while the media plane answered
            await self._players.end_link(link.id)
            raise NotSignedIn("bad_player_link")
        return created(
            answer_sdp=played.answer_sdp,
            ice_tag=played.ice_tag,
            location=f"/whep/{feed.id}/{played.connection_id}",
            links=self._turn.links(holder_id=f"player:{link.id}", now=self._clock()),
        )

    async def _patch(self, request: web.Request) -> web.StreamResponse:
        link, _ = await self._authorised(request)
        tag, fragment = await fragment_of(request)
        connection_id = request.match_info["connection_id"]
        return patched_response(
            await self._players.patch(link, connection_id, ice_tag=tag, fragment=fragment)
        )

    async def _delete(self, request: web.Request) -> web.StreamResponse:
        link, _ = await self._authorised(request)
        await self._players.close(link, request.match_info["connection_id"])
        return web.Response(status=200)

    async def _options(self, _request: web.Request) -> web.StreamResponse:
        return options_response("POST, PATCH, DELETE, OPTIONS", **PREFLIGHT)

    async def _authorised(self, request: web.Request) -> tuple[PlayerLink, Feed]:
        """The link that the request carries, and its feed. Raises: NotSignedIn, NotFound."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise NotSignedIn()
        return await self._links.authorise(token.strip(), path_ids(request)["feed_id"])
