"""What the media workers report, turned into use cases and hints."""

from __future__ import annotations

import asyncio

import structlog
from sqlalchemy.exc import SQLAlchemyError

from dispatch_server.errors import Conflict, StaleVersion, Unavailable
from dispatch_server.media.director import MediaDirector
from dispatch_server.media.figures import MediaFigures
from dispatch_server.ports import MediaPlane
from dispatch_server.tasks import Tasks
from dispatch_server.usecases.feeds import Feeds
from rtc.figures import SourceStats, SubscriberStats, WorkerLoad
from rtc.plane import (
    ConnectionDown,
    ConnectionUp,
    Kind,
    LevelsChanged,
    MediaEvent,
    SlotsChanged,
    SourceDown,
    SourceUp,
    WorkerLost,
    WorkerReady,
)

Fact = tuple[Kind, ...] | str
"""What a feed sends now, or why it sends nothing any more."""
PAUSES_S = (0.2, 1.0, 3.0)  # between tries to write a fact down
TRANSIENT = (Unavailable, StaleVersion, SQLAlchemyError, OSError, TimeoutError)

_log = structlog.get_logger("media")


class MediaFollower:
    def __init__(
        self,
        *,
        plane: MediaPlane,
        director: MediaDirector,
        figures: MediaFigures,
        feeds: Feeds,
        tasks: Tasks,
    ) -> None:
        self._plane = plane
        self._director = director
        self._figures = figures
        self._feeds = feeds
        self._tasks = tasks
        self._facts: dict[str, Fact] = {}  # the newest of each feed that is not in the store yet
        self._writing: set[str] = set()
        self._up: set[str] = set()  # workers

    @property
    def ready(self) -> bool:
        """Whether a media worker serves."""
        return bool(self._up)

    async def run(self) -> None:
        """Follows the plane until cancelled. What must be committed goes on beside: hints never wait."""
        held = self._plane.held()
        await self._director.go_on_from(held)
        for source in held.sources:
            if source.up:
                self._note(source.source_id, source.kinds)
        for source_id in await self._feeds.live_feeds():
            if not self._director.is_live(source_id):
                self._note(source_id, "hub_restarted")
        async for event in self._plane.events:
            await self._follow(event)

    async def _follow(self, event: MediaEvent) -> None:
        match event:
            case SlotsChanged():
                await self._director.tell_slots(event)
            case LevelsChanged():
                await self._director.tell_speaking(event.source_ids)
            case SourceStats() | SubscriberStats() | WorkerLoad():
                await self._figures.take(event)
            case SourceUp():
                await self._director.source_up(event.source_id, event.kinds)
                self._note(event.source_id, event.kinds)
            case SourceDown(source_id=source_id, reason=reason):
                self._figures.source_down(source_id)
                if reason != "replaced":
                    await self._director.source_down(source_id)
                    self._note(source_id, reason)
            case ConnectionUp():
                pass
            case ConnectionDown():
                self._figures.connection_down(event.connection_id)
                await self._director.connection_down(event.connection_id, event.reason)
            case WorkerLost(worker=worker):
                self._up.discard(worker)
                _log.error("media.worker_lost", worker=worker)
                self._figures.worker_down(worker)
            case WorkerReady(worker=worker, native=native):
                self._up.add(worker)
                _log.info("media.worker_ready", worker=worker, native=native)
                await self._director.all_up()
                self._tasks.start(self._director.settle_all(), name="media:settle")

    def _note(self, source_id: str, fact: Fact) -> None:
        """The store will say so of the feed as soon as it takes it; a newer fact takes this one's place."""
        if source_id.startswith("p:"):
            return  # a participant's camera is no feed
        self._facts[source_id] = fact
        if source_id not in self._writing:
            self._writing.add(source_id)
            self._tasks.start(self._write_down(source_id), name="feed:fact")

    async def _write_down(self, source_id: str) -> None:
        """What happens to a feed is said until it is committed: nobody says it a second time."""
        tries = 0
        try:
            while (fact := self._facts.pop(source_id, None)) is not None:
                try:
                    await self._commit(source_id, fact)
                except TRANSIENT as error:
                    _log.warning("feed.unwritten", feed_id=source_id, error=type(error).__name__)
                    self._facts.setdefault(source_id, fact)
                    await asyncio.sleep(PAUSES_S[min(tries, len(PAUSES_S) - 1)])
                    tries += 1
                except Exception:  # noqa: BLE001 - the next fact about this feed must not wait for a fault of ours
                    _log.exception("feed.failed", feed_id=source_id)
        finally:
            self._writing.discard(source_id)

    async def _commit(self, source_id: str, fact: Fact) -> None:
        if isinstance(fact, str):
            await self._feeds.interrupted(
                source_id, fact, still=lambda: not self._director.is_live(source_id)
            )
            return
        try:
            await self._feeds.went_live(
                source_id,
                has_audio=Kind.AUDIO in fact,
                has_video=Kind.VIDEO in fact,
                still=lambda: self._director.is_live(source_id),
            )
        except Conflict:  # its incident was closed before its first packet came
            await self._director.silence(source_id)
