"""Both forms of the fan-out seal and send the same, and neither lets a packet past a shut gate."""

from __future__ import annotations

import asyncio
import dataclasses
import random
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtc.aiortc_seam import DtlsPeer, SrtpReader, SrtpWriter, WorkerCertificate
from rtc.downlink import build_fanout
from rtc.downlink.fanout import SHUT, LaneFanout, PlainFanout
from rtc.downlink.native_fanout import NativeFanout, load
from rtc.downlink.way_report import way_report
from rtc.errors import MalformedPacket
from rtc.rtp.picture_numbers import Shift, shifted
from rtc.rtp.red import without_repetitions
from rtc.rtp.rtp_packet import RtpPacket, parse_rtp
from rtc.rtp.transport_feedback import ArrivalLog
from rtc.rtp.vp8_payload import read_picture
from tests.services import not_here
from tests.unit.rtc.packets import video


class Outlet:
    """A subscriber's way out: keys, and a socket that is read at the other end."""

    def __init__(self, writer: SrtpWriter, reader: SrtpReader, family: int = socket.AF_INET) -> None:
        host = "::1" if family == socket.AF_INET6 else "127.0.0.1"
        self.writer = writer
        self._reader = reader
        self.sockets = [socket.socket(family, socket.SOCK_DGRAM) for _ in range(2)]
        for each in self.sockets:
            each.bind((host, 0))
            each.setblocking(False)
        self.address = self.sockets[1].getsockname()
        self.by_hand = 0

    def aim(self) -> None:
        self.writer.aim(self.sockets[0].sendto, self.sockets[0].fileno(), self.address)

    def aim_otherwise(self) -> None:
        """As by TCP: there is no datagram socket that the helper could use."""

        def send_to(data: memoryview | bytes, address: tuple[str, int]) -> int:
            self.by_hand += 1
            return self.sockets[0].sendto(data, address)

        self.writer.aim(send_to, -1, self.address)

    def send(self, plain: bytes, seq: int, timestamp: int, ssrc: int) -> None:
        self.writer.send(plain, seq, timestamp, ssrc)

    def send_rtcp(self, data: bytes) -> None:
        self.writer.send_rtcp(data)

    def arrived(self) -> list[RtpPacket]:
        """What came out at the other end, opened."""
        packets = []
        while True:
            try:
                clear = self._reader.open_rtp(self.sockets[1].recv(2048))
            except BlockingIOError:
                return packets
            assert clear is not None
            packets.append(parse_rtp(clear))

    def close(self) -> None:
        for each in self.sockets:
            each.close()


async def make_outlet(certificate: WorkerCertificate, family: int = socket.AF_INET) -> Outlet:
    ends: list[DtlsPeer] = []
    ends.append(DtlsPeer(certificate, server=True, send=lambda data: ends[1].receive(data)))  # noqa: PLW0108 - not there yet
    ends.append(DtlsPeer(certificate, server=False, send=ends[0].receive))
    prints = (("sha-256", certificate.fingerprint()),)
    async with asyncio.timeout(10):
        assert await asyncio.gather(*(end.handshake(prints) for end in ends)) == [True, True]
    return Outlet(ends[0].writer(), ends[1].reader(), family)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = build_fanout.find_compiler()
    if compiler is None:
        not_here("there is no C compiler")
    path = tmp_path_factory.mktemp("fanout") / "_fanout.so"
    build_fanout.build(compiler, path)
    return path


@pytest.fixture(params=["plain", "native"])
def fanout(request: pytest.FixtureRequest) -> LaneFanout[Outlet]:
    if request.param == "plain":
        return PlainFanout()
    return NativeFanout(request.getfixturevalue("library"))


@pytest.fixture
async def outlets() -> Iterator[list[Outlet]]:
    certificate = WorkerCertificate()
    families = [socket.AF_INET, socket.AF_INET, socket.AF_INET6]
    made = [await make_outlet(certificate, family) for family in families]
    yield made
    for each in made:
        each.close()


