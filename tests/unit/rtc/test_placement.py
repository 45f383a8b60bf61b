"""Where connections go, what each worker is told, and what crosses: for any routes over any workers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rtc.figures import WorkerLoad
from rtc.plane import AudioRoute, ScopeRoutes, VideoRoute
from rtc.pool.placement import Share, flows, kept, loses, needed, order, split
from rtc.pool.pool_state import PoolState

CONNECTIONS = [f"c{n}" for n in range(6)]
SOURCES = [f"s{n}" for n in range(4)]
WORKERS = 3

sources = st.sampled_from(SOURCES)
pictures = st.builds(
    VideoRoute,
    connection_id=st.sampled_from(CONNECTIONS),
    slot=st.integers(0, 2),
    source_id=sources,
    height=st.sampled_from([0, 180]),
)
sounds = st.builds(
    AudioRoute,
    connection_id=st.sampled_from(CONNECTIONS),
    source_ids=st.lists(sources, max_size=3).map(tuple),
    pinned=st.lists(sources, max_size=1).map(tuple),
)


def routes_at(epoch: int) -> st.SearchStrategy[ScopeRoutes]:
    return st.builds(
        ScopeRoutes,
        scope_id=st.just("incident"),
        epoch=st.just(epoch),
        video=st.lists(pictures, max_size=8, unique_by=lambda each: (each.connection_id, each.slot)).map(
            tuple
        ),
        audio=st.lists(sounds, max_size=4, unique_by=lambda each: each.connection_id).map(tuple),
    )


places = st.dictionaries(st.sampled_from(CONNECTIONS), st.integers(0, WORKERS - 1))


@given(routes_at(1), places)
def test_every_route_is_told_to_the_worker_that_has_its_connection_and_to_no_other(
    routes: ScopeRoutes, worker_of: dict[str, int]
) -> None:
    parts = split(routes, worker_of)
    for worker, part in parts.items():
        assert {worker_of[connection] for connection, _, _ in flows(part)} <= {worker}
        assert (part.scope_id, part.epoch) == (routes.scope_id, routes.epoch)
    told = set().union(*(flows(part) for part in parts.values())) if parts else set()
    assert told == {each for each in flows(routes) if each[0] in worker_of}


@given(routes_at(1), routes_at(2), places)
def test_nothing_new_flows_anywhere_before_all_that_goes_is_silent_everywhere(
    before: ScopeRoutes, after: ScopeRoutes, worker_of: dict[str, int]
) -> None:
    had, gets = split(before, worker_of), split(after, worker_of)
    nothing = ScopeRoutes(scope_id="incident", epoch=2)
    between = {
        worker: kept(part, gets.get(worker, nothing)) if loses(part, gets.get(worker, nothing)) else part
        for worker, part in had.items()
    }
    flowing = set().union(*(flows(part) for part in between.values())) if between else set()
    first = set().union(*(flows(part) for part in had.values())) if had else set()
    last = set().union(*(flows(part) for part in gets.values())) if gets else set()
    assert flowing == first & last


@given(st.lists(routes_at(1), min_size=1, max_size=6), places)
def test_a_source_crosses_to_just_the_other_workers_whose_routes_name_it(
    rounds: list[ScopeRoutes], worker_of: dict[str, int]
) -> None:
    state = PoolState(WORKERS)
    for connection, worker in worker_of.items():
        state.connected(connection, worker)
    for number, source in enumerate(SOURCES):
        state.connected(f"publisher of {source}", number % WORKERS, source_id=source)
    for routes in rounds:
        parts = state.split(routes)
        state.will_need("incident", parts)
        for source, home, workers in state.crossings_to_tell():
            assert home not in workers
            state.carried[source] = workers
        state.tell("incident", parts)
    wanted = needed(split(rounds[-1], worker_of).items())
    for number, source in enumerate(SOURCES):
        expected = wanted.get(source, set()) - {number % WORKERS}
        assert set(state.carried.get(source, ())) == expected
    assert state.crossings_to_tell() == []

    state.lost(0)
    assert all(0 not in workers for _, _, workers in state.crossings_to_tell())
    assert not [part for parts in state.told.values() for worker, part in parts.items() if worker == 0]


def test_the_least_busy_worker_is_asked_first_and_a_full_one_last() -> None:
    busy, full, idle = Share(cpu=0.5), Share(cpu=0.1, full=True), Share(cpu=0.1, connections=3)
    assert order([busy, full, idle, Share(up=False)]) == [2, 0, 1]
    assert order([Share(cpu=0.1, placed=10), Share(cpu=0.15)]) == [1, 0], "what came since counts"
    assert order([Share(connections=2), Share(connections=1)]) == [1, 0]


def test_a_scope_stays_where_it_is_until_that_worker_is_crowded() -> None:
    assert order([Share(), Share(cpu=0.6)], preferred=1) == [1, 0]
    assert order([Share(), Share(cpu=0.8)], preferred=1) == [0, 1]
    state = PoolState(2)
    for name, worker in (("a", 1), ("b", 1), ("c", 0)):
        state.connected(f"of {name}", worker, source_id=name, scope_id="incident")
    assert state.home_of_scope("incident") == 1
    for name in ("a", "b"):
        state.disconnected(f"of {name}")
    assert state.home_of_scope("incident") == 0
    state.disconnected("of c")
    assert state.home_of_scope("incident") is None


def test_what_a_worker_tells_of_its_load_takes_the_place_of_what_was_guessed() -> None:
    state = PoolState(1)
    for number in range(5):
        state.connected(str(number), 0)
    assert state.shares[0].placed == 5
    load = WorkerLoad(cpu=0.3, lag_ms=0, dropped=0, full=True, connections=5, sources=0, counters={})
    state.note_load(0, load)
    assert state.shares[0] == Share(cpu=0.3, connections=5, full=True)


def test_those_who_speak_on_several_workers_are_told_together() -> None:
    state = PoolState(3)
    state.speaking = [("a", "b"), (), ("c",)]
    assert state.voices() == ("a", "c", "b")
