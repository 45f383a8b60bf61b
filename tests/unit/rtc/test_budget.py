"""A purse that fills steadily and never beyond its brim."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rtc.budget import Budget


def test_a_burst_is_allowed_and_then_only_the_steady_rate() -> None:
    budget = Budget(per_s=10, burst=20, now=5.0)
    assert [budget.take(1, 5.0) for _ in range(21)] == [True] * 20 + [False]
    assert not budget.take(1, 5.05)
    assert budget.take(1, 5.11)
    assert budget.refused == 2


def test_what_is_too_dear_takes_nothing() -> None:
    budget = Budget(per_s=1, burst=10, now=0.0)
    assert not budget.take(11, 0.0)
    assert budget.take(10, 0.0)


@given(st.lists(st.tuples(st.floats(0, 3), st.floats(0.1, 4)), max_size=80))
def test_never_more_than_the_burst_and_what_time_brought(steps: list[tuple[float, float]]) -> None:
    budget = Budget(per_s=3, burst=7, now=0.0)
    now = taken = 0.0
    for pause, cost in steps:
        now += pause
        taken += cost if budget.take(cost, now) else 0
        assert taken <= 7 + 3 * now + 1e-6
