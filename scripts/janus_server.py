"""Debian's Janus as a process of our own, and as much of its interface as a measurement needs."""

import asyncio
import json
import secrets
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

JANUS = Path("/usr/bin/janus")


class JanusApi:
    """As much of the Janus HTTP interface as a VideoRoom needs."""

    def __init__(self, session: ClientSession, url: str) -> None:
        self._session = session
        self._url = url
        self._path = url

    async def open(self) -> None:
        """A session of its own, kept alive by its polling."""
        self._path = f"{self._url}/{(await self._post(self._url, 'create'))['data']['id']}"

    async def handle(self) -> str:
        """A handle on the VideoRoom plugin: its path."""
        made = await self._post(self._path, "attach", plugin="janus.plugin.videoroom")
        return f"{self._path}/{made['data']['id']}"

    async def message(
        self, handle: str, body: dict[str, Any], jsep: dict[str, str] | None = None
    ) -> dict[str, Any]:
        """The plugin's answer, waited for."""
        more = {"jsep": jsep} if jsep else {}
        reply = await self._post(handle, "message", body=body, **more)
        while reply["janus"] not in ("success", "event"):
            async with self._session.get(self._path) as response:
                reply = await response.json(content_type=None)
            if reply["janus"] == "event" and str(reply["sender"]) != handle.rsplit("/", 1)[1]:
                reply = {"janus": "other"}
        return reply

    async def keep_alive(self) -> None:
        """The session would end otherwise."""
        await self._post(self._path, "keepalive")

    async def _post(self, path: str, janus: str, **more: Any) -> dict[str, Any]:
        body = {"janus": janus, "transaction": secrets.token_hex(6), **more}
        async with self._session.post(path, json=body) as response:
            reply: dict[str, Any] = await response.json(content_type=None)
        if reply["janus"] == "error":
            raise RuntimeError(json.dumps(reply["error"]))
        return reply


@asynccontextmanager
async def janus() -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """A Janus with a private configuration on loopback; gone after the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="janus-") as folder:
        write_configuration(Path(folder), port)
        process = await asyncio.create_subprocess_exec(
            str(JANUS),
            "-F",
            folder,
            "-C",
            f"{folder}/janus.jcfg",
            "-o",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            await _answers(port)
            yield process, f"http://127.0.0.1:{port}/janus"
        finally:
            process.terminate()
            try:
                async with asyncio.timeout(5):
                    await process.wait()
            except TimeoutError:
                process.kill()


def write_configuration(folder: Path, port: int) -> None:
    """Only the VideoRoom, only HTTP on loopback, one event loop."""
    libraries = next(Path("/usr/lib").glob("*/janus"))
    plugins = ",".join(each.name for each in (libraries / "plugins").glob("*.so") if "room" not in each.name)
    ways = ",".join(each.name for each in (libraries / "transports").glob("*.so") if "http" not in each.name)
    (folder / "janus.jcfg").write_text(
        f"""general: {{
  configs_folder = "{folder}"
  plugins_folder = "{libraries}/plugins"
  transports_folder = "{libraries}/transports"
  debug_level = 2
  event_loops = 1
  session_timeout = 0
}}
plugins: {{ disable = "{plugins}" }}
transports: {{ disable = "{ways}" }}
"""
    )
    (folder / "janus.transport.http.jcfg").write_text(
        f'general: {{ json = "compact" http = true port = {port} ip = "127.0.0.1" https = false }}\n'
    )
    (folder / "janus.plugin.videoroom.jcfg").write_text("general: { }\n")


async def _answers(port: int) -> None:
    async with asyncio.timeout(15):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.1)
            else:
                writer.close()
                return
