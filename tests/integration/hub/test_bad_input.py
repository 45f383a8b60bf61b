"""Nonsense on every route: a 4xx with a stable code and a sentence, and nothing half-saved."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.hub.house import (
    LEADER,
    OFFICER,
    OPERATOR,
    POLICE,
    House,
    Visitor,
    reported,
)
from tests.integration.hub.refusals import check_refusal
from tests.integration.hub.routes import BODIES, UNKNOWN, Entry, entries, heads, ids_of_a_case

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


async def both_languages(visitor: Visitor, name: str, *args: Any, **more: Any) -> None:
    """The same refusal in Chinese and in English."""
    said = []
    for language in ("zh-CN,zh;q=0.9", "en-US,en;q=0.9"):
        visitor.language = language
        answer = await visitor.call(*args, **more)
        check_refusal(answer, name)
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
            check_refusal(answer, f"{entry.name}: {name}")
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
            check_refusal(answer, f"{entry.name}: {name}")
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
            check_refusal(answer, f"{name} {field}={str(value)[:20]}")


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

    check_refusal(answer, "gzip")
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
            check_refusal(answer, f"{entry.name} {strange[:20]}")
            # A player's token comes before anything else there.
            known = (401, 404, 405) if entry.path.startswith("/whep/") else (403, 404, 405)
            assert answer.status in known, (entry.name, strange[:20], answer.status)


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
        check_refusal(answer, query)
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
        check_refusal(answer, path)


@pytest.mark.parametrize("key", ["", "x" * 81], ids=["empty", "long"])
async def test_an_idempotency_key_that_cannot_be_one_is_refused(house: House, key: str) -> None:
    visitor = await house.signed_in(OPERATOR)

    answer = await visitor.call("POST", "/api/incidents", {"type": "noise"}, headers={"Idempotency-Key": key})

    check_refusal(answer, key)
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
