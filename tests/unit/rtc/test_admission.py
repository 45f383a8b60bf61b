""" "Full" is said while there is still room for those who are there, and not for a moment's trouble."""

from __future__ import annotations

import pytest

from rtc.plane import WorkerStats
from rtc.worker.admission import Admission, Limits
from rtc.worker.busyness import Busyness
from rtc.worker.load import Load, LoadMeter

CALM, WARM, HOT = Load(cpu=0.3, lag_s=0.01), Load(cpu=0.8, lag_s=0.15), Load(cpu=0.95, lag_s=0.01)
LATE = Load(cpu=0.3, lag_s=0.4)


@pytest.mark.parametrize(
    ("loads", "full"),
    [
        ([CALM], False),
        ([WARM], False),
        ([HOT], True),
        ([LATE], True),
        ([HOT, WARM], True),  # between the limits it stays as it was
        ([HOT, WARM, CALM], False),
        ([HOT, CALM, WARM], False),
        ([LATE, CALM], False),
    ],
)
def test_a_worker_is_full_beyond_its_limit_until_it_is_well_below(loads: list[Load], full: bool) -> None:
    admission = Admission(now=0.0)
    for second, load in enumerate(loads):
        admission.note(load, 100.0 + second)
    assert admission.full is full


def test_a_worker_refuses_nobody_right_after_its_start() -> None:
    admission = Admission(now=100.0, limits=Limits(welcome_s=15))
    admission.note(HOT, 114.0)
    assert not admission.full
    admission.note(HOT, 115.0)
    assert admission.full


def test_the_share_of_a_core_is_that_of_the_last_five_seconds() -> None:
    meter = LoadMeter(now=10.0, cpu_s=2.0)
    cpu_s = 2.0
    for second in range(1, 6):
        cpu_s += 1.0
        load = meter.measure(now=10.0 + second, cpu_s=cpu_s)
    assert load.cpu == pytest.approx(1.0)
    for second in range(6, 9):
        cpu_s += 0.5
        load = meter.measure(now=10.0 + second, cpu_s=cpu_s)
    assert load.cpu == pytest.approx((2 * 1.0 + 3 * 0.5) / 5)


def test_one_long_pause_is_no_lag_but_one_in_most_seconds_is() -> None:
    meter = LoadMeter(now=0.0, cpu_s=0.0)
    lags = [0.001, 0.9, 0.001, 0.001, 0.001]
    for second, lag_s in enumerate(lags):
        meter.late(lag_s)
        load = meter.measure(now=second + 1.0, cpu_s=0.0)
    assert load.lag_s == pytest.approx(0.001)
    for second in range(5, 8):
        for lag_s in (0.001, 0.3, 0.002):
            meter.late(lag_s)
        load = meter.measure(now=second + 1.0, cpu_s=0.0)
    assert load.lag_s == pytest.approx(0.3)


def test_the_load_is_told_every_other_second_with_what_was_dropped_since() -> None:
    busy = Busyness(now=0.0, cpu_s=0.0)
    told = []
    for second in range(1, 7):
        held = WorkerStats(connections=3, sources=1, counters={"packets_dropped": 10 * second})
        told.append(busy.measure(now=float(second), cpu_s=0.4 * second, held=held))
    assert [load is not None for load in told] == [False, True] * 3
    assert [load.dropped for load in told if load] == [20, 20, 20]
    last = told[-1]
    assert last is not None
    assert (last.cpu, last.connections, last.sources, last.full) == (0.4, 3, 1, False)


def test_a_worker_that_is_too_busy_says_so_with_its_load() -> None:
    busy = Busyness(now=0.0, cpu_s=0.0, limits=Limits(welcome_s=0))
    held = WorkerStats(connections=0, sources=0, counters={})
    for second in range(1, 5):
        load = busy.measure(now=float(second), cpu_s=0.99 * second, held=held)
    assert load is not None
    assert load.full
    assert busy.full
