"""A worker process as the hub holds it: started by this hub, or by one before it."""

import asyncio
import os
import signal
import socket
import struct
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

END_S = 1.5
_FILE = 3
_ROOT = str(Path(__file__).resolve().parents[2])  # where the worker finds this very package
_CREDENTIALS = struct.Struct("3i")  # pid, uid, gid


class WorkerHandle:
    """One process, by a file that stands for it: never another one that has got its number since."""

    def __init__(self, pid: int) -> None:
        """Raises: ProcessLookupError when there is no such process."""
        self.pid = pid
        self._file = os.pidfd_open(pid)
        self._exited = asyncio.Event()
        asyncio.get_running_loop().add_reader(self._file, self._note_exit)

    @classmethod
    def start(cls, file: socket.socket, option: str, arguments: Sequence[str]) -> Self:
        """A new worker process, which is told by `option` what to do with that socket. It is in a session of
        its own, so that what a terminal says to the hub does not reach it. Not by `subprocess`, which wants
        to see its children end.

        Raises: OSError.
        """
        path = os.pathsep.join(filter(None, (_ROOT, os.environ.get("PYTHONPATH", ""))))
        pid = os.posix_spawn(
            sys.executable,
            [sys.executable, "-m", "rtc.worker", option, str(_FILE), *arguments],
            {**os.environ, "PYTHONPATH": path},
            file_actions=(
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
                (os.POSIX_SPAWN_DUP2, file.fileno(), _FILE),
            ),
            setsid=True,
        )
        return cls(pid)

    @classmethod
    def behind(cls, connection: socket.socket) -> Self:
        """The worker that listens at the other end. Raises: OSError, also when it is no worker."""
        size = _CREDENTIALS.size
        pid, _, _ = _CREDENTIALS.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
        handle = cls(pid)
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            words = []
        if b"rtc.worker" not in words:  # the socket's maker is gone, and another process has got its number
            handle.let_go()
            raise ProcessLookupError(pid)
        return handle

    @property
    def running(self) -> bool:
        """Whether it has not exited yet."""
        return not self._exited.is_set()

    async def exited(self) -> None:
        """It has ended."""
        await self._exited.wait()

    async def end(self) -> None:
        """It has ended: by itself in time, else without a chance to do anything more."""
        with suppress(TimeoutError):
            async with asyncio.timeout(END_S):
                await self._exited.wait()
        await self.kill()

    async def kill(self) -> None:
        """It has ended without a chance to do anything more."""
        if self.running:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._file, signal.SIGKILL)
        with suppress(TimeoutError):
            async with asyncio.timeout(END_S):
                await self._exited.wait()
        self.let_go()

    def let_go(self) -> None:
        """It is not watched any more, and goes on if it runs."""
        if self._file >= 0:
            asyncio.get_running_loop().remove_reader(self._file)
            os.close(self._file)
            self._file = -1

    def _note_exit(self) -> None:
        asyncio.get_running_loop().remove_reader(self._file)
        with suppress(ChildProcessError):  # another hub's child
            os.waitpid(self.pid, os.WNOHANG)
        self._exited.set()
