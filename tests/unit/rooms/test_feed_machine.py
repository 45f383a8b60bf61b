"""A feed starts, is lost, comes back, stops; every state against every command."""

from itertools import product

import pytest

from rooms import (
    EVENT_TYPES,
    FeedAttached,
    FeedCommand,
    FeedInterrupted,
    FeedResumed,
    FeedStarted,
    FeedState,
    FeedStopped,
    InvalidTransition,
    attach,
    interrupt,
    kind_of,
    resume,
    start,
    stop,
)
from rooms.feed import TRANSITIONS
from tests.unit.rooms.gatherings import ELSEWHERE, after, feed

DO = {
    FeedCommand.START: lambda f: start(f, has_audio=True, has_video=True, now=after(9)),
    FeedCommand.INTERRUPT: lambda f: interrupt(f, reason="timeout", now=after(9)),
    FeedCommand.RESUME: lambda f: resume(f, now=after(9)),
    FeedCommand.STOP: lambda f: stop(f, now=after(9)),
}


@pytest.mark.parametrize(("state", "command"), [*product(FeedState, FeedCommand)])
def test_the_table_decides(state: FeedState, command: FeedCommand) -> None:
    before = feed(state=state)
    if (state, command) not in TRANSITIONS:
        with pytest.raises(InvalidTransition) as refusal:
            DO[command](before)
        assert refusal.value.params["state"] == state
        return
    moved, events = DO[command](before)
    assert moved.state is TRANSITIONS[state, command]
    assert bool(events) == (moved != before)
    assert (moved.since == after(9)) == (moved.state is not state)


def test_a_feed_lives_through_an_interruption_and_a_second_start() -> None:
    live, [started] = start(feed(state=FeedState.IDLE), has_audio=False, has_video=True, now=after(1))
    quiet, [lost] = interrupt(live, reason="timeout", now=after(2))
    back, [resumed] = resume(quiet, now=after(3))
    ended, [stopped] = stop(back, now=after(4))
    again, [restarted] = start(ended, has_audio=True, has_video=True, now=after(5))
    assert [type(e) for e in (started, lost, resumed, stopped, restarted)] == [
        FeedStarted,
        FeedInterrupted,
        FeedResumed,
        FeedStopped,
        FeedStarted,
    ]
    assert again.has_audio


def test_a_new_connection_of_a_live_feed_tells_only_new_kinds() -> None:
    assert not start(feed(), has_audio=True, has_video=True, now=after(1))[1]
    changed, [event] = start(feed(), has_audio=False, has_video=True, now=after(1))
    assert event == FeedStarted(feed_id=feed().id, has_audio=False, has_video=True)
    assert changed.since == feed().since


def test_a_feed_moves_to_another_incident() -> None:
    moved, [event] = attach(feed(), scope_id=ELSEWHERE, now=after(1))
    assert event == FeedAttached(feed_id=moved.id, scope_id=ELSEWHERE)
    assert attach(moved, scope_id=ELSEWHERE, now=after(2)) == (moved, ())


def test_every_event_of_rooms_and_feeds_has_its_wire_name() -> None:
    assert {"room_opened", "participant_muted", "feed_interrupted"} <= EVENT_TYPES.keys()
    assert all(kind == kind_of(event) for kind, event in EVENT_TYPES.items())
