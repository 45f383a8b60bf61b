"""The desired state by scope and epoch, compared with the plainest table that could be."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rtc.forwarding.routes import MAX_EMPTY_SCOPES, RouteTable
from rtc.plane import AudioRoute, ScopeRoutes, VideoRoute

connections = st.sampled_from(["c1", "c2", "c3"])
sources = st.sampled_from(["s1", "s2", "s3"])
scopes = st.sampled_from(["x", "y"])
video_routes = st.builds(VideoRoute, connection_id=connections, slot=st.integers(0, 2), source_id=sources)
audio_routes = st.builds(
    AudioRoute, connection_id=connections, source_ids=st.lists(sources, max_size=2, unique=True).map(tuple)
)
all_routes = st.builds(
    ScopeRoutes,
    scope_id=scopes,
    epoch=st.integers(0, 5),
    video=st.lists(video_routes, max_size=4, unique_by=lambda each: (each.connection_id, each.slot)).map(
        tuple
    ),
    audio=st.lists(audio_routes, max_size=2, unique_by=lambda each: each.connection_id).map(tuple),
)


@given(st.lists(all_routes, max_size=12))
def test_the_table_is_what_the_newest_routes_of_each_scope_say(history: list[ScopeRoutes]) -> None:
    table = RouteTable()
    accepted: dict[str, ScopeRoutes] = {}
    before: dict[str, dict[int, str]] = {"c1": {}, "c2": {}, "c3": {}}
    for routes in history:
        last = accepted.get(routes.scope_id)
        concerned = table.replace(routes)
        if last is not None and routes.epoch < last.epoch:
            assert concerned is None
            continue
        accepted.pop(routes.scope_id, None)
        accepted[routes.scope_id] = routes
        assert concerned is not None
        for connection in ("c1", "c2", "c3"):
            if connection not in concerned:
                now = table.desired(connection)
                assert {slot: at.source_id for slot, at in now.video.items()} == before[connection]
            expected = {
                each.slot: (one.scope_id, one.epoch, each.source_id)
                for one in accepted.values()
                for each in one.video
                if each.connection_id == connection
            }
            desired = table.desired(connection)
            found = {slot: (at.scope_id, at.epoch, at.source_id) for slot, at in desired.video.items()}
            assert found == expected
            heard = [
                each.source_ids
                for one in accepted.values()
                for each in one.audio
                if each.connection_id == connection
            ]
            assert desired.candidates == (heard[-1] if heard else ())
            assert set(desired.pinned) <= set(desired.candidates)
            before[connection] = {slot: at.source_id for slot, at in desired.video.items()}


def test_the_epochs_of_scopes_long_empty_are_forgotten_at_last() -> None:
    table = RouteTable()
    for number in range(MAX_EMPTY_SCOPES + 10):
        table.replace(ScopeRoutes(scope_id=str(number), epoch=7))
    assert table.replace(ScopeRoutes(scope_id=str(MAX_EMPTY_SCOPES), epoch=6)) is None
    assert table.replace(ScopeRoutes(scope_id="0", epoch=6)) is not None
