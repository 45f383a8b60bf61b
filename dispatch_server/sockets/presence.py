"""Who has a socket open right now. Memory only: after a restart everybody connects again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from dispatch_server.clock import Clock

GRACE = timedelta(seconds=15)  # a reload or a lift ride is not an absence


class Presence:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._sockets: dict[str, set[str]] = {}
        self._gone_since: dict[str, datetime] = {}
        self._started_at = clock()

    def connected(self, person_id: str, sid: str) -> bool:
        """Whether this is the person's first socket."""
        sids = self._sockets.setdefault(person_id, set())
        sids.add(sid)
        self._gone_since.pop(person_id, None)
        return len(sids) == 1

    def disconnected(self, person_id: str, sid: str) -> None:
        sids = self._sockets.get(person_id, set())
        if sid not in sids:
            return
        sids.remove(sid)
        if not sids:
            self._sockets.pop(person_id, None)
            self._gone_since[person_id] = self._clock()

    def heard(self, person_id: str) -> None:
        """The person did something that only somebody who is there does: the grace begins anew."""
        if person_id not in self._sockets:
            self._gone_since[person_id] = self._clock()

    def is_online(self, person_id: str) -> bool:
        return person_id in self._sockets

    def is_gone(self, person_id: str) -> bool:
        """Whether nobody has heard of the person for longer than the grace, counted from the start at the
        earliest.
        """
        if self.is_online(person_id):
            return False
        return self._clock() - self._gone_since.get(person_id, self._started_at) >= GRACE

    def online(self) -> int:
        return len(self._sockets)

    def forget_old(self, before: Callable[[datetime], bool]) -> None:
        """Entries of people long gone are dropped, so that memory does not grow with everyone ever seen."""
        self._gone_since = {key: at for key, at in self._gone_since.items() if not before(at)}
