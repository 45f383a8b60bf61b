"""Sign-in and sign-out: the only places that set or clear the session cookie."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from aiohttp import web

from dispatch_server import bodies, views, wire
from dispatch_server.clock import Clock
from dispatch_server.errors import HubError, NotAllowed, NotSignedIn
from dispatch_server.http.adapter import json_response, language_of, read_json, require_csrf
from dispatch_server.http.authenticate import COOKIE, Authenticator
from dispatch_server.identity import Person
from dispatch_server.ports import Broadcaster
from dispatch_server.usecases.sign_in import Session, SignedIn, SignInDesk
from dispatch_server.wrong_input import parsed_json


class SignInEndpoint:
    def __init__(
        self,
        *,
        sign_in: SignInDesk,
        authenticator: Authenticator,
        broadcaster: Broadcaster,
        clock: Clock,
        site_name: str,
        session_lifetime: timedelta,
        origins: frozenset[str],
        session_ended: Callable[[str], Awaitable[None]],
    ) -> None:
        self._sign_in = sign_in
        self._authenticator = authenticator
        self._broadcaster = broadcaster
        self._clock = clock
        self._site_name = site_name
        self._session_lifetime = session_lifetime
        self._origins = origins
        self._session_ended = session_ended

    def add_to(self, app: web.Application) -> None:
        app.router.add_post("/api/sign-in", self._by_password)
        app.router.add_post("/api/sign-in/link", self._by_link)
        app.router.add_post("/api/sign-out", self._sign_out)
        app.router.add_get("/api/me", self._me)
        app.router.add_post("/api/me/password", self._set_password)

    async def _by_password(self, request: web.Request) -> web.StreamResponse:
        require_own_origin(request, self._origins)
        body = parsed_json(bodies.SignIn, await read_json(request))
        signed_in = await self._sign_in.by_password(body.login, body.password, address=request.remote or "")
        await self._end_session_before(request)
        return self._welcome(request, signed_in)

    async def _by_link(self, request: web.Request) -> web.StreamResponse:
        require_own_origin(request, self._origins)
        body = parsed_json(bodies.SignInByLink, await read_json(request))
        signed_in = await self._sign_in.by_link(body.token, address=request.remote or "")
        await self._end_session_before(request)
        return self._welcome(request, signed_in)

    async def _sign_out(self, request: web.Request) -> web.StreamResponse:
        who = await self._authenticator.identify(request)
        if who.session is None:
            raise NotSignedIn()
        require_csrf(request, who)
        await self._end(who.session, "signed_out")
        response = web.Response(status=204)
        response.del_cookie(COOKIE, path="/")
        return response

    async def _end_session_before(self, request: web.Request) -> None:
        """A browser has one cookie: whoever had it before is out, with all their open pages."""
        try:
            who = await self._authenticator.identify(request)
        except HubError:
            return
        if who.session is not None:
            await self._end(who.session, "replaced")

    async def _end(self, session: Session, code: str) -> None:
        await self._sign_in.sign_out(session)
        group = f"session:{session.token_hash}"
        await self._broadcaster.to_groups("session_ended", {"code": code}, [group])
        await self._broadcaster.end_group(group)
        await self._session_ended(session.token_hash)

    async def _set_password(self, request: web.Request) -> web.StreamResponse:
        who = await self._authenticator.identify(request)
        if who.session is None:
            raise NotAllowed()
        require_csrf(request, who)
        body = parsed_json(bodies.SetPassword, await read_json(request))
        signed_in = await self._sign_in.set_password(
            who.session, body.password, current=body.current, address=request.remote or ""
        )
        return self._welcome(request, signed_in)

    async def _me(self, request: web.Request) -> web.StreamResponse:
        who = await self._authenticator.identify(request)
        if who.session is None:
            raise NotAllowed()
        return json_response(self._view(request, who.session.person, who.session.csrf))

    def _welcome(self, request: web.Request, signed_in: SignedIn) -> web.Response:
        response = json_response(self._view(request, signed_in.person, signed_in.csrf))
        response.set_cookie(
            COOKIE,
            signed_in.token,
            path="/",
            httponly=True,
            samesite="Lax",
            secure=request.secure,
            max_age=int(self._session_lifetime.total_seconds()),
        )
        return response

    def _view(self, request: web.Request, person: Person, csrf: str) -> wire.Me:
        return wire.Me(
            person=views.person_view(person),
            csrf=csrf,
            now=self._clock(),
            lang=language_of(request),
            site_name=self._site_name,
        )


def require_own_origin(request: web.Request, others: frozenset[str]) -> None:
    """Returns unless a page of another origin than our own or `others` sent this. Raises: NotAllowed."""
    origin = request.headers.get("Origin")
    if origin is not None and origin.split("://", 1)[-1] != request.host and origin not in others:
        raise NotAllowed("bad_origin")
