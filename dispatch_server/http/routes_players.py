"""Routes of players' links: video walls and other players that watch one feed by WHEP."""

from __future__ import annotations

from collections.abc import Callable

from dispatch_server import bodies, views, wire
from dispatch_server.http.route import Request, Route
from dispatch_server.identity import Directory
from dispatch_server.media.players import Players
from dispatch_server.store.player_links import PlayerLink
from dispatch_server.usecases.player_links import PlayerLinks


class PlayerRoutes:
    def __init__(
        self,
        *,
        links: PlayerLinks,
        players: Players,
        directory: Callable[[], Directory],
        url_for_others: Callable[[str], str],
    ) -> None:
        self._links = links
        self._players = players
        self._directory = directory
        self._url_for_others = url_for_others

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                method="POST",
                path="/api/feeds/{feed_id}/players",
                handler=self._issue,
                summary="A link by which a video wall watches this feed (WHEP); its token is shown this once",
                tag="feeds",
                body=bodies.IssuePlayer,
                reply=wire.PlayerCreated,
                status=201,
            ),
            Route(
                method="GET",
                path="/api/feeds/{feed_id}/players",
                handler=self._of_feed,
                summary="Every player's link of this feed, the newest first",
                tag="feeds",
                reply=wire.PlayerList,
            ),
            Route(
                method="POST",
                path="/api/players/{player_id}/revoke",
                handler=self._revoke,
                summary="The link is worth nothing any more, and who watches by it is cut off",
                tag="feeds",
                reply=wire.PlayerView,
            ),
        )

    def _view(self, link: PlayerLink) -> wire.PlayerView:
        return wire.PlayerView(
            id=link.id,
            feed_id=link.feed_id,
            agency_id=link.agency_id,
            name=link.name,
            issued_by=views.person_ref(self._directory(), link.issued_by),
            issued_at=link.issued_at,
            expires_at=link.expires_at,
            revoked_at=link.revoked_at,
            playing=self._players.count(link.id),
        )

    async def _issue(self, request: Request) -> wire.PlayerCreated:
        issued = await self._links.issue(request.caller, request.path["feed_id"], request.body)
        return wire.PlayerCreated(
            player=self._view(issued.link),
            token=issued.token,
            whep_url=f"{self._url_for_others(request.base_url)}/whep/{issued.link.feed_id}",
        )

    async def _of_feed(self, request: Request) -> wire.PlayerList:
        links = await self._links.of_feed(request.caller, request.path["feed_id"])
        return wire.PlayerList(players=[self._view(link) for link in links])

    async def _revoke(self, request: Request) -> wire.PlayerView:
        link = await self._links.revoke(request.caller, request.path["player_id"])
        await self._players.end_link(link.id)
        return self._view(link)
