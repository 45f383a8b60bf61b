"""Checks are believed only when signed; media goes where the peer was last proved to be."""

from __future__ import annotations

import contextlib

import pytest
from aioice import stun as reference
from hypothesis import given
from hypothesis import strategies as st

from rtc.errors import MalformedPacket
from rtc.transport.ice_lite import MAX_ADDRESSES, IceLite
from rtc.transport.stun import BindingRequest, pack_binding_request, parse_binding_request

HOME, AWAY = ("192.0.2.1", 4000), ("198.51.100.7", 5000)


def request(
    *, password: str = "secret", nominate: bool = True, controlling: bool = True, number: int = 0
) -> BindingRequest:
    return parse_binding_request(
        pack_binding_request(
            username="ours:theirs",
            password=password,
            transaction=number.to_bytes(12, "big"),
            use_candidate=nominate,
            controlling=controlling,
        )
    )


def agent() -> IceLite:
    return IceLite(ufrag="ours", password="secret", now=0.0)


def test_a_signed_check_is_answered_with_the_address_it_came_from_and_signed() -> None:
    ice = agent()
    answer = ice.check(request(number=5), 0, HOME, 1.0)
    assert answer is not None
    message = reference.parse_message(answer)
    assert message.check_message_integrity(b"secret")
    assert message.attributes["XOR-MAPPED-ADDRESS"] == HOME
    assert message.transaction_id == (5).to_bytes(12, "big")
    assert ice.selected == (0, HOME)


def test_an_ipv6_peer_is_told_its_address() -> None:
    answer = agent().check(request(), 0, ("2001:db8::7", 4000), 1.0)
    assert answer is not None
    assert reference.parse_message(answer).attributes["XOR-MAPPED-ADDRESS"] == ("2001:db8::7", 4000)


def test_a_check_that_another_library_made_is_understood() -> None:
    message = reference.Message(reference.Method.BINDING, reference.Class.REQUEST)
    message.attributes["USERNAME"] = "ours:theirs"
    message.attributes["PRIORITY"] = 1
    message.attributes["ICE-CONTROLLING"] = 1
    message.attributes["USE-CANDIDATE"] = None
    message.add_message_integrity(b"secret")
    parsed = parse_binding_request(bytes(message))
    assert parsed.local_ufrag == "ours"
    assert parsed.use_candidate
    assert parsed.signed_by("secret")


def test_a_check_with_the_wrong_password_gets_no_answer_and_moves_nothing() -> None:
    ice = agent()
    assert ice.check(request(password="guess"), 0, HOME, 1.0) is None
    assert ice.selected is None
    assert ice.addresses == {}


def test_a_peer_that_believes_itself_controlled_is_told_of_the_conflict() -> None:
    ice = agent()
    answer = ice.check(request(controlling=False), 0, HOME, 1.0)
    assert answer is not None
    assert reference.parse_message(answer).error_code == 487
    assert ice.selected is None


def test_media_follows_a_nominated_address_at_once() -> None:
    ice = agent()
    ice.check(request(), 0, HOME, 1.0)
    ice.check(request(), 0, AWAY, 1.1)
    assert ice.selected == (0, AWAY)


def test_media_follows_another_proved_address_only_when_the_present_one_is_silent() -> None:
    ice = agent()
    ice.check(request(), 0, HOME, 1.0)
    ice.check(request(nominate=False), 0, AWAY, 2.0)
    assert ice.selected == (0, HOME)
    ice.check(request(nominate=False), 0, AWAY, 4.5)
    assert ice.selected == (0, AWAY)


def test_a_peer_is_lost_after_fifteen_seconds_without_a_sign() -> None:
    ice = agent()
    ice.check(request(), 0, HOME, 1.0)
    assert not ice.lost(16.0)
    assert ice.lost(16.1)
    ice.heard((0, HOME), 16.1)
    assert not ice.lost(31.0)


