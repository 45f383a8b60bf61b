"""Real servers and programs for the tests, each started once per run on a free loopback port.

What is not installed skips the test with the reason, so that a stranger's first run is green. In CI (CI=true)
it fails instead, because there a skipped test would be a promise that nobody checks; `.ci/run` installs all.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import NoReturn

import pytest

START_WITHIN_S = 30.0
STOP_WITHIN_S = 10.0


def in_ci() -> bool:
    return os.environ.get("CI", "").lower() in {"1", "true"}


def not_here(reason: str) -> NoReturn:
    """Skips the test with its reason; in CI fails it."""
    if in_ci():
        pytest.fail(f"{reason}; in CI nothing may be missing", pytrace=False)
    pytest.skip(reason)


def program(name: str, *, package: str, folders: str = "") -> Path:
    """Path of an installed program, newest of the glob `folders` first, then PATH; else the test is over."""
    newest_first = sorted(Path("/").glob(f"{folders.lstrip('/')}/{name}"), reverse=True) if folders else []
    found = str(newest_first[0]) if newest_first else shutil.which(name)
    if found is None:
        not_here(f"{name} is not installed (Debian: apt install {package})")
    return Path(found)


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody held a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(
    command: Sequence[str], *, log: Path, ready: Callable[[], bool]
) -> Iterator[subprocess.Popen[bytes]]:
    """The server answers inside the block and is gone after it; its log is quoted when it does not start."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, cwd=log.parent)
    try:
        deadline = time.monotonic() + START_WITHIN_S
        while not ready():
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"{command[0]} did not start:\n{tail(log)}", pytrace=False)
            time.sleep(0.05)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-15:])


def says(port: int, request: bytes, answer: bytes) -> bool:
    """Whether the server on that port answers the request so."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(request)
            return connection.recv(len(answer)) == answer
    except OSError:
        return False


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Port of a redis-server of this run's own, which keeps nothing."""
    server = program("redis-server", package="redis-server")
    folder = tmp_path_factory.mktemp("redis")
    port = free_port()
    command = [str(server), "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no"]
    with running(command, log=folder / "log", ready=lambda: says(port, b"PING\r\n", b"+PONG")):
        yield port


@pytest.fixture
def redis_url(redis_server: int) -> str:
    """URL of a real Redis that is empty when the test begins."""
    assert says(redis_server, b"FLUSHALL\r\n", b"+OK")
    return f"redis://127.0.0.1:{redis_server}/0"


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresServer:
    """A PostgreSQL on 127.0.0.1 and the folder of its programs."""

    port: int
    programs: Path

    def call(self, name: str, *arguments: str) -> bool:
        """Whether one of PostgreSQL's own client programs succeeded."""
        command = [str(self.programs / name), "-h", "127.0.0.1", "-p", str(self.port), "-U", "liandong"]
        return subprocess.run([*command, *arguments], capture_output=True, check=False).returncode == 0


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """An empty PostgreSQL of this run's own, without fsync: it need not outlive the run.

    It refuses to be root, so root hands it to the account that Debian's package made for it. Its folder is
    not pytest's own, into which that account may not look.
    """
    initdb = program("initdb", package="postgresql", folders="/usr/lib/postgresql/*/bin").resolve()
    as_owner: list[str] = []
    with tempfile.TemporaryDirectory(prefix="liandong-postgres-") as name:
        folder, port = Path(name), free_port()
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
            as_owner = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
        server = PostgresServer(port=port, programs=initdb.parent)
        init = [*as_owner, str(initdb), "-D", str(folder / "data"), "-U", "liandong", "-E", "UTF8"]
        init += ["--auth=trust", "--no-locale", "--no-sync"]
        subprocess.run(init, check=True, capture_output=True, cwd=folder)
        command = [*as_owner, str(initdb.with_name("postgres")), "-D", str(folder / "data")]
        command += ["-h", "127.0.0.1", "-p", str(port), "-k", "", "-c", "fsync=off"]
        ready = ("pg_isready", "-d", "postgres", "-q")
        with running(command, log=folder / "log", ready=lambda: server.call(*ready)):
            yield server


_database_numbers = count(1)


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """SQLAlchemy URL of a database of this test's own, empty at its start and dropped after it."""
    database = f"test_{next(_database_numbers)}"
    assert postgres_server.call("createdb", database)
    yield f"postgresql+asyncpg://liandong@127.0.0.1:{postgres_server.port}/{database}"
    assert postgres_server.call("dropdb", "--force", database)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Executable for Playwright: what scripts/test found or fetched (CHROMIUM_PATH), else the system's."""
    found = os.environ.get("CHROMIUM_PATH") or next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    return found or not_here("there is no Chromium (scripts/test fetches one)")
