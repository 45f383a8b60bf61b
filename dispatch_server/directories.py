"""The directory in force: one immutable picture, replaced as a whole when the store changed."""

from __future__ import annotations

from dispatch_server.identity import Directory
from dispatch_server.store.reference import Reference


class Directories:
    def __init__(self, reference: Reference) -> None:
        self._reference = reference
        self._current = Directory((), (), ())

    def now(self) -> Directory:
        return self._current

    async def reload(self) -> None:
        """The picture is as the store has it."""
        self._current = await self._reference.directory()
