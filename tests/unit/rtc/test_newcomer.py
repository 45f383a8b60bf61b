"""An address is asked for proof now and then, and never sent more than came from it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rtc.transport.newcomer import MOST_CHECKS, Newcomer
from rtc.transport.stun import binding_success, is_success, pack_binding_request, parse_binding_request

PLACE = (0, ("192.0.2.7", 5000))
TRANSACTION = bytes(range(12))


@given(st.lists(st.tuples(st.integers(0, 1500), st.floats(0, 0.5)), max_size=100))
def test_no_more_is_sent_there_than_came_from_there(arrivals: list[tuple[int, float]]) -> None:
    newcomer = Newcomer(place=PLACE, transaction=TRANSACTION)
    now = 0.0
    came = sent = asked = 0
    for octets, pause in arrivals:
        now += pause
        newcomer.heard(octets)
        came += octets
        if newcomer.ask(88, now):
            sent += 88
            asked += 1
        assert sent <= came
    assert asked <= MOST_CHECKS


def test_a_check_is_repeated_after_a_while_and_not_before() -> None:
    newcomer = Newcomer(place=PLACE, transaction=TRANSACTION)
    newcomer.heard(10_000)
    asked = [step for step in range(16) if newcomer.ask(88, step / 16)]
    assert asked == [0, 2, 4, 6, 8, 10, 12, 14]


def request(transaction: bytes) -> bytes:
    return pack_binding_request(username="theirs:ours", password="secret", transaction=transaction)


def test_only_the_signed_answer_to_this_very_check_is_one() -> None:
    answer = binding_success(parse_binding_request(request(TRANSACTION)), PLACE[1], "secret")
    assert is_success(answer, TRANSACTION, "secret")
    assert not is_success(answer, bytes(12), "secret")
    assert not is_success(answer, TRANSACTION, "guess")
    assert not is_success(request(TRANSACTION), TRANSACTION, "secret")


@given(st.integers(0, 63), st.integers(1, 255), st.integers(0, 64))
def test_a_spoilt_answer_is_none(at: int, change: int, cut: int) -> None:
    answer = bytearray(binding_success(parse_binding_request(request(TRANSACTION)), PLACE[1], "secret"))
    answer[at] ^= change
    # What follows the signature is not signed: only there may a change go unnoticed.
    assert not is_success(bytes(answer), TRANSACTION, "secret") or at >= len(answer) - 8
    assert not is_success(bytes(answer[:cut]), TRANSACTION, "secret") or cut >= len(answer) - 8
