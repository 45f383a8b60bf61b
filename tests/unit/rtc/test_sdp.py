"""Descriptions: real ones are answered as they should be, broken ones are refused by name."""

from __future__ import annotations

import contextlib
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtc.codecs import Codec
from rtc.errors import MalformedSdp, NothingAcceptable, RtcError
from rtc.plane import Kind
from rtc.sdp.answer import publisher_answer, read_publisher_offer
from rtc.sdp.lines import LocalTransport, candidate_lines
from rtc.sdp.offer import read_subscriber_answer, slot_lines, subscriber_offer
from tests.unit.rtc.offers import CHROMIUM, FFMPEG

LOCAL = LocalTransport(
    ufrag="ours",
    password="p" * 24,
    fingerprint=":".join(["CD"] * 32),
    candidates=(("192.0.2.1", 8792), ("198.51.100.1", 8792)),
)
SLOTS = slot_lines(2, 1, (71, 171, 72, 172, 73))


def answer_to(offer: str) -> str:
    return publisher_answer(read_publisher_offer(offer), LOCAL, 1)


def browser_answer(offer: str) -> str:
    """What a browser makes of our offer."""
    text = offer.replace("a=sendonly", "a=recvonly").replace("a=setup:actpass", "a=setup:active")
    return text.replace("a=ice-lite\r\n", "")


def test_a_browser_is_answered_with_its_first_codec_and_the_levels_of_its_voice() -> None:
    offer = read_publisher_offer(CHROMIUM)
    video, audio = offer.plans
    assert (video.codec, video.payload_type, video.ssrc) == (Codec.VP8, 96, 1001)
    assert (audio.codec, audio.payload_type, audio.ssrc, audio.level_id) == (Codec.OPUS, 111, 1003, 1)
    assert offer.remote.peer_is_client
    text = answer_to(CHROMIUM)
    assert text.count("a=setup:passive") == 2
    assert text.count("a=recvonly") == 2
    assert "a=ice-lite" in text
    assert "a=group:BUNDLE 0 1" in text
    assert "a=rtcp-fb:96 goog-remb" in text
    assert "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level" in text
    assert video.rtx_payload_type == 97
    assert "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\n" in text
    assert "a=fmtp:97 apt=96" in text
    assert "a=candidate:2 1 udp 2130706175 198.51.100.1 8792 typ host" in text


def test_feedback_on_every_packet_is_promised_only_to_those_who_asked_for_it() -> None:
    number = "a=extmap:4 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n"
    wanted = CHROMIUM.replace("a=rtcp-fb:96 nack\r\n", "a=rtcp-fb:96 nack\r\na=rtcp-fb:96 transport-cc\r\n")
    video, audio = read_publisher_offer(wanted).plans
    assert (video.transport_cc_id, audio.transport_cc_id) == (4, None)
    text = answer_to(wanted)
    assert number in text
    assert "a=rtcp-fb:96 transport-cc" in text
    for offer in (CHROMIUM, wanted.replace(number, "")):
        assert read_publisher_offer(offer).plans[0].transport_cc_id is None
        assert "transport-cc" not in answer_to(offer)


def test_who_gets_no_such_feedback_is_asked_to_tell_when_its_packets_left() -> None:
    timed = "a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time\r\n"
    offer = CHROMIUM.replace("a=sendonly", timed + "a=sendonly")
    video, audio = read_publisher_offer(offer).plans
    assert (video.send_time_id, audio.send_time_id) == (2, 2)
    assert answer_to(offer).count(timed) == 2
    wanted = offer.replace("a=rtcp-fb:96 nack\r\n", "a=rtcp-fb:96 nack\r\na=rtcp-fb:96 transport-cc\r\n")
    assert read_publisher_offer(wanted).plans[0].send_time_id is None
    assert "abs-send-time" not in answer_to(wanted).split("m=audio")[0]
    assert "abs-send-time" not in answer_to(CHROMIUM)


@pytest.mark.parametrize(
    "change",
    [("a=fmtp:97 apt=96", "a=x:y"), ("a=rtpmap:97 rtx", "a=rtpmap:97 ulpfec"), ("apt=96", "apt=97")],
)
def test_retransmissions_that_are_only_half_described_are_not_taken(change: tuple[str, str]) -> None:
    offer = CHROMIUM.replace(*change)
    assert read_publisher_offer(offer).plans[0].rtx_payload_type is None
    assert "rtx" not in answer_to(offer)


