"""Requests that are not even HTTP, or too much of it."""

from __future__ import annotations

import asyncio
import socket
from urllib.parse import urlsplit

import pytest

from tests.integration.hub.house import (
    OPERATOR,
    House,
    pressed,
    reported,
)
from tests.integration.hub.routes import heads


@pytest.mark.parametrize(
    "raw",
    [
        b"GARBAGE\r\n\r\n",
        b"GET /api/me HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"POST /api/sign-in HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /api/me HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 20_000 + b"\r\n\r\n",
        b"GET /api/me HTTP/1.1\r\nHost: x\r\nCookie: \xff\xfe=\x01\r\nConnection: close\r\n\r\n",
        b"GET /api/me HTTP/1.1\r\nConnection: close\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
    ids=range(9),
)
async def test_what_is_no_http_gets_no_500(
    house: House, raw: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    address = urlsplit(house.url)

    def talk() -> bytes:
        with socket.create_connection((address.hostname or "", address.port or 0), timeout=5) as connection:
            connection.sendall(raw)
            connection.shutdown(socket.SHUT_WR)
            answer = b""
            while part := connection.recv(65536):
                answer += part
            return answer

    answer = await asyncio.to_thread(talk)

    assert not answer or answer.startswith((b"HTTP/1.1 4", b"HTTP/1.0 4")), answer[:100]
    assert "Traceback" not in "".join(capfd.readouterr())


@pytest.mark.parametrize(
    "header", ["X-CSRF-Token", "Authorization", "Idempotency-Key", "Accept-Language", "Origin"]
)
async def test_headers_of_bytes_that_are_no_text_are_only_wrong(
    house: House, header: str, capfd: pytest.CaptureFixture[str]
) -> None:
    operator = await house.signed_in(OPERATOR)
    address = urlsplit(house.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    head = (
        f"POST /api/incidents HTTP/1.1\r\nHost: x\r\nCookie: liandong_session={operator.cookie}\r\n"
        f"Content-Type: application/json\r\nContent-Length: 16\r\nConnection: close\r\n"
    )
    if header != "X-CSRF-Token":
        head += f"X-CSRF-Token: {operator.csrf}\r\n"
    value = b"Bearer \xff\xfe" if header == "Authorization" else b"\xff\xfe"
    writer.write(head.encode() + header.encode() + b": " + value + b'\r\n\r\n{"type":"noise"}')

    answer = await reader.read()

    writer.close()
    assert answer.split(b" ", 2)[1] in (b"201", b"400", b"401", b"403"), answer[:200]
    assert "Traceback" not in "".join(capfd.readouterr())


async def test_a_client_that_leaves_in_the_middle_of_its_body_leaves_no_trace(
    house: House, capfd: pytest.CaptureFixture[str]
) -> None:
    operator = await house.signed_in(OPERATOR)
    address = urlsplit(house.url)
    before = await heads(house)
    head = (
        f"POST /api/incidents HTTP/1.1\r\nHost: x\r\nCookie: liandong_session={operator.cookie}\r\n"
        f"X-CSRF-Token: {operator.csrf}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n"
    )

    def leave() -> None:
        with socket.create_connection((address.hostname or "", address.port or 0), timeout=5) as connection:
            connection.sendall(head.encode() + b'{"type":"noise"')

    await asyncio.to_thread(leave)
    await asyncio.sleep(0.1)

    assert (await operator.get("/api/me"))["person"]["id"] == OPERATOR
    assert await heads(house) == before
    assert "Traceback" not in "".join(capfd.readouterr())


async def test_two_presses_after_a_refused_one_still_work(house: House) -> None:
    """A refusal leaves no lock behind."""
    operator = await house.signed_in(OPERATOR)
    incident = await reported(operator)
    answer = await operator.call("POST", f"/api/incidents/{incident['id']}/summon", {"plan_id": "hexi.noise"})
    assert answer.status == 404

    assert (await pressed(operator, incident["id"]))["pressed"] == "issued"
