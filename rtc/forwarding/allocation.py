"""Who gets how much of what a subscriber's way carries, and what is given up first.

Sound is never given up. The stage comes next: it keeps the layer that it wants as long as that fits. The
tiles come in their smallest layer, the first ones first; those for which there is no room are stills. Only
when that is settled do tiles get larger layers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

MARGIN = 1.15  # what is newly given must fit with some room; what is held may stay as long as it fits
STILL = None  # in place of a layer


class Pressure(IntEnum):
    """What the server itself must give up, whatever the subscriber's way carries."""

    NONE = 0
    SMALL_TILES = 1
    STILL_TILES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What one place could carry: its layers' rates, the smallest first, and which of them it wants.

    `held` is the layer that it carries now, None for a still or nothing.
    """

    rates_bps: tuple[float, ...]
    wanted: int
    held: int | None
    stage: bool


def allocate(
    available_bps: float | None,
    demands: Sequence[Demand],
    pressure: Pressure = Pressure.NONE,
    *,
    rising: bool = True,
) -> list[int | None]:
    """For each place the layer that it gets, STILL where there is no room; `available_bps` is for pictures
    alone, None when no limit is known. Unless it is `rising`, nothing is newly given: the way has just shown
    its limit.
    """
    margin = MARGIN if rising else float("inf")
    left = float("inf") if available_bps is None else available_bps
    granted: list[int | None] = [STILL] * len(demands)
    order = sorted(range(len(demands)), key=lambda index: not demands[index].stage)  # the stage first
    for index in order:
        demand = demands[index]
        if demand.stage:
            fitting = [layer for layer in range(demand.wanted + 1) if _fits(demand, layer, left, margin)]
            granted[index] = fitting[-1] if fitting else 0  # it is never a still: it is what is looked at
        elif pressure is not Pressure.STILL_TILES and _fits(demand, 0, left, margin):
            granted[index] = 0
        left -= _rate(demand, granted[index])
    if pressure is Pressure.NONE:
        for index in order:
            demand, layer = demands[index], granted[index]
            if demand.stage or layer is None:
                continue
            room = left + _rate(demand, layer)
            larger = [
                each for each in range(layer + 1, demand.wanted + 1) if _fits(demand, each, room, margin)
            ]
            if larger:
                granted[index] = larger[-1]
                left = room - _rate(demand, larger[-1])
    return granted


def missing_bps(demands: Sequence[Demand], granted: Sequence[int | None]) -> float:
    """How much more the next place that did not get what it wants would need; 0 when all have it."""
    for demand, layer in sorted(zip(demands, granted, strict=True), key=lambda each: not each[0].stage):
        if layer is None:
            return MARGIN * demand.rates_bps[0]
        if layer < demand.wanted:
            return MARGIN * demand.rates_bps[layer + 1] - demand.rates_bps[layer]
    return 0.0


def _rate(demand: Demand, layer: int | None) -> float:
    return 0.0 if layer is None else demand.rates_bps[layer]


def _fits(demand: Demand, layer: int, room: float, margin: float) -> bool:
    held = demand.held is not None and layer <= demand.held
    return demand.rates_bps[layer] * (1.0 if held else margin) <= room
