"""How media does, as the worker tells it: hints that may be dropped, over the last two seconds or so.

Loss is what did not arrive at the first try, unless it says that repair is counted. Scores are opinions on a
scale from 1 to 5 (`rtc.opinion`), None where there is nothing to judge by.
"""

from dataclasses import dataclass

from rtc.kind import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackStats:
    """One track of a source; of a simulcast picture each layer, which `rid` names."""

    kind: Kind
    rid: str = ""
    codec: str
    bitrate_bps: int
    loss_pct: float
    missing_pct: float  # what repair did not bring either
    jitter_ms: float
    height: int | None = None
    score: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStats:
    """How a source's uplink does; the picture's size is its largest layer's.

    `rtt_ms` is None until something had to be sent again. A sender without retransmissions in a stream of
    their own shows only what was not repaired as its loss.
    """

    source_id: str
    bitrate_bps: int
    loss_pct: float
    rtt_ms: float | None
    jitter_ms: float
    width: int | None = None
    height: int | None = None
    tracks: tuple[TrackStats, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotStats:
    """One slot that carries something: what was sent, and what its receiver says of it.

    `height` and `rid` are the layer that is sent, `wanted_height` the place's (0 is not known). `held`: it is
    a smaller one than fits the place, or a still, because the way (or the worker) carries no more. `loss_pct`
    counts only what was lost between us and the receiver; it and `jitter_ms` are None until there was a
    report.
    """

    slot: int
    kind: Kind
    source_id: str
    sent_bps: int
    loss_pct: float | None
    jitter_ms: float | None
    rid: str = ""
    height: int | None = None
    wanted_height: int = 0
    held: bool = False
    score: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriberStats:
    """How the downlink of one connection does; `available_bps` is what the path is believed to carry, None
    while it has shown no limit.
    """

    worker: str = "0"
    connection_id: str
    sent_bps: int
    resent: int  # packets sent again, in the interval
    loss_pct: float | None
    rtt_ms: float | None
    jitter_ms: float | None
    available_bps: int | None = None
    slots: tuple[SlotStats, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerLoad:
    """How busy a worker is: `cpu` is its share of one core (0..1), `lag_ms` how late its event loop came at
    worst in a typical second, `dropped` the packets that the system did not take since the last time.
    `saving`: it gives up pictures for everyone; `full`: it takes no new connections. Counters run from the
    worker's start; `worker` tells it from others.
    """

    worker: str = "0"
    cpu: float
    lag_ms: float
    dropped: int
    saving: bool = False
    full: bool
    connections: int
    sources: int
    counters: dict[str, int]
