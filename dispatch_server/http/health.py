"""For machines: is the process there, can it serve, does its engine turn; and the metrics."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from dispatch_server import wire
from dispatch_server.clock import Clock
from dispatch_server.errors import NotFound
from dispatch_server.http.adapter import json_response
from dispatch_server.timekeeper import Timekeeper

SILENCE = timedelta(seconds=30)
_LOCAL = frozenset({"127.0.0.1", "::1"})


class HealthEndpoint:
    """`ready` names each part that the hub needs and says whether it answers."""

    def __init__(
        self,
        *,
        parts: dict[str, Callable[[], Awaitable[bool]]],
        timekeeper: Timekeeper,
        clock: Clock,
        registry: CollectorRegistry,
    ) -> None:
        self._parts = parts
        self._timekeeper = timekeeper
        self._clock = clock
        self._registry = registry

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/health/live", self._live)
        app.router.add_get("/health/ready", self._ready)
        app.router.add_get("/health/engine", self._engine)
        app.router.add_get("/metrics", self._metrics)

    async def _live(self, _request: web.Request) -> web.StreamResponse:
        return json_response(wire.Health(status="ok"))

    async def _ready(self, _request: web.Request) -> web.StreamResponse:
        detail = {name: await answers() for name, answers in self._parts.items()}
        return _health(all(detail.values()), detail)

    async def _engine(self, _request: web.Request) -> web.StreamResponse:
        """Good only if a *complete* cycle of the timekeeper ended within the last 30 s."""
        completed_at = self._timekeeper.completed_at
        if completed_at is None:
            return _health(False, {"cycle": 0})
        age = self._clock() - completed_at
        return _health(
            age <= SILENCE,
            {
                "cycle": self._timekeeper.cycle,
                "age_s": round(age.total_seconds(), 1),
                "stuck_incidents": len(self._timekeeper.stuck),
            },
        )

    async def _metrics(self, request: web.Request) -> web.StreamResponse:
        if request.remote not in _LOCAL:
            raise NotFound()
        return web.Response(
            body=generate_latest(self._registry), headers={"Content-Type": CONTENT_TYPE_LATEST}
        )


def _health(good: bool, detail: Mapping[str, object]) -> web.Response:
    view = wire.Health(status="ok" if good else "down", detail=dict(detail))
    return json_response(view, status=200 if good else 503)
