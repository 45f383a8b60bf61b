"""The socket: what a page may say, what it is told, and what becomes of one that behaves badly."""

from __future__ import annotations

import asyncio
import random
import socket as plain_socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import msgpack
import pytest
from socketio.exceptions import ConnectionError as Refused

from dispatch_server.messages import SENTENCES
from tests.integration.hub.house import (
    LABOUR,
    OFFICER,
    OPERATOR,
    POLICE,
    House,
    Listener,
    Visitor,
    pressed,
    reported,
    until,
)
from tests.integration.hub.routes import heads, ids_of_a_case

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


# ── coming in ────────────────────────────────────────────────────────────────────────────────────


async def test_whoever_has_not_signed_in_is_refused_with_a_sentence(house: House) -> None:
    visitor = await house.visitor()
    for language, words in (("zh", "请先登录"), ("en", "Sign in first")):
        async with raw(visitor, connect=False, language=language) as ws:
            await ws.send_bytes(frame(CONNECT))
            refusal = msgpack.loads((await ws.receive(timeout=5)).data)
        assert refusal["type"] == CONNECT_ERROR
        assert refusal["data"]["message"] == words
        assert refusal["data"]["data"]["code"] == "not_signed_in"


async def test_a_device_has_no_business_on_the_socket(house: House) -> None:
    operator = await house.signed_in(OPERATOR)
    made = await operator.post(
        "/api/devices", {"name": "x", "agency_id": "chengnan.jinxiu", "default_type": "burst_pipe"}
    )
    with pytest.raises(Refused):
        await (await house.visitor()).listen(Authorization=f"Bearer {made['token']}")


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", "http://localhost"])
async def test_a_page_of_another_origin_is_kept_out(house: House, origin: str) -> None:
    operator = await house.signed_in(OPERATOR)
    with pytest.raises(Refused):
        await operator.listen(Origin=origin)
    assert (await operator.listen(Origin=house.url)).client.connected


