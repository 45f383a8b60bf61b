"""How a slot begins to show a source: from the history, from a keyframe it asked for, or as a still."""

from __future__ import annotations

import itertools

from rtc.plane import Kind
from rtc.rtp.rtcp import KeyframeRequest, Nack, parse_rtcp
from rtc.rtp.serial import seq_delta, ts_delta
from tests.unit.rtc.forwarding_house import House
from tests.unit.rtc.packets import (
    VP8_KEY,
)


def test_a_deaf_publisher_is_shown_at_once_from_its_last_keyframe_in_dense_time() -> None:
    house = House("a")
    house.play("a", 120, key_first=True)  # four seconds; nobody answers the requests
    assert house.cameras["a"].source.layers(Kind.VIDEO)[0].keyframes.deaf
    house.show("a")
    left = house.outlet.left
    for turn in range(1, 5):
        house.pass_time(0.01)
        assert len(left) == min(120, 32 * turn), "in bursts that a link can carry"
    assert left[0].payload.startswith(VP8_KEY)
    span = ts_delta(left[-1].timestamp, left[0].timestamp)
    assert 0 < span < 90_000 * 0.1
    house.play("a", 10)
    assert len(left) == 130
    gaps = [ts_delta(b.timestamp, a.timestamp) for a, b in itertools.pairwise(left)]
    assert all(gap > 0 for gap in gaps)
    assert gaps[-5:] == [3000] * 5
    lost = left[60]
    house.forwarder.receive_feedback(house.viewer, [Nack(ssrc=900, seqs=(lost.seq,))], house.now)
    assert (left[-1].seq, left[-1].timestamp, left[-1].payload) == (lost.seq, lost.timestamp, lost.payload)


def test_a_packet_that_a_slot_has_not_come_to_yet_is_not_sent_before_its_turn() -> None:
    house = House("a")
    house.play("a", 120, key_first=True)
    house.show("a")
    house.pass_time(0.01)
    sent = len(house.outlet.left)
    ahead = tuple((house.outlet.left[-1].seq + 1 + each) & 0xFFFF for each in range(50))
    house.forwarder.receive_feedback(house.viewer, [Nack(ssrc=900, seqs=ahead)], house.now)
    assert len(house.outlet.left) == sent, "later its timestamp may be another: one number, two packets"


def test_a_deaf_publisher_whose_keyframe_is_too_old_is_shown_as_a_still() -> None:
    house = House("a")
    house.play("a", 5000, key_first=True)
    house.show("a")
    assert [packet.payload for packet in house.outlet.left] == [VP8_KEY + b"a"]
    assert house.viewer.video[0].state().first_rtp_ts == house.outlet.left[0].timestamp
    house.play("a", 5)
    assert len(house.outlet.left) == 1
    house.play("a", 5, key_first=True)
    assert len(house.outlet.left) == 6
    left = house.outlet.left
    assert all(seq_delta(b.seq, a.seq) == 1 for a, b in itertools.pairwise(left))


def test_a_publisher_that_answers_is_asked_for_a_keyframe_instead() -> None:
    house = House("a")
    camera = house.cameras["a"]
    house.play("a", 1, key_first=True)
    for _ in range(40):
        asked = any(
            isinstance(fact, KeyframeRequest) for data in camera.outlet.rtcp for fact in parse_rtcp(data)
        )
        camera.outlet.rtcp.clear()
        house.play("a", 1, key_first=asked)
    house.play("a", 60)
    house.show("a")
    house.play("a", 1)
    assert house.outlet.left == []
    assert any(isinstance(fact, KeyframeRequest) for data in camera.outlet.rtcp for fact in parse_rtcp(data))
    house.play("a", 1, key_first=True)
    assert len(house.outlet.left) == 1
