"""Brings the media plane's routes in step with committed state, and cuts them when that cannot be done.

One round per incident at a time: of two at once, the later one's routes could be refused as older. Changes
during it make one more, together (`rounds.py`). The epoch of a round is the journal position read *before*
the case, so it never claims to be newer than what was decided on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

import structlog
from sqlalchemy.exc import SQLAlchemyError

from dispatch_server.errors import HubError, NotFound
from dispatch_server.identity import Directory
from dispatch_server.media.rounds import Rounds
from dispatch_server.media.viewers import ViewerConnection, routes
from dispatch_server.ports import MediaPlane
from dispatch_server.store.reader import Reader
from dispatch_server.tasks import Tasks
from dispatch_server.usecases.case import Case
from dispatch_server.usecases.desk import Desk
from rtc.errors import RtcError
from rtc.plane import Held, ScopeRoutes

PAUSES_S = (0.2, 0.5, 1.0)  # between tries; after the last nothing flows until a later try succeeds
LATER_S = 5.0
CALL_TIMEOUT_S = 5.0
FAILURES = (RtcError, HubError, SQLAlchemyError, OSError, TimeoutError)

_log = structlog.get_logger("media")


class Reconciler:
    """`viewers` are the connections as they are now; `withdraw` takes back the wishes of those who may no
    longer see the incident, before the routes are computed.
    """

    def __init__(
        self,
        *,
        plane: MediaPlane,
        desk: Desk,
        reader: Reader,
        directory: Callable[[], Directory],
        viewers: Callable[[], Iterable[ViewerConnection]],
        withdraw: Callable[[Case], None],
        tasks: Tasks,
    ) -> None:
        self._plane = plane
        self._desk = desk
        self._reader = reader
        self._directory = directory
        self._viewers = viewers
        self._withdraw = withdraw
        self._tasks = tasks
        self._rounds = Rounds()
        self._dirty: set[str] = set()
        self._epochs: dict[str, int] = {}  # of the last round, while something flows
        self._floor = (
            0  # the highest epoch of an earlier hub: a store put back to earlier must not be below it
        )

    def go_on_from(self, held: Held) -> None:
        """Epochs go on from those that the media plane accepted of an earlier hub."""
        self._floor = held.epoch
        self._epochs.update({scope.scope_id: scope.epoch for scope in held.routes})

    def changed(self, incident_id: str) -> None:
        """The routes of the incident will be brought in step soon, once for many changes."""
        if incident_id not in self._dirty:
            self._dirty.add(incident_id)
            self._tasks.start(self._settle_in_the_end(incident_id), name=f"reconcile:{incident_id}")

    async def settle(self, incident_id: str) -> None:
        """The media plane forwards what the state committed before this call allows, and nothing else.

        Raises: RtcError when the worker does not answer (it then forwards nothing new, and is restarted),
        SQLAlchemyError or HubError when the store does not.
        """
        await self._rounds.share(incident_id, self._round)

    async def _round(self, incident_id: str) -> None:
        self._dirty.discard(incident_id)
        epoch = max(self._floor, await self._reader.last_position())
        try:
            case = await self._desk.load(incident_id)
        except NotFound:
            wanted = ScopeRoutes(scope_id=incident_id, epoch=epoch)
        else:
            self._withdraw(case)
            wanted = routes(case, self._viewers(), directory=self._directory, epoch=epoch)
        self._epochs[incident_id] = epoch
        async with asyncio.timeout(CALL_TIMEOUT_S):
            await self._plane.reconcile(wanted)
        if not wanted.video and not wanted.audio:
            self._epochs.pop(incident_id, None)

    async def enforce(self, incident_id: str) -> None:
        """The routes are in step, or nothing flows at all in this incident until they are."""
        try:
            await self.settle(incident_id)
        except FAILURES as error:
            _log.warning("media.reconcile_failed", incident_id=incident_id, error=type(error).__name__)
            await self._cut(incident_id)
            self.changed(incident_id)

    async def _settle_in_the_end(self, incident_id: str) -> None:
        """Tries until it is done; who may no longer receive does not receive while it goes on failing."""
        tries = 0
        while True:
            try:
                await self.settle(incident_id)
            except FAILURES as error:
                _log.warning("media.reconcile_failed", incident_id=incident_id, error=type(error).__name__)
            else:
                return
            if tries == len(PAUSES_S):
                await self._cut(incident_id)
            await asyncio.sleep(PAUSES_S[tries] if tries < len(PAUSES_S) else LATER_S)
            tries += 1

    async def _cut(self, incident_id: str) -> None:
        """Nothing flows in this incident: what may be forwarded is unknown. A worker that does not even
        confirm this is not forwarding anything for long: its supervisor ends it.
        """
        try:
            async with asyncio.timeout(CALL_TIMEOUT_S):
                await self._plane.reconcile(
                    ScopeRoutes(scope_id=incident_id, epoch=self._epochs.get(incident_id, 0))
                )
        except (RtcError, TimeoutError) as error:
            _log.error("media.cut_failed", incident_id=incident_id, error=type(error).__name__)
