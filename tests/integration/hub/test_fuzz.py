"""Requests made from the hub's own description of itself, half right and half wrong: never a 5xx."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch_server.http.error_status import status_of
from dispatch_server.messages import SENTENCES
from tests.contract.hub.steps import assert_chained
from tests.integration.hub.house import (
    CITY,
    LABOUR,
    OFFICER,
    OPERATOR,
    POLICE,
    House,
    Visitor,
    config_in,
    open_house,
)
from tests.integration.hub.routes import ids_of_a_case
from tests.searching import share

Json = Any
WHO = (OPERATOR, CITY, OFFICER, POLICE, LABOUR, "op-hexi", "admin")
anything: st.SearchStrategy[Json] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


def fitting(schema: Mapping[str, Json], models: Mapping[str, Json]) -> st.SearchStrategy[Json]:
    """Values that the schema allows, more or less."""
    if "$ref" in schema:
        return fitting(models[schema["$ref"].rsplit("/", 1)[-1]], models)
    if "anyOf" in schema:
        return st.one_of(*(fitting(part, models) for part in schema["anyOf"]))
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    match schema.get("type"):
        case "string":
            size = {"min_size": schema.get("minLength", 0), "max_size": min(schema.get("maxLength", 30), 30)}
            return st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), **size)
        case "integer":
            return st.integers(schema.get("minimum"), schema.get("maximum"))
        case "number":
            return st.floats(
                schema.get("minimum"), schema.get("maximum"), allow_nan=False, allow_infinity=False
            )
        case "boolean":
            return st.booleans()
        case "null":
            return st.none()
        case "array":
            return st.lists(fitting(schema.get("items", {}), models), max_size=3)
        case "object":
            fields = schema.get("properties", {})
            needed = {name: fitting(fields[name], models) for name in schema.get("required", ())}
            return st.fixed_dictionaries(
                needed, optional={n: fitting(f, models) for n, f in fields.items() if n not in needed}
            )
        case _:
            return anything


class Fuzz:
    """One house that lives through all examples."""

    def __init__(self, runner: asyncio.Runner, house: House, ids: dict[str, str]) -> None:
        self.runner, self.house, self.ids = runner, house, ids
        self.visitors: dict[str, Visitor] = {}
        self.models: Mapping[str, Json] = house.hub.description["components"]["schemas"]
        self.operations = [
            (method.upper(), path, operation)
            for path, methods in house.hub.description["paths"].items()
            for method, operation in methods.items()
            if path not in ("/api/sign-out", "/api/me/password", "/api/sign-in", "/api/sign-in/link")
        ]

    def run(self, call: Any) -> Any:
        async def within() -> Any:
            return await call

        return self.runner.run(within())

    def visitor(self, person_id: str) -> Visitor:
        if person_id not in self.visitors:
            self.visitors[person_id] = self.run(self.house.signed_in(person_id))
        return self.visitors[person_id]

    def an_id(self, data: st.DataObject, name: str) -> str:
        known = [value for key, value in self.ids.items() if key == name or name in ("source_id",)]
        return data.draw(st.sampled_from([*known, *known, "unknown", "x.y:z-_", "p:1"]))

    def a_body(self, data: st.DataObject, operation: Mapping[str, Json]) -> bytes | None:
        content = operation.get("requestBody", {}).get("content", {})
        if "application/sdp" in content:
            return data.draw(st.sampled_from([b"v=0\r\n", b"", b"x"]) | st.binary(max_size=50))
        if "application/json" not in content:
            return None
        body = data.draw(fitting(content["application/json"]["schema"], self.models))
        for name in ("incident_id", "department_id", "agency_id", "person_id", "participant_id", "type"):
            if isinstance(body, dict) and name in body and data.draw(st.booleans()):
                body[name] = {
                    **self.ids,
                    "department_id": "chengnan.health",
                    "agency_id": "chengnan",
                    "participant_id": self.ids["seat_id"],
                    "type": "noise",
                }[name]
        if data.draw(st.integers(0, 3)) == 0 and isinstance(body, dict) and body:
            body[data.draw(st.sampled_from(sorted(body)))] = data.draw(anything)
        return json.dumps(body).encode("utf-8", "surrogatepass")

    def once(self, data: st.DataObject) -> None:
        method, path, operation = data.draw(st.sampled_from(self.operations))
        query = []
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "path":
                path = path.replace(f"{{{parameter['name']}}}", self.an_id(data, parameter["name"]))
            elif parameter["in"] == "query" and data.draw(st.booleans()):
                value = data.draw(
                    st.sampled_from(["1", "open", "closed", "-1", "x", "%00", "2026-03-01T08:00:00Z"])
                )
                query.append(f"{parameter['name']}={value}")
        kind = "application/sdp" if path.startswith("/whip") else "application/json"
        visitor = self.visitor(data.draw(st.sampled_from(WHO)))
        visitor.language = data.draw(st.sampled_from(["zh", "en"]))
        self.house.clock.pass_by(data.draw(st.sampled_from([0, 0, 1, 30])))
        address = path + ("?" + "&".join(query) if query else "")
        answer = self.run(
            visitor.call(method, address, data=self.a_body(data, operation), headers={"Content-Type": kind})
        )
        assert answer.status < 500, (method, address, answer.raw[:300])
        if answer.status >= 400:
            assert answer.code in SENTENCES, (method, address, answer.raw[:300])
            assert "…" not in (answer.data.get("message") or answer.data.get("title")), answer.raw[:300]
        else:
            replies = [r for code, r in operation["responses"].items() if code == str(answer.status)]
            assert replies, f"{method} {path} answers {answer.status}, which is not described"


def fuzz(data_folder: Path, examples: Any) -> None:
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()

        async def begin() -> tuple[House, dict[str, str]]:
            house = await stack.enter_async_context(open_house(config_in(data_folder)))
            return house, await ids_of_a_case(house)

        async def end(house: House) -> None:
            await assert_chained(house.hub.reader)
            await stack.aclose()

        one = Fuzz(runner, *runner.run(begin()))

        @examples
        @given(st.data())
        def tried(data: st.DataObject) -> None:
            one.once(data)

        try:
            tried()
        finally:
            runner.run(end(one.house))


def test_requests_from_the_description_never_fail_the_hub(data: Path, full: bool) -> None:
    fuzz(data, share(0.2 if full else 3))


@pytest.mark.full
@pytest.mark.timeout(1800)
def test_many_requests_from_the_description_never_fail_the_hub(sown: Path, tmp_path: Path) -> None:
    shutil.copy(sown, tmp_path / "liandong.db")
    fuzz(tmp_path, share(2))


def test_what_is_described_as_refused_has_a_status_of_its_own() -> None:
    assert status_of(ValueError()) == 500