async def test_whoever_leaves_while_being_let_in_leaves_no_ghost(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator = await house.signed_in(OPERATOR)
    asked = asyncio.Event()
    session = house.hub.accounts.session

    async def slowly(*args: Any) -> Any:
        asked.set()
        await asyncio.sleep(0.2)
        return await session(*args)

    monkeypatch.setattr(house.hub.accounts, "session", slowly)
    async with raw(operator, connect=False) as ws:
        await ws.send_bytes(frame(CONNECT))
        await asked.wait()
    await asyncio.sleep(0.4)

    await nobody_online(house)
    assert list(house.hub.sockets.manager.get_participants("/", f"person:{OPERATOR}")) == []


# ── saying nonsense ──────────────────────────────────────────────────────────────────────────────

WRONG_MESSAGES: tuple[tuple[str, Any], ...] = (
    ("sync", []),
    ("sync", {"streams": []}),
    ("sync", {"streams": {"incident:1": -1}}),
    ("sync", {"streams": {"incident:1": "x"}}),
    ("sync", {"streams": {"a\x00b": 1}}),
    ("sync", {"streams": {f"incident:{n}": 1 for n in range(2001)}}),
    ("clock", "what"),
    ("media_open", None),
    ("media_open", {"profile": "cinema"}),
    ("media_answer", {"connection_id": "x"}),
    ("media_answer", {"connection_id": "\x00", "sdp": "v=0"}),
    ("media_answer", {"connection_id": "x", "sdp": "v" * 100_001}),
    ("media_answer", {"connection_id": "x", "sdp": "v=0"}),
    ("media_watch", {"connection_id": "x"}),
    ("media_watch", {"connection_id": "x", "incident_id": "\x00"}),
    ("media_watch", {"connection_id": "x", "incident_id": "unknown"}),
    ("media_watch", {"connection_id": "x", "video": [{"slot": 64, "source_id": "s"}]}),
    ("media_watch", {"connection_id": "x", "video": [{"slot": 0, "source_id": "s", "width": -1}]}),
    ("media_watch", {"connection_id": "x", "video": [{"slot": 0, "source_id": "s"}] * 65}),
    ("media_close", {}),
    ("media_close", {"connection_id": "x"}),
    ("ring_received", {}),
    ("ring_received", {"assignment_id": "unknown"}),
    ("ring_received", {"assignment_id": "x", "step": "first"}),
    ("position", {"feed_id": "x", "lat": 1, "lon": 2}),
    ("position", {"feed_id": "x", "lat": float("nan"), "lon": 2}),
    ("position", {"feed_id": "x", "lat": 1, "lon": 181}),
    ("position", {"feed_id": "x", "lat": 1, "lon": 2, "at": "yesterday"}),
    ("no_such_event", {}),
    ("no_such_event", None),
    ("", {}),
)


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_nonsense_is_refused_with_a_code_and_a_sentence(
    house: House, language: str, capfd: pytest.CaptureFixture[str]
) -> None:
    operator = await house.signed_in(OPERATOR)
    listener = await operator.listen(**{"Accept-Language": language})
    before = await heads(house)

    for event, message in WRONG_MESSAGES:
        reply = await listener.ask(event, message)
        assert reply["ok"] is False, (event, message)
        assert reply["code"] in SENTENCES, (event, reply)
        chinese = any("\u4e00" <= character <= "\u9fff" for character in reply["message"])
        assert chinese == (language == "zh"), (event, reply)
        assert "…" not in reply["message"], (event, reply)

    assert await heads(house) == before
    assert listener.client.connected
    assert "Traceback" not in "".join(capfd.readouterr())


async def test_an_event_without_an_ack_does_its_work_or_nothing(
    house: House, capfd: pytest.CaptureFixture[str]
) -> None:
    ids = await ids_of_a_case(house)
    police = await house.signed_in(POLICE)
    listener = await police.listen()

    for event, message in WRONG_MESSAGES:
        await listener.client.emit(event, message)
    await listener.client.emit(
        "ring_received", {"assignment_id": ids["assignment_id"], "step": 0, "attempt": 1}
    )
    await listener.hears("stream_advanced", stream=f"incident:{ids['incident_id']}")

    assert listener.client.connected
    assert "Traceback" not in "".join(capfd.readouterr())


async def test_javascripts_undefined_means_nothing_was_given(house: House) -> None:
    operator = await house.signed_in(OPERATOR)
    async with raw(operator) as ws:
        await ws.send_bytes(frame(EVENT, ["clock", msgpack.ExtType(0, b"\x00")], id=1))
        reply = msgpack.loads((await ws.receive(timeout=5)).data)

    assert reply["data"][0]["ok"] is True


MALFORMED: dict[str, bytes | str] = {
    "no msgpack": b"\xc1\xc1\xc1",
    "cut off": frame(EVENT, ["clock", {}], id=1)[:-3],
    "trailing": frame(EVENT, ["clock", {}], id=1) + b"\x00",
    "empty": b"",
    "a number": bytes(msgpack.dumps(7)),
    "a list": bytes(msgpack.dumps([EVENT, "/", ["clock"]])),
    "no type": bytes(msgpack.dumps({"nsp": "/", "data": ["clock"]})),
    "no namespace": bytes(msgpack.dumps({"type": EVENT, "data": ["clock"]})),
    "type 99": frame(99),
    "type -1": frame(-1),
    "an event without a name": frame(EVENT, []),
    "an event with a numbered name": frame(EVENT, [7]),
    "an event that is a dict": frame(EVENT, {"clock": 1}),
    "an ack with a strange id": bytes(msgpack.dumps({"type": ACK, "nsp": "/", "data": [], "id": "x"})),
    "a refusal from the page": frame(CONNECT_ERROR, "no"),
    "deeply nested": b"\x91" * 3000 + b"\xc0",
    "the hub's own connect": frame(EVENT, ["connect", {}], id=1),
    "the hub's own disconnect": frame(EVENT, ["disconnect"], id=1),
    "the catch-all": frame(EVENT, ["*", {}], id=1),
    "JSON instead of msgpack": '42["clock",{}]',
    "a text that is no packet": "x",
    "a text of digits": "99999",
    "nested JSON": "4" + "[" * 50_000,
}


@pytest.mark.parametrize("name", MALFORMED)
async def test_a_malformed_packet_closes_its_connection_quietly(
    house: House, name: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    operator = await house.signed_in(OPERATOR)
    neighbour = await (await house.signed_in(POLICE)).listen()
    packet = MALFORMED[name]

    async with raw(operator) as ws:
        await (ws.send_str(packet) if isinstance(packet, str) else ws.send_bytes(packet))
        await until_closed(ws)

    assert (await neighbour.ask("clock", {}))["ok"], "others are not disturbed"
    await until(lambda: not house.hub.presence.is_online(OPERATOR), 5)
    assert "Traceback" not in "".join(capfd.readouterr())
    assert [record for record in caplog.records if record.exc_info] == []


HARMLESS: dict[str, bytes] = {
    "an answer that nobody asked for": frame(ACK, [1], id=99),
    "an event for another room of the house": frame(EVENT, ["clock", {}], id=1, nsp="/admin"),
    "a second connect": frame(CONNECT),
    "a connect elsewhere": frame(CONNECT, nsp="/admin"),
}


@pytest.mark.parametrize("name", HARMLESS)
async def test_a_packet_that_means_nothing_is_passed_over(
    house: House, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    operator = await house.signed_in(OPERATOR)
    async with raw(operator) as ws:
        await ws.send_bytes(HARMLESS[name])
        await ws.send_bytes(frame(EVENT, ["clock", {}], id=7))
        async with asyncio.timeout(5):
            while True:
                reply = msgpack.loads((await ws.receive()).data)
                if reply.get("id") == 7:
                    break

    assert reply["data"][0]["ok"] is True
    assert "Traceback" not in "".join(capfd.readouterr())


async def test_random_bytes_never_disturb_the_hub(house: House, capfd: pytest.CaptureFixture[str]) -> None:
    operator = await house.signed_in(OPERATOR)
    chance = random.Random(7)
    good = frame(EVENT, ["sync", {"streams": {"incident:1": 1}}], id=1)

    for _ in range(60):
        packet = bytearray(good)
        for _ in range(chance.randint(1, 4)):
            packet[chance.randrange(len(packet))] = chance.randrange(256)
        async with raw(operator) as ws:
            await ws.send_bytes(bytes(packet))
            await ws.send_bytes(frame(EVENT, ["clock", {}], id=2))
            async with asyncio.timeout(5):
                while (message := await ws.receive()).type is aiohttp.WSMsgType.BINARY:
                    if msgpack.loads(message.data).get("id") == 2:
                        break

    assert (await operator.get("/api/me"))["person"]["id"] == OPERATOR
    await nobody_online(house)
    assert "Traceback" not in "".join(capfd.readouterr())


async def test_a_message_over_its_limit_closes_the_connection(house: House) -> None:
    operator = await house.signed_in(OPERATOR)
    async with raw(operator) as ws:
        await ws.send_bytes(frame(EVENT, ["clock", {"x": b"y" * 200_000}], id=1))
        await until_closed(ws)
    await nobody_online(house)


@pytest.mark.parametrize(
    "body", ["x", "4" + "[" * 20_000, "b!!!", "", "\x1e" * 50, "4" * 200_000, "bgA=="], ids=range(7)
)
async def test_nonsense_over_long_polling_is_refused_quietly(
    house: House, body: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    operator = await house.signed_in(OPERATOR)
    opened = await operator.call("GET", "/socket.io/?EIO=4&transport=polling")
    sid = opened.raw.decode().split('"sid":"')[1].split('"')[0]

    answer = await operator.call("POST", f"/socket.io/?EIO=4&transport=polling&sid={sid}", data=body)

    assert answer.status in (200, 400)
    assert "Traceback" not in "".join(capfd.readouterr())
    assert [record for record in caplog.records if record.exc_info] == []


@pytest.mark.parametrize(
    "query", ["", "?EIO=3&transport=websocket", "?EIO=4&transport=smoke", "?EIO=4&transport=polling&sid=x"]
)
async def test_a_handshake_that_is_none_is_refused(house: House, query: str) -> None:
    operator = await house.signed_in(OPERATOR)
    answer = await operator.call("GET", f"/socket.io/{query}")
    assert answer.status == 400


async def test_too_many_questions_at_once_are_told_so_and_answered_later(house: House) -> None:
    operator = await house.signed_in(OPERATOR)
    listener = await operator.listen()

    replies = await asyncio.gather(*(listener.ask("sync", {"streams": {}}) for _ in range(40)))

    assert {reply.get("code", "ok") for reply in replies} <= {"ok", "busy"}
    assert (await listener.ask("sync", {"streams": {}}))["ok"]


# ── being told ───────────────────────────────────────────────────────────────────────────────────


async def test_an_incident_appears_on_every_console_of_its_agency_and_nowhere_else(house: House) -> None:
    near = [await (await house.signed_in(p)).listen() for p in (OPERATOR, "lead-chengnan", "commander")]
    far = [await (await house.signed_in(p)).listen() for p in ("op-hexi", POLICE, "admin", "med-chengnan")]

    incident = await reported(await house.signed_in(OFFICER))

    for listener in near:
        delta = await listener.hears("stream_advanced", within_s=2, stream=incident["stream"])
        assert (delta["base"], delta["seq"]) == (0, 1)
        assert delta["parts"]["incident"]["id"] == incident["id"]
    for listener in far:
        assert (await listener.ask("clock", {}))["ok"], "what was sent before has arrived by now"
        assert listener.of("stream_advanced") == []


async def test_a_summons_rings_at_whoever_is_on_duty_and_stops_when_somebody_answers(house: House) -> None:
    operator, officer = await house.signed_in(OPERATOR), await house.signed_in(OFFICER)
    police, deputy, labour = [await house.signed_in(p) for p in (POLICE, "chengnan-police-2", LABOUR)]
    rings = [await visitor.listen() for visitor in (police, deputy, labour)]
    incident = await reported(officer)
    await pressed(operator, incident["id"])

    ring = await rings[0].hears("summons_ring", department_id="chengnan.police")
    assert (ring["kind"], ring["step"], ring["attempt"], ring["place"]) == ("summons", 0, 1, "东门")
    assert rings[1].of("summons_ring") == [], "the deputy's turn has not come"
    receipt = {key: ring[key] for key in ("assignment_id", "step", "attempt")}
    assert (await rings[0].ask("ring_received", receipt))["ok"]
    view = await police.get(f"/api/assignments/{ring['assignment_id']}")
    assert view["assignment"]["state"] == "notified"

    await deputy.post(f"/api/assignments/{ring['assignment_id']}/acknowledge")

    stopped = await rings[0].hears("ring_stopped", assignment_id=ring["assignment_id"])
    assert (stopped["reason"], stopped["by"]["id"]) == ("acknowledged", "chengnan-police-2")
    assert rings[2].of("ring_stopped") == [], "one acknowledgement never silences another department"


async def test_a_receipt_of_somebody_who_was_not_paged_counts_for_nothing(house: House) -> None:
    ids = await ids_of_a_case(house)
    deputy = await house.signed_in("chengnan-police-2")

    await (await deputy.listen()).ask("ring_received", {"assignment_id": ids["assignment_id"]})

    view = await deputy.get(f"/api/assignments/{ids['assignment_id']}")
    assert view["assignment"]["state"] == "pending"


async def test_an_order_reaches_whom_it_is_for(house: House) -> None:
    ids = await ids_of_a_case(house)
    operator = await house.signed_in(OPERATOR)
    police, labour = [await (await house.signed_in(p)).listen() for p in (POLICE, LABOUR)]

    await operator.post(
        f"/api/incidents/{ids['incident_id']}/orders",
        {"text": "先疏散", "department_ids": ["chengnan.police"]},
    )

    given = await police.hears("order_given")
    assert given["order"]["text"] == "先疏散"
    assert (await labour.ask("clock", {}))["ok"]
    assert labour.of("order_given") == []


async def test_after_a_lost_socket_sync_brings_exactly_the_missed_events(house: House) -> None:
    operator, leader = await house.signed_in(OPERATOR), await house.signed_in("lead-chengnan")
    listener = await leader.listen()
    incident = await reported(operator)
    await listener.hears("stream_advanced", stream=incident["stream"])
    synced = await listener.ask("sync", {"streams": {}})
    known = {view["stream"]: view["seq"] for view in synced["incidents"]}
    assert known[incident["stream"]] == 1
    await listener.close()

    summoned = await pressed(operator, incident["id"])
    await operator.post(f"/api/incidents/{incident['id']}/orders", {"text": "先疏散"})
    other = await reported(operator, type="noise")

    back = await leader.listen()
    synced = await back.ask("sync", {"streams": known})
    kinds = [event["kind"] for event in synced["missed"][incident["stream"]]]
    assert kinds == ["summons_issued", "order_given"]
    assert [event["seq"] for event in synced["missed"][incident["stream"]]] == [2, 3]
    assert {view["id"] for view in synced["incidents"]} == {incident["id"], other["id"]}
    assert [room["id"] for room in synced["rooms"]] == [summoned["room_id"]]
    fresh = await leader.get(f"/api/incidents/{incident['id']}")
    assert next(view for view in synced["incidents"] if view["id"] == incident["id"]) == fresh

    again = await back.ask(
        "sync",
        {
            "streams": {
                **{v["stream"]: v["seq"] for v in synced["incidents"]},
                **{r["stream"]: r["seq"] for r in synced["rooms"]},
            }
        },
    )
    assert (again["incidents"], again["rooms"], again["missed"], again["gone"]) == ([], [], {}, [])


async def test_what_rings_still_rings_after_a_reload(house: House) -> None:
    ids = await ids_of_a_case(house)
    police = await house.signed_in(POLICE)
    listener = await police.listen()

    synced = await listener.ask("sync", {"streams": {}})

    assert [ring["assignment_id"] for ring in synced["ringing"]] == [ids["assignment_id"]]
    await police.post(f"/api/assignments/{ids['assignment_id']}/acknowledge")
    assert (await listener.ask("sync", {"streams": {}}))["ringing"] == []


async def test_a_beat_comes_with_every_cycle(house: House) -> None:
    listener = await (await house.signed_in(OPERATOR)).listen()

    first = await listener.hears("beat", within_s=5)
    second = await listener.hears("beat", within_s=5, cycle=first["cycle"] + 1)

    assert second["now"].endswith("Z")


# ── presence ─────────────────────────────────────────────────────────────────────────────────────


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


# ── a page that does not listen ──────────────────────────────────────────────────────────────────


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
