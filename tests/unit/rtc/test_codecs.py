"""Sources of several codecs in one slot, and viewers that do not decode them all."""

from __future__ import annotations

from itertools import pairwise

from rtc.codecs import PAYLOAD_TYPES, Codec
from rtc.forwarding.forwarder import Forwarder
from rtc.plane import MediaEvent, SlotsChanged, SlotState
from rtc.rtp.rtp_packet import RtpPacket
from rtc.rtp.vp8_payload import read_picture as read_vp8
from rtc.rtp.vp9_payload import read_picture as read_vp9
from rtc.uplink.source import Source, StreamPlan
from rtc.uplink.track import RECODE_S
from tests.unit.rtc.packets import FANOUT, FakeOutlet, events_of, make_subscriber, routes, video

KEYFRAMES = {
    Codec.VP8: bytes((0x10, 0, 0, 0, 0x9D, 1, 0x2A, 64, 1, 180, 0)),
    Codec.H264: bytes((0x65, 1)),
    Codec.H264_MAIN: bytes((0x65, 2)),
    Codec.VP9: bytes((0x08, 0x82)),
    Codec.AV1: bytes((0x18, 0x32)),
}


class Hall:
    """Sources of whatever codec, one viewer, on a clock of its own."""

    def __init__(self, *decodes: Codec) -> None:
        self.now = 100.0
        self.events: list[MediaEvent] = []
        self.forwarder = Forwarder(emit=self.events.append, unix_offset_s=0.0)
        codecs = {each: PAYLOAD_TYPES[each] for each in decodes}
        viewer, self.outlet = make_subscriber("viewer", now=self.now, codecs=codecs)
        self.forwarder.add_subscriber(viewer, self.now)
        self.epoch = 0
        self.seq = 0

    def source(self, name: str, codec: Codec) -> Source:
        source = Source(
            source_id=name,
            connection_id=name,
            plans=(StreamPlan(codec=codec, payload_type=100, ssrc=11),),
            outlet=FakeOutlet(),
            fanout=FANOUT,
            on_start=self.forwarder.note_start,
            now=self.now,
        )
        self.forwarder.add_source(source, self.now)
        return source

    def show(self, name: str) -> None:
        self.epoch += 1
        self.forwarder.reconcile(routes(self.epoch, ("viewer", 0, name)), self.now)

    def send(self, source: Source, payload: bytes) -> None:
        self.seq += 1
        self.now += 0.04
        data = video(self.seq, self.seq * 3600, payload)
        self.forwarder.receive_rtp(source, data, self.now)
        self.forwarder.tick(self.now)

    def told(self) -> SlotState:
        """What the viewer was told last of its first slot."""
        last = events_of(self.events, SlotsChanged)[-1]
        assert isinstance(last, SlotsChanged)
        return next(slot for slot in last.slots if slot.mid == "v0")


def test_a_keyframe_of_every_codec_begins_a_slot_under_its_own_payload_type() -> None:
    hall = Hall(*Codec)
    for codec, keyframe in KEYFRAMES.items():
        source = hall.source(codec.value, codec)
        hall.show(codec.value)
        hall.send(source, b"\x40\x00")
        hall.send(source, keyframe)
        last = hall.outlet.left[-1]
        assert (last.payload, last.payload_type) == (keyframe, PAYLOAD_TYPES[codec])
    assert len(hall.outlet.left) == len(KEYFRAMES), "and nothing before it"


def test_picture_numbers_run_on_between_vp8_and_vp9() -> None:
    hall = Hall(*Codec)
    sources = {Codec.VP8: hall.source("eight", Codec.VP8), Codec.VP9: hall.source("nine", Codec.VP9)}
    numbers = {Codec.VP8: 32_700, Codec.VP9: 12}

    def play(codec: Codec, count: int) -> None:
        for index in range(count):
            numbers[codec] = (numbers[codec] + 1) & 0x7FFF
            number = (0x8000 | numbers[codec]).to_bytes(2, "big")
            tl0 = bytes((numbers[codec] & 0xFF,))
            if codec is Codec.VP8:
                head = b"\x90\xe0" + number + tl0 + b"\x40"
                body = b"\x00\x00\x00\x9d\x01\x2a@\x01\xb4\x00" if index == 0 else b"\x01\x00\x00"
            else:
                head = (b"\xa8" if index == 0 else b"\xe8") + number + b"\x00" + tl0
                body = b"\x82"
            hall.send(sources[codec], head + body)

    for codec in (Codec.VP8, Codec.VP9, Codec.VP8, Codec.VP9):
        hall.show(sources[codec].source_id)
        play(codec, 12)

    def read(packet: RtpPacket) -> tuple[int, int]:
        reads = read_vp8 if packet.payload_type == PAYLOAD_TYPES[Codec.VP8] else read_vp9
        picture = reads(packet.plain(packet.payload_type))
        return picture.number, picture.tl0

    left = [read(packet) for packet in hall.outlet.left]
    assert len(left) > 40
    assert {(after[0] - before[0]) & 0x7FFF for before, after in pairwise(left)} == {1}
    assert {(after[1] - before[1]) & 0xFF for before, after in pairwise(left)} == {1}


