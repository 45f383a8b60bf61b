"""Coming, going, being lost and found; mutes that hold; the end."""

import pytest

from rooms import (
    InvalidTransition,
    NotPermitted,
    ParticipantDropped,
    ParticipantInvited,
    ParticipantJoined,
    ParticipantReturned,
    Presence,
    Role,
    RoomEnded,
    RoomId,
    RoomOpened,
    RoomOver,
    RoomState,
    UnknownParticipant,
    come_back,
    drop,
    end,
    invite,
    join,
    leave,
    mute,
    open_room,
    permitted,
    remove,
)
from rooms.permissions import Action
from tests.unit.rooms.gatherings import (
    COMMANDER,
    GUEST,
    OPERATOR,
    SCOPE,
    START,
    WATER,
    after,
    gathered,
    guest,
    opened,
    seat,
)


def test_an_opened_room_tells_whom_it_invites() -> None:
    people = {seat(who): guest(who) for who in (OPERATOR, WATER)}
    room, events = open_room(room_id=RoomId("r"), scope_id=SCOPE, invited=people, now=START)
    assert [type(event) for event in events] == [RoomOpened, ParticipantInvited, ParticipantInvited]
    assert [p.presence for p in room.participants] == [Presence.INVITED] * 2


def test_one_person_on_two_devices_is_one_participant() -> None:
    room = gathered(WATER)
    again, events = join(room, guest=guest(WATER), participant_id=seat(OPERATOR), now=after(5))
    assert (again, events) == (room, ())


def test_somebody_who_was_not_invited_gets_a_seat_by_joining() -> None:
    room, [joined] = join(opened(), guest=guest(WATER), participant_id=seat(WATER), now=after(5))
    assert isinstance(joined, ParticipantJoined)
    assert room.present[0].person_id == WATER


def test_a_lost_connection_keeps_the_seat_and_the_mute() -> None:
    room, _ = mute(gathered(OPERATOR, WATER), by=OPERATOR, target=seat(WATER), muted=True, now=after(1))
    room, lost = drop(room, person_id=WATER, now=after(2))
    assert lost == (ParticipantDropped(participant_id=seat(WATER)),)
    for back in (
        come_back(room, person_id=WATER, now=after(3)),
        join(room, guest=guest(WATER), participant_id=seat(WATER), now=after(3)),
    ):
        assert back[1] == (ParticipantReturned(participant_id=seat(WATER), muted=True),)
        assert back[0].participant(seat(WATER)).muted
        assert back[0].participant(seat(WATER)).joined_at == START


def test_a_mute_survives_leaving_and_joining_again() -> None:
    room, _ = mute(gathered(OPERATOR, WATER), by=OPERATOR, target=seat(WATER), muted=True, now=after(1))
    room, _ = leave(room, person_id=WATER, now=after(2))
    room, [joined] = join(room, guest=guest(WATER), participant_id=seat(WATER), now=after(3))
    assert isinstance(joined, ParticipantJoined)
    assert joined.muted


def test_one_lifts_ones_own_mute_but_not_the_halls() -> None:
    own, _ = mute(gathered(OPERATOR, WATER), by=WATER, target=seat(WATER), muted=True, now=after(1))
    assert mute(own, by=WATER, target=seat(WATER), muted=False, now=after(2))[1]
    halls, _ = mute(own, by=OPERATOR, target=seat(WATER), muted=True, now=after(2))
    kept, events = mute(halls, by=WATER, target=seat(WATER), muted=True, now=after(3))
    assert (kept, events) == (halls, ()), "muting oneself does not weaken the mute of the hall"
    with pytest.raises(NotPermitted):
        mute(halls, by=WATER, target=seat(WATER), muted=False, now=after(4))
    assert mute(halls, by=OPERATOR, target=seat(WATER), muted=False, now=after(4))[1]


def test_guests_moderate_nobody_and_strangers_even_less() -> None:
    room = gathered(OPERATOR, WATER)
    for command in (
        lambda by: mute(room, by=by, target=seat(OPERATOR), muted=True, now=after(1)),
        lambda by: remove(room, by=by, target=seat(OPERATOR), now=after(1)),
        lambda by: end(room, by=by, now=after(1)),
    ):
        for by in (WATER, COMMANDER):
            with pytest.raises(NotPermitted):
                command(by)


def test_whoever_was_removed_comes_back_only_by_invitation() -> None:
    room, _ = remove(gathered(OPERATOR, WATER), by=OPERATOR, target=seat(WATER), now=after(1))
    with pytest.raises(InvalidTransition):
        join(room, guest=guest(WATER), participant_id=seat(WATER), now=after(2))
    with pytest.raises(InvalidTransition):
        come_back(room, person_id=WATER, now=after(2))
    with pytest.raises(InvalidTransition):
        mute(room, by=OPERATOR, target=seat(WATER), muted=True, now=after(2))
    room, _ = invite(room, invited={seat(WATER): guest(WATER)}, now=after(3))
    room, _ = join(room, guest=guest(WATER), participant_id=seat(WATER), now=after(4))
    assert room.participant(seat(WATER)).presence is Presence.PRESENT


def test_a_removed_operator_moderates_nobody_any_more() -> None:
    room = gathered(COMMANDER, OPERATOR, WATER)
    room, _ = remove(room, by=COMMANDER, target=seat(OPERATOR), now=after(1))
    with pytest.raises(NotPermitted):
        mute(room, by=OPERATOR, target=seat(WATER), muted=True, now=after(2))


def test_after_the_end_nobody_is_in_the_room_and_nothing_is_possible() -> None:
    room, events = end(gathered(OPERATOR, WATER), by=None, now=after(9))
    assert events == (RoomEnded(room_id=RoomId("room-1"), by=None),)
    assert (room.state, room.ended_at, room.present) == (RoomState.ENDED, after(9), ())
    assert all(p.presence is Presence.LEFT for p in room.participants)
    for command in (
        lambda: join(room, guest=guest(GUEST), participant_id=seat(GUEST), now=after(10)),
        lambda: invite(room, invited={}, now=after(10)),
        lambda: leave(room, person_id=WATER, now=after(10)),
        lambda: end(room, by=None, now=after(10)),
        lambda: mute(room, by=OPERATOR, target=seat(WATER), muted=True, now=after(10)),
    ):
        with pytest.raises(RoomOver):
            command()
    assert drop(room, person_id=WATER, now=after(10)) == (room, ())


def test_people_who_are_not_on_the_list_are_unknown() -> None:
    with pytest.raises(UnknownParticipant):
        leave(gathered(OPERATOR), person_id=WATER, now=after(1))
    with pytest.raises(UnknownParticipant):
        remove(gathered(OPERATOR), by=OPERATOR, target=seat(WATER), now=after(1))


def test_an_observer_is_neither_seen_nor_heard_and_only_the_hall_moderates() -> None:
    assert not any(permitted(Role.OBSERVER, action) for action in Action)
    assert {role for role in Role if permitted(role, Action.MUTE_OTHERS)} == {Role.COMMANDER, Role.OPERATOR}