def test_ffmpeg_which_waits_for_our_hello_is_told_that_we_call() -> None:
    offer = read_publisher_offer(FFMPEG)
    assert not offer.remote.peer_is_client
    assert [plan.codec for plan in offer.plans] == [Codec.OPUS, Codec.H264_MAIN]
    assert offer.plans[1].ssrc == 125593383
    text = answer_to(FFMPEG)
    assert text.count("a=setup:active") == 2
    assert "profile-level-id=4d401e" in text


@pytest.mark.parametrize(
    ("codec", "parameters", "answered"),
    [
        ("VP9", "profile-id=0", "a=fmtp:96 profile-id=0;"),
        ("VP9", "x=y", "a=fmtp:96 profile-id=0;"),
        ("AV1", "level-idx=5;profile=0;tier=0", "a=fmtp:96 level-idx=5;profile=0;tier=0;"),
    ],
)
def test_vp9_and_av1_are_taken_from_who_puts_them_first(codec: str, parameters: str, answered: str) -> None:
    offer = CHROMIUM.replace("VP8/90000", f"{codec}/90000\r\na=fmtp:96 {parameters}")
    video, _ = read_publisher_offer(offer).plans
    assert (video.codec, video.payload_type, video.rtx_payload_type) == (Codec(codec.lower()), 96, 97)
    text = answer_to(offer)
    assert f"a=rtpmap:96 {codec}/90000\r\n" in text
    assert answered in text


def test_a_publishers_own_order_decides_between_codecs() -> None:
    described = CHROMIUM.replace("a=rtpmap:97 rtx", "a=rtpmap:40 VP9/90000\r\na=rtpmap:97 rtx")
    last = described.replace("96 97 103 104", "96 97 103 104 40")
    assert read_publisher_offer(last).plans[0].codec is Codec.VP8
    first = described.replace("96 97 103 104", "40 96 97 103 104")
    assert read_publisher_offer(first).plans[0].codec is Codec.VP9


@pytest.mark.parametrize(("codec", "parameters"), [("VP9", "profile-id=2"), ("AV1", "profile=1")])
def test_profiles_that_few_decode_are_passed_over_for_the_next_codec(codec: str, parameters: str) -> None:
    offer = CHROMIUM.replace("VP8/90000", f"{codec}/90000\r\na=fmtp:96 {parameters}")
    assert read_publisher_offer(offer).plans[0].codec is Codec.H264


def test_silence_may_be_left_out_and_lost_sound_repaired_both_ways() -> None:
    wanted = "a=fmtp:111 minptime=10;useinbandfec=1;usedtx=1\r\n"
    assert wanted in answer_to(CHROMIUM)
    assert wanted in subscriber_offer(SLOTS, LOCAL, 1)


def test_sound_with_repetitions_is_taken_where_it_is_offered_and_preferred() -> None:
    offer = CHROMIUM.replace("red/48000/2\r\n", "red/48000/2\r\na=fmtp:63 111/111\r\n")
    for text in (CHROMIUM, offer):
        assert read_publisher_offer(text).plans[1].red_payload_type == 63
        answer = answer_to(text)
        assert "m=audio 9 UDP/TLS/RTP/SAVPF 63 111\r\n" in answer
        assert "a=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\n" in answer


@pytest.mark.parametrize(
    "change",
    [
        ("red/48000/2", "red/8000"),
        ("red/48000/2\r\n", "red/48000/2\r\na=fmtp:63 9/9\r\n"),
        ("SAVPF 111 63 9", "SAVPF 111 9"),
        ("a=rtpmap:63 red/48000/2\r\n", ""),
    ],
)
def test_repetitions_that_are_only_half_described_or_of_another_codec_are_not_taken(
    change: tuple[str, str],
) -> None:
    offer = CHROMIUM.replace(*change)
    assert read_publisher_offer(offer).plans[1].red_payload_type is None
    assert "red" not in answer_to(offer)
    assert read_publisher_offer(FFMPEG).plans[0].red_payload_type is None


def test_a_browser_says_whether_it_takes_sound_with_repetitions() -> None:
    text = browser_answer(subscriber_offer(SLOTS, LOCAL, 1))
    assert read_subscriber_answer(text, SLOTS).terms("a0").redundant
    assert not read_subscriber_answer(text, SLOTS).terms("v0").redundant
    assert not read_subscriber_answer(without(text, 63), SLOTS).terms("a0").redundant


