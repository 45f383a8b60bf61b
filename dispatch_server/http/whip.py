"""WHIP (RFC 9725): body-cams, encoders, phones and room participants send media by one POST."""

from __future__ import annotations

from aiohttp import web

from dispatch_server.access import Action, require
from dispatch_server.caller import Caller
from dispatch_server.clock import Clock
from dispatch_server.errors import NotAllowed, NotFound
from dispatch_server.http.adapter import language_of, path_ids, require_csrf
from dispatch_server.http.authenticate import Authenticator
from dispatch_server.http.media_resource import (
    created,
    fragment_of,
    offer_of,
    options_response,
    patched_response,
)
from dispatch_server.media.director import MediaDirector
from dispatch_server.media.turn import Turn
from dispatch_server.usecases.feeds import Feeds
from dispatch_server.usecases.room_life import RoomLife
from rooms import PersonId, Presence


class WhipEndpoint:
    def __init__(
        self,
        *,
        authenticator: Authenticator,
        feeds: Feeds,
        room_life: RoomLife,
        director: MediaDirector,
        turn: Turn,
        clock: Clock,
    ) -> None:
        self._authenticator = authenticator
        self._feeds = feeds
        self._room_life = room_life
        self._director = director
        self._turn = turn
        self._clock = clock

    def add_to(self, app: web.Application) -> None:
        app.router.add_post("/whip/rooms/{room_id}", self._publish_in_room)
        app.router.add_post("/whip/{feed_id}", self._publish_feed)
        app.router.add_route("OPTIONS", "/whip/{feed_id}", self._options)
        app.router.add_patch("/whip/{source_id}/{connection_id}", self._patch)
        app.router.add_delete("/whip/{source_id}/{connection_id}", self._delete)

    async def _publish_feed(self, request: web.Request) -> web.StreamResponse:
        caller = await self._caller(request)
        offer = await offer_of(request)
        feed = await self._feeds.ready_to_publish(caller, path_ids(request)["feed_id"])
        if feed.scope_id is None:
            raise NotFound()
        sender = caller.person.id if caller.person else feed.id
        return await self._answer(source_id=feed.id, incident_id=feed.scope_id, sender_id=sender, offer=offer)

    async def _publish_in_room(self, request: web.Request) -> web.StreamResponse:
        caller = await self._caller(request)
        person = caller.require_person()
        require(person, Action.JOIN_ROOM)
        offer = await offer_of(request)
        case = await self._room_life.case(caller, path_ids(request)["room_id"])
        seat = case.room.of_person(PersonId(person.id)) if case.room else None
        if seat is None or seat.presence is not Presence.PRESENT:
            raise NotAllowed()
        return await self._answer(
            source_id=seat.source_id, incident_id=case.incident_id, sender_id=person.id, offer=offer
        )

    async def _answer(self, *, source_id: str, incident_id: str, sender_id: str, offer: str) -> web.Response:
        published = await self._director.publish(
            source_id=source_id, incident_id=incident_id, sender_id=sender_id, offer_sdp=offer
        )
        return created(
            answer_sdp=published.answer_sdp,
            ice_tag=published.ice_tag,
            location=f"/whip/{source_id}/{published.connection_id}",
            links=self._turn.links(holder_id=sender_id, now=self._clock()),
        )

    async def _patch(self, request: web.Request) -> web.StreamResponse:
        await self._own(request)
        tag, fragment = await fragment_of(request)
        return patched_response(
            await self._director.patch(
                source_id=request.match_info["source_id"],
                connection_id=request.match_info["connection_id"],
                ice_tag=tag,
                fragment=fragment,
            )
        )

    async def _delete(self, request: web.Request) -> web.StreamResponse:
        """The session is over, and with it the feed. A session that another one replaced ends nothing."""
        caller = await self._own(request)
        source_id, connection_id = request.match_info["source_id"], request.match_info["connection_id"]
        if not self._director.was_sent_by(source_id, connection_id):
            raise NotFound()
        if source_id.startswith("p:"):
            await self._director.unpublish(source_id=source_id, connection_id=connection_id)
        else:
            await self._feeds.end(caller, source_id)
            await self._director.silence(source_id)
        return web.Response(status=200)

    async def _options(self, _request: web.Request) -> web.StreamResponse:
        return options_response("POST, OPTIONS")

    async def _own(self, request: web.Request) -> Caller:
        """The caller, if the source of this path is theirs. Raises: NotFound."""
        caller = await self._caller(request)
        source_id = path_ids(request)["source_id"]
        if not source_id.startswith("p:"):
            await self._feeds.authorise(caller, source_id)
            return caller
        incident_id = self._director.scope_of(source_id)
        if incident_id is None or caller.person is None:
            raise NotFound()
        if not await self._room_life.is_seat_of(caller.person, incident_id, source_id):
            raise NotFound()
        return caller

    async def _caller(self, request: web.Request) -> Caller:
        who = await self._authenticator.identify(request)
        if who.session is not None:
            require_csrf(request, who)
        person = who.session.person if who.session else None
        return Caller(person=person, device=who.device, language=language_of(request))
