"""A simulated department: it is summoned in its console and answers after a while, or never does."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import aiohttp
import socketio

from dispatch_server.demo.visitor import Visitor, facts_from_stdin, signed_in

NEXT_S = 4.0  # between accepting and setting out or coming in
DRIVE_S = 25.0


class Department:
    def __init__(self, visitor: Visitor, *, delay_s: float | None, mode: str) -> None:
        self._visitor = visitor
        self._delay_s = delay_s
        self._mode = mode
        self._busy: set[str] = set()
        self._jobs: set[asyncio.Task[None]] = set()

    async def rung(self, ring: Mapping[str, Any]) -> None:
        """Acknowledges the receipt at once and answers later, once for each assignment."""
        assignment_id = ring["assignment_id"]
        if ring.get("kind") == "overdue" or assignment_id in self._busy:
            return
        self._busy.add(assignment_id)
        job = asyncio.create_task(self._answer(assignment_id, ring["incident_id"]))
        self._jobs.add(job)
        job.add_done_callback(self._jobs.discard)

    async def _answer(self, assignment_id: str, incident_id: str) -> None:
        try:
            await self._visitor.received(assignment_id)
            if self._delay_s is None:
                return
            await asyncio.sleep(self._delay_s)
            await self._visitor.call("POST", f"/api/assignments/{assignment_id}/acknowledge")
            await asyncio.sleep(NEXT_S)
            if self._mode == "scene":
                await self._visitor.call("POST", f"/api/assignments/{assignment_id}/depart")
                await asyncio.sleep(DRIVE_S)
                await self._visitor.call("POST", f"/api/assignments/{assignment_id}/arrive")
            else:
                incident = await self._visitor.call("GET", f"/api/incidents/{incident_id}")
                if incident["room_id"]:
                    await self._visitor.call("POST", f"/api/rooms/{incident['room_id']}/join")
        except (aiohttp.ClientError, socketio.exceptions.SocketIOError, TimeoutError):
            pass  # taken back, or somebody else answered: nothing left to do
        finally:
            self._busy.discard(assignment_id)

    async def released(self, _stopped: Mapping[str, Any]) -> None:
        return


async def main() -> None:
    facts = facts_from_stdin()
    async with signed_in(facts) as visitor:
        department = Department(visitor, delay_s=facts["delay_s"], mode=facts["mode"])
        await visitor.listen({"summons_ring": department.rung, "ring_stopped": department.released})


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(main())
