"""A media worker with a tiny HTTP door, so that real peers can reach it: browsers, FFmpeg, aiortc."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

from aiohttp import web
from synthetic_peer import SyntheticPeer

from rtc.aiortc_seam import WorkerCertificate
from rtc.errors import RtcError
from rtc.plane import AudioRoute, MediaEvent, ScopeRoutes, SlotsChanged, SlotState, VideoRoute
from rtc.pool.supervisor import WorkerProcess

PAGE = Path(__file__).with_name("page.html").read_text()
Event = TypeVar("Event", bound=MediaEvent)


class Link(Protocol):
    """What lies between peers and the worker."""

    def through(self, sdp: str) -> str:
        """The description as it is told to peers."""


class Stage:
    """The worker, its events so far, and the door's address."""

    def __init__(self, media: Any = None) -> None:
        """`media`: a pool, or a worker that is otherwise than usual."""
        self.media: Any = media or WorkerProcess(udp_port=0, advertise=("127.0.0.1",))
        self.events: list[MediaEvent] = []
        self.slots: dict[tuple[str, str], SlotState] = {}
        self.url = ""
        self.epoch = 0
        self.peers: list[SyntheticPeer] = []
        self.link: Link | None = None  # what peers that come by the door go through
        self._arrived = asyncio.Condition()
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self.media)
        app = web.Application()
        app.router.add_get("/", self._page)
        app.router.add_post("/whip/{source}", self._whip)
        app.router.add_route("*", "/whip/{source}/{connection}", self._whip_session)
        app.router.add_post("/whep/{source}", self._whep)
        app.router.add_route("*", "/whep/{source}/{connection}", self._whip_session)
        app.router.add_post("/subscribe/{profile}", self._subscribe)
        app.router.add_post("/accept/{connection}", self._accept)
        app.router.add_post("/restart/{connection}", self._restart)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        self._stack.push_async_callback(runner.cleanup)
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        self._stack.callback(lambda: [peer.vanish() for peer in self.peers])
        reading = asyncio.create_task(self._read())
        self._stack.callback(reading.cancel)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    def peer(self) -> SyntheticPeer:
        """A synthetic peer that is gone at the end."""
        self.peers.append(SyntheticPeer(WorkerCertificate()))
        return self.peers[-1]

    async def until(
        self, kind: type[Event], test: Callable[[Event], bool] = lambda _: True, *, within_s: float = 15
    ) -> Event:
        """The first event of that kind, past or future, that passes the test."""

        def found() -> Event | None:
            return next((each for each in self.events if isinstance(each, kind) and test(each)), None)

        async with asyncio.timeout(within_s), self._arrived:
            await self._arrived.wait_for(lambda: found() is not None)
        event = found()
        assert event is not None
        return event

    async def until_slot(self, connection: str, mid: str, source: str, *, within_s: float = 15) -> SlotState:
        """The slot's state, once it carries the source and its first frame is on its way."""

        def there() -> bool:
            state = self.slots.get((connection, mid))
            return state is not None and state.source_id == source and state.first_rtp_ts is not None

        async with asyncio.timeout(within_s), self._arrived:
            await self._arrived.wait_for(there)
        return self.slots[connection, mid]

    async def route(
        self,
        connection: str,
        video: dict[int, str],
        audio: tuple[str, ...] = (),
        *,
        scope: str = "incident-1",
        height: int = 0,
    ) -> None:
        """The scope has one subscriber, with these sources in its slots, shown so high."""
        self.epoch += 1
        await self.media.reconcile(
            ScopeRoutes(
                scope_id=scope,
                epoch=self.epoch,
                video=tuple(
                    VideoRoute(connection_id=connection, slot=slot, source_id=source, height=height)
                    for slot, source in video.items()
                ),
                audio=(AudioRoute(connection_id=connection, source_ids=audio),) if audio else (),
            )
        )

    async def _read(self) -> None:
        async for event in self.media.events:
            async with self._arrived:
                self.events.append(event)
                if isinstance(event, SlotsChanged):
                    for slot in event.slots:
                        self.slots[event.connection_id, slot.mid] = slot
                self._arrived.notify_all()

    async def _page(self, _request: web.Request) -> web.Response:
        return web.Response(text=PAGE, content_type="text/html")

    async def _whip(self, request: web.Request) -> web.Response:
        source = request.match_info["source"]
        try:
            published = await self.media.publish(source_id=source, offer_sdp=await request.text())
        except RtcError as error:
            return web.Response(status=400, text=str(error))
        return web.Response(
            status=201,
            text=self.by_link(published.answer_sdp),
            content_type="application/sdp",
            headers={
                "Location": f"/whip/{source}/{published.connection_id}",
                "ETag": f'"{published.ice_tag}"',
            },
        )

    async def _whip_session(self, request: web.Request) -> web.Response:
        if request.method == "PATCH":
            patched = await self.media.patch(
                connection_id=request.match_info["connection"],
                ice_tag=request.headers["If-Match"].strip('"'),
                fragment=await request.text(),
            )
            answer = None if patched.fragment is None else self.by_link(patched.fragment)
            return web.Response(text=answer, headers={"ETag": f'"{patched.ice_tag}"'})
        if request.method == "DELETE":
            await self.media.close(connection_id=request.match_info["connection"])
        return web.Response(status=200 if request.method == "DELETE" else 405)

    async def _whep(self, request: web.Request) -> web.Response:
        """A player of that source: the only route of a scope of its own."""
        source = request.match_info["source"]
        try:
            played = await self.media.play(offer_sdp=await request.text())
        except RtcError as error:
            return web.Response(status=400, text=str(error))
        await self.route(played.connection_id, {0: source}, (source,), scope=f"whep {played.connection_id}")
        return web.Response(
            status=201,
            text=self.by_link(played.answer_sdp),
            content_type="application/sdp",
            headers={
                "Location": f"/whep/{source}/{played.connection_id}",
                "ETag": f'"{played.ice_tag}"',
            },
        )

    async def _subscribe(self, request: web.Request) -> web.Response:
        subscribed = await self.media.subscribe(profile=request.match_info["profile"])
        return web.Response(
            text=json.dumps(
                {"connection_id": subscribed.connection_id, "sdp": self.by_link(subscribed.offer_sdp)}
            )
        )

    def by_link(self, sdp: str) -> str:
        """The description as peers are told it."""
        return self.link.through(sdp) if self.link is not None else sdp

    async def _restart(self, request: web.Request) -> web.Response:
        restarted = await self.media.restart(connection_id=request.match_info["connection"])
        return web.Response(text=restarted.fragment or "")

    async def _accept(self, request: web.Request) -> web.Response:
        try:
            await self.media.accept(
                connection_id=request.match_info["connection"], answer_sdp=await request.text()
            )
        except RtcError as error:
            return web.Response(status=400, text=str(error))
        return web.Response(text="")
