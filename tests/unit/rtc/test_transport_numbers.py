"""Transport-wide numbers: every packet gets the next one, and what is reported of it finds when it left."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rtc.downlink.transport_numbers import KEPT, TransportNumbers
from rtc.rtp.rtp_packet import parse_rtp
from tests.unit.rtc.packets import video


def test_the_numbers_wrap_and_only_the_last_ones_are_remembered() -> None:
    now = 4_294.0  # the microseconds wrap within the run
    numbers = TransportNumbers(element_id=3, clock=lambda: now)
    for index in range(70_000):
        now = 4_294.0 + index * 0.0001
        stamped = numbers.stamp(video(index & 0xFFFF, 0, bytes(index % 50)))
        if index % 1000 == 0:
            assert parse_rtp(stamped).element(3) == (index & 0xFFFF).to_bytes(2, "big")
    last, first = 69_999, 69_999 - KEPT - 999
    passages = numbers.passages(report(first, [None] * (KEPT + 1000)))
    assert len(passages) == KEPT
    for number, passage in enumerate(passages, last - KEPT + 1):
        assert abs(passage.left_at - (4_294.0 + number * 0.0001)) < 1e-5
        assert passage.size == 12 + number % 50
    assert numbers.passages(report(last + 1, [None])) == []


def report(first: int, arrivals: list[float | None]) -> bytes:
    """The body of feedback on the numbers from `first` on."""
    lost = bytes((len(arrivals) >> 8, len(arrivals) & 0xFF))
    return (first & 0xFFFF).to_bytes(2, "big") + lost + bytes(4) + lost


@given(st.binary(max_size=300), st.integers(1, 14))
def test_the_stamped_packet_is_the_same_but_for_its_extension(payload: bytes, element_id: int) -> None:
    numbers = TransportNumbers(element_id=element_id, clock=lambda: 1.0)
    plain = video(7, 9, payload)
    packet = parse_rtp(numbers.stamp(plain))
    assert packet.plain(plain[1] & 0x7F) == plain
    assert packet.element(element_id) == b"\0\0"
