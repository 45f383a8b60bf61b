"""What the media workers report, turned into use cases and hints."""

from __future__ import annotations

import structlog

from dispatch_server.errors import HubError
from dispatch_server.ids import NewId
from dispatch_server.media.director import MediaDirector
from dispatch_server.ports import MediaPlane
from dispatch_server.tasks import Tasks
from dispatch_server.usecases.feeds import Feeds
from rtc.plane import (
    ConnectionDown,
    ConnectionUp,
    Kind,
    LevelsChanged,
    MediaEvent,
    SlotsChanged,
    SourceDown,
    SourceStats,
    SourceUp,
    WorkerLost,
    WorkerReady,
)

_log = structlog.get_logger("media")


class MediaFollower:
    def __init__(
        self, *, plane: MediaPlane, director: MediaDirector, feeds: Feeds, tasks: Tasks, new_id: NewId
    ) -> None:
        self._plane = plane
        self._new_id = new_id
        self._director = director
        self._feeds = feeds
        self._tasks = tasks
        self.ready = False

    async def run(self) -> None:
        """Follows the plane until cancelled. What must be committed goes on beside, so that hints never
        wait.
        """
        await self._interrupt(await self._feeds.live_feeds(), "hub_restarted")
        async for event in self._plane.events:
            await self._follow(event)

    async def _follow(self, event: MediaEvent) -> None:
        match event:
            case SlotsChanged():
                await self._director.tell_slots(event)
            case LevelsChanged():
                await self._director.tell_speaking(event.source_ids)
            case SourceStats():
                await self._director.tell_stats(event)
            case SourceUp():
                await self._director.source_up(event.source_id, event.kinds)
                self._tasks.start(self._went_live(event), name="feed:live")
            case SourceDown(source_id=source_id, reason=reason):
                if reason != "replaced":
                    await self._director.source_down(source_id)
                    self._tasks.start(self._interrupt([source_id], reason), name="feed:down")
            case ConnectionUp():
                pass
            case ConnectionDown():
                await self._director.connection_down(event.connection_id, event.reason)
            case WorkerLost():
                self.ready = False
                _log.error("media.worker_lost")
                lost = await self._director.all_down()
                self._tasks.start(self._interrupt(lost, "worker_lost"), name="feed:lost")
            case WorkerReady():
                self.ready = True
                _log.info("media.worker_ready")
                await self._director.all_up(self._new_id())
                self._tasks.start(self._director.settle_all(), name="media:settle")

    async def _went_live(self, event: SourceUp) -> None:
        if event.source_id.startswith("p:"):
            return
        await self._feeds.went_live(
            event.source_id,
            has_audio=Kind.AUDIO in event.kinds,
            has_video=Kind.VIDEO in event.kinds,
            still=lambda: self._director.is_live(event.source_id),
        )

    async def _interrupt(self, source_ids: list[str], reason: str) -> None:
        for source_id in source_ids:
            if not source_id.startswith("p:"):
                await self._interrupt_one(source_id, reason)

    async def _interrupt_one(self, source_id: str, reason: str) -> None:
        try:
            await self._feeds.interrupted(
                source_id, reason, still=lambda: not self._director.is_live(source_id)
            )
        except HubError as error:
            _log.warning("feed.interrupt_failed", code=error.code)
