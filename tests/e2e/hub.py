"""A hub as a process of its own, which a test may kill and start again on the same data."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from dispatch_server.config import Config
from dispatch_server.local_socket import ask_hub
from tests.services import STOP_WITHIN_S, free_port, tail
from tests.worker_processes import worker_pid

ROOT = Path(__file__).resolve().parents[2]
READY_WITHIN_S = 60.0
PORTS = (0, 1, 2, 3)  # http, https, media of two workers


class Hub:
    """`url` is for the machine itself, `phone_url` (https, from the hub's own authority) for phones."""

    def __init__(self, data: Path, *, every_s: float, workers: int = 1) -> None:
        self.data = data
        self.workers = workers
        self.port = free_ports()
        self.url = f"http://127.0.0.1:{self.port}"
        self.phone_url = f"https://127.0.0.1:{self.port + 1}"
        self.every_s = every_s
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.data.mkdir(parents=True, exist_ok=True)
        self.start()
        self.wait_ready()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    @property
    def log(self) -> Path:
        return self.data / "log"

    def start(self) -> None:
        """The process runs; it may not serve yet."""
        settings = (self.data, self.port, self.every_s, self.workers)
        command = [sys.executable, "-m", "tests.e2e.city", *map(str, settings)]
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(command, stdout=output, stderr=output, cwd=ROOT)

    def wait_ready(self) -> None:
        deadline = time.monotonic() + READY_WITHIN_S
        while not self.is_ready():
            if self._process is None or self._process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"the hub did not start:\n{tail(self.log)}", pytrace=False)
            time.sleep(0.05)

    def is_ready(self) -> bool:
        """Whether store, media and console all answer."""
        try:
            with urllib.request.urlopen(f"{self.url}/health/ready", timeout=5) as reply:
                return bool(reply.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def kill(self) -> None:
        """kill -9: the hub has no chance to say or save anything more."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def media_worker(self, index: int = 0) -> int | None:
        """Process id of the media worker, if there is one just now; an earlier hub may have begun it."""
        return worker_pid(self.data, index)

    def kill_media_worker(self, index: int = 0) -> int:
        """The worker is gone without a word; its process id."""
        pid = self.media_worker(index)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        return pid

    async def link_token(self, login: str) -> str:
        """The token of a one-time sign-in link, as `liandong sign-in-link` prints it."""
        reply = await ask_hub(
            Config(data=self.data, port=self.port), {"command": "sign-in-link", "login": login}
        )
        return str(reply["url"]).partition("#link=")[2]

    async def verify_journal(self) -> str:
        """What `liandong journal verify` says about the store of the running hub."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "dispatch_server", "journal", "verify", "--data", str(self.data)),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        assert process.returncode == 0, said.decode()
        return said.decode()


def free_ports() -> int:
    """A port which is free together with those after it."""
    while True:
        port = free_port()
        try:
            for step in PORTS:
                kind = socket.SOCK_DGRAM if step >= 2 else socket.SOCK_STREAM
                with socket.socket(socket.AF_INET, kind) as probe:
                    probe.bind(("127.0.0.1", port + step))
        except (OSError, OverflowError):
            continue
        return port
