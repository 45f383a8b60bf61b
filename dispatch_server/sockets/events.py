"""Every Socket.IO event that browsers send: parse once, call one use case, acknowledge."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any, Literal, TypeVar

import socketio
import structlog
from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from dispatch_server import bodies
from dispatch_server.access import socket_groups
from dispatch_server.caller import Caller
from dispatch_server.clock import Clock
from dispatch_server.errors import HubError, NotAllowed, NotSignedIn, Throttled, Unavailable
from dispatch_server.http.adapter import language_of
from dispatch_server.http.authenticate import Authenticator
from dispatch_server.http.error_status import DomainError, refusal_of
from dispatch_server.identity import Directory, Person
from dispatch_server.journal import instant
from dispatch_server.media.director import MediaDirector
from dispatch_server.media.figures import MediaFigures
from dispatch_server.media.page_report import LEAST_EVERY_S, PageReport
from dispatch_server.media.turn import Turn
from dispatch_server.media.viewers import Want, WantedVideo
from dispatch_server.messages import Wording
from dispatch_server.sockets.presence import Presence
from dispatch_server.tasks import Tasks
from dispatch_server.usecases.answers import Answers
from dispatch_server.usecases.incidents import Incidents
from dispatch_server.usecases.locating import Locating
from dispatch_server.usecases.looking import Looking
from dispatch_server.usecases.room_life import RoomLife
from dispatch_server.usecases.sign_in import Session
from dispatch_server.wrong_input import parsed

_log = structlog.get_logger("sockets")

EVENTS_AT_ONCE = 24  # of one socket; more are refused with `busy`, so that one page cannot hold up the others
SESSION_CHECK_S = 10.0
FOR_GOOD = (
    socketio.AsyncServer.reason.CLIENT_DISCONNECT,  # the page said so
    socketio.AsyncServer.reason.SERVER_DISCONNECT,  # we did
)
_Model = TypeVar("_Model", bound=BaseModel)


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class Sync(_Message):
    streams: Annotated[dict[bodies.Id, Annotated[int, Field(ge=0)]], Field(max_length=2000)] = {}


class MediaOpen(_Message):
    profile: Literal["console", "phone"]


class MediaAnswer(_Message):
    connection_id: bodies.Id
    sdp: Annotated[str, Field(max_length=100_000)]


class WantedSlot(_Message):
    slot: Annotated[int, Field(ge=0, le=63)]
    source_id: bodies.Id
    width: Annotated[int, Field(ge=0, le=16384)] = 0
    height: Annotated[int, Field(ge=0, le=16384)] = 0


class MediaWatch(_Message):
    connection_id: bodies.Id
    incident_id: bodies.Id | None = None
    video: Annotated[list[WantedSlot], Field(max_length=64)] = []
    audio: bool = False


class MediaRestart(_Message):
    connection_id: bodies.Id


class MediaResume(_Message):
    connection_id: bodies.Id


class MediaClose(_Message):
    connection_id: bodies.Id


class RingReceived(_Message):
    assignment_id: bodies.Id
    step: int = 0
    attempt: int = 1


class Position(bodies.PositionBody):
    model_config = ConfigDict(frozen=True, extra="ignore")
    feed_id: bodies.Id


class SocketEvents:
    """Registers the handlers on the server; each socket carries its person and language in its session."""

    def __init__(
        self,
        *,
        server: socketio.AsyncServer,
        authenticator: Authenticator,
        presence: Presence,
        looking: Looking,
        incidents: Incidents,
        answers: Answers,
        locating: Locating,
        room_life: RoomLife,
        director: MediaDirector,
        figures: MediaFigures,
        tasks: Tasks,
        wording: Wording,
        directory: Callable[[], Directory],
        clock: Clock,
        turn: Turn,
    ) -> None:
        self._server = server
        self._authenticator = authenticator
        self._presence = presence
        self._looking = looking
        self._incidents = incidents
        self._answers = answers
        self._locating = locating
        self._room_life = room_life
        self._director = director
        self._figures = figures
        self._tasks = tasks
        self._wording = wording
        self._directory = directory
        self._clock = clock
        self._turn = turn

    def register(self) -> None:
        """The server answers to every event named in docs/protocol.md."""
        self._server.on("connect", self._connect)
        self._server.on("disconnect", self._disconnect)
        self._answer("sync", Sync, self._sync)
        self._answer("clock", _Message, self._tell_time)
        self._answer("media_open", MediaOpen, self._media_open)
        self._answer("media_answer", MediaAnswer, self._media_answer)
        self._answer("media_watch", MediaWatch, self._media_watch)
        self._answer("media_restart", MediaRestart, self._media_restart)
        self._answer("media_resume", MediaResume, self._media_resume)
        self._answer("media_close", MediaClose, self._media_close)
        self._answer("media_report", PageReport, self._media_report)
        self._answer("ring_received", RingReceived, self._ring_received)
        self._answer("position", Position, self._position)
        self._server.on("*", self._unknown)

    async def _connect(self, sid: str, environ: Mapping[str, Any], _auth: object = None) -> None:
        request: web.Request = environ["aiohttp.request"]
        language = language_of(request)
        try:
            session = await self._signed_in(request)
        except Exception as error:  # noqa: BLE001 - the outermost boundary
            refused = self._refusal(error, language, "connect")
            raise socketio.exceptions.ConnectionRefusedError(refused["message"], refused) from None
        person = session.person
        if self._has_left(sid):  # while the store was asked; registered now it would stay online for ever
            raise socketio.exceptions.ConnectionRefusedError()
        await self._server.save_session(
            sid,
            {
                "person_id": person.id,
                "language": language,
                "session": session.token_hash,
                "groups": socket_groups(person),
                "checked_at": time.monotonic(),
                "under_way": 0,
                "reported_at": -LEAST_EVERY_S,
            },
        )
        for group in (*socket_groups(person), f"session:{session.token_hash}"):
            await self._server.enter_room(sid, group)
        if self._presence.connected(person.id, sid):
            self._tasks.start(self._room_life.connection_back(person.id), name="presence:back")

    async def _signed_in(self, request: web.Request) -> Session:
        """The person's session; a device has no business here. Raises: NotSignedIn, NotAllowed."""
        session = (await self._authenticator.identify(request)).session
        if session is None:
            raise NotAllowed()
        return session

    def _has_left(self, sid: str) -> bool:
        eio_sid = self._server.manager.eio_sid_from_sid(sid, "/")
        socket = self._server.eio.sockets.get(eio_sid)
        return socket is None or socket.closed or socket.closing

    async def _disconnect(self, sid: str, reason: object = None) -> None:
        try:
            session = await self._server.get_session(sid)
        except KeyError:
            return
        person_id = session.get("person_id")
        if person_id is not None:
            self._presence.disconnected(person_id, sid)
            await self._director.socket_closed(sid, for_good=reason in FOR_GOOD)

    def _answer(
        self,
        event: str,
        model: type[_Model],
        handle: Callable[[str, Caller, _Model], Awaitable[Mapping[str, Any]]],
    ) -> None:
        async def handler(sid: str, data: object = None, *_: object) -> Mapping[str, Any]:
            language = "zh"
            try:
                session = await self._session(sid)
                language = session["language"]
                caller = Caller(person=await self._person(session), language=language)
                structlog.contextvars.bind_contextvars(actor_id=caller.actor_id)
                with _one_of_few(session):
                    message = parsed(model, {} if data is None else data)
                    return {"ok": True, **await handle(sid, caller, message)}
            except Exception as error:  # noqa: BLE001 - the outermost boundary
                return self._refusal(error, language, event)

        self._server.on(event, handler)

    async def _person(self, session: dict[str, Any]) -> Person:
        """The socket's person as they are now. Raises: NotSignedIn when they were taken off the list, or the
        session under which the socket was opened is over (looked up once in `SESSION_CHECK_S`).
        """
        now = time.monotonic()
        if now - session["checked_at"] > SESSION_CHECK_S:
            if await self._authenticator.session_by_hash(session["session"]) is None:
                raise NotSignedIn()
            session["checked_at"] = now
        person = self._directory().people.get(session["person_id"])
        if person is None or not person.active:
            raise NotSignedIn()
        return person

    async def end_stale(self) -> None:
        """Sockets whose session has ended, or whose person changed place or role, are closed; a page that may
        come back does so by itself, with what it is allowed now. The library's own list of sockets is walked:
        none can hide from it.
        """
        for sid, _ in list(self._server.manager.get_participants("/", None)):
            if self._server.manager.is_pre_connected(sid, "/"):
                continue
            try:
                good = await self._still_good(await self._session(sid))
            except NotSignedIn:
                good = False
            if not good:
                await self._server.emit("session_ended", {"code": "not_signed_in"}, to=sid)
                await self._server.disconnect(sid)

    async def _still_good(self, session: Mapping[str, Any]) -> bool:
        if "session" not in session:
            return False
        now = await self._authenticator.session_by_hash(session["session"])
        return now is not None and socket_groups(now.person) == session["groups"]

    async def _unknown(self, _event: str, sid: str, *_: object) -> Mapping[str, Any]:
        session = await self._session(sid)
        return self._refusal(HubError("unknown_event"), session["language"], "unknown")

    async def _session(self, sid: str) -> dict[str, Any]:
        """What the connection was opened with. Raises: NotSignedIn when it is gone."""
        try:
            session: dict[str, Any] = await self._server.get_session(sid)
        except KeyError:
            raise NotSignedIn() from None
        return session

    def _refusal(self, error: Exception, language: str, event: str) -> dict[str, Any]:
        refusal = refusal_of(error)
        if refusal is None:
            _log.exception("socket.failed", event_name=event)
            refusal = HubError("internal_error")
        elif not isinstance(error, DomainError):
            _log.warning("socket.unavailable", event_name=event, error=type(error).__name__)
        message = self._wording.sentence(refusal.code, language, refusal.params)
        return {"ok": False, "code": refusal.code, "message": message}

    async def _sync(self, _sid: str, caller: Caller, message: Sync) -> Mapping[str, Any]:
        synced = await self._looking.sync(caller, message.streams)
        return synced.model_dump(mode="json")

    async def _tell_time(self, _sid: str, _caller: Caller, _message: _Message) -> Mapping[str, Any]:
        return {"now": instant(self._clock())}

    async def _media_open(self, sid: str, caller: Caller, message: MediaOpen) -> Mapping[str, Any]:
        person = caller.require_person()
        subscribed = await self._director.subscribe(
            sid=sid, person_id=person.id, session=await self._session_hash(sid), profile=message.profile
        )
        servers = self._turn.servers(holder_id=person.id, now=self._clock())
        return {
            "connection_id": subscribed.connection_id,
            "sdp": subscribed.offer_sdp,
            "ice_servers": servers,
        }

    async def _media_answer(self, sid: str, _caller: Caller, message: MediaAnswer) -> Mapping[str, Any]:
        await self._director.accept(sid=sid, connection_id=message.connection_id, answer_sdp=message.sdp)
        return {}

    async def _media_restart(self, sid: str, _caller: Caller, message: MediaRestart) -> Mapping[str, Any]:
        restarted = await self._director.restart(sid=sid, connection_id=message.connection_id)
        return {"fragment": restarted.fragment}

    async def _media_watch(self, sid: str, caller: Caller, message: MediaWatch) -> Mapping[str, Any]:
        if message.incident_id is not None:
            await self._incidents.case(caller, message.incident_id)
        want = Want(
            incident_id=message.incident_id,
            video=tuple(
                WantedVideo(slot=w.slot, source_id=w.source_id, width=w.width, height=w.height)
                for w in message.video
            ),
            audio=message.audio,
        )
        return {"live": await self._director.watch(sid=sid, connection_id=message.connection_id, want=want)}

    async def _media_resume(self, sid: str, caller: Caller, message: MediaResume) -> Mapping[str, Any]:
        await self._director.resume(
            sid=sid,
            person_id=caller.require_person().id,
            session=await self._session_hash(sid),
            connection_id=message.connection_id,
        )
        return {}

    async def _session_hash(self, sid: str) -> str:
        return str((await self._session(sid))["session"])

    async def _media_close(self, sid: str, _caller: Caller, message: MediaClose) -> Mapping[str, Any]:
        await self._director.close_viewer(sid=sid, connection_id=message.connection_id)
        return {}

    async def _media_report(self, sid: str, caller: Caller, message: PageReport) -> Mapping[str, Any]:
        person = caller.require_person()
        session, now = await self._session(sid), time.monotonic()
        if now - session["reported_at"] < LEAST_EVERY_S:
            raise Throttled(retry_after_s=int(LEAST_EVERY_S))
        session["reported_at"] = now
        return {"scores": self._figures.report(sid=sid, person_id=person.id, report=message)}

    async def _ring_received(self, _sid: str, caller: Caller, message: RingReceived) -> Mapping[str, Any]:
        await self._answers.record_delivery(caller, message.assignment_id, "console")
        return {}

    async def _position(self, _sid: str, caller: Caller, message: Position) -> Mapping[str, Any]:
        await self._locating.locate(caller, message.feed_id, message)
        return {}


@contextmanager
def _one_of_few(session: dict[str, Any]) -> Iterator[None]:
    """Counts an event of a socket while it is being answered. Raises: Unavailable beyond the limit."""
    if session["under_way"] >= EVENTS_AT_ONCE:
        raise Unavailable("busy")
    session["under_way"] += 1
    try:
        yield
    finally:
        session["under_way"] -= 1
