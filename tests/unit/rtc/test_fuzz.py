"""Spoilt input of every kind: read or refused by name, and never without bounds."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtc.downlink.history import MAX_BYTES
from rtc.errors import MalformedPacket, RtcError
from rtc.rtp.rtcp import (
    MAX_NACKED,
    KeyframeRequest,
    Nack,
    ReceiverEstimate,
    ReportBlock,
    RtcpFact,
    SenderReport,
    pack_fir,
    pack_nack,
    pack_pli,
    pack_receiver_report,
    pack_remb,
    pack_sender_report,
    parse_rtcp,
)
from rtc.rtp.rtp_packet import RtpPacket, parse_rtp
from rtc.rtp.transport_feedback import ArrivalLog, parse_transport_feedback
from rtc.sdp.answer import publisher_answer, read_publisher_offer
from rtc.sdp.fragment import read_fragment
from rtc.sdp.lines import LocalTransport
from rtc.sdp.player import player_answer, read_player_offer, slots_of
from rtc.transport.stun import pack_binding_request, parse_binding_request
from rtc.uplink.nack import MAX_MISSING
from tests.fuzzing import Spoiler
from tests.searching import share
from tests.unit.rtc.forwarding_house import House
from tests.unit.rtc.offers import CHROMIUM, FFMPEG
from tests.unit.rtc.packets import VP8_DELTA, VP8_KEY, video
from tests.unit.rtc.test_player_sdp import CHROMIUM as PLAYER

SEEDS = st.integers(0, 2**32)
LOCAL = LocalTransport(
    ufrag="ours", password="p" * 24, fingerprint=":".join(["CD"] * 32), candidates=(("192.0.2.1", 8792),)
)
BLOCK = ReportBlock(ssrc=900, fraction_lost=3, lost=-1, highest=2**32 - 1, jitter=9, last_sr=1, since_sr=2)
REPORT = SenderReport(ssrc=11, ntp=2**63, rtp_ts=2**32 - 1, packets=5, octets=6)
FRAGMENT = (
    "a=group:BUNDLE 0 1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\na=ice-ufrag:abcd\r\na=ice-pwd:x\r\n"
)


def feedback() -> bytes:
    log = ArrivalLog(ssrc=1)
    for number in (0xFFF0, 0xFFF1, 0xFFF9, 3, 4, 200):
        log.note(number, number % 977 / 100)
    return log.feedback(5)


COMPOUNDS = (
    pack_receiver_report(1, [BLOCK] * 3) + pack_nack(1, 900, [1, 2, 40, 0xFFFF]),
    pack_sender_report(REPORT) + pack_pli(1, 900) + pack_fir(1, 900, 7),
    pack_remb(1, [900, 901], 2_000_000),
    feedback(),
)


@given(SEEDS)
def test_spoilt_packets_are_read_or_malformed(seed: int) -> None:
    spoiler = Spoiler(seed)
    check = pack_binding_request(username="ours:theirs", password="secret", transaction=bytes(12))
    readers: tuple[tuple[Callable[[bytes], object], bytes], ...] = (
        (parse_binding_request, check),
        (parse_rtp, video(1, 2, VP8_KEY)),
        (parse_rtcp, spoiler.chance.choice(COMPOUNDS)),
        (parse_transport_feedback, feedback()[12:]),
    )
    for read, sample in readers:
        for data in (spoiler.data(sample), spoiler.junk()):
            with contextlib.suppress(MalformedPacket):
                read(data)


@given(SEEDS)
def test_however_many_packets_a_viewer_asks_for_only_so_many_are_heard(seed: int) -> None:
    chance = random.Random(seed)
    items = b"".join(chance.randbytes(4) for _ in range(chance.randint(0, 350)))
    body = bytes(8) + items
    packet = bytes((0x81, 205)) + (len(body) // 4).to_bytes(2, "big") + body
    facts = parse_rtcp(packet)
    assert sum(len(fact.seqs) for fact in facts if isinstance(fact, Nack)) <= MAX_NACKED


@given(SEEDS)
def test_spoilt_descriptions_are_answered_in_our_words_or_refused(seed: int) -> None:
    spoiler = Spoiler(seed)
    with contextlib.suppress(RtcError):
        sample = spoiler.chance.choice((CHROMIUM, FFMPEG))
        words_are_ours(publisher_answer(read_publisher_offer(spoiler.text(sample)), LOCAL, 1))
    with contextlib.suppress(RtcError):
        offer = read_player_offer(spoiler.text(PLAYER))
        slots = slots_of(offer, range(1, 20))
        words_are_ours(player_answer(offer, slots, LOCAL, 1))
    with contextlib.suppress(RtcError):
        read_fragment(spoiler.text(FRAGMENT))


def words_are_ours(answer: str) -> None:
    """Nothing of the other side leads anywhere: our addresses, our secret, and lines that are lines."""
    for line in answer.split("\r\n")[:-1]:
        assert len(line) > 1, answer
        assert line[1] == "=", answer
        assert "\n" not in line, answer
        if line.startswith("a=candidate"):
            assert " 192.0.2.1 8792 " in line
        if line.startswith("a=ice-pwd"):
            assert line == f"a=ice-pwd:{LOCAL.password}"


@share(0.5)
@given(SEEDS)
def test_whatever_peers_send_no_number_is_used_twice_and_nothing_grows_without_bounds(seed: int) -> None:
    chance = random.Random(seed)
    house = House("a", "b")
    house.show("a", "b")
    texts: dict[tuple[int, int], bytes] = {}
    seq = {name: chance.randrange(0x10000) for name in "ab"}
    for _ in range(120):
        name = chance.choice("ab")
        step = chance.choice((1, 1, 1, 1, 1, 2, 5, -1, -3, 0, 260, 3001, 0x7FFF, 0x8000, 0xFFFF))
        seq[name] = (seq[name] + step) & 0xFFFF
        payload = chance.choice((VP8_KEY, VP8_DELTA, b"\x90\x80", b"")) + chance.randbytes(
            chance.randrange(9)
        )
        packet = video(
            seq[name], chance.choice((3000 * seq[name], chance.randrange(2**32))), payload, ssrc=11
        )
        with contextlib.suppress(MalformedPacket):
            house.forwarder.receive_rtp(house.cameras[name].source, packet, house.now)
        if chance.random() < 0.3:
            house.forwarder.receive_feedback(house.viewer, [absurd(chance)], house.now)
        if chance.random() < 0.1:
            house.cameras[name].source.receive_rtcp([absurd(chance)], house.now)
        if chance.random() < 0.1:
            house.show(*chance.sample(("a", "b", ""), 2))
        house.pass_time(chance.choice((0.001, 0.02, 0.04, 0.7)))
    for left in house.outlet.left:
        whole = left.plain(left.payload_type)
        assert texts.setdefault((left.ssrc, left.seq), whole) == whole, "one number, two texts"
    for name in "ab":
        for track in house.cameras[name].source.tracks:
            assert track.history.held_bytes <= MAX_BYTES
            assert len(track.missing) <= MAX_MISSING


def absurd(chance: random.Random) -> RtcpFact:
    """Something that a peer may say without its being malformed."""
    ssrc = chance.choice((900, 901, 11, 0, 2**32 - 1))
    first = chance.randrange(0x10000)
    return chance.choice(
        (
            Nack(ssrc=ssrc, seqs=tuple((first + step) & 0xFFFF for step in range(MAX_NACKED))),
            Nack(ssrc=ssrc, seqs=tuple(chance.randrange(0x10000) for _ in range(64))),
            KeyframeRequest(ssrc=ssrc),
            ReceiverEstimate(bitrate_bps=chance.choice((0, 1, 2**80))),
            ReportBlock(
                ssrc=ssrc,
                fraction_lost=255,
                lost=-0x800000,
                highest=chance.randrange(2**32),
                jitter=2**32 - 1,
                last_sr=chance.randrange(2**32),
                since_sr=chance.randrange(2**32),
            ),
            SenderReport(
                ssrc=ssrc, ntp=chance.randrange(2**64), rtp_ts=chance.randrange(2**32), packets=0, octets=0
            ),
        )
    )


@pytest.mark.parametrize("size", [0, 1, 11, 12, 13])
def test_a_packet_of_nothing_is_harmless(size: int) -> None:
    house = House("a")
    with contextlib.suppress(MalformedPacket):
        house.forwarder.receive_rtp(house.cameras["a"].source, bytes((0x80, 100)).ljust(size, b"\0"), 1.0)


def test_a_packet_survives_its_own_reading() -> None:
    packet = RtpPacket(payload_type=96, marker=True, seq=1, timestamp=2, ssrc=3, payload=b"x")
    assert parse_rtp(packet.plain(96)).payload == b"x"
