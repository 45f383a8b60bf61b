"""Media for Prometheus. Labels are few and fixed: never a person, an incident, a source or a connection."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from dispatch_server.media.page_report import Verdict
from rtc.figures import SubscriberStats, WorkerLoad
from rtc.kind import Kind

SHARES = (0.0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
SECONDS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0)
SCORES = (1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0)
HEIGHTS = (180, 360, 540, 720, 1080)  # a layer counts as the smallest of these that is not below it


class MediaMetrics:
    """The distributions. `uplink` is from a sender to us, `downlink` from us to a page."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def histogram(name: str, text: str, labels: tuple[str, ...], buckets: tuple[float, ...]) -> Histogram:
            return Histogram(name, text, labels, buckets=buckets, registry=registry)

        way = ("way",)
        self.loss = histogram("liandong_media_loss_ratio", "Packets lost at the first try", way, SHARES)
        self.missing = histogram(
            "liandong_media_missing_ratio", "Packets of senders that repair did not bring either", (), SHARES
        )
        self.round_trip = histogram("liandong_media_round_trip_seconds", "Round trip", way, SECONDS)
        self.jitter = histogram("liandong_media_jitter_seconds", "Interarrival jitter", way, SECONDS)
        self.score = histogram(
            "liandong_media_score", "Opinion from 1 to 5, modelled", ("kind", "way"), SCORES
        )
        self.freezes = Counter(
            "liandong_media_freezes", "Times a shown picture stood still", registry=registry
        )
        self.frozen = Counter(
            "liandong_media_frozen_seconds", "How long shown pictures stood still", registry=registry
        )
        self.shown = Counter(
            "liandong_media_shown_seconds", "How long pictures were shown", registry=registry
        )
        self.verdicts = Counter(
            "liandong_media_verdicts",
            "Why pictures were bad, as pages found",
            ("verdict",),
            registry=registry,
        )
        for verdict in Verdict:
            self.verdicts.labels(verdict)
        for direction in ("uplink", "downlink"):
            for each in (self.loss, self.round_trip, self.jitter):
                each.labels(direction)


class MediaNow:
    """What is sent at present and how the workers are, read at the time of the question."""

    def __init__(
        self,
        *,
        downlinks: Callable[[], Iterable[SubscriberStats]],
        workers: Callable[[], Iterable[WorkerLoad]],
    ) -> None:
        self._downlinks = downlinks
        self._workers = workers

    def collect(self) -> Iterable[Metric]:
        """As prometheus_client asks a collector."""
        yield from self._pictures()
        cpu = GaugeMetricFamily("liandong_worker_cpu_ratio", "Share of one core", labels=["worker"])
        lag = GaugeMetricFamily(
            "liandong_worker_lag_seconds", "How late the event loop comes at worst", labels=["worker"]
        )
        full = GaugeMetricFamily(
            "liandong_worker_full", "1 while it takes no new connections", labels=["worker"]
        )
        holds = GaugeMetricFamily("liandong_worker_holds", "What it holds now", labels=["worker", "kind"])
        counted = CounterMetricFamily(
            "liandong_worker_counted", "Counters since the worker's start", labels=["worker", "kind"]
        )
        for load in self._workers():
            cpu.add_metric([load.worker], load.cpu)
            lag.add_metric([load.worker], load.lag_ms / 1000)
            full.add_metric([load.worker], float(load.full))
            holds.add_metric([load.worker, "connections"], load.connections)
            holds.add_metric([load.worker, "sources"], load.sources)
            for kind, count in sorted(load.counters.items()):
                counted.add_metric([load.worker, kind], count)
        yield from (cpu, lag, full, holds, counted)

    def _pictures(self) -> Iterable[Metric]:
        sent = {str(height): 0 for height in HEIGHTS} | {"more": 0, "unknown": 0}
        held = 0
        for downlink in self._downlinks():
            for slot in downlink.slots:
                if slot.kind is Kind.VIDEO:
                    sent[_height_label(slot.height)] += 1
                    held += slot.held
        layers = GaugeMetricFamily(
            "liandong_media_pictures", "Pictures being sent to pages, by height", labels=["height"]
        )
        for label, count in sent.items():
            layers.add_metric([label], count)
        yield layers
        yield GaugeMetricFamily(
            "liandong_media_pictures_held",
            "Of these, smaller than their place for want of downlink",
            value=held,
        )


def _height_label(height: int | None) -> str:
    if height is None:
        return "unknown"
    return next((str(most) for most in HEIGHTS if height <= most), "more")
