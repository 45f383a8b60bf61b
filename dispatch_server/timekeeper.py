"""The one timekeeper: deadlines are rows; each cycle fires what has come, and then beats.

After an outage it finds every missed row and fires it, oldest first, against the original start of its
clock. A row is deleted in the same transaction as what it led to, so nothing fires twice and nothing is
lost, whenever the hub dies. An incident whose deadlines cannot be fired is set aside for the rest of the
cycle: it must not keep the others from theirs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime

import structlog

import alerting
from alerting import DueTime
from dispatch_server.clock import Clock
from dispatch_server.errors import HubError, NotFound, StaleVersion, Unavailable
from dispatch_server.store.batch import to_ms
from dispatch_server.store.reader import Reader
from dispatch_server.usecases.case import DUE, Case, Outcome
from dispatch_server.usecases.desk import Desk

_log = structlog.get_logger("timekeeper")

CLAIM_LIMIT = 200
CYCLE_S = 2.0  # the longest sleep: a clock set forward, or a row from another hub, waits no longer than this
CYCLE_TIMEOUT_S = 20.0
STUCK_PAUSE_S = 1.0


class Timekeeper:
    """`beat` is awaited after every complete cycle with its number and time."""

    def __init__(
        self,
        *,
        desk: Desk,
        reader: Reader,
        clock: Clock,
        beat: Callable[[int, datetime], Awaitable[None]],
    ) -> None:
        self._desk = desk
        self._reader = reader
        self._clock = clock
        self._beat = beat
        self._sooner = asyncio.Event()
        self.stuck: set[str] = set()
        """Incidents whose deadlines could not be fired in the last cycle."""
        self.cycle = 0
        self.completed_at: datetime | None = None

    async def run(self) -> None:
        """Cycles until cancelled; a failed cycle does not beat, and that is the alarm."""
        while True:
            try:
                async with asyncio.timeout(CYCLE_TIMEOUT_S):
                    await self.cycle_once()
                await self._rest()
            except Exception:  # noqa: BLE001 - the next cycle must come whatever happened in this one
                _log.exception("timekeeper.cycle_failed")
                await asyncio.sleep(1.0)

    def look_again(self) -> None:
        """A deadline was just written that may come before the end of the present sleep."""
        self._sooner.set()

    async def cycle_once(self) -> int:
        """Everything due by now was fired, how many; then the beat."""
        fired = 0
        stuck: set[str] = set()
        overtaken: set[str] = set()
        while rows := await self._reader.due_before(
            to_ms(self._clock()), limit=CLAIM_LIMIT, without=stuck | overtaken
        ):
            by_incident: dict[str, list[str]] = {}
            for _, incident_id, doc in rows:
                by_incident.setdefault(incident_id, []).append(doc)
            async with asyncio.TaskGroup() as group:  # together, so that their commits share a group
                for incident_id, docs in by_incident.items():
                    group.create_task(self._fire(incident_id, docs, stuck, overtaken))
            fired += len(rows)
            if len(rows) < CLAIM_LIMIT:
                break
        self.stuck = stuck
        self.cycle += 1
        self.completed_at = self._clock()
        await self._beat(self.cycle, self.completed_at)
        return fired

    async def _fire(self, incident_id: str, docs: list[str], stuck: set[str], overtaken: set[str]) -> None:
        """The deadlines have fired, here or in another hub that was quicker; or the incident is stuck, which
        is logged when it was not so before.
        """
        try:
            await self._fire_all(incident_id, [DUE.validate_json(doc) for doc in docs])
        except Unavailable:
            raise  # a deadline that cannot be saved makes the cycle incomplete: it must not beat
        except StaleVersion:
            overtaken.add(incident_id)  # what is still due, if anything, is found in the next cycle
        except HubError as error:
            stuck.add(incident_id)
            if incident_id not in self.stuck:
                _log.error("timekeeper.stuck", incident_id=incident_id, code=error.code, **error.params)
        except Exception:  # noqa: BLE001 - one incident's fault must not keep the others from their deadlines
            stuck.add(incident_id)
            if incident_id not in self.stuck:
                _log.exception("timekeeper.stuck", incident_id=incident_id)

    async def _fire_all(self, incident_id: str, dues: list[DueTime]) -> None:
        def decide(case: Case, now: datetime) -> Outcome:
            decision = alerting.Decision(state=case.response)
            for due in dues:
                decision = decision.then(alerting.fire_due(decision.state, due=due, now=now))
            return Outcome(decision=decision)

        keys = frozenset(due.key for due in dues)
        try:
            await self._desk.run(incident_id, decide, actor_id=None, dues_done=keys)
        except NotFound:
            _log.error("timekeeper.orphan", incident_id=incident_id, rows=len(dues))
            await self._desk.drop_deadlines(keys)

    async def _rest(self) -> None:
        """Until the next deadline, a new one, or the longest sleep."""
        self._sooner.clear()
        pause_s = await self._pause_s()
        with suppress(TimeoutError):
            async with asyncio.timeout(pause_s):
                await self._sooner.wait()

    async def _pause_s(self) -> float:
        next_ms = await self._reader.next_due_ms()
        if next_ms is None:
            return CYCLE_S
        least_s = STUCK_PAUSE_S if self.stuck else 0.02
        return min(max((next_ms - to_ms(self._clock())) / 1000, least_s), CYCLE_S)
