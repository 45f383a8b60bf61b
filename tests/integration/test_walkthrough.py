"""docs/walkthrough.md is true: its blocks run, one after the other, against a hub of this test's own."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest

from dispatch_server import seeding
from dispatch_server.store.engine import migrate, open_engine, sqlite_url
from dispatch_server.store.reference import Reference
from dispatch_server.store.writer import Writer
from tests.services import free_port, program, running

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "walkthrough.md"
MARK = "--- end of block ---"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A block to paste, and what the page says it prints; None when the page says nothing."""

    heading: str
    commands: str
    printed: str | None


def steps(page: str) -> list[Step]:
    """The bash blocks of a page in order, each with the text block that directly follows it."""
    found: list[Step] = []
    heading = ""
    for part in re.finditer(r"^(?:#+ ([^\n]*)|```(\w+)\n(.*?)^```)$", page, flags=re.MULTILINE | re.DOTALL):
        title, kind, body = part.groups()
        if title:
            heading = title
        elif kind == "bash":
            found.append(Step(heading=heading, commands=body, printed=None))
        elif kind == "text" and found:
            last = found.pop()
            found.append(Step(heading=last.heading, commands=last.commands, printed=body))
    return found


def fits(said: str, promised: str) -> bool:
    """Whether the output is the promised one, where … stands for anything within a line."""
    pattern = ".*?".join(re.escape(part) for part in promised.strip().split("…"))
    return re.fullmatch(pattern, said.strip()) is not None


async def sow(data: Path) -> None:
    """The demonstration city is in the store, without the processes that play in it."""
    engine = open_engine(sqlite_url(data / "liandong.db"), writer=True)
    try:
        await migrate(engine)
        reference = Reference(engine, Writer(engine, new_salt=lambda: secrets.token_hex(16)))
        await seeding.sow(reference, seeding.demo_city())
    finally:
        await engine.dispose()


def answers(port: int) -> bool:
    """Whether the hub's store and media both answer; the console need not be built for this."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=5) as reply:
            return bool(reply.status == 200)
    except urllib.error.HTTPError as error:
        return b'"store":true,"media":true' in error.read()
    except OSError:
        return False


def test_the_output_of_a_block_may_hold_what_nobody_can_foresee() -> None:
    assert fits("whole: 6 streams, 80 links\n", "whole: … streams, … links")
    assert not fits("BROKEN incident:1 at seq 2: missing", "whole: … streams, … links")
    assert not fits("issued\nunchanged", "issued")


@pytest.mark.timeout(180)
def test_every_block_of_the_walkthrough_prints_what_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program("curl", package="curl")
    program("openssl", package="openssl")
    todo = steps(PAGE.read_text(encoding="utf-8"))
    assert len(todo) > 10
    data, port = tmp_path / "data", free_port()
    data.mkdir()
    asyncio.run(sow(data))
    monkeypatch.setenv("LIANDONG_HTTPS", "false")  # a port less that could be taken
    script = "set -uo pipefail\n" + "\n".join(f"{step.commands}\necho '{MARK}'" for step in todo)
    command = [sys.executable, "-m", "dispatch_server", "serve", "--empty"]
    command += ["--data", str(data), "--port", str(port), "--host", "127.0.0.1"]
    with running(command, log=data / "log", ready=lambda: answers(port)):
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=ROOT,
            env={**os.environ, "PORT": str(port), "DATA": str(data), "TMPDIR": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=150,
            check=False,
        )
    said = done.stdout.split(f"{MARK}\n")
    assert len(said) == len(todo) + 1, done.stdout + done.stderr
    for step, output in zip(todo, said, strict=False):
        assert step.printed is None or fits(output, step.printed), (
            f"{step.heading}:\n{step.commands}\nprinted\n{output}\n{done.stderr}"
        )
