"""Around every request: ids for the log, one canonical line, one error shape, and the headers that
browsers obey.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web

from dispatch_server import wire
from dispatch_server.errors import BadInput, HubError, Throttled
from dispatch_server.http.adapter import language_of
from dispatch_server.http.error_status import DomainError, refusal_of, status_of
from dispatch_server.ids import NewId
from dispatch_server.messages import Wording

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_log = structlog.get_logger("http")

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(self), microphone=(self), geolocation=(self), screen-wake-lock=(self)",
    "Content-Security-Policy": (
        "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data: blob:; "
        "media-src 'self' blob:; "
        "style-src 'self' 'unsafe-inline'; font-src 'self' data:; worker-src 'self' blob:; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    ),
}


_MEDIA = ("/whip", "/whep")
# A player's page may be of any origin: what it may do hangs on the token that it sends, and on no cookie.
_FROM_ANYWHERE = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Location, ETag, Link, Accept-Patch, WWW-Authenticate",
}


class Boundary:
    """The outermost boundary: the only place where any exception becomes an answer."""

    def __init__(self, *, new_id: NewId, wording: Wording) -> None:
        self._new_id = new_id
        self._wording = wording

    def middleware(self) -> Callable[..., Awaitable[web.StreamResponse]]:
        @web.middleware
        async def around(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await self._around(request, handler)

        return around

    async def _around(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=self._new_id()[:12])
        started = time.perf_counter()
        response = await self._answer(request, handler)
        if not response.prepared:
            for name, value in SECURITY_HEADERS.items():
                response.headers.setdefault(name, value)
            if request.path.startswith("/whep/"):
                response.headers.update(_FROM_ANYWHERE)
        _log.info(
            "http.request",
            method=request.method,
            route=_route_of(request),
            status=response.status,
            duration_ms=round((time.perf_counter() - started) * 1000, 1),
        )
        return response

    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPException as error:
            return error if error.status < 400 else self._refuse(request, _of_aiohttp(error), error.status)
        except Exception as error:  # noqa: BLE001 - the outermost boundary
            refusal = refusal_of(error)
            if refusal is None:
                _log.exception("http.failed", route=_route_of(request))
                refusal = HubError("internal_error")
            elif not isinstance(error, DomainError):
                _log.warning("http.unavailable", route=_route_of(request), error=type(error).__name__)
            return self._refuse(request, refusal, status_of(refusal))

    def _refuse(self, request: web.Request, refusal: DomainError, status: int) -> web.Response:
        """The refusal in the caller's language, as problem+json (RFC 9457) on the paths of WHIP and WHEP."""
        facts = {key: value for key, value in refusal.params.items() if value is not None}
        message = self._wording.sentence(refusal.code, language_of(request), facts)
        if request.path.startswith(_MEDIA):
            problem = {"type": "about:blank", "title": message, "status": status, "code": refusal.code}
            response = web.json_response(problem, status=status, content_type="application/problem+json")
        else:
            params = {key: str(value) for key, value in facts.items()}
            view = wire.ErrorView(code=refusal.code, message=message, params=params)
            text = view.model_dump_json()
            response = web.Response(status=status, text=text, content_type="application/json")
        if isinstance(refusal, Throttled):
            response.headers["Retry-After"] = str(refusal.params.get("retry_after_s", 60))
        if status == 401 and request.path.startswith(_MEDIA):
            response.headers["WWW-Authenticate"] = "Bearer"
        return response


def _of_aiohttp(error: web.HTTPException) -> HubError:
    match error.status:
        case 404:
            return HubError("not_found")
        case 405:
            return HubError("method_not_allowed")
        case 413:
            return HubError("body_too_large", limit_kb=64)
        case _:
            return BadInput(field="request", problem="malformed")


def _route_of(request: web.Request) -> str:
    """The route's pattern, never the path itself: ids and file names stay out of the log."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "unmatched"
