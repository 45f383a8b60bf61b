"""`liandong journal verify` and its checkpoints, on a store that somebody else has had in hand."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from dispatch_server.errors import StartError
from dispatch_server.proving import Report, verify_journal, write_checkpoint
from tests.integration.hub.house import OFFICER, OPERATOR, config_in, open_house, pressed, reported

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
async def journaled(data: Path) -> Path:
    """A store with the journal of one summons; the hub has stopped."""
    async with open_house(config_in(data)) as house:
        officer, operator = await house.signed_in(OFFICER), await house.signed_in(OPERATOR)
        incident = await reported(officer)
        await pressed(operator, incident["id"])
        await operator.post(f"/api/incidents/{incident['id']}/orders", {"text": "先关阀门"})
        await operator.post(f"/api/incidents/{incident['id']}/orders", {"text": "先疏散"})
    return data


def change(data: Path, statement: str, *values: object) -> None:
    with sqlite3.connect(data / "liandong.db") as connection:
        assert connection.execute(statement, values).rowcount >= 1


def the_incident(data: Path) -> str:
    with sqlite3.connect(data / "liandong.db") as connection:
        query = "SELECT stream FROM stream_head WHERE stream LIKE 'incident:%'"
        return str(connection.execute(query).fetchone()[0])


async def verified(data: Path, checkpoint: Path | None = None) -> Report:
    return await verify_journal(config_in(data), checkpoint)


def liandong(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "dispatch_server", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)


async def test_an_untouched_journal_is_whole(journaled: Path) -> None:
    report = await verified(journaled)
    assert report.whole
    assert report.text == "whole: 2 streams, 6 links"


TAMPERED = {
    "payload": ("UPDATE journal_event SET payload = '{}' WHERE stream = ? AND seq = 3", 3),
    "actor": ("UPDATE journal_event SET actor_id = 'nobody' WHERE stream = ? AND seq = 2", 2),
    "time": ("UPDATE journal_event SET at = '2020-01-01T00:00:00.000Z' WHERE stream = ? AND seq = 1", 1),
    "kind": ("UPDATE journal_event SET kind = 'x' WHERE stream = ? AND seq = 4", 4),
    "hash": ("UPDATE journal_event SET hash = 'x' WHERE stream = ? AND seq = 2", 2),
    "deleted": ("DELETE FROM journal_event WHERE stream = ? AND seq = 2", 2),
    "tail cut": ("DELETE FROM journal_event WHERE stream = ? AND seq >= 3", 3),
    "moved to another stream": ("UPDATE journal_event SET stream = 'x' WHERE stream = ? AND seq = 4", 4),
    "head set back": ("UPDATE stream_head SET seq = 2 WHERE stream = ?", 2),
    "head gone": ("DELETE FROM stream_head WHERE stream = ?", 1),
}


@pytest.mark.parametrize("how", TAMPERED)
async def test_a_tampered_link_is_named(journaled: Path, how: str) -> None:
    statement, seq = TAMPERED[how]
    stream = the_incident(journaled)
    change(journaled, statement, stream)

    report = await verified(journaled)

    assert not report.whole
    assert report.text.startswith(f"BROKEN {stream} at seq {seq}: "), report.text


async def test_erased_payloads_leave_the_journal_whole(journaled: Path) -> None:
    change(journaled, "UPDATE journal_event SET payload = NULL, salt = NULL")

    assert (await verified(journaled)).whole


async def test_a_checkpoint_finds_a_journal_that_was_rewritten_as_a_whole(
    journaled: Path, tmp_path: Path
) -> None:
    out = tmp_path / "elsewhere.json"
    assert (await write_checkpoint(config_in(journaled), out)).startswith("2 heads signed at ")
    assert (await verified(journaled, out)).whole
    stream = the_incident(journaled)
    with sqlite3.connect(journaled / "liandong.db") as connection:
        rewrite(connection, stream)

    assert (await verified(journaled)).whole, "the chain alone cannot tell"
    report = await verified(journaled, out)
    assert not report.whole
    assert report.text.startswith(f"BROKEN {stream} at seq 4: not what the checkpoint of ")


def rewrite(connection: sqlite3.Connection, stream: str) -> None:
    """What somebody would do who knows the format: another story, with every hash computed anew."""
    from dispatch_server.journal import GENESIS, link_digest, payload_digest

    connection.row_factory = sqlite3.Row
    prev, seq = GENESIS, 0
    rows = connection.execute("SELECT * FROM journal_event WHERE stream = ? ORDER BY seq", (stream,))
    for row in rows.fetchall():
        payload = row["payload"].replace("先关阀门", "什么都没说")
        digest = payload_digest(row["salt"], payload)
        seq = row["seq"]
        new = link_digest(
            stream=stream,
            seq=seq,
            at=row["at"],
            kind=row["kind"],
            actor_id=row["actor_id"],
            payload_hash=digest,
            prev_hash=prev,
        )
        connection.execute(
            "UPDATE journal_event SET payload = ?, payload_hash = ?, prev_hash = ?, hash = ?"
            " WHERE position = ?",
            (payload, digest, prev, new, row["position"]),
        )
        prev = new
    connection.execute("UPDATE stream_head SET hash = ? WHERE stream = ?", (prev, stream))


async def test_a_checkpoint_finds_a_stream_that_is_gone(journaled: Path, tmp_path: Path) -> None:
    out = tmp_path / "elsewhere.json"
    await write_checkpoint(config_in(journaled), out)
    stream = the_incident(journaled)
    change(journaled, "DELETE FROM journal_event WHERE stream = ?", stream)
    change(journaled, "DELETE FROM stream_head WHERE stream = ?", stream)

    assert (await verified(journaled)).whole
    assert stream in (await verified(journaled, out)).text


async def test_a_journal_that_went_on_still_holds_its_checkpoint(journaled: Path, tmp_path: Path) -> None:
    out = tmp_path / "elsewhere.json"
    await write_checkpoint(config_in(journaled), out)
    async with open_house(config_in(journaled)) as house:
        await reported(await house.signed_in(OFFICER))

    assert (await verified(journaled, out)).whole


async def test_a_checkpoint_that_was_changed_is_found(journaled: Path, tmp_path: Path) -> None:
    out = tmp_path / "elsewhere.json"
    await write_checkpoint(config_in(journaled), out)
    document = json.loads(out.read_text(encoding="utf-8"))
    document["heads"][0][2] = "0" * 64
    out.write_text(json.dumps(document), encoding="utf-8")

    report = await verified(journaled, out)

    assert (report.whole, report.text) == (False, f"BROKEN checkpoint {out}: the signature does not fit")


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"at":1,"heads":[[1]],"signature":"zz"}', "\x00"])
async def test_a_checkpoint_that_is_none_is_refused(journaled: Path, tmp_path: Path, text: str) -> None:
    await write_checkpoint(config_in(journaled), tmp_path / "real.json")
    (tmp_path / "fake.json").write_text(text, encoding="utf-8")

    with pytest.raises(StartError, match="cannot be read") as refused:
        await verified(journaled, tmp_path / "fake.json")
    assert "\n" not in str(refused.value)


async def test_the_signing_key_is_ours_alone(journaled: Path, tmp_path: Path) -> None:
    await write_checkpoint(config_in(journaled), tmp_path / "out.json")

    assert (journaled / "journal.key").stat().st_mode & 0o777 == 0o600


async def test_a_running_hub_is_verified_without_a_false_alarm(data: Path) -> None:
    """Events come in while the chains are read: the proof must be of one moment."""
    async with open_house(config_in(data)) as house:
        operator = await house.signed_in(OPERATOR)
        incident = await reported(operator)
        stop = asyncio.Event()

        async def orders() -> None:
            while not stop.is_set():
                await operator.post(f"/api/incidents/{incident['id']}/orders", {"text": "x"})

        writing = [asyncio.create_task(orders()) for _ in range(4)]
        try:
            for _ in range(15):
                report = await verified(data)
                assert report.whole, report.text
        finally:
            stop.set()
            await asyncio.gather(*writing)


def test_the_command_line_says_it_in_one_line_and_in_its_exit_code(journaled: Path, tmp_path: Path) -> None:
    whole = liandong("journal", "verify", "--data", journaled)
    assert (whole.returncode, whole.stdout, whole.stderr) == (0, "whole: 2 streams, 6 links\n", "")

    made = liandong("journal", "checkpoint", tmp_path / "out.json", "--data", journaled)
    assert made.returncode == 0
    stream = the_incident(journaled)
    change(journaled, "UPDATE journal_event SET payload = '{}' WHERE stream = ? AND seq = 3", stream)

    broken = liandong("journal", "verify", "--data", journaled, "--checkpoint", tmp_path / "out.json")
    assert broken.returncode == 1
    assert broken.stdout == f"BROKEN {stream} at seq 3: payload changed\n"
    assert broken.stderr == ""


@pytest.mark.parametrize("file", ["journal.key", "journal.pub", "liandong.db"])
async def test_a_damaged_file_is_named_in_one_line(journaled: Path, tmp_path: Path, file: str) -> None:
    out = tmp_path / "out.json"
    await write_checkpoint(config_in(journaled), out)
    for suffix in ("", "-wal", "-shm"):
        (journaled / f"{file}{suffix}").unlink(missing_ok=True)
    (journaled / file).write_bytes(b"damaged " * 200)

    config = config_in(journaled)
    attempt = write_checkpoint(config, out) if file == "journal.key" else verify_journal(config, out)

    with pytest.raises(StartError) as refused:
        await attempt
    assert "\n" not in str(refused.value)


def test_the_command_line_without_a_store_says_so(tmp_path: Path) -> None:
    answer = liandong("journal", "verify", "--data", tmp_path)

    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr == f"liandong: There is no database in {tmp_path}.\n"
