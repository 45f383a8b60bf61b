"""Commands from the same machine and the same user: only the hub writes, so the command line asks it to.

One JSON line in, one JSON line out, over a Unix socket with mode 0600 in the data folder.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from dispatch_server.config import Config
from dispatch_server.errors import StartError
from dispatch_server.wiring import Hub

LINE_LIMIT = 4096
TIMEOUT_S = 10.0


def socket_path(data: Path) -> Path:
    return data / "hub.sock"


@asynccontextmanager
async def serve_commands(config: Config, hub: Hub) -> AsyncIterator[None]:
    """The socket is there while the block runs."""
    path = socket_path(config.data)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                reply = await _carry_out(hub, config, await reader.readline())
                writer.write(json.dumps(reply).encode() + b"\n")
                await writer.drain()
        except (TimeoutError, ConnectionError, ValueError):
            pass
        finally:
            writer.close()

    path.unlink(missing_ok=True)
    try:
        server = await asyncio.start_unix_server(handle, path=str(path), limit=LINE_LIMIT)
    except OSError as error:
        raise StartError(f"The local socket {path} cannot be made: {error}") from error
    path.chmod(0o600)
    async with server:
        yield
    with suppress(OSError):
        path.unlink()


async def _carry_out(hub: Hub, config: Config, line: bytes) -> dict[str, Any]:
    try:
        request = json.loads(line)
    except ValueError:
        return {"error": "The command is not valid JSON."}
    if not isinstance(request, dict) or request.get("command") != "sign-in-link":
        return {"error": "There is no such command."}
    login = str(request.get("login", ""))
    person = next((p for p in hub.directories.now().people.values() if p.login == login and p.active), None)
    if person is None:
        return {"error": f"There is nobody with the user name {login!r}."}
    token, _ = await hub.sign_in.make_link(person.id)
    return {"url": f"http://127.0.0.1:{config.port}/sign-in#link={token}"}


async def ask_hub(config: Config, request: dict[str, str]) -> dict[str, Any]:
    """The running hub's reply. Raises: StartError when none runs on this data folder, or it refuses."""
    path = socket_path(config.data)
    try:
        async with asyncio.timeout(TIMEOUT_S):
            reader, writer = await asyncio.open_unix_connection(str(path), limit=LINE_LIMIT)
            writer.write(json.dumps(request).encode() + b"\n")
            line = await reader.readline()
            writer.close()
    except (OSError, TimeoutError) as error:
        raise StartError(
            f"No hub is running on the data folder {config.data}. Start it with scripts/run."
        ) from error
    if not line:
        raise StartError("The hub could not carry that out; its log says why.")
    reply: dict[str, Any] = json.loads(line)
    if "error" in reply:
        raise StartError(str(reply["error"]))
    return reply