async def test_every_open_lane_gets_the_packet_under_its_own_numbers(
    fanout: LaneFanout[Outlet], outlets: list[Outlet]
) -> None:
    chance = random.Random(7)
    gate = fanout.gate()
    lanes = []
    for index, outlet in enumerate(outlets):
        outlet.aim()
        lanes.append(fanout.lane(outlet, 900 + index))
        lanes[-1].gate = gate
        lanes[-1].seq_off, lanes[-1].ts_off = chance.randrange(1 << 16), chance.randrange(1 << 32)
    fan = fanout.fan(lanes, gate)
    sent = [(seq & 0xFFFF, (seq * 3000) & 0xFFFFFFFF) for seq in range(65_530, 65_630)]
    for seq, ts in sent:
        fan.send(video(seq, ts, bytes(chance.randrange(1, 1200))), seq, ts)
    for outlet, lane in zip(outlets, lanes, strict=True):
        arrived = outlet.arrived()
        expected = [((seq + lane.seq_off) & 0xFFFF, (ts + lane.ts_off) & 0xFFFFFFFF) for seq, ts in sent]
        assert [(packet.seq, packet.timestamp) for packet in arrived] == expected
        assert {packet.ssrc for packet in arrived} == {lane.ssrc}
        assert (lane.packets, lane.octets) == (100, sum(len(packet.payload) for packet in arrived))
        packets, octets, dropped, refused = outlet.writer.counted()
        assert (packets, dropped, refused) == (100, 0, 0)
        assert octets > lane.octets + 100 * 12


async def test_vp8s_picture_numbers_are_shifted_alike(
    fanout: LaneFanout[Outlet], outlets: list[Outlet]
) -> None:
    gate = fanout.gate()
    shifts = [Shift(0, 0), Shift(0x7FF0, 3), Shift(130, 255)]
    lanes = []
    outlets[1].aim_otherwise()
    for outlet, shift in zip(outlets, shifts, strict=True):
        if outlet is not outlets[1]:
            outlet.aim()
        lanes.append(fanout.lane(outlet, 900))
        lanes[-1].gate = gate
        lanes[-1].number_shift, lanes[-1].tl0_shift = shift.number, shift.tl0
    fan = fanout.fan(lanes, gate)
    payloads = [
        b"\x90\xe0\x80\x20\x07\x40key",  # 15 bits and TL0PICIDX
        b"\x90\xe0\xff\xff\xff\x40wrap",
        b"\x90\xc0\x7f\x09narrow",  # 7 bits
        b"\x90\x80\x81\x00only a number",
        b"\x10none",
    ]
    for seq, payload in enumerate(payloads):
        plain = video(seq, seq, payload)
        fan.send(plain, seq, seq, read_picture(plain))
    fan.send(video(9, 9, payloads[0]), 9, 9)
    for outlet, shift in zip(outlets, shifts, strict=True):
        *numbered, plain = outlet.arrived()
        expected = [video(0, 0, payload) for payload in payloads]
        assert [packet.payload for packet in numbered] == [
            shifted(each, read_picture(each), shift)[12:] for each in expected
        ]
        assert plain.payload == payloads[0]


async def test_a_lane_with_payload_types_of_its_own_has_them_and_the_marker_stays(
    fanout: LaneFanout[Outlet], outlets: list[Outlet]
) -> None:
    gate = fanout.gate()
    outlets[1].aim_otherwise()
    flips = [96 ^ 127, 96 ^ 35, 0]
    for outlet in (outlets[0], outlets[2]):
        outlet.aim()
    lanes = [fanout.lane(outlet, 900) for outlet in outlets]
    for lane, flip in zip(lanes, flips, strict=True):
        lane.gate, lane.payload_flip = gate, flip
    fan = fanout.fan(lanes, gate)
    for seq, marker in ((1, False), (2, True)):
        plain = bytearray(video(seq, 1, b"\x90\xe0\x80\x20\x07\x40key"))
        plain[1] = 96 | (0x80 if marker else 0)
        fan.send(bytes(plain), seq, 1)
    for outlet, number in zip(outlets, (127, 35, 96), strict=True):
        assert [(packet.payload_type, packet.marker) for packet in outlet.arrived()] == [
            (number, False),
            (number, True),
        ]


