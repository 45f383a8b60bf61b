"""A busy worker gives up tiles step by step, before it is full, and takes them back when it has been calm."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rtc.forwarding.allocation import Pressure
from rtc.worker.admission import Limits
from rtc.worker.load import Load
from rtc.worker.relief import BACK_S, CPU_HIGH, LAG_HIGH_S, STEP_S, Relief

CALM, MIDDLING, BUSY = Load(cpu=0.3, lag_s=0.0), Load(cpu=0.7, lag_s=0.0), Load(cpu=0.9, lag_s=0.0)


def after(relief: Relief, load: Load, seconds: int, now: float) -> float:
    for _ in range(seconds):
        now += 1
        relief.note(load, now)
    return now


def test_one_step_at_a_time_down_and_back() -> None:
    relief = Relief(0.0)
    now = after(relief, MIDDLING, 30, 0.0)
    assert relief.pressure is Pressure.NONE
    now = after(relief, BUSY, 1, now)
    assert relief.pressure is Pressure.SMALL_TILES
    now = after(relief, BUSY, int(STEP_S), now)
    assert relief.pressure is Pressure.STILL_TILES
    now = after(relief, MIDDLING, 100, now)
    assert relief.pressure is Pressure.STILL_TILES, "what helped is not taken back while it is needed"
    now = after(relief, CALM, int(BACK_S) + 1, now)
    assert relief.pressure is Pressure.SMALL_TILES
    after(relief, CALM, int(BACK_S) + 1, now)
    assert relief.pressure is Pressure.NONE


def test_a_loop_that_comes_late_is_busy_too() -> None:
    relief = Relief(0.0)
    after(relief, Load(cpu=0.1, lag_s=0.2), 5, 10.0)
    assert relief.pressure is not Pressure.NONE


def test_it_acts_before_anyone_is_refused() -> None:
    assert Limits().cpu_full > CPU_HIGH
    assert Limits().lag_full_s > LAG_HIGH_S


@given(st.lists(st.builds(Load, cpu=st.floats(0, 2), lag_s=st.floats(0, 2)), max_size=200))
def test_never_two_steps_at_once(loads: list[Load]) -> None:
    relief, before = Relief(0.0), Pressure.NONE
    for second, load in enumerate(loads):
        relief.note(load, float(second))
        assert abs(relief.pressure - before) <= 1
        before = relief.pressure
