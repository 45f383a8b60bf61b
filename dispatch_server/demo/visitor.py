"""A person who uses the public API as anybody would: sign in by link, keep the cookie, listen on the
socket.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp
import socketio

REQUEST_TIMEOUT_S = 10.0
RECONNECT_S = 2.0


def facts_from_stdin() -> dict[str, Any]:
    """What the hub handed over: one line of JSON. From here on the process ends when the hub does."""
    facts: dict[str, Any] = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_the_hub, daemon=True).start()
    return facts


def _end_with_the_hub() -> None:
    """The pipe closes when the hub is gone, `kill -9` included; nobody would stop us otherwise."""
    while os.read(0, 1):
        pass
    os._exit(0)


class Visitor:
    """A signed-in person. `call` raises aiohttp.ClientResponseError when the hub refuses."""

    def __init__(self, url: str, session: aiohttp.ClientSession, me: Mapping[str, Any]) -> None:
        self._url = url
        self._session = session
        self.me = me

    async def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        headers = {"X-CSRF-Token": self.me["csrf"]}
        async with self._session.request(method, self._url + path, json=body, headers=headers) as reply:
            reply.raise_for_status()
            return await reply.json() if reply.status != 204 else None

    async def listen(self, handlers: Mapping[str, Callable[[Any], Awaitable[None]]]) -> None:
        """Takes events until the process ends; a lost connection is made anew and what rings is heard."""
        while True:
            with suppress(socketio.exceptions.SocketIOError, aiohttp.ClientError, TimeoutError):
                await self._listen_once(handlers)
            await asyncio.sleep(RECONNECT_S)

    async def _listen_once(self, handlers: Mapping[str, Callable[[Any], Awaitable[None]]]) -> None:
        client = socketio.AsyncClient(serializer="msgpack", reconnection=False, http_session=self._session)
        for event, handler in handlers.items():
            client.on(event, handler)
        self._client = client
        await client.connect(self._url, transports=["websocket"], wait_timeout=REQUEST_TIMEOUT_S)
        try:
            reply = await client.call("sync", {"streams": {}}, timeout=REQUEST_TIMEOUT_S)
            for ring in reply.get("ringing", []):
                await handlers["summons_ring"](ring)
            await client.wait()
        finally:
            await client.disconnect()

    async def received(self, assignment_id: str) -> None:
        """A receipt that the page arrived."""
        await self._client.call("ring_received", {"assignment_id": assignment_id}, timeout=REQUEST_TIMEOUT_S)


@asynccontextmanager
async def signed_in(facts: Mapping[str, Any]) -> AsyncIterator[Visitor]:
    """A visitor who used up the one-time link; tries for a minute while the hub is starting."""
    timeout = aiohttp.ClientTimeout(total=REQUEST_TIMEOUT_S)
    jar = aiohttp.CookieJar(unsafe=True)  # cookies of an address without a name
    async with aiohttp.ClientSession(timeout=timeout, cookie_jar=jar) as session:
        yield Visitor(facts["url"], session, await _use_link(session, facts))


async def _use_link(session: aiohttp.ClientSession, facts: Mapping[str, Any]) -> Mapping[str, Any]:
    """Who one is, once the hub answers; it may still be starting."""
    for _ in range(60):
        try:
            body = {"token": facts["link"]}
            async with session.post(facts["url"] + "/api/sign-in/link", json=body) as reply:
                reply.raise_for_status()
                me: Mapping[str, Any] = await reply.json()
                return me
        except aiohttp.ClientConnectionError:
            await asyncio.sleep(1)
    raise TimeoutError("the hub does not answer")
