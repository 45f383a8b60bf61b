"""What Prometheus may ask: gauges read at the time of the question."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Gauge

from dispatch_server.clock import Clock
from dispatch_server.media.following import MediaFollower
from dispatch_server.sockets.presence import Presence
from dispatch_server.timekeeper import Timekeeper


def register(
    registry: CollectorRegistry,
    *,
    presence: Presence,
    timekeeper: Timekeeper,
    follower: MediaFollower,
    clock: Clock,
) -> None:
    """The registry knows the hub's gauges."""
    people = Gauge("liandong_people_online", "People with at least one open socket", registry=registry)
    people.set_function(presence.online)
    cycles = Gauge("liandong_timekeeper_cycles", "Complete cycles since the start", registry=registry)
    cycles.set_function(lambda: timekeeper.cycle)
    stuck = Gauge(
        "liandong_timekeeper_stuck_incidents",
        "Incidents whose deadlines could not be fired in the last cycle",
        registry=registry,
    )
    stuck.set_function(lambda: len(timekeeper.stuck))
    silence = Gauge("liandong_timekeeper_silence_seconds", "Since the last complete cycle", registry=registry)

    def age_s() -> float:
        completed_at = timekeeper.completed_at
        return (clock() - completed_at).total_seconds() if completed_at else float("inf")

    silence.set_function(age_s)
    media = Gauge("liandong_media_ready", "1 while the media worker answers", registry=registry)
    media.set_function(lambda: 1.0 if follower.ready else 0.0)