@pytest.mark.parametrize("profile", ["42001f", "42e01f", "42c01e", "4d001f", "4d401e"])
def test_every_baseline_and_main_profile_is_accepted(profile: str) -> None:
    offer = read_publisher_offer(FFMPEG.replace("4d401e", profile))
    assert offer.plans[1].codec is (Codec.H264 if profile.startswith("42") else Codec.H264_MAIN)


def test_what_browsers_cannot_decode_for_sure_is_refused_and_the_sound_kept() -> None:
    for change in (("4d401e", "640028"), ("packetization-mode=1", "packetization-mode=0")):
        text = answer_to(FFMPEG.replace(*change))
        assert "m=video 0 " in text
        assert "m=audio 9 " in text
        assert "a=group:BUNDLE 0\r\n" in text


@pytest.mark.parametrize(
    "change",
    [
        ("VP8", "VP7"),
        ("a=sendonly", "a=recvonly"),
        ("UDP/TLS/RTP/SAVPF", "RTP/AVP"),
        ("m=video 9", "m=video 0"),
    ],
)
def test_an_offer_of_nothing_we_speak_is_refused_as_such(change: tuple[str, str]) -> None:
    offer = CHROMIUM.replace(*change).replace("H264", "H265").replace("opus", "PCMU")
    with pytest.raises(NothingAcceptable) as caught:
        read_publisher_offer(offer)
    assert caught.value.code == "no_acceptable_media"


def test_sound_and_picture_on_two_transports_are_refused() -> None:
    with pytest.raises(NothingAcceptable):
        read_publisher_offer(CHROMIUM.replace("a=group:BUNDLE 0 1\r\n", ""))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "v=0\r\n",
        CHROMIUM.replace("a=setup:actpass", ""),
        CHROMIUM.replace("a=fingerprint", "a=print"),
        CHROMIUM.replace("a=setup:actpass", "a=setup:sideways"),
        CHROMIUM.replace("m=video 9", "m=video nine"),
        CHROMIUM + "x" * 300_000,
        "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n" * 100,
    ],
)
def test_a_description_that_is_none_is_malformed(text: str) -> None:
    with pytest.raises((MalformedSdp, NothingAcceptable)) as caught:
        read_publisher_offer(text)
    assert caught.value.code in ("malformed_sdp", "no_acceptable_media")


@given(st.text(max_size=400))
def test_arbitrary_text_is_answered_or_refused(text: str) -> None:
    with contextlib.suppress(RtcError):
        answer_to(text)


lines = st.sampled_from(CHROMIUM.split("\r\n") + FFMPEG.split("\r\n"))
noise = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF), max_size=12)


@given(st.sampled_from((CHROMIUM, FFMPEG)), st.data())
def test_real_offers_with_lines_moved_cut_and_spoilt_are_answered_or_refused(
    offer: str, data: st.DataObject
) -> None:
    mangled = offer.split("\r\n")
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(mangled) - 1))
        match data.draw(st.sampled_from(("drop", "add", "cut", "spoil"))):
            case "drop":
                mangled[at : at + 1] = []
                mangled = mangled or [""]
            case "add":
                mangled.insert(at, data.draw(lines))
            case "cut":
                mangled[at] = mangled[at][: data.draw(st.integers(0, 40))]
            case "spoil":
                place = data.draw(st.integers(0, len(mangled[at])))
                mangled[at] = mangled[at][:place] + data.draw(noise) + mangled[at][place + 1 :]
    with contextlib.suppress(RtcError):
        answer_to("\r\n".join(mangled))


def test_the_offer_has_a_slot_for_every_line_and_the_stage_shares_its_stream() -> None:
    text = subscriber_offer(SLOTS, LOCAL, 1)
    assert text.count("m=video 9 UDP/TLS/RTP/SAVPF 96 97 104 100 102 106 98 99 105 101 103 107") == 2
    assert "a=ssrc-group:FID 72 172" in text
    again = ((98, 96), (99, 97), (101, 100), (103, 102), (105, 104), (107, 106))
    assert {text.count(f"a=fmtp:{number} apt={first}\r\n") for number, first in again} == {2}
    assert text.count("m=audio 9 UDP/TLS/RTP/SAVPF 111 63\r\n") == 1
    assert "a=msid:stage track-v0" in text
    assert "a=msid:stage track-a0" in text
    assert "a=msid:slot-v1 track-v1" in text
    assert [line.kind for line in SLOTS] == [Kind.VIDEO, Kind.VIDEO, Kind.AUDIO]
    assert len(subscriber_offer(slot_lines(12, 4, range(1, 29)), LOCAL, 1)) < 30_000


