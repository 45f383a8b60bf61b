"""The programs that a join measurement is made of: the hub, the crowd, the camera, each in a process."""

import asyncio
import json
import os
import socket
import sys
from typing import Any

from machine import ROOT


class Program:
    """A child that speaks lines of JSON; its standard input being closed ends it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, *arguments: str) -> "Program":
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=None if os.environ.get("BENCH_DEBUG") else asyncio.subprocess.DEVNULL,
            limit=1 << 20,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        return cls(process)

    async def line(self, timeout_s: float) -> dict[str, Any]:
        async with asyncio.timeout(timeout_s):
            raw = await self._process.stdout.readline()  # type: ignore[union-attr]
        if not raw:
            raise SystemExit("a part of the measurement ended early")
        found: dict[str, Any] = json.loads(raw)
        return found

    async def say(self, facts: dict[str, Any]) -> None:
        self._process.stdin.write(json.dumps(facts).encode() + b"\n")  # type: ignore[union-attr]
        await self._process.stdin.drain()  # type: ignore[union-attr]

    async def stop(self) -> None:
        self._process.stdin.close()  # type: ignore[union-attr]
        try:
            async with asyncio.timeout(10):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


def free_ports() -> int:
    """A port N such that N, N+1 and N+2 (UDP) are free now."""
    for base in range(23000, 60000, 17):
        try:
            for offset, kind in ((0, socket.SOCK_STREAM), (1, socket.SOCK_STREAM), (2, socket.SOCK_DGRAM)):
                with socket.socket(socket.AF_INET, kind) as probe:
                    probe.bind(("127.0.0.1", base + offset))
        except OSError:
            continue
        return base
    raise SystemExit("no free ports")
