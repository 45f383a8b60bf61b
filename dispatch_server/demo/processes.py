"""Starts the demonstration's processes and hands each its credentials through its standard input, never
its arguments.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress

import structlog

from dispatch_server.config import Config
from dispatch_server.wiring import Hub
from rooms import FeedKind

_log = structlog.get_logger("demo")

# (person, seconds until: acknowledge, then join or depart; None: never answers)
DEPARTMENTS: tuple[tuple[str, float | None, str], ...] = (
    ("chengnan-police-1", 4.0, "scene"),
    ("chengnan-labour-1", 7.0, "video"),
    ("chengnan-housing-1", 11.0, "scene"),
    ("chengnan-justice-1", 16.0, "video"),
    ("chengnan-petition-1", None, "video"),
)
OFFICER = "off-chengnan-jinxiu"
BODYCAM = "执法仪 01"
BODYCAM_WAIT_S = 60  # drawing the clip takes a while on a slow machine; the reports do not wait for ever


class Demonstration:
    def __init__(self, hub: Hub, config: Config) -> None:
        self._hub = hub
        self._config = config

    @asynccontextmanager
    async def playing(self) -> AsyncIterator[None]:
        """The processes run while the block does, and are ended with it."""
        processes: list[asyncio.subprocess.Process] = []
        starting = asyncio.create_task(self._start_all(processes), name="demo")
        try:
            yield
        finally:
            starting.cancel()
            for process in processes:
                with suppress(ProcessLookupError):
                    process.terminate()
            with suppress(TimeoutError):
                async with asyncio.timeout(3):
                    await asyncio.gather(*(process.wait() for process in processes))
            for process in processes:
                if process.returncode is None:
                    process.kill()

    async def _start_all(self, processes: list[asyncio.subprocess.Process]) -> None:
        """Everybody is there; the officer's reports come after the body-cam's, so that the incident with the
        live picture stands at the top of the queue.
        """
        if OFFICER not in self._hub.directories.now().people:
            _log.warning("demo.absent", reason="this data folder does not hold the demonstration city")
            return
        kept = await self._bodycam_token()
        processes.append(await self._start("bodycam", kept))
        for person_id, delay_s, mode in DEPARTMENTS:
            processes.append(await self._department(person_id, delay_s, mode))
        for _ in range(BODYCAM_WAIT_S):
            if kept["feed_id"] in await self._hub.feeds.live_feeds():
                break
            await asyncio.sleep(1)
        processes.append(await self._officer())
        _log.info("demo.started", processes=len(processes))

    async def _bodycam_token(self) -> dict[str, str]:
        """The body-cam's feed and token: registered once, kept in the data folder as the real device would
        keep it.
        """
        path = self._config.data / "demo-bodycam.json"
        with suppress(OSError, ValueError):
            kept: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
            if await self._hub.reader.one("feed", kept["feed_id"]) is not None:
                return kept
        device = await self._hub.feeds.register_device(
            name=BODYCAM, kind=FeedKind.BODYCAM, agency_id="chengnan.jinxiu", default_type="burst_pipe"
        )
        kept = {"feed_id": device.feed.id, "token": device.token, "folder": str(self._config.data)}
        path.touch(mode=0o600)
        path.write_text(json.dumps(kept), encoding="utf-8")
        return kept

    async def _officer(self) -> asyncio.subprocess.Process:
        token, _ = await self._hub.sign_in.make_link(OFFICER)
        return await self._start("officer", {"link": token})

    async def _department(
        self, person_id: str, delay_s: float | None, mode: str
    ) -> asyncio.subprocess.Process:
        token, _ = await self._hub.sign_in.make_link(person_id)
        return await self._start("department", {"link": token, "delay_s": delay_s, "mode": mode})

    async def _start(self, name: str, facts: Mapping[str, object]) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            f"dispatch_server.demo.{name}",
            stdin=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            start_new_session=True,  # Ctrl-C is for the hub, which ends them in good order
        )
        line = json.dumps({"url": f"http://127.0.0.1:{self._config.port}", **facts})
        if process.stdin is not None:
            process.stdin.write(line.encode() + b"\n")
            await process.stdin.drain()
        return process
