"""How fast it went: the intervals of one response, and their summary over many.

An interval still open is counted as missed once its target has passed; before that it is not counted at
all. Intervals without a target only have lengths.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil

from alerting.assignment import AssignmentState
from alerting.response import Response


class Interval(StrEnum):
    RESPONSE = "response"
    """Received → the last required department in place: the fifteen-minute promise."""
    DISPATCH = "dispatch"
    """Received → dispatched."""
    ACKNOWLEDGE = "acknowledge"
    """Dispatched → acknowledged, per department."""
    FIRST_MEDIA = "first_media"
    """Dispatched → the first picture or voice in the room."""
    ON_SCENE = "on_scene"
    """Dispatched → on scene, per department that came there."""
    RESOLVE = "resolve"
    """Received → resolved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One interval of one incident or department. `elapsed` None: it never ended, or has not yet."""

    elapsed: timedelta | None
    target: timedelta | None = None
    missed: bool = False
    waived: bool = False
    """Kept, but with a required department taken off the list instead of coming."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """`count`, `mean` and the percentiles are of those that ended; the share counts the missed open ones too.
    None stands for nothing to compute from.
    """

    count: int
    open_missed: int
    waived: int
    mean: timedelta | None
    p50: timedelta | None
    p90: timedelta | None
    p99: timedelta | None
    share_within: float | None


def samples(
    response: Response, *, now: datetime, first_media_at: datetime | None = None
) -> Mapping[Interval, tuple[Sample, ...]]:
    """The intervals of one response as seen at `now`. Media belongs to others: its first moment is passed
    in.
    """
    incident = response.incident
    issued = _first_issue(response)
    taken: dict[Interval, tuple[Sample, ...]] = {
        Interval.RESPONSE: _response(response, now=now),
        Interval.RESOLVE: _lengths([incident.resolved_at], since=incident.received_at),
        Interval.DISPATCH: _lengths([issued], since=incident.received_at),
    }
    if issued is not None:
        counted = [a for a in response.assignments if a.state is not AssignmentState.RECALLED]
        taken[Interval.FIRST_MEDIA] = _lengths([first_media_at], since=issued)
        taken[Interval.ACKNOWLEDGE] = tuple(
            sample for a in counted for sample in _lengths([a.acknowledged_at], since=a.issued_at)
        )
        taken[Interval.ON_SCENE] = tuple(
            sample for a in counted for sample in _lengths([a.on_scene_at], since=a.issued_at)
        )
    return taken


def summary(taken: Iterable[Sample]) -> Summary:
    """Percentiles by nearest rank: the smallest length that at least so many per cent do not exceed."""
    all_of_them = tuple(taken)
    lengths = sorted(sample.elapsed for sample in all_of_them if sample.elapsed is not None)
    open_missed = sum(1 for sample in all_of_them if sample.elapsed is None and sample.missed)
    aimed = [s for s in all_of_them if s.target is not None and (s.elapsed is not None or s.missed)]
    within = sum(1 for s in aimed if not s.missed)
    return Summary(
        count=len(lengths),
        open_missed=open_missed,
        waived=sum(1 for sample in all_of_them if sample.waived),
        mean=sum(lengths, timedelta()) / len(lengths) if lengths else None,
        p50=_percentile(lengths, 50),
        p90=_percentile(lengths, 90),
        p99=_percentile(lengths, 99),
        share_within=within / len(aimed) if aimed else None,
    )


def _response(response: Response, *, now: datetime) -> tuple[Sample, ...]:
    """An incident that was dispatched and resolved without the promise being kept has missed it, however
    early: resolving is no way around it. One that was dealt with without summoning anybody made no such
    promise.
    """
    clock = response.clock
    if not clock.running:
        waived = any(
            a.required and a.waived and _before(a.released_at, clock.stopped_at) for a in response.assignments
        )
        return (Sample(elapsed=clock.elapsed(now), target=clock.target, missed=clock.late, waived=waived),)
    if response.incident.resolved_at is None:
        return (Sample(elapsed=None, target=clock.target, missed=now > clock.due_at),)
    if _first_issue(response) is None:
        return ()
    return (Sample(elapsed=None, target=clock.target, missed=True),)


def _first_issue(response: Response) -> datetime | None:
    """When departments were first summoned, leaving out what was recalled."""
    return min(
        (a.issued_at for a in response.assignments if a.state is not AssignmentState.RECALLED), default=None
    )


def _lengths(ends: Iterable[datetime | None], *, since: datetime) -> tuple[Sample, ...]:
    return tuple(Sample(elapsed=end - since) for end in ends if end is not None)


def _percentile(lengths: list[timedelta], pct: int) -> timedelta | None:
    return lengths[ceil(len(lengths) * pct / 100) - 1] if lengths else None


def _before(moment: datetime | None, end: datetime | None) -> bool:
    return moment is not None and end is not None and moment <= end
