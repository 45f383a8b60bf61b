"""A hub with the demonstration city in it, for each test its own."""

import asyncio
import logging
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import structlog

from dispatch_server import seeding
from tests.integration.hub.house import House, config_in, open_house


@pytest.fixture(autouse=True, scope="session")
def _quiet() -> None:
    """Thousands of requests are no news; what went wrong is."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))


@pytest.fixture(scope="session")
def sown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the demonstration city; to be copied."""
    folder = tmp_path_factory.mktemp("sown")

    async def sow() -> None:
        async with open_house(config_in(folder), seed=seeding.demo_city()):
            pass

    asyncio.run(sow())
    return folder / "liandong.db"


@pytest.fixture
def data(sown: Path, tmp_path: Path) -> Path:
    """A data folder whose store holds the demonstration city."""
    shutil.copy(sown, tmp_path / "liandong.db")
    return tmp_path


@pytest.fixture(params=["sqlite", "postgresql"])
async def either_house(request: pytest.FixtureRequest, sown: Path, tmp_path: Path) -> AsyncIterator[House]:
    """The same house on SQLite and on PostgreSQL, which is stricter about what it keeps."""
    if request.param == "sqlite":
        shutil.copy(sown, tmp_path / "liandong.db")
        settings, seed = {}, None
    else:
        settings, seed = {"database_url": request.getfixturevalue("postgres_url")}, seeding.demo_city()
    async with open_house(config_in(tmp_path, **settings), seed=seed) as house:
        yield house


@pytest.fixture
async def house(data: Path) -> AsyncIterator[House]:
    async with open_house(config_in(data, session_hours=12)) as house:
        yield house