async def test_transport_wide_numbers_run_across_the_lanes_of_a_connection_and_are_noted(
    fanout: LaneFanout[Outlet], outlets: list[Outlet]
) -> None:
    gate = fanout.gate()
    outlets[0].aim()
    outlets[1].aim_otherwise()
    outlets[2].aim()
    numbers = [fanout.numbers(outlet, 5, time.monotonic) for outlet in outlets[:2]]
    lanes = [
        fanout.lane(outlets[0], 900, numbers[0]),
        fanout.lane(outlets[0], 901, numbers[0]),
        fanout.lane(outlets[1], 902, numbers[1]),
        fanout.lane(outlets[2], 903),
    ]
    for lane in lanes:
        lane.gate = gate
        lane.number_shift = 5
    fan = fanout.fan(lanes, gate)
    plain = video(1, 1, b"\x90\xe0\x80\x20\x07\x40key")
    for seq in (1, 2, 3):
        fan.send(video(seq, 1, plain[12:]), seq, 1, read_picture(plain))
    outlets[0].writer.send(numbers[0].stamp(video(9, 1)), 9, 1, 950)
    first, second, third = (outlet.arrived() for outlet in outlets)
    assert [packet.element(5) for packet in first] == [bytes((0, number)) for number in range(7)]
    assert [packet.ssrc for packet in first] == [900, 901] * 3 + [950]
    assert [packet.element(5) for packet in second] == [b"\0\0", b"\0\1", b"\0\2"]
    assert [packet.element(5) for packet in third] == [None] * 3
    assert {packet.payload for packet in (*first[:6], *second, *third)} == {
        shifted(plain, read_picture(plain), Shift(5, 0))[12:]
    }
    log = ArrivalLog(ssrc=1)
    for number in (0, 1, 2, 4, 5, 8):
        log.note(number, 7.0 + number / 100)
    body = log.feedback(7)[12:]
    passages = numbers[0].passages(body)
    told = [passage.arrived_at for passage in passages]
    assert told == [None if each in (3, 6) else pytest.approx(7 + each / 100, abs=1e-3) for each in range(7)]
    assert [passage.size for passage in passages] == 6 * [len(plain)] + [len(video(9, 1))]
    assert 0 <= time.monotonic() - passages[0].left_at < 2
    report = numbers[0].way_report(body)
    assert (report.packets, report.lost, report.first_at, report.last_at) == (7, 2, 7.0, told[5])
    assert len(report.groups) == len(way_report(passages).groups)


@settings(deadline=None)
@given(st.data())
def test_both_forms_read_the_same_from_a_report_whatever_it_is(library: Path, data: st.DataObject) -> None:
    now = 5000.0
    numbers = NativeFanout(library).numbers(None, 3, lambda: now)  # type: ignore[arg-type]
    for index in range(data.draw(st.sampled_from([0, 3, 70, 5000]))):
        now += data.draw(st.sampled_from([0.0, 0.001, 0.02])) if index < 70 else 0.0001
        numbers.stamp(video(index, 0, bytes(index % 9)))
    log = ArrivalLog(ssrc=1)
    for number in data.draw(st.lists(st.integers(0, 5100), max_size=40, unique=True)):
        log.note(number, 900.0 + data.draw(st.floats(0, 3)))
    real = [packet[12:] for packet in (log.feedback(7),) if packet]
    body = data.draw(st.sampled_from(real) | st.binary(max_size=80) if real else st.binary(max_size=80))
    try:
        expected = way_report(numbers.passages(body))
    except MalformedPacket:
        with pytest.raises(MalformedPacket):
            numbers.way_report(body)
        return
    found = numbers.way_report(body)
    if expected.arrived_octets == 0:
        assert (found.packets, found.lost, found.octets) == (expected.packets, expected.lost, expected.octets)
        return
    for field in dataclasses.fields(found):
        if field.name != "groups":
            assert getattr(found, field.name) == pytest.approx(getattr(expected, field.name), abs=1e-5)
    assert len(found.groups) == len(expected.groups)
    for one, other in zip(found.groups, expected.groups, strict=True):
        assert one == pytest.approx(other, abs=1e-5)