def test_a_peer_has_a_bounded_number_of_addresses_the_selected_among_them() -> None:
    ice = agent()
    ice.check(request(), 0, HOME, 1.0)
    for port in range(50):
        ice.check(request(nominate=False), 0, ("192.0.2.9", 6000 + port), 1.0)
    assert len(ice.addresses) == MAX_ADDRESSES
    assert (0, HOME) in ice.addresses


@given(st.binary(max_size=120))
def test_arbitrary_bytes_are_a_check_or_malformed(data: bytes) -> None:
    with contextlib.suppress(MalformedPacket):
        parse_binding_request(data)


@given(st.integers(0, 107), st.integers(0, 255))
def test_a_check_changed_in_one_byte_is_not_believed(at: int, value: int) -> None:
    whole = pack_binding_request(username="ours:theirs", password="secret", transaction=bytes(12))
    changed = bytearray(whole)
    if at >= len(changed) or changed[at] == value:
        return
    changed[at] = value
    with contextlib.suppress(MalformedPacket):
        parsed = parse_binding_request(bytes(changed))
        # What follows the signature is not signed: only there may a change go unnoticed.
        assert not parsed.signed_by("secret") or at >= len(whole) - 8


@pytest.mark.parametrize("kind", [0x0101, 0x0111, 0x0011, 0x0003])
def test_other_stun_messages_are_not_checks(kind: int) -> None:
    data = bytearray(pack_binding_request(username="a:b", password="secret", transaction=bytes(12)))
    data[:2] = kind.to_bytes(2, "big")
    with pytest.raises(MalformedPacket):
        parse_binding_request(bytes(data))


def as_whom(ufrag: str, password: str) -> BindingRequest:
    packed = pack_binding_request(
        username=f"{ufrag}:theirs",
        password=password,
        transaction=bytes(12),
        use_candidate=True,
        controlling=True,
    )
    return parse_binding_request(packed)


def test_after_a_restart_the_former_name_holds_until_the_new_one_is_used() -> None:
    ice = agent()
    ice.check(request(), 0, HOME, 1.0)
    ice.restart("new", "word")
    assert ice.check(as_whom("ours", "secret"), 0, HOME, 2.0) is not None
    assert ice.check(as_whom("new", "secret"), 0, AWAY, 2.1) is None
    assert ice.check(as_whom("ours", "word"), 0, AWAY, 2.2) is None
    assert ice.selected == (0, HOME), "media goes where it went"
    assert ice.check(as_whom("new", "word"), 0, AWAY, 2.3) is not None
    assert ice.selected == (0, AWAY)
    assert ice.check(as_whom("ours", "secret"), 0, HOME, 2.4) is None


def test_a_second_restart_before_the_first_was_used_keeps_what_the_peer_has() -> None:
    ice = agent()
    ice.check(request(), 0, HOME, 1.0)
    ice.restart("unused", "unused")
    ice.restart("new", "word")
    assert ice.check(as_whom("ours", "secret"), 0, HOME, 2.0) is not None
    assert ice.check(as_whom("unused", "unused"), 0, AWAY, 2.1) is None
    assert ice.check(as_whom("new", "word"), 0, AWAY, 2.2) is not None


def test_when_the_path_in_use_is_gone_media_goes_by_the_one_proved_last() -> None:
    ice = agent()
    ice.check(request(), 0, HOME, 1.0)
    ice.check(request(nominate=False), 70_001, AWAY, 2.0)
    ice.check(request(), 70_002, HOME, 3.0)
    ice.lose(70_001)
    assert ice.selected == (70_002, HOME)
    ice.check(request(nominate=False), 70_003, AWAY, 4.0)
    ice.lose(70_002)
    assert ice.selected == (70_003, AWAY)
    ice.lose(70_003)
    assert ice.selected == (0, HOME)
    ice.lose(0)
    assert (ice.selected, ice.addresses) == (None, {})
    ice.check(request(nominate=False), 0, AWAY, 5.0)
    assert ice.selected == (0, AWAY)
