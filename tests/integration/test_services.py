"""The servers that other tests lean on are real and empty for each test; in CI none may be missing."""

import asyncpg
import pytest
from redis.asyncio import Redis

from tests.services import not_here, program


@pytest.mark.parametrize("_again", range(2))
async def test_every_test_gets_an_empty_redis(redis_url: str, _again: int) -> None:
    async with Redis.from_url(redis_url) as redis:
        assert await redis.dbsize() == 0
        await redis.set("left over", 1)


@pytest.mark.parametrize("_again", range(2))
async def test_every_test_gets_an_empty_postgresql_database(postgres_url: str, _again: int) -> None:
    connection = await asyncpg.connect(postgres_url.replace("+asyncpg", ""))
    try:
        assert await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0
        await connection.execute("CREATE TABLE left_over (id int)")
    finally:
        await connection.close()


def test_a_missing_program_skips_with_the_package_that_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)

    with pytest.raises(pytest.skip.Exception, match="apt install janus"):
        program("no-such-program", package="janus")


def test_a_missing_program_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")

    with pytest.raises(pytest.fail.Exception, match="in CI nothing may be missing"):
        not_here("redis-server is not installed")
