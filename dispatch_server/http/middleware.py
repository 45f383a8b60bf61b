"""Around every request: ids for the log, one canonical line, one error shape, and the headers that
browsers obey.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web

from dispatch_server import messages, wire
from dispatch_server.errors import Throttled
from dispatch_server.http.adapter import language_of
from dispatch_server.http.error_status import DomainError, status_of
from dispatch_server.ids import NewId

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


def boundary(new_id: NewId) -> Callable[..., Awaitable[web.StreamResponse]]:
    """The outermost boundary: the only place where any exception becomes an answer."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=new_id()[:12])
        started = time.perf_counter()
        response = await _answer(request, handler)
        if not response.prepared:
            for name, value in SECURITY_HEADERS.items():
                response.headers.setdefault(name, value)
        _log.info(
            "http.request",
            method=request.method,
            route=_route_of(request),
            status=response.status,
            duration_ms=round((time.perf_counter() - started) * 1000, 1),
        )
        return response

    return middleware


async def _answer(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except DomainError as error:
        return error_response(request, error)
    except web.HTTPException as error:
        if error.status < 400:
            return error
        code = {404: "not_found", 405: "method_not_allowed", 413: "body_too_large"}.get(
            error.status, "bad_input"
        )
        params = {"limit_kb": 64, "field": "request", "reason": error.reason}
        return _error(request, code, error.status, params)
    except (ConnectionResetError, TimeoutError):
        return _error(request, "busy", 503, {})
    except Exception:  # noqa: BLE001 - the outermost boundary
        _log.exception("http.failed", route=_route_of(request))
        return _error(request, "internal_error", 500, {})


def error_response(request: web.Request, error: Exception) -> web.Response:
    """A refusal in the caller's language, as problem+json (RFC 9457) on the WHIP paths."""
    response = _error(
        request, getattr(error, "code", "internal_error"), status_of(error), getattr(error, "params", {})
    )
    if isinstance(error, Throttled):
        response.headers["Retry-After"] = str(error.params.get("retry_after_s", 60))
    if response.status == 401 and request.path.startswith("/whip"):
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _error(request: web.Request, code: str, status: int, params: object) -> web.Response:
    facts = {str(k): v for k, v in params.items() if v is not None} if isinstance(params, dict) else {}
    message = messages.sentence(code, language_of(request), facts)
    if request.path.startswith("/whip"):
        return web.json_response(
            {"type": "about:blank", "title": message, "status": status, "code": code},
            status=status,
            content_type="application/problem+json",
        )
    view = wire.ErrorView(code=code, message=message, params={k: str(v) for k, v in facts.items()})
    return web.Response(status=status, text=view.model_dump_json(), content_type="application/json")


def _route_of(request: web.Request) -> str:
    """The route's pattern, never the path itself: ids and file names stay out of the log."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "unmatched"
