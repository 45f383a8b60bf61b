"""What one transport-wide report says of the way, in few figures. rtc/downlink/fanout.c does the same.

A viewer reports ten times a second on every packet: what follows from it must not cost more than the packets.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

MAX_GROUPS = 64
GROUP_S = 0.010  # packets that left this close to one another are one group


class Passage(NamedTuple):
    """One packet's way: when it left, on our clock, and when it arrived, on the subscriber's (None: it did
    not); both in seconds, of which only differences mean something.
    """

    left_at: float
    arrived_at: float | None
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WayReport:
    """Departures are on our clock, arrivals on the subscriber's; all in seconds.

    `groups` are last departure and last arrival of packets that left together, in order. `first_at`,
    `last_at` and `least_delay` mean nothing when nothing has arrived.
    """

    packets: int
    lost: int
    octets: int
    arrived_octets: int
    left_at: float  # of the newest packet that is reported
    first_at: float
    last_at: float
    least_delay: float
    groups: Sequence[tuple[float, float]]


def way_report(passages: Sequence[Passage]) -> WayReport:
    """The figures of packets that were reported together, in the order of departure."""
    lost = octets = arrived_octets = 0
    first_at = last_at = least_delay = left_at = began = 0.0
    groups: list[tuple[float, float]] = []
    for left_at, arrived_at, size in passages:
        octets += size
        if arrived_at is None:
            lost += 1
            continue
        delay = arrived_at - left_at
        if not arrived_octets:
            first_at = last_at = arrived_at
            least_delay = delay
        arrived_octets += size
        last_at = max(last_at, arrived_at)
        least_delay = min(least_delay, delay)
        if not groups or (left_at - began > GROUP_S and len(groups) < MAX_GROUPS):
            began = left_at
            groups.append((left_at, arrived_at))
        else:
            groups[-1] = (left_at, max(groups[-1][1], arrived_at))
    return WayReport(
        packets=len(passages),
        lost=lost,
        octets=octets,
        arrived_octets=arrived_octets,
        left_at=left_at,
        first_at=first_at,
        last_at=last_at,
        least_delay=least_delay,
        groups=groups,
    )
