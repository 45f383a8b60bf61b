"""Socket.IO packets by hand, for what no well-behaved library would send."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import msgpack

from tests.integration.hub.house import (
    House,
    Visitor,
    until,
)

CONNECT, DISCONNECT, EVENT, ACK, CONNECT_ERROR, BINARY_EVENT = range(6)


def frame(kind: int, data: object = None, *, id: int | None = None, nsp: str = "/") -> bytes:
    packet = {"type": kind, "nsp": nsp, "data": data, **({} if id is None else {"id": id})}
    return bytes(msgpack.dumps(packet))


@asynccontextmanager
async def raw(
    visitor: Visitor, *, connect: bool = True, language: str = "zh"
) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """The bare websocket, with the Socket.IO connection made unless told otherwise."""
    url = visitor.url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket"
    async with visitor.session.ws_connect(url, headers={"Accept-Language": language}) as ws:
        assert (await ws.receive(timeout=5)).data.startswith("0")  # engine.io's own open packet
        if connect:
            await ws.send_bytes(frame(CONNECT))
            reply = msgpack.loads((await ws.receive(timeout=5)).data)
            assert reply["type"] == CONNECT
        yield ws


async def until_closed(ws: aiohttp.ClientWebSocketResponse, within_s: float = 5) -> list[Any]:
    """What still came before the hub closed the connection."""
    heard = []
    async with asyncio.timeout(within_s):
        while True:
            message = await ws.receive()
            if message.type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.ERROR):
                return heard
            heard.append(message.data)


async def nobody_online(house: House) -> None:
    """Every page is gone, and nothing is kept for any."""
    await until(lambda: not house.hub.presence.online() and not house.hub.sockets.eio.sockets, 5)
