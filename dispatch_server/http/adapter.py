"""From an aiohttp request to a `Route`'s handler and back: authenticate, guard, parse once, answer."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Awaitable, Callable

from aiohttp import web
from pydantic import BaseModel

from dispatch_server.caller import Caller
from dispatch_server.errors import BadInput, NotAllowed, NotFound
from dispatch_server.http.authenticate import Authenticator, Identified
from dispatch_server.http.route import Request, Route
from dispatch_server.usecases.desk import CommandKey
from dispatch_server.wrong_input import parsed_json

BODY_LIMIT = 64 * 1024
_AN_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_SAFE = frozenset({"GET", "HEAD"})


def serve(
    route: Route, authenticator: Authenticator
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """An aiohttp handler for a signed-in route. Every refusal is raised; the middleware words it."""

    async def handle(request: web.Request) -> web.StreamResponse:
        who = await authenticator.identify(request)
        if who.device is not None and not route.device:
            raise NotAllowed()
        if who.session is not None and request.method not in _SAFE:
            require_csrf(request, who)
        raw = await read_json(request) if route.body is not None else b""
        body = parsed_json(route.body, raw) if route.body is not None else None
        caller = Caller(
            person=who.session.person if who.session else None,
            device=who.device,
            language=language_of(request),
            command=command_key(request, who, raw),
        )
        reply = await route.handler(
            Request(
                caller=caller,
                path=path_ids(request),
                query=query_of(request),
                body=body,
                address=request.remote or "",
                base_url=f"{request.scheme}://{request.host}",
            )
        )
        return json_response(reply, status=route.status)

    return handle


def require_csrf(request: web.Request, who: Identified) -> None:
    """Returns if the page that sent this holds the session's token. Raises: NotAllowed."""
    given = request.headers.get("X-CSRF-Token", "")
    expected = who.session.csrf if who.session else ""
    if not expected or not hmac.compare_digest(_bytes(given), _bytes(expected)):
        raise NotAllowed("csrf_missing")


def path_ids(request: web.Request) -> dict[str, str]:
    """The ids that the path names. Raises: NotFound for what no id looks like: the store is not asked."""
    ids = dict(request.match_info)
    if not all(_AN_ID.fullmatch(value) for value in ids.values()):
        raise NotFound()
    return ids


def query_of(request: web.Request) -> dict[str, str]:
    """Raises: BadInput for a NUL, which PostgreSQL cannot compare."""
    query = dict(request.query)
    for name, value in query.items():
        if "\x00" in value:
            raise BadInput(field=name[:64], problem="pattern")
    return query


async def read_body(request: web.Request, limit: int = BODY_LIMIT) -> bytes:
    """The whole body. Raises: BadInput when it is larger than the limit, however it is framed."""
    if (request.content_length or 0) > limit:
        raise BadInput("body_too_large", limit_kb=limit // 1024)
    raw = bytearray()
    try:
        async for chunk in request.content.iter_chunked(16 * 1024):
            raw += chunk
            if len(raw) > limit:
                raise BadInput("body_too_large", limit_kb=limit // 1024)
    except web.RequestPayloadError:
        raise BadInput(field="body", problem="malformed") from None
    return bytes(raw)


async def read_json(request: web.Request) -> bytes:
    """The body of a JSON request; nothing stands for an empty object. Raises: BadInput."""
    raw = await read_body(request)
    if raw and "Content-Type" in request.headers and not _is_json(request.content_type):
        raise BadInput("wrong_content_type", expected="application/json")
    return raw or b"{}"


def _is_json(content_type: str) -> bool:
    return content_type == "application/json" or content_type.endswith("+json")


def language_of(request: web.Request) -> str:
    """en or zh: the cookie that the switch sets, else the browser's first choice, else Chinese."""
    chosen = request.cookies.get("lang")
    if chosen in ("zh", "en"):
        return str(chosen)
    first = request.headers.get("Accept-Language", "").split(",")[0].strip().lower()
    return "en" if first.startswith("en") else "zh"


def command_key(request: web.Request, who: Identified, raw: bytes) -> CommandKey | None:
    """The caller's idempotency key, made theirs alone. Raises: BadInput when it is too long."""
    key = request.headers.get("Idempotency-Key")
    if key is None or request.method in _SAFE:
        return None
    if not 1 <= len(key) <= 80:
        raise BadInput(field="Idempotency-Key", problem="too_long", limit=80)
    owner = who.session.person.id if who.session else who.device.feed_id if who.device else ""
    fingerprint = hashlib.sha256(_bytes(f"{request.method} {request.path}\n") + raw).hexdigest()
    return CommandKey(key=hashlib.sha256(_bytes(f"{owner}\n{key}")).hexdigest(), fingerprint=fingerprint)


def _bytes(text: str) -> bytes:
    """Header values may hold bytes that are no UTF-8; they are compared and hashed as they came."""
    return text.encode("utf-8", "surrogateescape")


def json_response(reply: BaseModel | None, *, status: int = 200) -> web.Response:
    if reply is None:
        return web.Response(status=204)
    return web.Response(status=status, text=reply.model_dump_json(), content_type="application/json")
