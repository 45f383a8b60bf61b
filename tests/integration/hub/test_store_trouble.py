"""The store is read-only, full, or gone: a 503 with a code, nothing half-saved, and back by itself."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from tests.integration.hub.house import (
    OFFICER,
    OPERATOR,
    POLICE,
    WAIT_S,
    Answer,
    House,
    Visitor,
    assignment_of,
    config_in,
    open_house,
    pressed,
    reported,
    until,
)
from tests.integration.hub.routes import heads
from tests.services import PostgresServer


@contextmanager
def read_only(house: House) -> Iterator[None]:
    """Every write fails as on a disk that was remounted read-only."""
    pool = house.hub.writer.engine.sync_engine.pool
    read_only = True

    def checkout(connection: Any, *_: object) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA query_only = {'ON' if read_only else 'OFF'}")
        cursor.close()

    event.listen(pool, "checkout", checkout)
    try:
        yield
    finally:
        read_only = False


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another program holds the database's write lock."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


def full_disk(path: Path) -> int:
    """The database may not grow by a page more; returns its size in pages."""
    with sqlite3.connect(path) as connection:
        return int(connection.execute("PRAGMA page_count").fetchone()[0])


async def test_a_store_that_only_reads_is_not_ready(house: House) -> None:
    visitor = await house.visitor()
    with read_only(house):
        asked = await visitor.call("GET", "/health/ready")

    assert asked.status == 503
    assert asked.data["detail"]["store"] is False


async def test_a_read_only_database_saves_nothing_and_says_so(house: House) -> None:
    operator, officer = await house.signed_in(OPERATOR), await house.signed_in(OFFICER)
    police = await house.signed_in(POLICE)
    incident = await reported(officer)
    done = await pressed(operator, incident["id"])
    path = f"/api/incidents/{incident['id']}"
    before = await heads(house)
    view = await operator.get(path)

    with read_only(house):
        for who, method, address, body in (
            (officer, "POST", "/api/incidents", {"type": "noise"}),
            (operator, "POST", f"{path}/orders", {"text": "x"}),
            (operator, "PATCH", path, {"title": "x"}),
            (operator, "POST", f"{path}/resolve", {"outcome": "x"}),
            (officer, "POST", "/api/feeds", {"incident_id": incident["id"]}),
            (police, "POST", f"/api/rooms/{done['room_id']}/join", None),
            (police, "POST", f"/api/assignments/{assignment_of(view, 'chengnan.police')}/depart", None),
            (await house.visitor(), "POST", "/api/sign-in", {"login": "x", "password": "y"}),
            (police, "POST", "/api/sign-out", None),
        ):
            answer = await who.call(method, address, body)
            assert (answer.status, answer.code) == (503, "store_failed"), (address, answer.data)
            assert answer.data["message"] == "数据库写入出错，未保存。请重试"
        assert await operator.get(path) == view, "reading goes on"
        assert await heads(house) == before

    assert (await operator.call("POST", f"{path}/orders", {"text": "x"})).status == 200


async def test_a_full_disk_saves_nothing_and_says_so(house: House, data: Path) -> None:
    operator = await house.signed_in(OPERATOR)
    incident = await reported(operator)
    path = f"/api/incidents/{incident['id']}/orders"
    engine = house.hub.writer.engine.sync_engine

    def no_room(connection: object) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {full_disk(data / 'liandong.db')}")  # type: ignore[attr-defined]

    event.listen(engine, "begin", no_room)
    refused, told = None, 0
    for _ in range(200):
        answer = await operator.call("POST", path, {"text": "x" * 500})
        if answer.status != 200:
            refused = answer
            break
        told += 1
    event.remove(engine, "begin", no_room)

    assert refused is not None
    assert (refused.status, refused.code) == (503, "store_failed")
    view = await operator.get(f"/api/incidents/{incident['id']}")
    assert len(view["orders"]) == told, "all that was answered is there and nothing else"
    assert view["seq"] == 1 + told


@pytest.mark.full
async def test_a_locked_database_is_waited_for_and_then_told(house: House, data: Path) -> None:
    operator = await house.signed_in(OPERATOR)

    with locked(data / "liandong.db"):
        answer = await operator.call("POST", "/api/incidents", {"type": "noise"})

    assert answer.status == 503
    assert answer.code in ("store_failed", "store_busy")
    assert (await operator.call("POST", "/api/incidents", {"type": "noise"})).status == 201


async def test_deadlines_that_cannot_be_saved_make_the_hub_fall_silent(house: House) -> None:
    """A console that misses the beat raises the alarm itself; a beat in spite of it would be a lie."""
    operator = await house.signed_in(OPERATOR)
    listener = await operator.listen()
    incident = await reported(operator)
    await pressed(operator, incident["id"])
    await listener.hears("beat")

    with read_only(house):
        house.clock.pass_by(30)
        await asyncio.sleep(0.2)
        beats = len(listener.of("beat"))
        await asyncio.sleep(2.5)
        assert len(listener.of("beat")) == beats
        house.clock.pass_by(31)
        answer = await operator.call("GET", "/health/engine")
        assert (answer.status, answer.data["status"]) == (503, "down")

    await listener.hears("beat", cycle=listener.of("beat")[-1]["cycle"] + 1)
    assert (await operator.call("GET", "/health/engine")).status == 200
    kinds = [e["kind"] for e in (await operator.get(f"/api/incidents/{incident['id']}/journal"))["events"]]
    assert "escalation_fired" in kinds, "what had come meanwhile was made up for"


async def answered(visitor: Visitor, path: str, begun: Callable[[Any], object]) -> Answer:
    """What it answers once that part, which starts beside the server, has begun."""
    async with asyncio.timeout(WAIT_S):
        while not begun((answer := await visitor.call("GET", path)).data["detail"]):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return answer


async def test_health_tells_which_part_does_not_answer(house: House) -> None:
    visitor = await house.visitor()

    live = await visitor.call("GET", "/health/live")
    ready = await answered(visitor, "/health/ready", lambda detail: detail["media"])
    engine = await answered(visitor, "/health/engine", lambda detail: detail["cycle"])

    assert (live.status, live.data["status"]) == (200, "ok")
    assert ready.data["detail"].keys() == {"store", "media", "console"}
    assert (ready.data["detail"]["store"], ready.data["detail"]["media"]) == (True, True)
    assert ready.status == (200 if ready.data["detail"]["console"] else 503)
    assert engine.status == 200
    assert engine.data["detail"]["cycle"] >= 1


@asynccontextmanager
async def on_a_server_that_may_go(server: PostgresServer, tmp_path: Path) -> AsyncIterator[House]:
    from dispatch_server import seeding

    assert server.call("createdb", "may_go")
    url = f"postgresql+asyncpg://liandong@127.0.0.1:{server.port}/may_go"
    try:
        async with open_house(config_in(tmp_path, database_url=url), seed=seeding.demo_city()) as house:
            yield house
    finally:
        assert server.call("dropdb", "--force", "may_go")


async def test_a_hub_outlives_its_database_server_cutting_all_connections(
    postgres_server: PostgresServer, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    async with on_a_server_that_may_go(postgres_server, tmp_path) as house:
        operator = await house.signed_in(OPERATOR)
        incident = await reported(operator)
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'may_go'"
        for _ in range(3):
            assert postgres_server.call("psql", "-q", "-d", "postgres", "-c", cut)

            async def works() -> bool:
                answer = await operator.call("POST", f"/api/incidents/{incident['id']}/orders", {"text": "x"})
                assert answer.status in (200, 503), answer.data
                return answer.status == 200

            await until(works)
        cycle = house.hub.timekeeper.cycle
        await until(lambda: house.hub.timekeeper.cycle > cycle + 1)
