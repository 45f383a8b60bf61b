"""The process is killed at a random moment: what was answered is there, and nothing is there by halves."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import select

from dispatch_server.store import tables as t
from dispatch_server.store.reader import Reader
from tests.contract.hub.conftest import opened
from tests.contract.hub.steps import assert_chained

ROOT = Path(__file__).resolve().parents[3]


def kill_after_a_while(url: str, *, answers: int, delay_s: float) -> list[str]:
    """Keys of the steps that were answered before the kill."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.contract.hub.writing_for_ever", url],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    first = [process.stdout.readline() for _ in range(answers)]
    time.sleep(delay_s)
    process.send_signal(signal.SIGKILL)
    # Not `communicate`: it reads past what `readline` has taken into the buffer already.
    with process:
        rest, errors = process.stdout.read(), process.stderr.read()
    assert all(first), f"it ended by itself: {errors}"
    return [line.strip() for line in (*first, *rest.splitlines(keepends=True)) if line.endswith("\n")]


async def keys_in(reader: Reader) -> list[set[str]]:
    """The keys that each table knows of; equal, if every step is whole."""
    sources = (
        (t.aggregate.c.id, ""),
        (t.incident_index.c.id, ""),
        (t.incident_viewer.c.incident_id, ""),
        (t.assignment_index.c.id, "as-"),
        (t.journal_event.c.stream, "incident:"),
        (t.stream_head.c.stream, "incident:"),
        (t.due.c.key, "due-"),
        (t.outbox.c.key, "out-"),
        (t.command.c.key, "cmd-"),
    )
    found = []
    for column, prefix in sources:
        values = [str(row[0]) for row in await reader._rows(select(column))]
        found.append({value.removeprefix(prefix) for value in values if value.startswith(prefix)})
    return found


async def check(url: str, answered: set[str]) -> int:
    async with opened(url) as store:
        await assert_chained(store.reader)
        tables = await keys_in(store.reader)
        assert all(keys == tables[0] for keys in tables), "a step is there by halves"
        assert answered <= tables[0], "an answered step is lost"
        room = await store.reader.events("room:all", after=0, limit=10**6)
        assert len(room) == len(tables[0])
        return len(tables[0])


@pytest.mark.timeout(300)
async def test_a_killed_writer_leaves_nothing_by_halves_and_loses_nothing_answered(
    store_url: str, full: bool
) -> None:
    chance = random.Random(store_url.split(":", maxsplit=1)[0])
    answered: set[str] = set()
    answers = 0
    for round_number in range(25 if full else 3):
        if round_number == 0:
            keys = kill_after_a_while(store_url, answers=1, delay_s=0)
        else:
            delay_s = chance.uniform(0, 0.1)
            keys = kill_after_a_while(store_url, answers=chance.randint(1, 400), delay_s=delay_s)
        answered |= {f"{key}" for key in keys}
        answers += len(keys)
        assert await check(store_url, answered) >= len(answered)
        await forget(store_url)
        answered.clear()
    assert answers > 0


async def forget(url: str) -> None:
    """The store is empty again: the next round counts from the beginning."""
    async with opened(url) as store, store.writer.transaction() as connection:
        for table in t.metadata.sorted_tables:
            await connection.execute(table.delete())
