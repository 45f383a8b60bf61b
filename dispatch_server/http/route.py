"""A route as data: enough to serve it, to guard it and to describe it in OpenAPI."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from dispatch_server.caller import Caller


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A parsed request: path and query are text, the body is already its model."""

    caller: Caller
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any = None
    address: str = ""
    base_url: str = ""


Handler = Callable[[Request], Awaitable[BaseModel | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """`device`: a body-cam's bearer token may call it too. `reply` None: 204 without a body."""

    method: str
    path: str
    handler: Handler
    summary: str
    tag: str
    body: type[BaseModel] | None = None
    reply: type[BaseModel] | None = None
    status: int = 200
    device: bool = False
    query: tuple[tuple[str, str], ...] = ()  # (name, what it means)
