"""How media does: what workers and pages report, told to those whom it concerns, and counted.

Everything here is a hint and lives in memory. The newest figure of each connection, source and worker is kept
and goes with it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dispatch_server.errors import NotFound
from dispatch_server.media.director import MediaDirector
from dispatch_server.media.metrics import MediaMetrics
from dispatch_server.media.page_report import PageReport, SeenSlot, Verdict
from dispatch_server.ports import Broadcaster
from rtc.downlink.opinion import picture_score, sound_score
from rtc.figures import SlotStats, SourceStats, SubscriberStats, TrackStats, WorkerLoad
from rtc.kind import Kind

PLAYOUT_MS = 20.0  # one frame of sound, beside what a page keeps in its buffer


class MediaFigures:
    def __init__(self, *, director: MediaDirector, broadcaster: Broadcaster, metrics: MediaMetrics) -> None:
        self._director = director
        self._broadcaster = broadcaster
        self._metrics = metrics
        self._limited: dict[str, str] = {}  # source -> what keeps its picture from being better, as it says
        self.downlinks: dict[str, SubscriberStats] = {}
        self.workers: dict[str, WorkerLoad] = {}

    # ── from the workers ─────────────────────────────────────────────────────────────────────────

    async def take(self, figure: SourceStats | SubscriberStats | WorkerLoad) -> None:
        """The figure was counted, and those were told whom it concerns."""
        match figure:
            case SourceStats():
                await self._source(figure)
            case SubscriberStats():
                await self._downlink(figure)
            case WorkerLoad(worker=worker):
                self.workers[worker] = figure

    async def _source(self, stats: SourceStats) -> None:
        """Pages that show the source's incident were told of its uplink."""
        self._observe_source(stats)
        incident_id = self._director.scope_of(stats.source_id)
        if incident_id is None:
            return
        video = [track for track in stats.tracks if track.kind is Kind.VIDEO]
        facts = {
            "source_id": stats.source_id,
            "bitrate_bps": stats.bitrate_bps,
            "loss_pct": round(stats.loss_pct, 1),
            "missing_pct": round(max((track.missing_pct for track in stats.tracks), default=0.0), 1),
            "rtt_ms": stats.rtt_ms,
            "jitter_ms": round(stats.jitter_ms, 1),
            "height": stats.height,
            "limited": self._limited.get(stats.source_id),
            "score": max((track.score for track in video if track.score is not None), default=None),
        }
        await self._tell(incident_id, {"incident_id": incident_id, "sources": [facts]})

    async def _downlink(self, stats: SubscriberStats) -> None:
        """The page was told of its downlink, and of the worker behind it."""
        sid = self._director.sid_of(stats.connection_id)
        if sid is None:
            return
        self.downlinks[stats.connection_id] = stats
        self._observe_downlink(stats)
        load = self.workers.get(stats.worker)
        data = {
            "connection_id": stats.connection_id,
            "sent_bps": stats.sent_bps,
            "loss_pct": stats.loss_pct,
            "rtt_ms": stats.rtt_ms,
            "jitter_ms": stats.jitter_ms,
            "available_bps": stats.available_bps,
            "slots": [
                {
                    "slot": slot.slot,
                    "source_id": slot.source_id,
                    "sent_bps": slot.sent_bps,
                    "height": slot.height,
                    "wanted_height": slot.wanted_height,
                    "held": slot.held,
                }
                for slot in stats.slots
                if slot.kind is Kind.VIDEO
            ],
            "server": load
            and {
                "cpu": load.cpu,
                "lag_ms": load.lag_ms,
                "dropped": load.dropped,
                "saving": load.saving,
            },
        }
        await self._broadcaster.to_socket("viewer_stats", data, sid)

    def connection_down(self, connection_id: str) -> None:
        self.downlinks.pop(connection_id, None)

    def source_down(self, source_id: str) -> None:
        self._limited.pop(source_id, None)

    def worker_down(self, worker: str) -> None:
        """The worker is gone, and its downlinks; of its sources each was said to be down."""
        self.workers.pop(worker, None)
        for connection_id in [c for c, stats in self.downlinks.items() if stats.worker == worker]:
            del self.downlinks[connection_id]

    # ── from the pages ───────────────────────────────────────────────────────────────────────────

    def report(self, *, sid: str, person_id: str, report: PageReport) -> list[dict[str, Any]]:
        """The page's own counters were counted; what people would say of what it shows, by slot.

        Raises: NotFound when it reports on a connection that is not its own.
        """
        for sending in report.sending:
            source_id = self._director.sent_by(sending.connection_id, person_id)
            if source_id is not None:  # else it has just ended
                self._limited[source_id] = sending.limited
        if report.connection_id is None or report.hidden:
            return []
        if self._director.sid_of(report.connection_id) != sid:
            raise NotFound("unknown_connection")
        downlink = self.downlinks.get(report.connection_id)
        scores: list[dict[str, Any]] = []
        for seen in report.video:
            self._count(seen, report.seconds)
            slot = _slot(downlink, Kind.VIDEO, seen.slot)
            if slot is not None and slot.height:
                frozen = min(1.0, seen.frozen_ms / 1000 / report.seconds)
                score = picture_score(
                    bitrate_bps=slot.sent_bps,
                    height=slot.height,
                    loss_pct=0.0,
                    frozen=frozen,
                    place=slot.wanted_height,
                )
                scores.append({"kind": "video", "slot": seen.slot, "score": score})
        way_ms = (downlink.rtt_ms or 0.0) / 2 if downlink is not None else 0.0
        for heard in report.audio:
            delay_ms = way_ms + heard.buffer_ms + PLAYOUT_MS
            score = sound_score(delay_ms=delay_ms, loss_pct=heard.concealed_pct)
            scores.append({"kind": "audio", "slot": heard.slot, "score": score})
        for each in scores:
            self._metrics.score.labels(each["kind"], "page").observe(each["score"])
        return scores

    def _count(self, seen: SeenSlot, seconds: float) -> None:
        metrics = self._metrics
        metrics.shown.inc(seconds)
        metrics.freezes.inc(seen.freezes)
        metrics.frozen.inc(min(seconds, seen.frozen_ms / 1000))
        if seen.verdict is not Verdict.FINE:
            metrics.verdicts.labels(seen.verdict).inc()

    # ── counting ─────────────────────────────────────────────────────────────────────────────────

    def _observe_source(self, stats: SourceStats) -> None:
        metrics = self._metrics
        metrics.loss.labels("uplink").observe(stats.loss_pct / 100)
        metrics.jitter.labels("uplink").observe(stats.jitter_ms / 1000)
        if stats.rtt_ms is not None:
            metrics.round_trip.labels("uplink").observe(stats.rtt_ms / 1000)
        for track in stats.tracks:
            metrics.missing.observe(track.missing_pct / 100)
        for kind, score in _best_scores(stats.tracks):
            metrics.score.labels(kind, "uplink").observe(score)

    def _observe_downlink(self, stats: SubscriberStats) -> None:
        observed: tuple[tuple[Callable[[float], None], float | None], ...] = (
            (self._metrics.loss.labels("downlink").observe, _over(stats.loss_pct, 100)),
            (self._metrics.round_trip.labels("downlink").observe, _over(stats.rtt_ms, 1000)),
            (self._metrics.jitter.labels("downlink").observe, _over(stats.jitter_ms, 1000)),
        )
        for observe, value in observed:
            if value is not None:
                observe(value)

    async def _tell(self, incident_id: str, data: dict[str, Any]) -> None:
        for sid in self._director.watchers(incident_id):
            await self._broadcaster.to_socket("source_stats", data, sid)


def _best_scores(tracks: tuple[TrackStats, ...]) -> list[tuple[str, float]]:
    """The score of each kind; of several layers the best one."""
    best: dict[str, float] = {}
    for track in tracks:
        if track.score is not None:
            best[track.kind] = max(track.score, best.get(track.kind, 0.0))
    return list(best.items())


def _slot(downlink: SubscriberStats | None, kind: Kind, index: int) -> SlotStats | None:
    slots = downlink.slots if downlink is not None else ()
    return next((slot for slot in slots if slot.kind is kind and slot.slot == index), None)


def _over(value: float | None, unit: float) -> float | None:
    return None if value is None else value / unit
