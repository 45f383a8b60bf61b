"""The aiohttp application: every route, the socket, the pages, behind one boundary."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

import socketio
from aiohttp import web

from dispatch_server.http.adapter import serve
from dispatch_server.http.api_page import page
from dispatch_server.http.authenticate import Authenticator
from dispatch_server.http.middleware import Boundary
from dispatch_server.http.route import Route


class Endpoint(Protocol):
    def add_to(self, app: web.Application) -> None: ...


def make_app(
    *,
    routes: Iterable[Route],
    endpoints: Iterable[Endpoint],
    authenticator: Authenticator,
    sockets: socketio.AsyncServer,
    boundary: Boundary,
    description: dict[str, Any],
) -> web.Application:
    """Everything that the hub serves. The pages come last: they answer what nobody else did."""
    app = web.Application(middlewares=[boundary.middleware()], client_max_size=128 * 1024)
    for route in routes:
        app.router.add_route(route.method, route.path, serve(route, authenticator))
    text = page(description)

    async def describe(_request: web.Request) -> web.Response:
        return web.json_response(description)

    async def show(_request: web.Request) -> web.Response:
        return web.Response(text=text, content_type="text/html")

    app.router.add_get("/api/openapi.json", describe)
    app.router.add_get("/api/docs", show)
    sockets.attach(app, socketio_path="socket.io")
    for endpoint in endpoints:
        endpoint.add_to(app)
    return app
