"""What becomes of a page that says what makes no sense."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import aiohttp
import msgpack
import pytest

from dispatch_server.messages import SENTENCES
from tests.integration.hub.house import (
    OPERATOR,
    POLICE,
    House,
    until,
)
from tests.integration.hub.packets import (
    ACK,
    CONNECT,
    CONNECT_ERROR,
    EVENT,
    frame,
    nobody_online,
    raw,
    until_closed,
)
from tests.integration.hub.routes import heads, ids_of_a_case

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
    ("media_report", {"connection_id": "unknown"}),
    ("media_report", {"seconds": 0}),
    ("media_report", {"seconds": float("inf")}),
    ("media_report", {"video": [{"slot": 0, "frames": -1}]}),
    ("media_report", {"video": [{"slot": 0, "frames": 1, "verdict": "the cat"}]}),
    ("media_report", {"video": [{"slot": 0, "frames": 1}] * 17}),
    ("media_report", {"sending": [{"connection_id": "x", "limited": "by taste"}]}),
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
