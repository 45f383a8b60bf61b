"""The hub as its operator meets it: how it starts, how it refuses to, how it ends, and what a kill leaves."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from alerting import EscalationPolicy, Step, Target
from dispatch_server import seeding
from dispatch_server.proving import verify_journal
from tests.integration.hub.house import (
    Visitor,
    assignment_of,
    config_in,
    open_house,
    pressed,
    reported,
    until,
)
from tests.integration.hub.processes import ROOT, free_base, hub_process

SHORT = EscalationPolicy(
    steps=(
        Step(after=timedelta(0), target=Target.ON_DUTY),
        Step(after=timedelta(seconds=2), target=Target.ON_DUTY),
        Step(after=timedelta(seconds=3), target=Target.DEPUTY),
        Step(after=timedelta(seconds=12), target=Target.HEAD),
    ),
    give_up_after=timedelta(seconds=600),
)


def serve(*arguments: str | Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """A start that is expected to fail at once."""
    command = [sys.executable, "-m", "dispatch_server", "serve", "--empty", *map(str, arguments)]
    settings = {"LIANDONG_HTTPS": "false", "LIANDONG_HOST": "127.0.0.1", **environ}
    return subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@contextmanager
def held(port: int, kind: socket.SocketKind) -> Iterator[None]:
    with socket.socket(socket.AF_INET, kind) as holder:
        holder.bind(("127.0.0.1", port))
        if kind is socket.SOCK_STREAM:
            holder.listen()
        yield


def refuses(answer: subprocess.CompletedProcess[str], *words: str) -> None:
    """One line on stderr that holds the words, exit code 2, and nothing else."""
    assert answer.returncode == 2, answer.stderr
    assert answer.stdout == ""
    (line,) = answer.stderr.splitlines()
    assert line.startswith("liandong: "), line
    for word in words:
        assert word in line, line


# ── refusing to start ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("offset", "kind"), [(0, socket.SOCK_STREAM), (1, socket.SOCK_STREAM), (2, socket.SOCK_DGRAM)]
)
def test_a_busy_port_is_named(tmp_path: Path, offset: int, kind: socket.SocketKind) -> None:
    base = free_base()
    with held(base + offset, kind):
        answer = serve("--data", tmp_path, "--port", str(base), LIANDONG_HTTPS="true")

    refuses(answer, f"{base + offset} on 127.0.0.1 cannot be used", "Try --port")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    refuses(serve("--data", tmp_path / "file" / "data"), str(tmp_path / "file"))
    refuses(serve("--data", "/proc/liandong"), "/proc/liandong", "cannot be written")


@pytest.mark.parametrize(
    ("arguments", "environ", "words"),
    [
        (("--port", "70000"), {}, ("'port'", "65533")),
        ((), {"LIANDONG_PROT": "1"}, ("'prot'", "there is no such setting")),
        ((), {"LIANDONG_TIMEZONE": "Mars"}, ("'timezone'", "Mars")),
        ((), {"LIANDONG_DATABASE_URL": "mysql://x"}, ("'database_url'",)),
        (("--host", "no such host"), {}, ("no such host",)),
    ],
    ids=["port", "unknown", "timezone", "database", "host"],
)
def test_a_setting_that_cannot_be_is_named(
    tmp_path: Path, arguments: tuple[str, ...], environ: dict[str, str], words: tuple[str, ...]
) -> None:
    port = () if "--port" in arguments else ("--port", str(free_base()))
    refuses(serve("--data", tmp_path, *port, *arguments, **environ), *words)


def test_a_database_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "liandong.db").write_bytes(b"not a database " * 100)

    refuses(serve("--data", tmp_path, "--port", str(free_base())), "database cannot be opened")


def test_a_database_server_that_is_not_there_is_named(tmp_path: Path) -> None:
    url = "postgresql+asyncpg://liandong@127.0.0.1:1/none"
    answer = serve("--data", tmp_path, "--port", str(free_base()), LIANDONG_DATABASE_URL=url)

    refuses(answer, "database cannot be opened")


def test_a_command_for_a_hub_that_does_not_run_says_so(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "dispatch_server", "sign-in-link", "admin", "--data", str(tmp_path)]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)

    refuses(answer, "No hub is running", str(tmp_path))


# ── starting and ending ──────────────────────────────────────────────────────────────────────────


async def test_a_fresh_hub_greets_with_a_link_that_works_once_and_keeps_its_data(tmp_path: Path) -> None:
    async with hub_process(tmp_path) as hub:
        token = hub.log.split("#link=")[1].split()[0]
        visitor = await hub.signed_in("admin")
        answer = await visitor.call("POST", "/api/sign-in/link", {"token": token})
        assert answer.data["person"]["login"] == "admin"
        again = await visitor.call("POST", "/api/sign-in/link", {"token": token})
        assert (again.status, again.code) == (401, "link_used")
        operator = await hub.signed_in("operator")
        incident = await reported(operator)
        for name in ("live", "ready", "engine"):
            assert (await visitor.call("GET", f"/health/{name}")).data["status"] in ("ok", "down")

        second = serve("--data", tmp_path, "--port", str(free_base()))
        refuses(second, "another hub", str(tmp_path))

        assert await hub.stop() == 0
        await hub.start()
        assert (await operator.get(f"/api/incidents/{incident['id']}"))["id"] == incident["id"]
        assert "Traceback" not in hub.log


async def test_a_hub_that_is_told_to_stop_while_it_works_answers_everybody(data: Path) -> None:
    async with hub_process(data) as hub:
        operator = await hub.signed_in("op.chengnan")
        listener = await operator.listen()
        incident = await reported(operator)
        done: list[int] = []

        async def orders() -> None:
            while True:
                try:
                    answer = await operator.call(
                        "POST", f"/api/incidents/{incident['id']}/orders", {"text": "x"}
                    )
                except Exception:  # noqa: BLE001 - the hub is gone
                    return
                done.append(answer.status)

        working = [asyncio.create_task(orders()) for _ in range(8)]
        await until(lambda: len(done) > 20)
        began = asyncio.get_running_loop().time()
        assert await hub.stop() == 0
        assert asyncio.get_running_loop().time() - began < 8
        await asyncio.gather(*working)
        await listener.is_closed()

        assert set(done) <= {200, 503}
        assert "Traceback" not in hub.log, hub.log[-3000:]
        with sqlite3.connect(data / "liandong.db") as connection:
            query = "SELECT count(*) FROM journal_event WHERE kind = 'order_given'"
            assert connection.execute(query).fetchone()[0] >= done.count(200)
        assert (await verify_journal(config_in(data), None)).whole


async def test_a_killed_hub_can_be_started_again_at_once(data: Path) -> None:
    """Its media worker notices and lets go of the port."""
    async with hub_process(data) as hub:
        await hub.kill()
        await hub.start()
        await hub.kill()
        await hub.start()
        assert await hub.stop() == 0


# ── the ladder and the kill ──────────────────────────────────────────────────────────────────────


@pytest.fixture
async def short_data(sown: Path, tmp_path: Path) -> Path:
    """The demonstration city with a ladder of a few seconds."""
    shutil.copy(sown, tmp_path / "liandong.db")
    async with open_house(config_in(tmp_path)) as house:
        await house.hub.reference.save_plans(seeding.demo_city(policy=SHORT).plans)
    return tmp_path


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def fired(visitor: Visitor, incident_id: str, assignment_id: str) -> dict[int, datetime]:
    """When each step of the assignment fired; twice is a fault."""
    page = await visitor.get(f"/api/incidents/{incident_id}/journal")
    steps = [
        (event["payload"]["step"], at(event["at"]))
        for event in page["events"]
        if event["kind"] == "escalation_fired" and event["payload"]["assignment_id"] == assignment_id
    ]
    assert len(dict(steps)) == len(steps), "a step fired twice"
    return dict(steps)


async def test_the_ladder_is_climbed_on_time_although_the_hub_was_killed(short_data: Path) -> None:
    async with hub_process(short_data) as hub:
        operator = await hub.signed_in("op.chengnan")
        incident = await reported(operator)
        done = await pressed(operator, incident["id"])
        assignment_id = assignment_of(done["incident"], "chengnan.police")
        issued = at(done["incident"]["summons"]["issued_at"])
        await hub.kill()

        await asyncio.sleep(max(0, (issued + timedelta(seconds=3.2) - datetime.now(UTC)).total_seconds()))
        await hub.start()
        restarted = datetime.now(UTC)

        async def caught_up() -> bool:
            return len(await fired(operator, incident["id"], assignment_id)) == 2

        await until(caught_up, 5)
        view: Any = (await operator.get(f"/api/assignments/{assignment_id}"))["assignment"]
        assert at(view["next_step"]["at"]) == issued + timedelta(seconds=12), "from the original start"
        assert view["next_step"]["target"] == "head"
        steps = await fired(operator, incident["id"], assignment_id)
        assert max(steps.values()) <= restarted + timedelta(seconds=3)

        await hub.kill()
        await hub.start()
        police = await hub.signed_in("police.chengnan.3")
        listener = await police.listen()

        async def head_is_paged() -> bool:
            return 3 in await fired(operator, incident["id"], assignment_id)

        await until(head_is_paged, 20)
        late = (await fired(operator, incident["id"], assignment_id))[3] - (issued + timedelta(seconds=12))
        assert timedelta(0) <= late
        if datetime.now(UTC) > issued + timedelta(seconds=12):
            ring = await listener.hears("summons_ring", assignment_id=assignment_id)
            assert (ring["kind"], ring["step"]) == ("escalation", 3)
        assert late < timedelta(seconds=5)
        assert len(await fired(operator, incident["id"], assignment_id)) == 3
        assert (await verify_journal(config_in(short_data), None)).whole


def test_a_signal_while_starting_ends_it_quietly(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "dispatch_server", "serve", "--empty"),
            *("--data", str(tmp_path), "--port", str(free_base())),
        ],
        cwd=ROOT,
        env={**os.environ, "LIANDONG_HTTPS": "false", "LIANDONG_HOST": "127.0.0.1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)

    assert process.returncode == 0
    assert "Traceback" not in errors
