"""A worker that has everything loaded and waits for its role: one that died is replaced in some milliseconds.

Loading is most of what a start takes, half a second on an idle machine and several on a busy one. The process
is spoken to by a socket pair; when that closes before there was a role, the hub is gone, and so is it.
"""

import asyncio
import json
import socket
from collections.abc import Sequence
from contextlib import suppress

import structlog

from rtc.link.worker_handle import WorkerHandle

AGAIN_S = 2.0  # after it was used: those who come back to the new worker have the machine first
MAX_ROLE = 65_536


def await_role(number: int) -> list[str] | None:
    """The arguments of a worker, once the hub has sent them with a listening socket; None when it is gone.

    Blocks. `number` is the open file by which the hub speaks.
    """
    with socket.socket(fileno=number) as hub:
        message, files, _, _ = socket.recv_fds(hub, MAX_ROLE, 1)
    if not message or not files:
        return None
    return ["--listen", str(files[0]), *map(str, json.loads(message))]


class Standby:
    """At most one such process; `run` keeps it there."""

    def __init__(self) -> None:
        self._hub: socket.socket | None = None
        self._handle: WorkerHandle | None = None
        self._used = asyncio.Event()

    async def run(self) -> None:
        """A process stands by, or will soon, until cancelled."""
        log = structlog.get_logger("rtc.standby")
        try:
            while True:
                self._used.clear()
                await asyncio.sleep(AGAIN_S)
                if self._hub is None:
                    try:
                        self._start()
                    except OSError as error:  # without it a start merely takes longer
                        log.warning("standby.failed", reason=error.strerror)
                        continue
                await self._used.wait()
        finally:
            await self._end()

    def begin(self, listening: socket.socket, arguments: Sequence[str]) -> WorkerHandle:
        """A worker that serves on that socket: the one that stood by, else a new process. Raises: OSError."""
        hub, handle = self._hub, self._handle
        self._hub = self._handle = None
        self._used.set()
        if hub is not None and handle is not None:
            with hub, suppress(OSError):
                if handle.running:
                    socket.send_fds(hub, [json.dumps(arguments).encode()], [listening.fileno()])
                    return handle
            handle.let_go()
        return WorkerHandle.start(listening, "--listen", arguments)

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                self._handle = WorkerHandle.start(theirs, "--standby", ())
            except OSError:
                ours.close()
                raise
        self._hub = ours

    async def _end(self) -> None:
        """Nobody stands by any more."""
        hub, handle = self._hub, self._handle
        self._hub = self._handle = None
        if hub is not None:
            hub.close()
        if handle is not None:
            await handle.kill()
