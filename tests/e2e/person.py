"""A person who speaks to the public API without a page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from tests.e2e.hub import Hub

REQUEST_LIMIT_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    status: int
    body: Any

    @property
    def code(self) -> str | None:
        """The stable code of a refusal."""
        return self.body.get("code") if isinstance(self.body, dict) else None


class Someone:
    """Signed in; `ask` returns whatever the hub replies, `do` insists on success."""

    def __init__(self, hub: Hub, session: aiohttp.ClientSession, csrf: str) -> None:
        self._hub = hub
        self._session = session
        self._csrf = csrf

    async def ask(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, sdp: str | None = None
    ) -> Reply:
        headers = {"X-CSRF-Token": self._csrf}
        if sdp is not None:
            headers["Content-Type"] = "application/sdp"
        async with self._session.request(
            method, self._hub.url + path, json=body, data=sdp, headers=headers
        ) as reply:
            is_json = "json" in reply.content_type
            return Reply(status=reply.status, body=await reply.json() if is_json else await reply.text())

    async def do(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        reply = await self.ask(method, path, body)
        assert reply.status < 300, f"{method} {path}: {reply.status} {reply.body}"
        return reply.body

    async def incident(self, incident_id: str) -> dict[str, Any]:
        view: dict[str, Any] = await self.do("GET", f"/api/incidents/{incident_id}")
        return view

    async def journal(self, incident_id: str, kind: str | None = None) -> list[dict[str, Any]]:
        """The events of the incident's own stream, of one kind or all."""
        events: list[dict[str, Any]] = []
        while page := (await self._journal_page(incident_id, events[-1]["seq"] if events else 0)):
            events += page
        return [event for event in events if kind in (None, event["kind"])]

    async def _journal_page(self, incident_id: str, after: int) -> list[dict[str, Any]]:
        page = await self.do("GET", f"/api/incidents/{incident_id}/journal?after={after}&limit=500")
        return [event for event in page["events"] if event["stream"] == f"incident:{incident_id}"]


@asynccontextmanager
async def someone(hub: Hub, login: str) -> AsyncIterator[Someone]:
    """The person with that user name, signed in by a one-time link."""
    jar = aiohttp.CookieJar(unsafe=True)  # cookies of an address without a name
    timeout = aiohttp.ClientTimeout(total=REQUEST_LIMIT_S)
    async with aiohttp.ClientSession(cookie_jar=jar, timeout=timeout) as session:
        body = {"token": await hub.link_token(login)}
        async with session.post(f"{hub.url}/api/sign-in/link", json=body) as reply:
            assert reply.status == 200, await reply.text()
            yield Someone(hub, session, (await reply.json())["csrf"])
