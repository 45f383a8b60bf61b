"""The schema that the migrations make is the schema that the code means, on both databases."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from dispatch_server.errors import StartError
from dispatch_server.store.engine import migrate, open_engine, sqlite_url
from dispatch_server.store.tables import metadata


@pytest.fixture
async def empty_engine(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> AsyncEngine:
    url = (
        sqlite_url(tmp_path / "empty.db") if backend == "sqlite" else request.getfixturevalue("postgres_url")
    )
    return open_engine(url, writer=True)


async def inside(engine: AsyncEngine, look: Callable[[Connection], Any]) -> Any:
    async with engine.begin() as connection:
        return await connection.run_sync(look)


def differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, metadata))


async def test_an_upgrade_from_nothing_makes_exactly_the_tables_of_the_code(
    empty_engine: AsyncEngine,
) -> None:
    assert await inside(empty_engine, differences), "an empty database differs, so the comparison sees"
    await migrate(empty_engine)

    assert await inside(empty_engine, differences) == []
    await empty_engine.dispose()


async def test_a_second_start_changes_nothing(empty_engine: AsyncEngine) -> None:
    await migrate(empty_engine)
    async with empty_engine.begin() as connection:
        await connection.execute(text("INSERT INTO setting (name, value) VALUES ('kept', 'yes')"))
    await migrate(empty_engine)

    async with empty_engine.begin() as connection:
        assert (await connection.execute(text("SELECT value FROM setting"))).scalar() == "yes"
    await empty_engine.dispose()


async def test_a_database_of_a_newer_hub_is_refused_in_one_line(empty_engine: AsyncEngine) -> None:
    await migrate(empty_engine)
    async with empty_engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999_future'"))

    with pytest.raises(StartError, match="newer Liandong") as refused:
        await migrate(empty_engine)
    assert "\n" not in str(refused.value)
    await empty_engine.dispose()


async def test_a_file_that_is_no_database_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "liandong.db").write_bytes(b"not a database at all, " * 100)
    engine = open_engine(sqlite_url(tmp_path / "liandong.db"), writer=True)

    with pytest.raises(StartError) as refused:
        await migrate(engine)
    assert "\n" not in str(refused.value)
    await engine.dispose()


async def test_a_server_that_is_not_there_is_refused_in_one_line() -> None:
    engine = open_engine("postgresql+asyncpg://liandong@127.0.0.1:1/none", writer=True)

    with pytest.raises(StartError) as refused:
        await migrate(engine)
    assert "\n" not in str(refused.value)
    await engine.dispose()


async def test_sqlite_is_opened_so_that_what_was_answered_survives_a_power_cut(tmp_path: Path) -> None:
    for writer in (True, False):
        engine = open_engine(sqlite_url(tmp_path / "liandong.db"), writer=writer)
        async with engine.connect() as connection:
            assert (await connection.execute(text("PRAGMA synchronous"))).scalar() == 2, "FULL"
            assert (await connection.execute(text("PRAGMA journal_mode"))).scalar() == "wal"
        await engine.dispose()
