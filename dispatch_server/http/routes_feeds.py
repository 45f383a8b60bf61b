"""Routes of feeds and devices."""

from __future__ import annotations

from collections.abc import Callable

from dispatch_server import bodies, views, wire
from dispatch_server.http.route import Request, Route
from dispatch_server.identity import Directory
from dispatch_server.media.director import MediaDirector
from dispatch_server.usecases.feeds import Feeds
from dispatch_server.usecases.locating import Locating
from dispatch_server.usecases.positions import PositionBook
from rooms import Feed


class FeedRoutes:
    def __init__(
        self,
        *,
        feeds: Feeds,
        locating: Locating,
        positions: PositionBook,
        director: MediaDirector,
        directory: Callable[[], Directory],
        url_for_others: Callable[[str], str],
    ) -> None:
        self._feeds = feeds
        self._locating = locating
        self._positions = positions
        self._director = director
        self._directory = directory
        self._url_for_others = url_for_others

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                method="POST",
                path="/api/feeds",
                handler=self._create,
                summary="A feed of the caller's own on an incident; send to its whip_url",
                tag="feeds",
                body=bodies.CreateFeed,
                reply=wire.FeedCreated,
                status=201,
            ),
            Route(
                method="POST",
                path="/api/devices",
                handler=self._add_device,
                summary="A body-cam or encoder: its feed and its token, shown this once",
                tag="feeds",
                body=bodies.AddDevice,
                reply=wire.DeviceCreated,
                status=201,
            ),
            Route(
                method="GET",
                path="/api/devices",
                handler=self._devices,
                summary="Devices of the caller's agency and below",
                tag="feeds",
                reply=wire.DeviceList,
            ),
            Route(
                method="POST",
                path="/api/devices/{feed_id}/revoke",
                handler=self._revoke_device,
                summary="A lost device: its token is worth nothing any more, and what it sends is cut off",
                tag="feeds",
                reply=wire.FeedView,
            ),
            Route(
                method="POST",
                path="/api/feeds/{feed_id}/position",
                handler=self._locate,
                summary="Where the sender is now; every 2 s while streaming",
                tag="feeds",
                body=bodies.PositionBody,
                reply=wire.PositionView,
                device=True,
            ),
            Route(
                method="POST",
                path="/api/feeds/{feed_id}/end",
                handler=self._end,
                summary="End a feed",
                tag="feeds",
                reply=wire.FeedView,
                device=True,
            ),
        )

    async def _view(self, feed: Feed) -> wire.FeedView:
        return views.feed_view(self._directory(), feed, await self._positions.of([feed.id]))

    async def _create(self, request: Request) -> wire.FeedCreated:
        _, feed = await self._feeds.create(request.caller, request.body)
        return wire.FeedCreated(feed=await self._view(feed), whip_url=f"/whip/{feed.id}")

    async def _add_device(self, request: Request) -> wire.DeviceCreated:
        device = await self._feeds.add_device(request.caller, request.body)
        return wire.DeviceCreated(
            feed=await self._view(device.feed),
            token=device.token,
            whip_url=f"{self._url_for_others(request.base_url)}/whip/{device.feed.id}",
        )

    async def _devices(self, request: Request) -> wire.DeviceList:
        devices = await self._feeds.devices(request.caller)
        return wire.DeviceList(
            devices=[
                wire.DeviceView(
                    feed=await self._view(feed),
                    default_type=each.device.default_type,
                    revoked_at=each.revoked_at,
                )
                for each, feed in devices
            ]
        )

    async def _revoke_device(self, request: Request) -> wire.FeedView:
        feed = await self._feeds.revoke_device(request.caller, request.path["feed_id"])
        await self._director.silence(feed.id)
        return await self._view(feed)

    async def _locate(self, request: Request) -> wire.PositionView:
        return await self._locating.locate(request.caller, request.path["feed_id"], request.body)

    async def _end(self, request: Request) -> wire.FeedView:
        feed = await self._feeds.end(request.caller, request.path["feed_id"])
        await self._director.silence(feed.id)
        return await self._view(feed)
