"""The way between one browser and the hub, through a door that a test can shut: a dead Wi-Fi, at will."""

from __future__ import annotations

import asyncio
import contextlib
from types import TracebackType
from typing import Self

CHUNK = 1 << 16


class Way:
    """`url` leads to the hub's own port while the way is open."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._open = True
        self._silent = asyncio.Event()
        self._silent.set()
        self._pairs: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self.url = ""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._silent.set()
        self.cut()
        assert self._server is not None
        self._server.close()

    def cut(self) -> None:
        """Every connection breaks, and none comes about until `restore`."""
        self._open = False
        for writer in self._pairs:
            writer.transport.abort()

    def hush(self) -> None:
        """Nothing arrives any more and nobody is told, as when the radio is lost; until `restore`."""
        self._silent.clear()

    def restore(self) -> None:
        """The way is open again. Connections that were on it while it was silent do not come back to life."""
        if not self._silent.is_set():
            for writer in self._pairs:
                writer.transport.abort()
            self._silent.set()
        self._open = True

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._open:
            writer.transport.abort()
            return
        self._pairs.add(writer)
        far: asyncio.StreamWriter | None = None
        try:
            far_reader, far = await asyncio.open_connection("127.0.0.1", self._port)
            self._pairs.add(far)
            await asyncio.gather(self._copy(reader, far), self._copy(far_reader, writer))
        except OSError:
            pass
        finally:
            for end in filter(None, (writer, far)):
                self._pairs.discard(end)
                end.transport.abort()

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(CHUNK):
            await self._silent.wait()
            writer.write(chunk)
            await writer.drain()
        with contextlib.suppress(OSError):
            writer.write_eof()
