"""The Socket.IO server itself: msgpack, same origin only, bounded in both directions."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import msgpack
import socketio
from pydantic import BaseModel
from socketio.msgpack_packet import MsgPackPacket

from dispatch_server.sockets.transport import guard

RESERVED = frozenset({"connect", "disconnect", "connect_error", "*"})
MESSAGE_LIMIT = 128 * 1024


def _read_extension(code: int, data: bytes) -> object:
    """JavaScript's `undefined` arrives as extension 0; it means nothing was given."""
    return None if code == 0 else msgpack.ExtType(code, data)


class BoundedPacket(MsgPackPacket):  # type: ignore[misc]  # the library is untyped
    """A packet whose malformed forms are all one error, which closes the connection."""

    ext_hook = staticmethod(_read_extension)

    def decode(self, encoded_packet: bytes) -> None:
        try:
            decoded = msgpack.loads(encoded_packet, ext_hook=_read_extension)
            self.packet_type = int(decoded["type"])
            self.namespace = str(decoded["nsp"])
            self.data = decoded.get("data")
            self.id = decoded.get("id")
        except Exception as error:
            raise ValueError("malformed packet") from error
        if not 0 <= self.packet_type <= 6 or not (self.id is None or isinstance(self.id, int)):
            raise ValueError("malformed packet")
        if self.packet_type in (2, 5) and not (
            isinstance(self.data, list) and self.data and isinstance(self.data[0], str)
        ):
            raise ValueError("malformed packet")
        if self.packet_type in (2, 5) and self.data[0] in RESERVED:
            raise ValueError("reserved event")  # the library would call the hub's own handler of that name


def make_server(*, origins: Collection[str], redis_url: str | None) -> socketio.AsyncServer:
    """A server that only pages of its own origin (or a configured one) may use."""
    allowed = frozenset(origins)

    def is_allowed(origin: str | None, environ: Mapping[str, Any]) -> bool:
        if origin is None:
            return True  # not a browser: it has no ambient cookie to abuse
        own = {f"{scheme}://{environ.get('HTTP_HOST', '')}" for scheme in ("http", "https")}
        return origin in own or origin in allowed

    manager = socketio.AsyncRedisManager(redis_url, channel="liandong") if redis_url else None
    server = socketio.AsyncServer(
        async_mode="aiohttp",
        serializer=BoundedPacket,
        client_manager=manager,
        cors_allowed_origins=is_allowed,
        max_http_buffer_size=MESSAGE_LIMIT,
        ping_interval=10,
        ping_timeout=10,
        async_handlers=True,
        always_connect=False,
    )
    guard(server, message_limit=MESSAGE_LIMIT)
    return server


class SocketBroadcaster:
    """Hints to browsers; never waits for a slow one."""

    def __init__(self, server: socketio.AsyncServer) -> None:
        self._server = server

    async def to_groups(
        self, event: str, data: BaseModel | Mapping[str, Any], groups: Collection[str]
    ) -> None:
        if groups:
            await self._server.emit(event, _plain(data), room=list(groups))

    async def to_socket(self, event: str, data: BaseModel | Mapping[str, Any], sid: str) -> None:
        await self._server.emit(event, _plain(data), to=sid)

    async def to_all(self, event: str, data: BaseModel | Mapping[str, Any]) -> None:
        await self._server.emit(event, _plain(data))

    async def end_group(self, group: str) -> None:
        for sid, _ in list(self._server.manager.get_participants("/", group)):
            await self._server.disconnect(sid)


def _plain(data: BaseModel | Mapping[str, Any]) -> Any:
    return data.model_dump(mode="json") if isinstance(data, BaseModel) else data