def test_a_browsers_answer_names_what_it_will_decode() -> None:
    answer = read_subscriber_answer(browser_answer(subscriber_offer(SLOTS, LOCAL, 1)), SLOTS)
    assert answer.remote.peer_is_client
    taken = {Codec.VP8: 96, Codec.H264: 97, Codec.H264_MAIN: 104, Codec.VP9: 100, Codec.AV1: 102}
    assert answer.codecs == {"v0": taken, "v1": taken, "a0": {Codec.OPUS: 111}}
    again = {Codec.VP8: 98, Codec.H264: 99, Codec.H264_MAIN: 105, Codec.VP9: 101, Codec.AV1: 103}
    assert answer.retransmitted == {"v0": again, "v1": again, "a0": {}}


def without(text: str, *numbers: int) -> str:
    """The answer of a browser that does not take these payload types."""
    for number in numbers:
        text = re.sub(rf"a=\w+(-\w+)?:{number} .*\r\n", "", text)
        text = re.sub(rf"(m=.*) {number}\b", r"\1", text)
    return text


def test_main_profile_goes_to_a_browser_that_names_only_high_under_that_number() -> None:
    text = browser_answer(subscriber_offer(SLOTS, LOCAL, 1))
    answer = read_subscriber_answer(without(text, 104, 105), SLOTS)
    assert answer.codecs["v0"][Codec.H264_MAIN] == 106
    assert answer.retransmitted["v0"][Codec.H264_MAIN] == 107
    assert answer.codecs["v0"][Codec.H264] == 97
    neither = read_subscriber_answer(without(text, 104, 105, 106, 107), SLOTS)
    assert Codec.H264_MAIN not in neither.codecs["v0"] | neither.retransmitted["v0"]


def test_a_browser_without_h264_or_with_a_slot_refused_says_so() -> None:
    text = browser_answer(subscriber_offer(SLOTS, LOCAL, 1)).replace("H264", "H265")
    first, rest = text.split("m=video", 1)
    text = first + "m=video" + rest.replace("m=video 9", "m=video 0")
    answer = read_subscriber_answer(text, SLOTS)
    assert set(answer.codecs["v0"]) == {Codec.VP8, Codec.VP9, Codec.AV1}
    assert answer.codecs["v1"] == {}


@pytest.mark.parametrize(
    "change",
    [("a=mid:v1", "a=mid:other"), ("a=recvonly", "a=inactive"), ("a=fingerprint", "a=print"), ("m=", "x=")],
)
def test_an_answer_that_does_not_fit_is_refused(change: tuple[str, str]) -> None:
    with pytest.raises((MalformedSdp, NothingAcceptable)):
        read_subscriber_answer(browser_answer(subscriber_offer(SLOTS, LOCAL, 1)).replace(*change), SLOTS)


@given(st.text(max_size=200), st.integers(0, 3000), st.integers(0, 80))
def test_spoilt_answers_are_read_or_refused(text: str, at: int, cut: int) -> None:
    whole = browser_answer(subscriber_offer(SLOTS, LOCAL, 1))
    with contextlib.suppress(RtcError):
        read_subscriber_answer(whole[:at] + text + whole[at + cut :], SLOTS)


@pytest.mark.parametrize("separator", ["\u2028", "\x0b", "\x85", "\n", "\r"])
def test_a_publishers_line_cannot_smuggle_lines_into_our_answer(separator: str) -> None:
    offer = CHROMIUM.replace("a=mid:0", f"a=mid:0{separator}a=evil:1").replace(
        "96 97", f"96 97{separator}a=evil:1"
    )
    assert "evil" not in answer_to(offer)


def test_candidates_by_tcp_come_after_those_by_udp_and_below_them() -> None:
    lines = candidate_lines(replace(LOCAL, tcp=True))
    assert [line.split()[2] for line in lines[:-1]] == ["udp", "udp", "tcp", "tcp"]
    assert lines[2] == "a=candidate:3 1 tcp 1520435199 192.0.2.1 8792 typ host tcptype passive"
    priorities = [int(line.split()[3]) for line in lines[:-1]]
    assert priorities == sorted(priorities, reverse=True)
    assert len({line.split()[0] for line in lines[:-1]}) == 4
    assert not any("tcp" in line for line in candidate_lines(LOCAL))