async def test_two_fans_of_one_track_send_each_to_its_own_lanes(
    fanout: LaneFanout[Outlet], outlets: list[Outlet]
) -> None:
    """As sound leaves: with repetitions to some, without to the others."""
    gate = fanout.gate()
    lanes = []
    for outlet in outlets:
        outlet.aim()
        lanes.append(fanout.lane(outlet, 900))
        lanes[-1].gate = gate
    some, others = fanout.fan(lanes[:1], gate), fanout.fan(lanes[1:], gate)
    for seq in range(3):
        red = RtpPacket(
            payload_type=63, marker=False, seq=seq, timestamp=9, ssrc=1, payload=b"\x6fopus"
        ).plain(63)
        some.send(red, seq, 9)
        others.send(without_repetitions(red), seq, 9)
    left = [[(each.seq, each.payload_type, each.payload) for each in outlet.arrived()] for outlet in outlets]
    assert left[0] == [(seq, 63, b"\x6fopus") for seq in range(3)]
    assert left[1] == left[2] == [(seq, 111, b"opus") for seq in range(3)]


async def test_a_shut_gate_lets_nothing_pass_whatever_list_the_lane_stands_in(
    fanout: LaneFanout[Outlet], outlets: list[Outlet]
) -> None:
    gate, other = fanout.gate(), fanout.gate()
    lanes = []
    for outlet in outlets:
        outlet.aim()
        lanes.append(fanout.lane(outlet, 900))
    fan = fanout.fan(lanes, gate)
    fan.send(video(1, 1), 1, 1)
    lanes[0].gate, lanes[1].gate = gate, other
    fan.send(video(2, 2), 2, 2)
    lanes[0].gate = SHUT
    fan.send(video(3, 3), 3, 3)
    assert [[packet.seq for packet in outlet.arrived()] for outlet in outlets] == [[2], [], []]


async def test_nothing_leaves_after_the_end_and_what_has_no_datagram_socket_leaves_by_its_outlet(
    fanout: LaneFanout[Outlet], outlets: list[Outlet]
) -> None:
    gate = fanout.gate()
    outlets[0].aim()
    outlets[1].aim_otherwise()
    lanes = [fanout.lane(outlet, 900) for outlet in outlets]  # the third has not been placed yet
    for lane in lanes:
        lane.gate = gate
    fan = fanout.fan(lanes, gate)
    fan.send(video(1, 1), 1, 1)
    outlets[0].writer.silence()
    fan.send(video(2, 2), 2, 2)
    outlets[1].aim()
    outlets[2].aim()
    fan.send(video(3, 3), 3, 3)
    assert [[packet.seq for packet in outlet.arrived()] for outlet in outlets] == [[1], [1, 2, 3], [3]]
    assert outlets[1].by_hand == 2
    assert [outlet.writer.counted()[3] for outlet in outlets] == [2, 0, 2]


async def test_too_long_a_packet_and_a_full_socket_are_counted(
    fanout: LaneFanout[Outlet], outlets: list[Outlet]
) -> None:
    gate = fanout.gate()
    outlet = outlets[0]
    outlet.aim()
    lane = fanout.lane(outlet, 900)
    lane.gate = gate
    fan = fanout.fan([lane], gate)
    fan.send(video(1, 1, bytes(2000)), 1, 1)
    outlet.writer.aim(outlet.sockets[0].sendto, outlet.sockets[0].fileno(), ("192.0.2.1", 0))
    fan.send(video(2, 2), 2, 2)
    assert outlet.arrived() == []
    assert outlet.writer.counted() == (0, 0, 1, 1)


def test_a_helper_of_another_source_or_none_at_all_is_not_loaded(
    library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load(library) is not None
    assert load(tmp_path / "none.so") is None
    (tmp_path / "strange.so").write_text("not a library")
    assert load(tmp_path / "strange.so") is None
    monkeypatch.setattr("rtc.downlink.native_fanout.stamp", lambda: "another")
    assert load(library) is None
