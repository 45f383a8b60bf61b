"""A hub with its real HTTP and sockets on a loopback port; only time, media and messages are stand-ins."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import aiohttp
import socketio
from aiohttp import web

from dispatch_server import seeding
from dispatch_server.config import Config
from dispatch_server.http.authenticate import COOKIE
from dispatch_server.ids import random_id, random_token
from dispatch_server.ports import MediaPlane, Notifier
from dispatch_server.running import running
from dispatch_server.wiring import Hub
from tests.fakes import FakeClock, FakeNotifier, FakePlane

OPERATOR, LEADER, CITY, ADMIN = "op-chengnan", "lead-chengnan", "commander", "admin"
OFFICER = "off-chengnan-jinxiu"
POLICE, POLICE_2, LABOUR = "chengnan-police-1", "chengnan-police-2", "chengnan-labour-1"
ELSEWHERE = ("op-hexi", "lead-hexi", "hexi-police-1", "hexi-labour-1", "off-hexi-guihua", "med-hexi")
SDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
WAIT_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One HTTP response. `data` is its JSON, where it is some."""

    status: int
    headers: Mapping[str, str]
    raw: bytes
    data: Any

    @property
    def code(self) -> str:
        return str(self.data["code"])


class Listener:
    """A socket of one page that keeps everything it hears."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self.client = socketio.AsyncClient(serializer="msgpack", reconnection=False, http_session=session)
        self.heard: list[tuple[str, Any]] = []
        self._news = asyncio.Event()
        self.client.on("*", self._hear)

    async def _hear(self, event: str, data: Any = None) -> None:
        self.heard.append((event, data))
        self._news.set()

    async def connect(self, **headers: str) -> Self:
        await self.client.connect(self.url, transports=["websocket"], headers=headers, wait_timeout=WAIT_S)
        return self

    async def ask(self, event: str, data: object = None) -> Any:
        return await self.client.call(event, data, timeout=WAIT_S)

    def of(self, event: str) -> list[Any]:
        return [data for name, data in self.heard if name == event]

    async def hears(self, event: str, within_s: float = WAIT_S, **facts: object) -> Any:
        """The first such event that carries these facts, also one already heard."""
        async with asyncio.timeout(within_s):
            while True:
                for data in self.of(event):
                    if all(data.get(key) == value for key, value in facts.items()):
                        return data
                self._news.clear()
                await self._news.wait()

    async def is_closed(self, within_s: float = WAIT_S) -> None:
        """The hub ends this connection."""
        async with asyncio.timeout(within_s):
            await self.client.wait()

    async def close(self) -> None:
        await self.client.disconnect()
        await asyncio.sleep(0)


@dataclass(slots=True)
class Visitor:
    """A browser: one cookie jar, the CSRF token of its session, maybe sockets."""

    url: str
    session: aiohttp.ClientSession
    csrf: str = ""
    person_id: str = ""
    language: str = "zh"
    listeners: list[Listener] = field(default_factory=list)

    async def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        data: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
        csrf: bool = True,
    ) -> Answer:
        sent = {"Accept-Language": self.language, **({"X-CSRF-Token": self.csrf} if csrf else {})}
        sent.update(headers or {})
        payload: dict[str, Any] = {"json": body} if body is not None else {"data": data}
        async with self.session.request(
            method, self.url + path, headers=sent, allow_redirects=False, **payload
        ) as response:
            raw = await response.read()
            kind = response.headers.get("Content-Type", "")
            parsed = json.loads(raw) if "json" in kind else None
            return Answer(status=response.status, headers=response.headers, raw=raw, data=parsed)

    async def get(self, path: str) -> Any:
        answer = await self.call("GET", path)
        assert answer.status == 200, answer.data
        return answer.data

    async def post(self, path: str, body: object = None) -> Any:
        answer = await self.call("POST", path, body)
        assert answer.status in (200, 201, 204), answer.data
        return answer.data

    async def listen(self, **headers: str) -> Listener:
        listener = Listener(self.url, self.session)
        self.listeners.append(listener)
        return await listener.connect(**headers)

    @property
    def cookie(self) -> str | None:
        return next((c.value for c in self.session.cookie_jar if c.key == COOKIE), None)


@dataclass(slots=True, kw_only=True)
class House:
    hub: Hub
    url: str
    clock: FakeClock
    plane: FakePlane
    notifier: Notifier
    stack: AsyncExitStack

    async def visitor(self, **options: Any) -> Visitor:
        """Somebody who has not signed in."""
        jar = aiohttp.CookieJar(unsafe=True)
        timeout = aiohttp.ClientTimeout(total=30)
        session = aiohttp.ClientSession(cookie_jar=jar, timeout=timeout, **options)
        visitor = Visitor(self.url, session)

        async def leave() -> None:
            for listener in visitor.listeners:
                await listener.close()
            await session.close()

        self.stack.push_async_callback(leave)
        return visitor

    async def signed_in(self, person_id: str, *, language: str = "zh") -> Visitor:
        visitor = await self.visitor()
        visitor.language = language
        token, _ = await self.hub.sign_in.make_link(person_id)
        answer = await visitor.call("POST", "/api/sign-in/link", {"token": token})
        assert answer.status == 200, answer.data
        visitor.csrf, visitor.person_id = answer.data["csrf"], person_id
        return visitor


@asynccontextmanager
async def open_house(
    config: Config,
    *,
    clock: FakeClock | None = None,
    plane: MediaPlane | None = None,
    notifier: Notifier | None = None,
    seed: seeding.Seed | None = None,
) -> AsyncIterator[House]:
    """The hub serves on a free port until the block ends."""
    clock = clock or FakeClock()
    media = plane or FakePlane()
    messages = notifier or FakeNotifier()
    async with AsyncExitStack() as stack:
        hub = await stack.enter_async_context(
            running(
                config,
                clock=clock,
                new_id=random_id,
                new_token=random_token,
                plane=media,
                notifier=messages,
            )
        )
        if seed is not None:
            await seeding.sow(hub.reference, seed)
            await hub.directories.reload()
        runner = web.AppRunner(hub.app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        visitors = await stack.enter_async_context(AsyncExitStack())
        assert isinstance(media, FakePlane)
        yield House(
            hub=hub,
            url=f"http://127.0.0.1:{port}",
            clock=clock,
            plane=media,
            notifier=messages,
            stack=visitors,
        )


def config_in(folder: Path, **settings: Any) -> Config:
    return Config.model_validate({"data": folder, "https": False, **settings})


async def until(holds: Callable[[], object], within_s: float = WAIT_S) -> None:
    """Returns once it holds; looked at a hundred times a second."""
    async with asyncio.timeout(within_s):
        while True:
            result = holds()
            if await result if inspect.isawaitable(result) else result:
                return
            await asyncio.sleep(0.01)


async def reported(visitor: Visitor, **more: object) -> Any:
    """An incident that this visitor reports."""
    body = {"type": "wage_dispute", "words": "约 40 人", "place": {"text": "东门", "lat": 41.8, "lon": 123.4}}
    return await visitor.post("/api/incidents", {**body, **more})


async def pressed(operator: Visitor, incident_id: str) -> Any:
    return await operator.post(f"/api/incidents/{incident_id}/summon", {})


def assignment_of(incident: Any, department: str) -> str:
    return str(next(a["id"] for a in incident["assignments"] if a["department_id"] == department))
