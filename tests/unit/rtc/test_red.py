"""Sound with repetitions is passed on to who takes it, and repeats nothing of before one's turn."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtc.codecs import PAYLOAD_TYPES, Codec
from rtc.errors import MalformedPacket
from rtc.forwarding.forwarder import Forwarder
from rtc.plane import AudioRoute, MediaEvent, ScopeRoutes
from rtc.rtp.red import REACH, RED_PAYLOAD_TYPE, is_red, red_payload, without_repetitions, wrapped
from rtc.rtp.rtcp import Nack
from rtc.rtp.rtp_packet import RtpPacket
from rtc.uplink.source import Source, StreamPlan
from tests.unit.rtc.packets import FANOUT, FakeOutlet, make_subscriber

OPUS, RED = 109, 45  # the publisher's numbers
OURS = PAYLOAD_TYPES[Codec.OPUS]
STEP = 960

repetitions = st.lists(st.tuples(st.integers(0, REACH), st.binary(min_size=1, max_size=60)), max_size=8)


def red(primary: bytes, *before: tuple[int, bytes], number: int = OPUS) -> bytes:
    """A RED payload: `before` are offsets and what they repeat."""
    heads = b"".join(
        bytes((0x80 | number,)) + (offset << 10 | len(data)).to_bytes(3, "big") for offset, data in before
    )
    return heads + bytes((number,)) + b"".join(data for _, data in before) + primary


def plain(payload: bytes, payload_type: int, *, marker: bool = True) -> bytes:
    packet = RtpPacket(payload_type=payload_type, marker=marker, seq=7, timestamp=9, ssrc=11, payload=payload)
    return packet.plain(payload_type)


@given(st.binary(max_size=60), repetitions, st.booleans())
def test_every_block_is_under_our_number_and_the_newest_can_be_taken_out(
    primary: bytes, before: list[tuple[int, bytes]], marker: bool
) -> None:
    payload = red_payload(red(primary, *before), OPUS)
    assert payload == red(primary, *before, number=OURS)
    packet = plain(payload, RED_PAYLOAD_TYPE, marker=marker)
    assert is_red(packet)
    assert without_repetitions(packet) == plain(primary, OURS, marker=marker)


@given(st.binary(max_size=60), st.booleans())
def test_opus_alone_is_wrapped_and_unwrapped(primary: bytes, marker: bool) -> None:
    packet = plain(primary, OURS, marker=marker)
    assert not is_red(packet)
    assert wrapped(packet) == plain(red(primary, number=OURS), RED_PAYLOAD_TYPE, marker=marker)
    assert without_repetitions(wrapped(packet)) == packet


def test_repetitions_in_another_codec_or_of_nothing_are_left_out() -> None:
    strange = bytes((0x80 | 99,)) + (960 << 10 | 3).to_bytes(3, "big")
    empty = bytes((0x80 | OPUS,)) + (960 << 10).to_bytes(3, "big")
    good = bytes((0x80 | OPUS,)) + (480 << 10 | 2).to_bytes(3, "big")
    payload = strange + empty + good + bytes((OPUS,)) + b"abc" + b"de" + b"new"
    assert red_payload(payload, OPUS) == red(b"new", (480, b"de"), number=OURS)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        bytes((0x80 | OPUS,)),
        bytes((0x80 | OPUS, 0, 0, 9)),
        bytes((0x80 | OPUS, 0, 0, 9, OPUS)) + b"short",
        bytes((99,)) + b"another codec",
        bytes((0x80 | OPUS, 0, 0, 0)) * 9 + bytes((OPUS,)),
    ],
)
def test_cut_and_strange_payloads_are_malformed(payload: bytes) -> None:
    with pytest.raises(MalformedPacket):
        red_payload(payload, OPUS)


@given(st.binary(max_size=120))
def test_arbitrary_bytes_are_red_or_malformed(data: bytes) -> None:
    with contextlib.suppress(MalformedPacket):
        payload = red_payload(data, OPUS)
        assert len(payload) <= len(data)
        without_repetitions(plain(payload, RED_PAYLOAD_TYPE))


@given(st.lists(st.sampled_from((0x80 | OPUS, OPUS, 0, 1, 0xFF)), max_size=60).map(bytes))
def test_well_framed_junk_is_red_or_malformed(data: bytes) -> None:
    with contextlib.suppress(MalformedPacket):
        without_repetitions(plain(red_payload(data, OPUS), RED_PAYLOAD_TYPE))


class Talk:
    """One who speaks in RED, and two who listen: one that takes it and one that does not."""

    def __init__(self) -> None:
        self.now = 100.0
        self.events: list[MediaEvent] = []
        self.forwarder = Forwarder(emit=self.events.append, unix_offset_s=0.0)
        self.outlets: dict[str, FakeOutlet] = {}
        self.viewers = {}
        for name, redundant in (("red", True), ("opus", False)):
            viewer, self.outlets[name] = make_subscriber(name, now=self.now, redundant=redundant)
            self.viewers[name] = viewer
            self.forwarder.add_subscriber(viewer, self.now)
        self.source = Source(
            source_id="speaker",
            connection_id="speaker",
            plans=(StreamPlan(codec=Codec.OPUS, payload_type=OPUS, red_payload_type=RED, ssrc=12),),
            outlet=FakeOutlet(),
            fanout=FANOUT,
            on_start=self.forwarder.note_start,
            now=self.now,
        )
        self.forwarder.add_source(self.source, self.now)
        self.epoch = 0
        self.seq = 65_530
        self.said: list[bytes] = []

    def listen(self, *names: str) -> None:
        self.epoch += 1
        heard = tuple(AudioRoute(connection_id=name, source_ids=("speaker",)) for name in names)
        self.forwarder.reconcile(ScopeRoutes(scope_id="scope", epoch=self.epoch, audio=heard), self.now)

    def packet(self, *, repeating: int = 1, alone: bool = False) -> bytes:
        self.seq += 1
        self.said.append(f"word {len(self.said):04}".encode())
        before = [
            (back * STEP, self.said[-1 - back]) for back in range(min(repeating, len(self.said) - 1), 0, -1)
        ]
        payload = self.said[-1] if alone else red(self.said[-1], *before)
        return RtpPacket(
            payload_type=OPUS if alone else RED,
            marker=False,
            seq=self.seq & 0xFFFF,
            timestamp=self.seq * STEP & 0xFFFFFFFF,
            ssrc=12,
            payload=payload,
        ).plain(OPUS if alone else RED)

    def say(self, words: int, *, alone: bool = False) -> None:
        for _ in range(words):
            self.arrive(self.packet(alone=alone))

    def arrive(self, data: bytes) -> None:
        self.now += 0.02
        self.forwarder.receive_rtp(self.source, data, self.now)
        self.forwarder.tick(self.now)

    def heard(self, name: str) -> Iterator[RtpPacket]:
        return iter(self.outlets[name].left)


def test_each_listener_gets_its_own_form_under_the_same_numbers() -> None:
    talk = Talk()
    talk.listen("red", "opus")
    talk.say(60)
    with_them, without = talk.outlets["red"].left, talk.outlets["opus"].left
    assert [packet.payload for packet in without] == talk.said
    assert {packet.payload_type for packet in without} == {OURS}
    assert [packet.payload_type for packet in with_them[-30:]] == [RED_PAYLOAD_TYPE] * 30
    assert with_them[-1].payload == red(talk.said[-1], (STEP, talk.said[-2]), number=OURS)
    for packets in (with_them, without):
        assert {(after.seq - before.seq) & 0xFFFF for before, after in pairwise(packets)} == {1}
        assert {(after.timestamp - before.timestamp) & 0xFFFFFFFF for before, after in pairwise(packets)} == {
            STEP
        }


def test_nothing_that_was_said_before_ones_turn_is_repeated_to_one() -> None:
    talk = Talk()
    talk.say(30)
    secrets = set(talk.said)
    talk.listen("red")
    for _ in range(40):
        talk.arrive(talk.packet(repeating=8))
    first = len(secrets)
    heard = list(talk.heard("red"))
    assert not [packet for packet in heard for secret in secrets if secret in packet.payload]
    assert heard[0].payload == talk.said[first], "the first words come without"
    ripe = next(index for index, packet in enumerate(heard) if packet.payload_type == RED_PAYLOAD_TYPE)
    assert REACH // STEP < ripe <= REACH // STEP + 2
    talk.listen()
    talk.say(5)
    talk.listen("red")
    talk.say(1)
    assert talk.outlets["red"].left[-1].payload == talk.said[-1], "and again after every pause"


def test_a_packet_that_comes_late_or_is_asked_for_again_has_the_form_of_its_place() -> None:
    talk = Talk()
    talk.listen("red")
    talk.say(4)
    late = talk.packet()
    talk.say(30)
    talk.arrive(late)
    heard = talk.outlets["red"].left
    assert (heard[-1].payload_type, heard[-1].payload) == (OURS, talk.said[4])
    for asked in (heard[2], heard[-2]):
        nack = Nack(ssrc=asked.ssrc, seqs=(asked.seq,))
        talk.forwarder.receive_feedback(talk.viewers["red"], [nack], talk.now)
        again = heard[-1]
        assert (again.seq, again.timestamp) == (asked.seq, asked.timestamp)
        assert (again.payload_type, again.payload) == (asked.payload_type, asked.payload)
    assert heard[-1].payload_type == RED_PAYLOAD_TYPE


def test_words_that_come_without_repetitions_are_wrapped_for_who_takes_them() -> None:
    talk = Talk()
    talk.listen("red", "opus")
    talk.say(30)
    talk.say(2, alone=True)
    assert talk.outlets["red"].left[-1].payload == red(talk.said[-1], number=OURS)
    assert talk.outlets["red"].left[-1].payload_type == RED_PAYLOAD_TYPE
    assert talk.outlets["opus"].left[-1].payload == talk.said[-1]


def test_a_speaker_without_red_is_heard_as_ever() -> None:
    talk = Talk()
    talk.listen("red", "opus")
    talk.say(30, alone=True)
    for packets in talk.outlets.values():
        assert [packet.payload for packet in packets.left] == talk.said
        assert {packet.payload_type for packet in packets.left} == {OURS}


def test_a_red_packet_that_is_none_is_malformed_and_ends_nothing() -> None:
    talk = Talk()
    talk.listen("opus")
    talk.say(3)
    with pytest.raises(MalformedPacket):
        talk.arrive(plain(b"\xff\xff", RED)[:8] + (12).to_bytes(4, "big") + b"\xff\xff")
    talk.say(1)
    assert talk.outlets["opus"].left[-1].payload == talk.said[-1]
