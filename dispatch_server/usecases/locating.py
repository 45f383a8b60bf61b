"""Positions of feeds: taken from their own sender only, told to whoever may see the incident, and aged by
`at`.
"""

from __future__ import annotations

from collections.abc import Callable

from dispatch_server import bodies, wire
from dispatch_server.access import audience_groups
from dispatch_server.caller import Caller
from dispatch_server.identity import Directory
from dispatch_server.ports import Broadcaster
from dispatch_server.usecases.desk import Desk
from dispatch_server.usecases.feeds import Feeds


class Locating:
    def __init__(
        self, *, feeds: Feeds, desk: Desk, directory: Callable[[], Directory], broadcaster: Broadcaster
    ) -> None:
        self._feeds = feeds
        self._desk = desk
        self._directory = directory
        self._broadcaster = broadcaster

    async def locate(self, caller: Caller, feed_id: str, body: bodies.PositionBody) -> wire.PositionView:
        """The position is the feed's newest, unless a newer one is known. Raises: NotFound for another's
        feed.
        """
        feed, position, is_news = await self._feeds.locate(caller, feed_id, body)
        if is_news and feed.scope_id is not None:
            case = await self._desk.load(feed.scope_id)
            data = {
                "incident_id": feed.scope_id,
                "feed_id": feed.id,
                **position.model_dump(mode="json"),
            }
            groups = audience_groups(self._directory(), case.audience)
            await self._broadcaster.to_groups("feed_position", data, groups)
        return position
