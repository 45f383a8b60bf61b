"""Who receives what: one case per rule, each shown from both sides."""

import pytest

from rooms import (
    Feed,
    FeedState,
    Media,
    PersonId,
    Room,
    SourceId,
    Viewer,
    audience,
    drop,
    end,
    leave,
    may_receive,
    mute,
    remove,
)
from tests.unit.rooms.gatherings import (
    ELSEWHERE,
    GUEST,
    OFFICER,
    OPERATOR,
    POLICE,
    SCOPE,
    WATER,
    after,
    feed,
    gathered,
    opened,
    seat,
    source,
    viewer,
)

PHONE = SourceId("phone")


def sees(room: Room | None, who: Viewer, source_id: SourceId, *feeds: Feed) -> bool:
    return may_receive(room, feeds or (feed(),), who, source_id, scope_id=SCOPE)


def hears(room: Room | None, who: Viewer, source_id: SourceId, *feeds: Feed) -> bool:
    return may_receive(room, feeds or (feed(),), who, source_id, scope_id=SCOPE, media=Media.AUDIO)


def test_the_scene_is_seen_by_right_or_by_being_present() -> None:
    assert sees(None, viewer(OPERATOR, by_right=True), PHONE)
    assert not sees(None, viewer(WATER), PHONE)
    assert not sees(opened(WATER), viewer(WATER), PHONE), "an invitation is not presence"
    assert sees(gathered(WATER), viewer(WATER), PHONE)


def test_right_alone_does_not_open_the_room() -> None:
    assert not hears(gathered(WATER), viewer(OPERATOR, by_right=True), source(WATER))
    assert hears(gathered(WATER, OPERATOR), viewer(OPERATOR), source(WATER))


@pytest.mark.parametrize("by_right", [True, False])
def test_whoever_was_removed_or_is_away_receives_nothing_whatever_their_right(by_right: bool) -> None:
    room = gathered(OPERATOR, WATER)
    removed, _ = remove(room, by=OPERATOR, target=seat(WATER), now=after(1))
    away, _ = drop(room, person_id=WATER, now=after(1))
    for gone in (removed, away):
        assert not sees(gone, viewer(WATER, by_right=by_right), PHONE)
        assert not hears(gone, viewer(WATER, by_right=by_right), source(OPERATOR))


def test_whoever_left_sees_the_scene_by_right_only() -> None:
    room, _ = leave(gathered(OPERATOR, WATER), person_id=OPERATOR, now=after(1))
    assert sees(room, viewer(OPERATOR, by_right=True), PHONE)
    assert not sees(room, viewer(OPERATOR), PHONE)
    assert not sees(room, viewer(OPERATOR, by_right=True), source(WATER))


def test_nobody_receives_themselves_neither_from_the_room_nor_by_their_feed() -> None:
    room = gathered(OFFICER, WATER)
    assert not sees(room, viewer(OFFICER, by_right=True), PHONE)
    assert not hears(room, viewer(OFFICER, by_right=True), source(OFFICER))


def test_a_muted_person_is_seen_and_not_heard_by_room_or_feed() -> None:
    room, _ = mute(
        gathered(OPERATOR, OFFICER, WATER), by=OPERATOR, target=seat(OFFICER), muted=True, now=after(1)
    )
    assert sees(room, viewer(WATER), source(OFFICER))
    assert sees(room, viewer(WATER), PHONE)
    assert not hears(room, viewer(WATER), source(OFFICER))
    assert not hears(room, viewer(WATER), PHONE)


def test_the_feed_of_a_removed_officer_shows_the_scene_in_silence() -> None:
    room, _ = remove(gathered(OPERATOR, OFFICER), by=OPERATOR, target=seat(OFFICER), now=after(1))
    assert sees(room, viewer(OPERATOR), PHONE)
    assert not hears(room, viewer(OPERATOR), PHONE)


def test_an_absent_or_observing_sender_is_not_forwarded() -> None:
    room, _ = drop(gathered(OPERATOR, WATER, GUEST), person_id=WATER, now=after(1))
    for sender in (WATER, GUEST, POLICE):
        assert not sees(room, viewer(OPERATOR), source(sender))
        assert not hears(room, viewer(OPERATOR), source(sender))
    assert hears(room, viewer(GUEST), source(OPERATOR)), "observers do receive"


@pytest.mark.parametrize("state", [FeedState.IDLE, FeedState.INTERRUPTED, FeedState.ENDED])
def test_a_feed_that_is_not_live_goes_nowhere(state: FeedState) -> None:
    assert not sees(gathered(WATER), viewer(WATER, by_right=True), PHONE, feed(state=state))


@pytest.mark.parametrize("scope_id", [None, ELSEWHERE])
def test_a_feed_of_another_incident_or_of_none_goes_nowhere(scope_id) -> None:
    assert not sees(gathered(WATER), viewer(WATER, by_right=True), PHONE, feed(scope_id=scope_id))


def test_the_room_of_another_incident_opens_nothing() -> None:
    room = gathered(WATER, OPERATOR)
    for source_id in (PHONE, source(OPERATOR)):
        assert not may_receive(
            room, (feed(scope_id=ELSEWHERE),), viewer(WATER), source_id, scope_id=ELSEWHERE
        )


def test_an_ended_room_carries_nothing_and_leaves_the_scene_to_those_with_the_right() -> None:
    room, _ = end(gathered(OPERATOR, WATER), by=None, now=after(1))
    assert not sees(room, viewer(WATER), PHONE)
    assert not sees(room, viewer(WATER), source(OPERATOR))
    assert sees(room, viewer(OPERATOR, by_right=True), PHONE)


@pytest.mark.parametrize("name", ["", "p:", "p:seat-nobody", "other", "phone "])
def test_an_unknown_source_is_not_forwarded(name: str) -> None:
    for media in Media:
        assert not may_receive(
            gathered(WATER),
            (feed(),),
            viewer(WATER, by_right=True),
            SourceId(name),
            scope_id=SCOPE,
            media=media,
        )


def test_the_audience_is_every_allowed_pair_and_carries_its_epoch() -> None:
    room = gathered(OPERATOR, WATER)
    people: list[PersonId] = [OPERATOR, WATER, POLICE]
    whole = audience(room, (feed(),), [viewer(who) for who in people], scope_id=SCOPE, epoch=7)
    pairs = {
        (PHONE, OPERATOR),
        (PHONE, WATER),
        (source(OPERATOR), WATER),
        (source(WATER), OPERATOR),
    }
    assert whole.video == whole.audio == pairs
    assert whole.epoch == 7
    assert whole.allows(Media.VIDEO, PHONE, WATER)
    assert not whole.allows(Media.AUDIO, PHONE, POLICE)


def test_two_audiences_with_the_same_pairs_differ_by_their_epoch_only() -> None:
    room, people = gathered(OPERATOR, WATER), [viewer(OPERATOR), viewer(WATER)]
    first = audience(room, (), people, scope_id=SCOPE, epoch=1)
    second = audience(room, (), people, scope_id=SCOPE, epoch=2)
    assert first != second
    assert first.same_pairs(second)
    assert not first.same_pairs(audience(None, (), people, scope_id=SCOPE, epoch=1))
