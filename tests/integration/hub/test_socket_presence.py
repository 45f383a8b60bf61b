"""Who is there, who is gone, and what becomes of a page that does not listen."""

from __future__ import annotations

import asyncio
import socket as plain_socket
from contextlib import suppress
from urllib.parse import urlsplit

import pytest

from dispatch_server.sockets import limits
from tests.integration.hub.house import (
    OFFICER,
    OPERATOR,
    POLICE,
    House,
    Listener,
    Visitor,
    reported,
    until,
)
from tests.integration.hub.packets import (
    CONNECT,
    frame,
    raw,
    until_closed,
)
from tests.integration.hub.routes import ids_of_a_case


async def seat_of(visitor: Visitor, room_id: str, person_id: str) -> str:
    room = await visitor.get(f"/api/rooms/{room_id}")
    return str(next(p["presence"] for p in room["participants"] if p["person_id"] == person_id))


async def test_a_lost_socket_is_an_absence_after_the_grace_and_ends_by_itself(house: House) -> None:
    ids = await ids_of_a_case(house)
    operator, police = await house.signed_in(OPERATOR), await house.signed_in(POLICE)
    watching = await operator.listen()
    listener = await police.listen()
    await police.post(f"/api/rooms/{ids['room_id']}/join")
    await listener.close()
    await until(lambda: not house.hub.presence.is_online(POLICE))

    house.clock.pass_by(10)
    await house.hub.housekeeping.round(1)
    assert await seat_of(operator, ids["room_id"], POLICE) == "present"
    house.clock.pass_by(6)
    await house.hub.housekeeping.round(1)
    assert await seat_of(operator, ids["room_id"], POLICE) == "away"
    assert await seat_of(operator, ids["room_id"], OPERATOR) == "present"

    async def is_back() -> bool:
        return await seat_of(operator, ids["room_id"], POLICE) == "present"

    await police.listen()
    await until(is_back, 5)
    kinds = [e["kind"] for d in watching.of("stream_advanced") for e in d["events"]]
    assert kinds[-2:] == ["participant_dropped", "participant_returned"]


async def test_whoever_joins_without_a_socket_has_the_grace_to_open_one(house: House) -> None:
    ids = await ids_of_a_case(house)
    operator, police = await house.signed_in(OPERATOR), await house.signed_in(POLICE)
    house.clock.pass_by(3600)
    await police.post(f"/api/rooms/{ids['room_id']}/join")
    await house.hub.housekeeping.round(1)
    assert await seat_of(operator, ids["room_id"], POLICE) == "present"

    house.clock.pass_by(15)
    await house.hub.housekeeping.round(1)
    assert await seat_of(operator, ids["room_id"], POLICE) == "away"


async def test_a_session_that_has_ended_takes_its_sockets_along(house: House) -> None:
    listener = await (await house.signed_in(OPERATOR)).listen()
    house.clock.pass_by(13 * 3600)

    for number in range(1, 16):
        await house.hub.housekeeping.round(number)

    assert (await listener.hears("session_ended"))["code"] == "not_signed_in"
    await listener.is_closed()


async def test_a_page_that_takes_nothing_is_cut_off_and_holds_up_nobody(house: House) -> None:
    operator = await house.signed_in(OPERATOR)
    address = urlsplit(house.url)
    slow = plain_socket.socket()
    slow.setsockopt(plain_socket.SOL_SOCKET, plain_socket.SO_RCVBUF, 4096)
    slow.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(slow, (address.hostname, address.port))
    upgrade = (
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        f"Cookie: liandong_session={operator.cookie}\r\n\r\n"
    )
    packet = frame(CONNECT)
    masked = bytes([0x82, 0x80 | len(packet)]) + b"\x00" * 4 + packet
    await loop.sock_sendall(slow, upgrade.encode() + masked)
    await until(house.hub.presence.online, 5)
    quick = await (await house.signed_in("lead-chengnan")).listen()

    for _ in range(60):
        for _ in range(20):
            await house.hub.sockets.emit("speaking", {"x": "y" * 20_000}, room=f"person:{OPERATOR}")
        cycle = house.hub.timekeeper.cycle
        async with asyncio.timeout(5):
            await house.hub.timekeeper.cycle_once()
        await quick.hears("beat", within_s=5, cycle=cycle + 1)
        if len(house.hub.sockets.eio.sockets) == 1:
            break

    await until(lambda: not house.hub.presence.is_online(OPERATOR), 5)
    await until(lambda: len(house.hub.sockets.eio.sockets) == 1, 5)
    async with asyncio.timeout(5):
        with suppress(ConnectionResetError):
            while await loop.sock_recv(slow, 65536):
                pass
    slow.close()


@pytest.mark.parametrize("transports", [["polling"], ["polling", "websocket"]])
async def test_a_page_behind_a_proxy_without_websockets_works_too(
    house: House, transports: list[str]
) -> None:
    operator = await house.signed_in(OPERATOR)
    listener = Listener(house.url, operator.session)
    operator.listeners.append(listener)
    await listener.client.connect(house.url, transports=transports)

    assert (await listener.ask("clock", {}))["ok"]
    incident = await reported(await house.signed_in(OFFICER))
    await listener.hears("stream_advanced", stream=incident["stream"])
    await until(lambda: listener.client.transport() == transports[-1], 5)
    assert (await listener.ask("sync", {"streams": {}}))["incidents"][0]["id"] == incident["id"]


# ── nobody signed in ─────────────────────────────────────────────────────────────────────────────


async def test_a_connection_on_which_nobody_signs_in_is_cut(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "NAMELESS_CHECKS", 2)
    operator = await house.signed_in(OPERATOR)
    signed_in = await operator.listen()
    async with raw(operator, connect=False) as silent:
        for _ in range(2):
            await house.hub.timekeeper.cycle_once()
        await silent.send_str("3")  # it lives, and says nothing
        await house.hub.timekeeper.cycle_once()
        await until_closed(silent)

    assert (await signed_in.ask("clock", {}))["ok"]
    await until(lambda: len(house.hub.sockets.eio.sockets) == 1, 5)


async def test_no_more_than_so_many_connections_wait_for_somebody_to_sign_in(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "NAMELESS_LIMIT", 2)
    operator = await house.signed_in(OPERATOR)
    async with raw(operator, connect=False), raw(operator, connect=False):
        url = operator.url + "/socket.io/?EIO=4&transport=polling"
        async with operator.session.get(url) as refused:
            assert refused.status == 401
    await until(lambda: not house.hub.sockets.eio.sockets, 5)
    assert (await (await operator.listen()).ask("clock", {}))["ok"]
