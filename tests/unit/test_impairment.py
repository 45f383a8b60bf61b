"""The bad network of the tests is as bad as it says, and the same for the same seed."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.impairment.path import Bursts, Conditions, Path

EVERY_S = 0.005


def carried(conditions: Conditions, *, seed: int = 1, count: int = 20_000) -> list[tuple[float, ...]]:
    path = Path(conditions, seed=seed)
    return [path.arrivals(1000, index * EVERY_S) for index in range(count)]


def lost(conditions: Conditions, *, seed: int = 1) -> list[int]:
    return [index for index, arrivals in enumerate(carried(conditions, seed=seed)) if not arrivals]


def test_one_seed_loses_the_same_datagrams_whatever_else_the_network_does() -> None:
    plain = lost(Conditions(loss=0.05))
    assert plain == lost(Conditions(loss=0.05, delay_s=0.1, jitter_s=0.05, reorder=0.1, duplicate=0.1))
    assert plain != lost(Conditions(loss=0.05), seed=2)
    assert len(plain) == pytest.approx(1000, rel=0.1)


def test_bursts_lose_their_share_in_spells_of_their_length() -> None:
    gone = lost(Conditions(bursts=Bursts.of(loss=0.05, length=8)))
    assert len(gone) == pytest.approx(1000, rel=0.25)
    spells = 1 + sum(late - early > 1 for early, late in pairwise(gone))
    assert len(gone) / spells == pytest.approx(8, rel=0.25)


def test_jitter_delays_and_keeps_the_order() -> None:
    conditions = Conditions(delay_s=0.1, jitter_s=0.06)
    arrivals = [each[0] for each in carried(conditions)]
    assert arrivals == sorted(arrivals)
    took = [at - index * EVERY_S for index, at in enumerate(arrivals)]
    assert min(took) >= 0.1
    assert 0.155 < max(took) < 0.1601


def test_reordered_datagrams_are_overtaken_and_duplicates_come_twice() -> None:
    conditions = Conditions(reorder=0.1, duplicate=0.05)
    arrivals = carried(conditions)
    overtaken = sum(later[0] < one[0] for one, later in pairwise(arrivals))
    assert overtaken == pytest.approx(2000 * 0.9, rel=0.15)
    assert sum(len(each) == 2 for each in arrivals) == pytest.approx(1000, rel=0.15)


def test_a_narrow_place_passes_its_rate_and_drops_what_its_queue_cannot_hold() -> None:
    path = Path(Conditions(rate_bps=800_000, queue_bytes=10_000))
    arrivals = [path.arrivals(1000, index * EVERY_S) for index in range(2000)]  # twice what passes
    passed = [each[0] for each in arrivals if each]
    assert len(passed) == pytest.approx(1000, abs=11)
    assert all(late - early >= 0.01 - 1e-9 for early, late in pairwise(passed))
    waited = [each[0] - index * EVERY_S for index, each in enumerate(arrivals) if each]
    assert 0.09 < max(waited) <= 0.1
    assert path.lost == path.overflowed


def test_through_a_hole_nothing_comes_and_afterwards_everything() -> None:
    path = Path()
    path.close(1.0)
    assert path.arrivals(100, 0.999) == ()
    assert path.arrivals(100, 1.0) == (1.0,)
