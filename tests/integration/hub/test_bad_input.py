"""Nonsense on every route: a 4xx with a stable code and a sentence, and nothing half-saved."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from dispatch_server.messages import SENTENCES
from tests.integration.hub.house import (
    LEADER,
    OFFICER,
    OPERATOR,
    POLICE,
    SDP,
    Answer,
    House,
    Visitor,
    pressed,
    reported,
)
from tests.integration.hub.routes import BODIES, SDP_BODIES, UNKNOWN, Entry, entries, heads, ids_of_a_case

JSON = {"Content-Type": "application/json"}
HUMAN = range(0x4E00, 0xA000)

NOT_JSON: dict[str, bytes] = {
    "cut off": b'{"a":',
    "two values": b"{}{}",
    "no UTF-8": b'{"a":"\xff\xfe"}',
    "a raw NUL": b'{"a":"\x00"}',
    "deep lists": b"[" * 60_000,
    "deep objects": b'{"a":' * 12_000,
    "half a character": b'{"a":"\\ud800"}',
    "not a number": b'{"lat":NaN}',
    "a word": b"null and void",
    "a byte order mark": b"\xef\xbb\xbf{}",
}
WRONG_SHAPES: dict[str, Any] = {
    "a list": [],
    "a number": 7,
    "nothing": None,
    "a text": "x",
    "an unknown field": {"no_such_field": 1},
    "everything of the wrong type": {
        "type": [],
        "text": {},
        "lat": "x",
        "muted": 3,
        "login": None,
        "token": 1,
    },
}
STRANGE_IDS = (
    "%00",
    "a%00b",
    "..%2f..%2fetc%2fpasswd",
    "%ff%fe",
    "x" * 3000,
    "'; DROP TABLE aggregate; --",
    "%e8%ad%a6",
    "p:%00",
    "%0a%0d",
    "{}",
)


def check(answer: Answer, name: str) -> None:
    """A refusal that a client can rely on and a person can read."""
    assert 400 <= answer.status < 500, (name, answer.status, answer.raw[:300])
    assert answer.data is not None, (name, answer.raw[:300])
    assert answer.code in SENTENCES, name
    words = answer.data.get("message") or answer.data.get("title")
    assert words, name
    assert "…" not in words, (name, words)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def both_languages(visitor: Visitor, name: str, *args: Any, **more: Any) -> None:
    """The same refusal in Chinese and in English."""
    said = []
    for language in ("zh-CN,zh;q=0.9", "en-US,en;q=0.9"):
        visitor.language = language
        answer = await visitor.call(*args, **more)
        check(answer, name)
        said.append(answer)
    zh, en = (a.data.get("message") or a.data.get("title") for a in said)
    assert said[0].code == said[1].code, name
    assert any(ord(character) in HUMAN for character in zh), (name, zh)
    assert not any(ord(character) in HUMAN for character in en), (name, en)


async def test_a_body_that_is_no_json_is_refused_on_every_route(either_house: House) -> None:
    house = either_house
    ids, visitor = await ids_of_a_case(house), await house.signed_in(LEADER)
    before = await heads(house)

    for entry in entries(house.hub.app):
        if not entry.takes_json or entry.path.startswith("/api/sign-in"):
            continue
        for name, raw in NOT_JSON.items():
            answer = await visitor.call(entry.method, entry.address(ids), data=raw, headers=JSON)
            check(answer, f"{entry.name}: {name}")
            assert answer.code in ("bad_json", "not_allowed", "bad_input"), (entry.name, name, answer.code)
        await both_languages(visitor, entry.name, entry.method, entry.address(ids), data=b"{", headers=JSON)
    assert await heads(house) == before


async def test_a_body_of_the_wrong_shape_is_refused_on_every_route(either_house: House) -> None:
    house = either_house
    ids, visitor = await ids_of_a_case(house), await house.signed_in(LEADER)
    before = await heads(house)

    for entry in entries(house.hub.app):
        if not entry.takes_json or entry.path.startswith("/api/sign-in"):
            continue
        for name, shape in WRONG_SHAPES.items():
            raw = json.dumps(shape).encode()
            answer = await visitor.call(entry.method, entry.address(ids), data=raw, headers=JSON)
            check(answer, f"{entry.name}: {name}")
            assert answer.status in (400, 403), (entry.name, name, answer.status)
        await both_languages(
            visitor, entry.name, entry.method, entry.address(ids), data=b'{"x":1}', headers=JSON
        )
    assert await heads(house) == before


def wrong_values() -> Iterator[tuple[str, str, Any]]:
    """(route, field, value): each field of each example with values of every other kind."""
    values = (None, [], {}, "", "x" * 5000, "a\x00b", -1, 10**400, 1.5e308, True, ["x"] * 100, {"lat": 91})
    for name, body in BODIES.items():
        for field in body:
            for value in values:
                yield name, field, value


async def test_every_field_with_a_value_of_another_kind_is_refused_or_harmless(either_house: House) -> None:
    house = either_house
    ids, visitor = await ids_of_a_case(house), await house.signed_in(LEADER)
    officer, admin = await house.signed_in(OFFICER), await house.signed_in("admin")

    for name, field, value in wrong_values():
        method, path = name.split(" ")
        if path.startswith(("/api/sign-in", "/api/me")):
            continue
        body = {**Entry(method=method, path=path).body(ids)["body"], field: value}
        raw = json.dumps(body).encode()
        who = officer if "/feeds" in path else admin if path in ("/api/people", "/api/agencies") else visitor
        address = Entry(method=method, path=path).address(ids)
        answer = await who.call(method, address, data=raw, headers=JSON)
        assert answer.status < 500, (name, field, value, answer.raw[:300])
        if answer.status >= 400:
            check(answer, f"{name} {field}={str(value)[:20]}")


async def test_a_body_over_its_limit_is_refused_however_it_is_framed(house: House) -> None:
    visitor = await house.signed_in(OPERATOR)
    before = await heads(house)
    huge = b'{"type":"' + b"x" * 70_000 + b'"}'

    async def in_chunks() -> Any:
        for start in range(0, len(huge), 8000):
            yield huge[start : start + 8000]

    whole = await visitor.call("POST", "/api/incidents", data=huge, headers=JSON)
    chunked = await visitor.call("POST", "/api/incidents", data=in_chunks(), headers=JSON)  # type: ignore[arg-type]
    packed = await visitor.call(
        "POST",
        "/api/incidents",
        data=gzip.compress(b'{"type":"' + b"x" * 50_000_000 + b'"}'),
        headers={**JSON, "Content-Encoding": "gzip"},
    )

    for answer in (whole, chunked, packed):
        assert (answer.status, answer.code) == (413, "body_too_large")
        assert "64 KB" in answer.data["message"]
    assert await heads(house) == before


async def test_a_body_that_cannot_be_unpacked_is_refused(house: House) -> None:
    visitor = await house.signed_in(OPERATOR)

    answer = await visitor.call(
        "POST", "/api/incidents", data=b"not gzip", headers={**JSON, "Content-Encoding": "gzip"}
    )

    check(answer, "gzip")
    assert (answer.status, answer.code) == (400, "bad_input")


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "application/xml", "multipart/form-data"],
)
async def test_another_content_type_is_refused_on_every_route(house: House, content_type: str) -> None:
    ids, visitor = await ids_of_a_case(house), await house.signed_in(LEADER)
    before = await heads(house)

    for entry in entries(house.hub.app):
        if entry.takes_json and not entry.path.startswith("/api/sign-in"):
            raw = json.dumps(entry.body(ids)["body"]).encode()
            answer = await visitor.call(
                entry.method, entry.address(ids), data=raw, headers={"Content-Type": content_type}
            )
            assert (answer.status, answer.code) == (415, "wrong_content_type"), entry.name
    assert await heads(house) == before


async def test_json_by_any_of_its_names_is_taken(house: House) -> None:
    visitor = await house.signed_in(OPERATOR)
    raw = json.dumps({"type": "noise"}).encode()

    for content_type in ("application/json; charset=utf-8", "application/problem+json", "APPLICATION/JSON"):
        answer = await visitor.call(
            "POST", "/api/incidents", data=raw, headers={"Content-Type": content_type}
        )
        assert answer.status == 201, content_type


@pytest.mark.parametrize("person_id", [LEADER, OFFICER, POLICE, "admin"])
async def test_ids_that_nobody_has_are_not_found_on_every_route(either_house: House, person_id: str) -> None:
    house = either_house
    visitor = await house.signed_in(person_id)

    for entry in entries(house.hub.app):
        if not entry.ids:
            continue
        for strange in STRANGE_IDS if person_id == LEADER else STRANGE_IDS[:1]:
            answer = await visitor.call(
                entry.method, entry.address(dict.fromkeys(UNKNOWN, strange)), **entry.body(UNKNOWN)
            )
            check(answer, f"{entry.name} {strange[:20]}")
            assert answer.status in (403, 404, 405), (entry.name, strange[:20], answer.status)


@pytest.mark.parametrize(
    "query",
    [
        "state=both",
        "limit=0",
        "limit=201",
        "limit=-1",
        "limit=x",
        "limit=%D9%A3",
        "limit=9999999999999",
        "before=yesterday",
        "before=2026-03-01",
        "before=2026-03-01T00:00:00",
        "before=%00",
    ],
)
async def test_a_query_that_means_nothing_is_refused(house: House, query: str) -> None:
    visitor = await house.signed_in(OPERATOR)
    await both_languages(visitor, query, "GET", f"/api/incidents?{query}")


@pytest.mark.parametrize(
    "query",
    [
        "q=%00",
        "q=%25",
        "q=%ff",
        "q=" + "x" * 3000,
        "q='%20OR%201=1",
        "before=0001-01-01T00:00:00%2B14:00",
        "before=9999-12-31T23:59:59-14:00",
        "unknown=1",
        "limit=1&limit=2",
    ],
)
async def test_a_strange_query_finds_nothing_or_is_refused(either_house: House, query: str) -> None:
    visitor = await either_house.signed_in(OPERATOR)

    answer = await visitor.call("GET", f"/api/incidents?{query}")

    if answer.status != 200:
        check(answer, query)
    else:
        assert answer.data["incidents"] == []


async def test_journal_pages_take_only_numbers(house: House) -> None:
    ids, visitor = await ids_of_a_case(house), await house.signed_in(OPERATOR)
    for path in (f"/api/incidents/{ids['incident_id']}/journal", f"/api/rooms/{ids['room_id']}/journal"):
        for query in ("after=-1", "after=x", "after=99999999999", "limit=0", "limit=1001"):
            await both_languages(visitor, query, "GET", f"{path}?{query}")
        page = await visitor.get(f"{path}?after=0&limit=1")
        assert len(page["events"]) == 1
        assert page["seq"] >= 1


async def test_another_method_and_another_path_are_told_so(house: House) -> None:
    visitor = await house.signed_in(OPERATOR)

    for method, path, status, code in (
        ("PUT", "/api/incidents", 405, "method_not_allowed"),
        ("DELETE", "/api/incidents", 405, "method_not_allowed"),
        ("GET", "/api/no/such/thing", 404, "not_found"),
        ("GET", "/whip/x", 404, "not_found"),
        ("GET", "/assets/%00", 404, "not_found"),
        ("GET", "/assets/../../setup.cfg", 404, "not_found"),
        ("GET", "/assets/..%2f..%2fsetup.cfg", 404, "not_found"),
        ("GET", "/" + "x" * 5000 + ".js", 404, "not_found"),
        ("GET", "/%00.js", 404, "not_found"),
        ("GET", "/ca.crt", 404, "not_found"),
    ):
        answer = await visitor.call(method, path)
        assert (answer.status, answer.code) == (status, code), path
        check(answer, path)


@pytest.mark.parametrize("key", ["", "x" * 81], ids=["empty", "long"])
async def test_an_idempotency_key_that_cannot_be_one_is_refused(house: House, key: str) -> None:
    visitor = await house.signed_in(OPERATOR)

    answer = await visitor.call("POST", "/api/incidents", {"type": "noise"}, headers={"Idempotency-Key": key})

    check(answer, key)
    assert answer.data["params"]["field"] == "Idempotency-Key"


async def test_an_idempotency_key_in_any_script_is_a_key(house: House) -> None:
    visitor = await house.signed_in(OPERATOR)
    headers = {"Idempotency-Key": "接警 1"}

    first = await visitor.call("POST", "/api/incidents", {"type": "noise"}, headers=headers)
    second = await visitor.call("POST", "/api/incidents", {"type": "noise"}, headers=headers)

    assert first.status == second.status == 201
    assert first.data["id"] == second.data["id"]


async def test_an_illegal_step_of_a_state_machine_is_told_in_words(house: House) -> None:
    operator, officer = await house.signed_in(OPERATOR), await house.signed_in(OFFICER)
    incident = await reported(officer)
    path = f"/api/incidents/{incident['id']}"

    for action, body, code in (
        ("recall", None, "invalid_transition"),
        ("close", {"follow_up": {"result": "reached"}}, "invalid_transition"),
        ("reopen", None, "invalid_transition"),
        ("departments", {"department_id": "chengnan.health"}, "invalid_transition"),
        ("departments", {"department_id": "chengnan.jinxiu"}, "unknown_department"),
        ("orders", {"text": "x", "department_ids": ["chengnan.health"]}, "unknown_department"),
    ):
        await both_languages(operator, action, "POST", f"{path}/{action}", body)
        answer = await operator.call("POST", f"{path}/{action}", body)
        assert answer.code == code, action
    await operator.post(f"{path}/resolve", {"outcome": "已修复"})
    for action, body, code in (
        ("summon", {}, "invalid_transition"),
        ("close", {}, "follow_up_missing"),
        ("resolve", {"outcome": "x"}, "invalid_transition"),
    ):
        await both_languages(operator, action, "POST", f"{path}/{action}", body)
        assert (await operator.call("POST", f"{path}/{action}", body)).code == code


async def test_an_incident_without_a_plan_says_what_to_do(house: House) -> None:
    operator = await house.signed_in(OPERATOR)
    incident = await reported(operator, type="other")

    answer = await operator.call("POST", f"/api/incidents/{incident['id']}/summon", {})

    assert (answer.status, answer.code) == (409, "nothing_planned")
    assert answer.data["message"] == "该类型没有预案。请先选择预案或加部门"


# ── WHIP ─────────────────────────────────────────────────────────────────────────────────────────


async def test_malformed_sdp_is_a_problem_with_a_code(house: House) -> None:
    ids, officer = await ids_of_a_case(house), await house.signed_in(OFFICER)
    path = f"/whip/{ids['feed_id']}"
    before = await heads(house)

    for raw, content_type, status, code in (
        (b"no sdp", "application/sdp", 400, "malformed_sdp"),
        (b"", "application/sdp", 400, "malformed_sdp"),
        (b"\xff\xfe", "application/sdp", 400, "malformed_sdp"),
        (b"v=0\x00", "text/plain", 415, "wrong_content_type"),
        (b"{}", "application/json", 415, "wrong_content_type"),
        (b"v" * 200_000, "application/sdp", 413, "body_too_large"),
    ):
        answer = await officer.call("POST", path, data=raw, headers={"Content-Type": content_type})
        assert (answer.status, answer.code) == (status, code), raw[:10]
        assert answer.headers["Content-Type"].startswith("application/problem+json")
        check(answer, str(raw[:10]))
    assert await heads(house) == before


async def test_a_token_of_another_feed_publishes_nothing(house: House) -> None:
    operator = await house.signed_in(OPERATOR)
    devices = [
        await operator.post(
            "/api/devices", {"name": f"{n}", "agency_id": "chengnan.jinxiu", "default_type": "burst_pipe"}
        )
        for n in range(2)
    ]
    before = await heads(house)

    answer = await (await house.visitor()).call(
        "POST",
        f"/whip/{devices[0]['feed']['id']}",
        data=SDP,
        headers={"Content-Type": "application/sdp", "Authorization": f"Bearer {devices[1]['token']}"},
    )

    assert (answer.status, answer.code) == (404, "not_found")
    assert await heads(house) == before, "no incident was opened for it"


async def test_the_whip_of_a_room_wants_a_seat_in_it(house: House) -> None:
    ids, police = await ids_of_a_case(house), await house.signed_in(POLICE)
    sdp = {"Content-Type": SDP_BODIES["POST /whip/{feed_id}"]}

    answer = await police.call("POST", f"/whip/rooms/{ids['room_id']}", data=SDP, headers=sdp)
    assert (answer.status, answer.code) == (403, "not_allowed")

    await police.post(f"/api/rooms/{ids['room_id']}/join")
    answer = await police.call("POST", f"/whip/rooms/{ids['room_id']}", data=SDP, headers=sdp)
    assert answer.status == 201
    assert answer.headers["ETag"]
    path = answer.headers["Location"]
    assert (await police.call("DELETE", path)).status == 200
    assert (await police.call("DELETE", path)).status == 404


async def test_deleting_a_session_that_was_replaced_ends_nothing(house: House) -> None:
    ids, officer = await ids_of_a_case(house), await house.signed_in(OFFICER)
    old = f"/whip/{ids['feed_id']}/{ids['connection_id']}"
    sdp = {"Content-Type": "application/sdp"}
    again = await officer.call("POST", f"/whip/{ids['feed_id']}", data=SDP, headers=sdp)

    stale = await officer.call("DELETE", old)
    assert (stale.status, stale.code) == (404, "not_found")
    incident = await officer.get(f"/api/incidents/{ids['incident_id']}")
    assert incident["feeds"][0]["state"] == "idle"

    assert (await officer.call("DELETE", again.headers["Location"])).status == 200
    incident = await officer.get(f"/api/incidents/{ids['incident_id']}")
    assert incident["feeds"][0]["state"] == "ended"
    assert ids["feed_id"] not in house.plane.publishers.values(), "nothing of it is taken in any more"


# ── below HTTP ───────────────────────────────────────────────────────────────────────────────────


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
