"""Where feeds are: the newest position of each in memory, written down in batches, never journaled."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from dispatch_server.clock import Clock
from dispatch_server.store import tables as t
from dispatch_server.store.batch import to_ms, upsert
from dispatch_server.store.reader import Reader
from dispatch_server.store.writer import Writer
from dispatch_server.wire import PositionView

LIMIT = 5000  # feeds remembered; the longest unheard is dropped from memory first (the store keeps it)
AHEAD = timedelta(seconds=10)  # more than clocks that are set by the network differ


class PositionBook:
    def __init__(self, *, reader: Reader, writer: Writer, clock: Clock) -> None:
        self._clock = clock
        self._reader = reader
        self._writer = writer
        self._latest: dict[str, PositionView] = {}
        self._unwritten: set[str] = set()

    def note(self, feed_id: str, position: PositionView) -> bool:
        """Whether this is the newest position of the feed; an older one is ignored. One that lies ahead of
        the clock, because that was set back, gives way.
        """
        known = self._latest.pop(feed_id, None)
        if known is not None and position.at <= known.at <= self._clock() + AHEAD:
            self._latest[feed_id] = known
            return False
        self._latest[feed_id] = position
        self._unwritten.add(feed_id)
        while len(self._latest) > LIMIT:
            self._latest.pop(next(iter(self._latest)))
        return True

    async def of(self, feed_ids: Collection[str]) -> dict[str, PositionView]:
        """The newest known position of each feed that ever sent one."""
        unknown = [feed_id for feed_id in feed_ids if feed_id not in self._latest]
        if unknown:
            for feed_id, row in (await self._reader.positions(unknown)).items():
                at = datetime.fromtimestamp(row.at_ms / 1000, tz=UTC)
                position = PositionView(lat=row.lat, lon=row.lon, accuracy_m=row.accuracy_m, at=at)
                self._latest.setdefault(feed_id, position)
        return {feed_id: self._latest[feed_id] for feed_id in feed_ids if feed_id in self._latest}

    async def write_down(self) -> None:
        """What came in since the last time is in the store."""
        rows = [
            {"feed_id": feed_id, "lat": p.lat, "lon": p.lon, "accuracy_m": p.accuracy_m, "at_ms": to_ms(p.at)}
            for feed_id in self._unwritten
            if (p := self._latest.get(feed_id)) is not None
        ]
        self._unwritten.clear()
        if rows:
            async with self._writer.transaction() as connection:
                await upsert(connection, t.position, rows)
