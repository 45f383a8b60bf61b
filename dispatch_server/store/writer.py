"""The single writer: steps that arrive while a commit is on its way go together into the next one (group
commit).

One transaction per event is bound by the disk's sync (a few hundred a second); a group of up to 200 shares
one sync and adds no waiting when the hub is quiet. Each step is still all-or-nothing: one that lost its
optimistic lock is left out of the group, one that the database cannot hold makes the group go step by step.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any

import structlog
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from dispatch_server.errors import Conflict, HubError, Unavailable
from dispatch_server.store.batch import write_batch
from dispatch_server.store.changes import Changes, Committed

GROUP_LIMIT = 200
QUEUE_LIMIT = 2000  # steps waiting; beyond it a command is refused with `busy` and nothing is lost silently
COMMIT_TIMEOUT_S = 10.0

_Waiting = tuple[Changes, "asyncio.Future[Committed]"]
_log = structlog.get_logger(__name__)


class Writer:
    """Everything that is written goes through here; `run` must be running for `commit` to return."""

    def __init__(self, engine: AsyncEngine, *, new_salt: Callable[[], str]) -> None:
        self.engine = engine
        self._new_salt = new_salt
        self._queue: asyncio.Queue[_Waiting] = asyncio.Queue(QUEUE_LIMIT)
        self._turn = asyncio.Lock()
        self._ended = False

    async def commit(self, changes: Changes) -> Committed:
        """The changes are durable. Raises: StaleVersion, Conflict, Unavailable; then nothing was saved."""
        self._refuse_after_the_end()
        future: asyncio.Future[Committed] = asyncio.get_running_loop().create_future()
        try:
            self._queue.put_nowait((changes, future))
        except asyncio.QueueFull:
            raise Unavailable("busy") from None
        return await future

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """A transaction of its own for what is not an aggregate: sessions, people, positions, counters.

        Raises: Unavailable; IntegrityError is the caller's to explain.
        """
        self._refuse_after_the_end()
        try:
            async with asyncio.timeout(COMMIT_TIMEOUT_S), self._turn, self.engine.begin() as connection:
                yield connection
        except TimeoutError as error:
            raise Unavailable("store_busy") from error
        except IntegrityError:
            raise
        except (SQLAlchemyError, OSError) as error:
            _log.error("store.transaction_failed", error=type(error).__name__)
            raise Unavailable("store_failed") from error

    async def run(self) -> None:
        """Commits groups until cancelled. The group that is on its way then is finished; what still waits is
        refused, and so is whatever comes later.
        """
        try:
            while True:
                group = [await self._queue.get()]
                while len(group) < GROUP_LIMIT and not self._queue.empty():
                    group.append(self._queue.get_nowait())
                await _to_the_end(self._commit_group(group))
        finally:
            self._ended = True
            while not self._queue.empty():
                _refuse(self._queue.get_nowait()[1], Unavailable("shutting_down"))

    async def _commit_group(self, group: Sequence[_Waiting]) -> None:
        """Every step of the group has its answer. Never raises: the next group must come."""
        try:
            results = await self._try([changes for changes, _ in group])
        except Exception as error:  # noqa: BLE001 - one poisonous step must not end the writer
            if len(group) > 1 and _is_a_steps_own_fault(error):
                for waiting in group:
                    await self._commit_group([waiting])
                return
            results = [_refusal_for(error, len(group))] * len(group)
        for (_, future), result in zip(group, results, strict=True):
            if isinstance(result, HubError):
                _refuse(future, result)
            elif not future.done():
                future.set_result(result)

    async def _try(self, steps: Sequence[Changes]) -> list[Committed | HubError]:
        async with asyncio.timeout(COMMIT_TIMEOUT_S), self._turn, self.engine.begin() as connection:
            return await write_batch(connection, steps, new_salt=self._new_salt)

    def _refuse_after_the_end(self) -> None:
        if self._ended:
            raise Unavailable("shutting_down")


def _is_a_steps_own_fault(error: Exception) -> bool:
    """Whether the others of the group would do better alone: the store is there and dislikes a value."""
    if isinstance(error, DBAPIError):
        return not (error.connection_invalidated or isinstance(error, OperationalError | InterfaceError))
    return not isinstance(error, SQLAlchemyError | OSError | TimeoutError)


def _refusal_for(error: Exception, steps: int) -> Committed | HubError:
    if isinstance(error, IntegrityError):
        return Conflict()
    foreseen = isinstance(error, SQLAlchemyError | OSError | TimeoutError)
    _log.error("store.commit_failed", error=type(error).__name__, steps=steps, exc_info=not foreseen)
    return Unavailable("store_failed")


async def _to_the_end(commit: Coroutine[Any, Any, None]) -> None:
    """The commit is through even when we are cancelled meanwhile: nobody is told `not saved` of what was."""
    task = asyncio.ensure_future(commit)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


def _refuse(future: asyncio.Future[Committed], error: HubError) -> None:
    if not future.done():
        future.set_exception(error)
