"""The hub as a process of its own: `python -m dispatch_server serve`, started, killed and started again."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from dispatch_server.config import Config
from dispatch_server.local_socket import ask_hub
from tests.integration.hub.house import Visitor

ROOT = Path(__file__).resolve().parents[3]
START_WITHIN_S = 45.0
SOON = {"LIANDONG_MEDIA_OUTLIVES_HUB_S": "20", "LIANDONG_MEDIA_WORKERS": "1"}
"""A killed hub's worker must not outlive the tests for long; further workers would need further ports."""
_next_port = 20_000 + os.getpid() % 200 * 100


def free_base() -> int:
    """N such that TCP N to N+2 and UDP N+2 are free now; each call looks further on."""
    global _next_port  # noqa: PLW0603 - one counter for the run
    while True:
        _next_port += 3
        wanted = (
            (0, socket.SOCK_STREAM),
            (1, socket.SOCK_STREAM),
            (2, socket.SOCK_STREAM),
            (2, socket.SOCK_DGRAM),
        )
        if all(_is_free(_next_port + n, kind) for n, kind in wanted):
            return _next_port


def _is_free(port: int, kind: socket.SocketKind) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


@dataclass(slots=True, kw_only=True)
class HubProcess:
    """One data folder and port base; the process behind it may change."""

    data: Path
    port: int = field(default_factory=free_base)
    settings: Mapping[str, str] = field(default_factory=dict)
    process: asyncio.subprocess.Process | None = None
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return (self.data / "hub.log").read_text(encoding="utf-8", errors="replace")

    async def start(self, *arguments: str) -> None:
        """The hub answers. Raises: AssertionError with its log."""
        settings = {"LIANDONG_HTTPS": "false", "LIANDONG_HOST": "127.0.0.1", **SOON, **self.settings}
        with (self.data / "hub.log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "dispatch_server",
                "serve",
                *("--data", str(self.data), "--port", str(self.port), *(arguments or ("--empty",))),
                stdout=log,
                stderr=log,
                cwd=ROOT,
                env={**os.environ, **settings},
            )
        async with asyncio.timeout(START_WITHIN_S), aiohttp.ClientSession() as session:
            while True:
                assert self.process.returncode is None, self.log[-3000:]
                with suppress(aiohttp.ClientError):
                    async with session.get(self.url + "/health/engine") as answer:
                        if answer.status == 200:
                            return
                await asyncio.sleep(0.05)

    async def kill(self) -> None:
        """As a power cut would."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """As an operator would; the exit code."""
        return await self._end(signal.SIGTERM)

    async def _end(self, number: int) -> int:
        assert self.process is not None
        with suppress(ProcessLookupError):
            self.process.send_signal(number)
        async with asyncio.timeout(20):
            code = await self.process.wait()
        self.process = None
        return code

    async def signed_in(self, login: str) -> Visitor:
        config = Config(data=self.data, port=self.port)
        url = (await ask_hub(config, {"command": "sign-in-link", "login": login}))["url"]
        jar = aiohttp.CookieJar(unsafe=True)
        session = aiohttp.ClientSession(cookie_jar=jar, timeout=aiohttp.ClientTimeout(total=20))
        visitor = Visitor(self.url, session)

        async def leave() -> None:
            for listener in visitor.listeners:
                with suppress(Exception):
                    await listener.close()
            await session.close()

        self.stack.push_async_callback(leave)
        answer = await visitor.call("POST", "/api/sign-in/link", {"token": url.split("#link=")[1]})
        assert answer.status == 200, answer.data
        visitor.csrf = answer.data["csrf"]
        return visitor


@asynccontextmanager
async def hub_process(data: Path, **settings: str) -> AsyncIterator[HubProcess]:
    """The hub runs inside the block and is gone after it."""
    hub = HubProcess(data=data, settings=settings)
    try:
        async with hub.stack:
            await hub.start()
            yield hub
    finally:
        if hub.process is not None:
            await hub.stop()
