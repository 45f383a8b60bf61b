"""Who is there: by sockets, with a grace that counts from the last sign of life."""

import pytest

from dispatch_server.sockets.presence import GRACE, Presence
from tests.fakes import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def presence(clock: FakeClock) -> Presence:
    """Of a hub that has run for an hour."""
    presence = Presence(clock)
    clock.pass_by(3600)
    return presence


GRACE_S = GRACE.total_seconds()


def test_only_the_first_socket_is_news(presence: Presence) -> None:
    assert presence.connected("p", "s1")
    assert not presence.connected("p", "s2")
    assert presence.online() == 1


def test_whoever_has_another_socket_open_is_still_there(presence: Presence, clock: FakeClock) -> None:
    presence.connected("p", "s1")
    presence.connected("p", "s2")
    presence.disconnected("p", "s1")
    clock.pass_by(GRACE_S * 10)

    assert presence.is_online("p")
    assert not presence.is_gone("p")


def test_whoever_lost_the_last_socket_is_gone_after_the_grace_and_not_before(
    presence: Presence, clock: FakeClock
) -> None:
    presence.connected("p", "s1")
    presence.disconnected("p", "s1")
    clock.pass_by(GRACE_S - 0.001)
    assert not presence.is_gone("p")

    clock.pass_by(0.001)
    assert presence.is_gone("p")
    assert not presence.is_online("p")


def test_coming_back_within_the_grace_is_no_absence(presence: Presence, clock: FakeClock) -> None:
    presence.connected("p", "s1")
    presence.disconnected("p", "s1")
    clock.pass_by(GRACE_S - 1)
    assert presence.connected("p", "s2"), "the first socket again"
    clock.pass_by(GRACE_S * 2)

    assert not presence.is_gone("p")


def test_after_a_start_of_the_hub_everybody_has_the_grace_to_come_back(clock: FakeClock) -> None:
    presence = Presence(clock)
    clock.pass_by(GRACE_S - 1)
    assert not presence.is_gone("p")

    clock.pass_by(1)
    assert presence.is_gone("p")


def test_whoever_came_in_without_a_socket_has_the_grace_from_then_on(
    presence: Presence, clock: FakeClock
) -> None:
    assert presence.is_gone("p")
    presence.heard("p")
    clock.pass_by(GRACE_S - 1)
    assert not presence.is_gone("p")
    assert not presence.is_online("p")

    clock.pass_by(1)
    assert presence.is_gone("p")


def test_a_socket_that_closes_twice_does_not_prolong_the_grace(presence: Presence, clock: FakeClock) -> None:
    presence.connected("p", "s1")
    presence.disconnected("p", "s1")
    clock.pass_by(GRACE_S)
    presence.disconnected("p", "s1")

    assert presence.is_gone("p")


def test_a_socket_that_nobody_opened_closes_without_a_trace(presence: Presence) -> None:
    presence.disconnected("p", "s1")
    assert presence.online() == 0


def test_people_long_gone_are_forgotten_and_stay_gone(presence: Presence, clock: FakeClock) -> None:
    presence.connected("p", "s1")
    presence.disconnected("p", "s1")
    clock.pass_by(7200)
    presence.forget_old(lambda at: at < clock())

    assert presence.is_gone("p")
