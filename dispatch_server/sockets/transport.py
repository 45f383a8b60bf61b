"""Engine.IO's two transports with the manners that the library lacks.

It reads whatever a page sends, logs a stack for what it cannot read, and waits without limit for a page that
takes nothing. Here a frame that is no packet ends its connection, and nothing is waited for. This is the one
file that touches the library's private table of transports; tests/integration/hub/test_sockets.py holds it.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

import socketio
import structlog
from aiohttp import web
from engineio.async_drivers import aiohttp as driver  # type: ignore[import-untyped]

SEND_TIMEOUT_S = 20.0  # as long as a missing answer to a ping is forgiven
PACKETS_PER_POST = 16
_TEXT_FRAME = re.compile(r"[1356]|[23](probe)?")  # close, ping, pong, upgrade, noop; messages are binary

_log = structlog.get_logger("sockets")


class CarefulWebSocket(driver.WebSocket):  # type: ignore[misc]  # the library is untyped
    """A websocket on which only packets arrive, and which is cut when the other end takes nothing."""

    async def wait(self) -> str | bytes:
        """The next frame. Raises: OSError at the end, also for what is no packet."""
        frame: str | bytes = await super().wait()
        if isinstance(frame, str) and not _TEXT_FRAME.fullmatch(frame):
            _log.info("socket.malformed")
            raise OSError("no packet")
        return frame

    async def send(self, message: str | bytes) -> None:
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await super().send(message)
        except TimeoutError:
            cut_connection(self.environ)
            raise OSError("the page takes nothing") from None


def cut_connection(environ: Mapping[str, Any]) -> None:
    """The TCP connection is gone; whoever waits on it goes on at once."""
    request: web.Request = environ["aiohttp.request"]
    if request.transport is not None:
        request.transport.abort()


def cut(server: socketio.AsyncServer, eio_sid: str) -> None:
    """The page's connection is over; nothing is awaited from it."""
    socket = server.eio.sockets.get(eio_sid)
    if socket is None:
        return
    environ = server.environ.get(eio_sid)
    if socket.upgraded and environ is not None:
        cut_connection(environ)  # its own reader finds the end and cleans up
    else:
        server.start_background_task(socket.close, wait=False, abort=True)


def guard(server: socketio.AsyncServer, *, message_limit: int) -> None:
    """The server reads only packets, on both transports."""
    take = server.eio.handlers["message"]

    async def message(eio_sid: str, data: object) -> None:
        try:
            if not isinstance(data, bytes) or not data:
                raise ValueError("messages are msgpack")  # noqa: TRY301 - one kind of malformed
            await take(eio_sid, data)
        except ValueError:
            _log.info("socket.malformed")
            cut(server, eio_sid)
        except Exception:  # noqa: BLE001 - the outermost boundary
            _log.exception("socket.failed")
            cut(server, eio_sid)

    async def translate(request: web.Request) -> Any:
        environ = driver.translate_request(request)
        if request.method == "POST":
            body = await _posted(server, request, message_limit)
            environ["wsgi.input"], environ["CONTENT_LENGTH"] = _Body(body), str(len(body))
        return environ

    server.eio.on("message", message)
    server.eio._async = {
        **server.eio._async,
        "websocket": CarefulWebSocket,
        "translate_request": translate,
    }


class _Body:
    """A body that was read already, as the library wants to read it."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def read(self, _length: int) -> bytes:
        return self._body


async def _posted(server: socketio.AsyncServer, request: web.Request, limit: int) -> bytes:
    """What a long-polling page posted, if it is packets. Raises: HTTPException; its connection is over."""
    try:
        body = await _read(request, 2 * limit)  # base64 needs a third more
        packets = body.decode("ascii").split("\x1e")
        if len(packets) > PACKETS_PER_POST or not all(_is_packet(packet) for packet in packets):
            raise web.HTTPBadRequest
    except UnicodeDecodeError:
        cut(server, request.query.get("sid", ""))
        raise web.HTTPBadRequest from None
    except web.HTTPException:
        cut(server, request.query.get("sid", ""))
        raise
    return body


async def _read(request: web.Request, limit: int) -> bytes:
    body = bytearray()
    try:
        async for chunk in request.content.iter_chunked(16 * 1024):
            body += chunk
            if len(body) > limit:
                raise web.HTTPRequestEntityTooLarge(limit, len(body))
    except web.RequestPayloadError:
        raise web.HTTPBadRequest from None
    return bytes(body)


def _is_packet(encoded: str) -> bool:
    if not encoded.startswith("b"):
        return _TEXT_FRAME.fullmatch(encoded) is not None
    try:
        base64.b64decode(encoded[1:], validate=True)
    except binascii.Error:
        return False
    return True
