"""One suite over both databases: every test that asks for `store` runs on SQLite and on PostgreSQL."""

import asyncio
import logging
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from dispatch_server.store import tables as t
from dispatch_server.store.accounts import Accounts
from dispatch_server.store.engine import migrate, open_engine, sqlite_url
from dispatch_server.store.reader import Reader
from dispatch_server.store.reference import Reference
from dispatch_server.store.writer import Writer
from tests.services import PostgresServer

BACKENDS = ("sqlite", "postgresql")


@dataclass(slots=True, kw_only=True)
class Store:
    """An open store whose writer is running."""

    url: str
    reading: AsyncEngine
    writing: AsyncEngine
    running: asyncio.Task[None] = field(init=False)
    reader: Reader = field(init=False)
    writer: Writer = field(init=False)
    accounts: Accounts = field(init=False)
    reference: Reference = field(init=False)

    def __post_init__(self) -> None:
        salts = count(1)
        self.reader = Reader(self.reading)
        self.writer = Writer(self.writing, new_salt=lambda: f"salt{next(salts)}")
        self.accounts = Accounts(self.reading, self.writer)
        self.reference = Reference(self.reading, self.writer)
        self.running = asyncio.create_task(self.writer.run())


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Store]:
    store = Store(url=url, reading=open_engine(url, writer=False), writing=open_engine(url, writer=True))
    try:
        yield store
    finally:
        store.running.cancel()
        with suppress(asyncio.CancelledError):
            await store.running
        await store.reading.dispose()
        await store.writing.dispose()


async def _migrate(url: str) -> None:
    engine = open_engine(url, writer=True)
    try:
        await migrate(engine)
    finally:
        await engine.dispose()


@pytest.fixture(autouse=True, scope="session")
def _quiet() -> None:
    """Thousands of commands are no news; what went wrong is."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the newest schema and nothing in it; to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "liandong.db"
    asyncio.run(_migrate(sqlite_url(path)))
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: PostgresServer) -> str:
    """URL of a PostgreSQL database with the newest schema, to be emptied before each test."""
    assert postgres_server.call("createdb", "contract")
    url = f"postgresql+asyncpg://liandong@127.0.0.1:{postgres_server.port}/contract"
    asyncio.run(_migrate(url))
    return url


def empty(server: PostgresServer) -> None:
    """The database of `migrated_postgres` holds its schema and nothing else."""
    tables = ", ".join(f'"{name}"' for name in t.metadata.tables)
    assert server.call("psql", "-q", "-d", "contract", "-c", f"TRUNCATE {tables} RESTART IDENTITY")


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def store_url(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a fresh store with the newest schema."""
    if backend == "sqlite":
        path = tmp_path / "liandong.db"
        shutil.copy(request.getfixturevalue("migrated_sqlite"), path)
        return sqlite_url(path)
    url: str = request.getfixturevalue("migrated_postgres")
    empty(request.getfixturevalue("postgres_server"))
    return url


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:
    async with opened(store_url) as store:
        yield store