def test_a_viewer_is_told_which_codec_it_would_have_to_decode_and_gets_none_of_it() -> None:
    hall = Hall(Codec.VP8, Codec.H264, Codec.OPUS)
    source = hall.source("drone", Codec.AV1)
    hall.show("drone")
    assert (hall.told().source_id, hall.told().undecodable) == ("drone", "av1")
    hall.send(source, KEYFRAMES[Codec.AV1])
    assert hall.outlet.left == []
    assert hall.told().first_rtp_ts is None


def test_the_word_is_taken_back_when_the_source_comes_again_in_another_codec_or_leaves() -> None:
    hall = Hall(Codec.VP8, Codec.OPUS)
    hall.source("drone", Codec.AV1)
    hall.show("drone")
    again = hall.source("drone", Codec.VP8)
    assert hall.told().undecodable is None
    hall.send(again, KEYFRAMES[Codec.VP8])
    assert len(hall.outlet.left) == 1
    third = hall.source("drone", Codec.VP9)
    assert (hall.told().undecodable, hall.told().first_rtp_ts) == ("vp9", None)
    hall.forwarder.remove_source(third, "closed")
    assert (hall.told().source_id, hall.told().undecodable) == ("drone", None)
    hall.source("drone", Codec.VP9)
    assert hall.told().undecodable == "vp9"
    hall.show("another")
    assert (hall.told().source_id, hall.told().undecodable) == ("another", None)


BASELINE_SET = bytes.fromhex("6742c01e")
MAIN_SET = bytes.fromhex("674d401e")


def test_an_h264_source_leaves_under_the_profile_that_its_parameter_set_tells() -> None:
    hall = Hall(*Codec)
    source = hall.source("camera", Codec.H264)
    hall.show("camera")
    hall.send(source, MAIN_SET)
    hall.send(source, b"\x61")
    assert [packet.payload_type for packet in hall.outlet.left] == [PAYLOAD_TYPES[Codec.H264_MAIN]] * 2
    assert source.codecs == (Codec.H264_MAIN,)
    hall.now += RECODE_S
    hall.send(source, BASELINE_SET)
    hall.send(source, b"\x61")
    left = hall.outlet.left
    assert [packet.payload_type for packet in left[2:]] == [PAYLOAD_TYPES[Codec.H264]] * 2
    assert [after.seq - before.seq for before, after in pairwise(left)] == [1, 1, 1]
    assert hall.told().first_rtp_ts == left[2].timestamp


def test_a_camera_that_turns_out_to_send_main_profile_is_told_of_where_only_baseline_is_decoded() -> None:
    hall = Hall(Codec.H264, Codec.OPUS)
    source = hall.source("camera", Codec.H264)
    hall.show("camera")
    hall.send(source, BASELINE_SET)
    assert len(hall.outlet.left) == 1
    hall.now += RECODE_S
    hall.send(source, MAIN_SET)
    hall.send(source, b"\x61")
    assert len(hall.outlet.left) == 1
    assert (hall.told().undecodable, hall.told().first_rtp_ts) == ("h264-main", None)
    hall.now += RECODE_S
    hall.send(source, BASELINE_SET)
    assert (hall.told().undecodable, hall.told().first_rtp_ts) == (None, hall.outlet.left[1].timestamp)


def test_a_publisher_that_changes_its_profile_with_every_packet_makes_no_work_of_it() -> None:
    hall = Hall(*Codec)
    source = hall.source("camera", Codec.H264)
    hall.show("camera")
    hall.send(source, BASELINE_SET)
    told = len(hall.events)
    for _ in range(50):  # two seconds
        hall.send(source, MAIN_SET)
        hall.send(source, BASELINE_SET)
    begun = [event for event in hall.events[told:] if isinstance(event, SlotsChanged)]
    assert len(begun) <= 6
