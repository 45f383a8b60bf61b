"""Opening the database: SQLite (embedded, one hub) or PostgreSQL, by the URL alone."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from dispatch_server.errors import StartError

_MIGRATIONS = Path(__file__).parent / "migrations"


def sqlite_url(path: Path) -> str:
    return f"sqlite+aiosqlite:///{path}"


def open_engine(url: str, *, writer: bool) -> AsyncEngine:
    """An engine for reading, or the writer's own with a single connection.

    SQLite: WAL with `synchronous=FULL`, so that what was answered survives a power cut; the writer begins
    IMMEDIATE.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        # Readers see one snapshot per connection, as on SQLite; the writer locks the rows that it decides on.
        isolation = "READ COMMITTED" if writer else "REPEATABLE READ"
        return create_async_engine(
            parsed,
            pool_size=1 if writer else 8,
            max_overflow=0,
            pool_pre_ping=True,
            isolation_level=isolation,
        )
    engine = create_async_engine(parsed, pool_size=1 if writer else 8, max_overflow=0)

    @event.listens_for(engine.sync_engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # transactions are ours to begin, see below
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writer else "BEGIN")

    return engine


async def migrate(engine: AsyncEngine) -> None:
    """The database has the newest schema. Raises: StartError when it cannot be opened or is newer than
    this hub.
    """
    config = AlembicConfig()
    config.set_main_option("script_location", str(_MIGRATIONS))
    script = ScriptDirectory.from_config(config)

    def upgrade(connection: Connection) -> None:
        current = MigrationContext.configure(connection).get_current_revision()
        head = script.get_current_head()
        if current == head:
            return
        if current is not None and current not in {revision.revision for revision in script.walk_revisions()}:
            raise StartError(
                f"The database is from a newer Liandong (schema {current}); this one knows {head}."
            )
        config.attributes["connection"] = connection
        command.upgrade(config, "head")

    try:
        async with asyncio.timeout(60), engine.begin() as connection:
            await connection.run_sync(upgrade)
    except (SQLAlchemyError, OSError) as error:
        raise StartError(f"The database cannot be opened: {error}".splitlines()[0]) from error
    except TimeoutError as error:
        raise StartError("The database did not answer within 60 s.") from error
