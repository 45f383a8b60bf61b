"""What is given up when not everything fits: the tiles' size first, then their movement, then the stage."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtc.forwarding.allocation import STILL, Demand, Pressure, allocate, missing_bps

STAGE = Demand(rates_bps=(150e3, 1.5e6), wanted=1, held=1, stage=True)
TILE = Demand(rates_bps=(150e3, 1.5e6), wanted=0, held=0, stage=False)
LARGE_TILE = Demand(rates_bps=(150e3, 1.5e6), wanted=1, held=1, stage=False)


@pytest.mark.parametrize(
    ("available", "granted"),
    [
        (None, [1, 1, 0, 0]),
        (4e6, [1, 1, 0, 0]),
        (2.5e6, [1, 0, 0, 0]),
        (1.9e6, [1, 0, 0, STILL]),
        (1.7e6, [1, 0, STILL, STILL]),
        (1.5e6, [1, STILL, STILL, STILL]),
        (1.4e6, [0, 0, 0, 0]),
        (0.4e6, [0, 0, STILL, STILL]),
        (0.0, [0, STILL, STILL, STILL]),
    ],
)
def test_the_order_in_which_things_are_given_up(available: float | None, granted: list[int | None]) -> None:
    assert allocate(available, [STAGE, LARGE_TILE, TILE, TILE]) == granted


def test_a_worker_under_pressure_gives_up_tiles_whatever_the_way_carries() -> None:
    demands = [STAGE, LARGE_TILE, TILE]
    assert allocate(None, demands, Pressure.SMALL_TILES) == [1, 0, 0]
    assert allocate(None, demands, Pressure.STILL_TILES) == [1, STILL, STILL]


def test_what_is_new_needs_room_to_spare_and_what_is_held_does_not() -> None:
    still = Demand(rates_bps=(150e3, 1.5e6), wanted=0, held=None, stage=False)
    assert allocate(160e3, [TILE]) == [0]
    assert allocate(160e3, [still]) == [STILL]
    assert allocate(180e3, [still]) == [0]
    assert allocate(180e3, [still], rising=False) == [STILL], "the way has just shown its limit"


def test_what_is_missing_is_the_next_step_of_the_most_important_place() -> None:
    demands = [STAGE, LARGE_TILE, TILE]
    assert missing_bps(demands, [1, 1, 0]) == 0
    assert missing_bps(demands, [0, 1, 0]) == pytest.approx(1.15 * 1.5e6 - 150e3)
    assert missing_bps(demands, [1, 1, STILL]) == pytest.approx(1.15 * 150e3)


@st.composite
def demands(draw: st.DrawFn) -> list[Demand]:
    made = []
    for index in range(draw(st.integers(1, 12))):
        rates = sorted(draw(st.lists(st.floats(1e4, 5e6), min_size=1, max_size=3)))
        layers = st.integers(0, len(rates) - 1)
        held = draw(st.none() | layers)
        made.append(Demand(rates_bps=tuple(rates), wanted=draw(layers), held=held, stage=index == 0))
    return made


@given(demands(), st.floats(0, 2e7), st.sampled_from(Pressure))
def test_never_more_than_fits_but_for_the_stage_and_never_more_than_wanted(
    wanted: list[Demand], available: float, pressure: Pressure
) -> None:
    granted = allocate(available, wanted, pressure)
    used = sum(
        demand.rates_bps[layer] for demand, layer in zip(wanted, granted, strict=True) if layer is not None
    )
    assert used <= available + 1e-6 or granted[1:] == [STILL] * (len(wanted) - 1)
    assert granted[0] is not STILL
    for demand, layer in zip(wanted, granted, strict=True):
        assert layer is None or 0 <= layer <= max(demand.wanted, 0)


@given(demands(), st.floats(0, 2e7))
def test_what_was_given_is_given_again(wanted: list[Demand], available: float) -> None:
    granted = allocate(available, wanted)
    held = [
        Demand(rates_bps=each.rates_bps, wanted=each.wanted, held=layer, stage=each.stage)
        for each, layer in zip(wanted, granted, strict=True)
    ]
    again = allocate(available, held)
    for before, now in zip(granted, again, strict=True):
        assert before is None or (now is not None and now >= before) or granted[0] != again[0]
