"""The OpenAPI 3.1 document, generated from the routes and the models."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from dispatch_server import bodies, wire
from dispatch_server.http.route import Route

_EXTRA: tuple[type[BaseModel], ...] = (
    wire.ErrorView,
    wire.Me,
    bodies.SignIn,
    bodies.SignInByLink,
    bodies.SetPassword,
    wire.StreamAdvanced,
    wire.Synced,
    wire.Ring,
)
_REF = "#/components/schemas/{model}"


def document(routes: Iterable[Route], *, version: str) -> dict[str, Any]:
    """The whole API; models that travel over the socket are among the components."""
    routes = tuple(routes)
    models = {r.body for r in routes if r.body} | {r.reply for r in routes if r.reply} | set(_EXTRA)
    ordered = sorted(models, key=lambda model: model.__name__)
    pairs = [
        (model, "validation" if issubclass(model, bodies.Body) else "serialization") for model in ordered
    ]
    refs, definitions = models_json_schema(pairs, ref_template=_REF)  # type: ignore[arg-type]
    schema: dict[Any, Any] = {key[0]: ref for key, ref in refs.items()}
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schema)
    for path, method, body, summary in (
        ("/api/sign-in", "post", bodies.SignIn, "Sign in with a password; sets the session cookie"),
        ("/api/sign-in/link", "post", bodies.SignInByLink, "Sign in with a one-time link"),
        ("/api/me", "get", None, "Who am I; the CSRF token for unsafe methods"),
        ("/api/me/password", "post", bodies.SetPassword, "Set one's own password; other sessions end"),
    ):
        operation = _operation(
            Route(
                method=method.upper(),
                path=path,
                handler=_never,
                summary=summary,
                tag="sign-in",
                body=body,
                reply=wire.Me,
            ),
            schema,
        )
        if not path.startswith("/api/me"):
            operation["security"] = []
        paths.setdefault(path, {})[method] = operation
    paths["/api/sign-out"] = {
        "post": {"summary": "Sign out", "tags": ["sign-in"], "responses": {"204": {"description": "Done"}}}
    }
    paths["/whip/{feed_id}"] = {"post": _whip("Send media to a feed (WHIP, RFC 9725)", "feed_id")}
    paths["/whip/rooms/{room_id}"] = {
        "post": _whip("Send one's own camera or microphone into a room", "room_id")
    }
    watch = _whip("Watch a feed (WHEP): a player's link, by its own token", "feed_id")
    paths["/whep/{feed_id}"] = {"post": watch | {"security": [{"device": []}]}}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Liandong 联动",
            "version": version,
            "description": "Unsafe methods need `X-CSRF-Token` (from /api/me) with a cookie, or a device's "
            "bearer token. `Idempotency-Key` makes a retry safe. "
            "Errors are `{code, message, params}`.",
        },
        "security": [{"session": []}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": definitions.get("$defs", {}),
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": "liandong_session"},
                "device": {"type": "http", "scheme": "bearer"},
            },
        },
    }


async def _never(_request: object) -> None:
    raise AssertionError("described here, served elsewhere")


def _operation(route: Route, schema: dict[Any, Any]) -> dict[str, Any]:
    names = [part[1:-1] for part in route.path.split("/") if part.startswith("{")]
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names
    ]
    parameters += [
        {"name": name, "in": "query", "description": meaning, "schema": {"type": "string"}}
        for name, meaning in route.query
    ]
    if route.method != "GET":
        key = {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "maxLength": 80}}
        parameters.append(key)
    done: dict[str, Any] = {"description": "Done"}
    if route.reply is not None:
        done["content"] = {"application/json": {"schema": schema[route.reply]}}
    refused = {
        "description": "Refused: a stable code and a sentence",
        "content": {"application/json": {"schema": schema[wire.ErrorView]}},
    }
    operation: dict[str, Any] = {
        "summary": route.summary,
        "tags": [route.tag],
        "parameters": parameters,
        "responses": {str(route.status if route.reply else 204): done, "4XX": refused},
    }
    if route.body is not None:
        operation["requestBody"] = {"content": {"application/json": {"schema": schema[route.body]}}}
    if route.device:
        operation["security"] = [{"session": []}, {"device": []}]
    return operation


def _whip(summary: str, parameter: str) -> dict[str, Any]:
    sdp = {"content": {"application/sdp": {"schema": {"type": "string"}}}}
    return {
        "summary": summary,
        "tags": ["media"],
        "parameters": [{"name": parameter, "in": "path", "required": True, "schema": {"type": "string"}}],
        "requestBody": sdp,
        "responses": {"201": {"description": "The SDP answer; DELETE its Location to stop", **sdp}},
        "security": [{"session": []}, {"device": []}],
    }
