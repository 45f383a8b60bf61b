"""A player's offer decides: its payload types, its codecs, its m-lines; nothing else is sent to it."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtc.aiortc_seam import read_sdp
from rtc.codecs import Codec
from rtc.errors import MalformedSdp, NothingAcceptable, RtcError
from rtc.plane import Kind
from rtc.sdp.lines import LocalTransport
from rtc.sdp.player import player_answer, read_player_offer, slots_of

LOCAL = LocalTransport(
    ufrag="ours", password="p" * 24, fingerprint=":".join(["CD"] * 32), candidates=(("192.0.2.1", 8792),)
)
CHROMIUM = (
    "v=0\r\no=- 4 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n"
    "a=extmap-allow-mixed\r\na=msid-semantic: WMS\r\n"
    "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\n"
    "a=ice-ufrag:them\r\na=ice-pwd:" + "x" * 24 + "\r\na=ice-options:trickle\r\n"
    "a=fingerprint:sha-256 " + ":".join(["AB"] * 32) + "\r\na=setup:actpass\r\na=mid:0\r\n"
    "a=recvonly\r\na=rtcp-mux\r\n"
    "a=rtpmap:111 opus/48000/2\r\na=rtcp-fb:111 transport-cc\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n"
    "a=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\na=rtpmap:9 G722/8000\r\na=rtpmap:0 PCMU/8000\r\n"
    "m=video 9 UDP/TLS/RTP/SAVPF 45 46 107 108 109 114 35 36\r\nc=IN IP4 0.0.0.0\r\n"
    "a=ice-ufrag:them\r\na=ice-pwd:" + "x" * 24 + "\r\n"
    "a=fingerprint:sha-256 " + ":".join(["AB"] * 32) + "\r\na=setup:actpass\r\na=mid:1\r\n"
    "a=extmap:9 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n"
    "a=recvonly\r\na=rtcp-mux\r\na=rtcp-rsize\r\n"
    "a=rtpmap:45 VP8/90000\r\na=rtcp-fb:45 goog-remb\r\na=rtcp-fb:45 transport-cc\r\n"
    "a=rtcp-fb:45 nack\r\na=rtcp-fb:45 nack pli\r\na=rtpmap:46 rtx/90000\r\na=fmtp:46 apt=45\r\n"
    "a=rtpmap:107 H264/90000\r\na=fmtp:107 packetization-mode=0;profile-level-id=42e01f\r\n"
    "a=rtpmap:108 rtx/90000\r\na=fmtp:108 apt=107\r\n"
    "a=rtpmap:109 H264/90000\r\na=rtcp-fb:109 nack pli\r\n"
    "a=fmtp:109 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f\r\n"
    "a=rtpmap:114 rtx/90000\r\na=fmtp:114 apt=109\r\n"
    "a=rtpmap:35 X-ODD/90000\r\na=rtpmap:36 rtx/90000\r\na=fmtp:36 apt=35\r\n"
)


def test_a_player_whose_opus_has_another_number_gets_no_repetitions_which_would_name_ours() -> None:
    offer = CHROMIUM.replace("111", "112")
    assert not read_player_offer(offer).lines[0].terms.redundant
    assert "red" not in answer_to(offer)


def answer_to(offer: str) -> str:
    read = read_player_offer(offer)
    return player_answer(read, slots_of(read, (71, 171, 72, 172)), LOCAL, 1)


def test_every_codec_that_both_know_is_answered_under_the_players_own_payload_types() -> None:
    offer = read_player_offer(CHROMIUM)
    audio, video = offer.lines
    assert audio.terms.codecs == {Codec.OPUS: 111}
    assert video.terms.codecs == {Codec.VP8: 45, Codec.H264: 109}
    assert video.terms.retransmitted == {Codec.VP8: 46, Codec.H264: 114}
    assert (video.terms.transport_cc_id, audio.terms.transport_cc_id) == (9, None)
    assert (audio.terms.redundant, video.terms.redundant) == (True, False)
    text = answer_to(CHROMIUM)
    assert "m=audio 9 UDP/TLS/RTP/SAVPF 111 63\r\n" in text
    assert "a=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\n" in text
    assert "m=video 9 UDP/TLS/RTP/SAVPF 45 109 46 114\r\n" in text
    assert "a=fmtp:109 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f\r\n" in text
    assert "a=fmtp:114 apt=109\r\n" in text
    assert "a=rtcp-fb:45 nack pli\r\n" in text
    assert "ccm fir" not in text, "it was not offered"
    assert text.count("a=sendonly\r\n") == 2
    assert text.count("a=msid:stage ") == 2, "lips and voice stay together"
    assert "a=setup:passive\r\n" in text
    assert "a=ice-lite\r\n" in text


def test_the_answer_is_one_that_another_reader_understands_and_follows_the_offers_order() -> None:
    session = read_sdp(answer_to(CHROMIUM))
    assert [each.rtp.muxId for each in session.media] == ["0", "1"]
    assert [each.direction for each in session.media] == ["sendonly", "sendonly"]
    assert [[ssrc.ssrc for ssrc in each.ssrc] for each in session.media] == [[72], [71, 171]]


def test_a_slot_has_retransmissions_only_where_the_player_takes_them() -> None:
    offer = read_player_offer(CHROMIUM.replace("a=fmtp:46 apt=45", "a=fmtp:46 apt=99"))
    video = next(line for line in offer.lines if line.kind is Kind.VIDEO)
    assert video.terms.retransmitted == {Codec.H264: 114}
    assert video.terms.transport_cc_id is None, "what is sent again under its own number must be the same"
    bare = CHROMIUM.replace(" rtx/", " no/")
    assert [slot.rtx_ssrc for slot in slots_of(read_player_offer(bare), (1, 2, 3, 4))] == [None, None]


def test_a_player_of_pictures_alone_gets_pictures_alone() -> None:
    text = answer_to(CHROMIUM.replace("m=audio 9", "m=audio 0").replace("BUNDLE 0 1", "BUNDLE 1"))
    assert "m=audio 0 " in text
    assert "a=group:BUNDLE 1\r\n" in text
    assert [slot.kind for slot in slots_of(read_player_offer(text_of_video()), (1, 2))] == [Kind.VIDEO]


def text_of_video() -> str:
    head, _, video = CHROMIUM.partition("m=audio")
    return head.replace("BUNDLE 0 1", "BUNDLE 1") + "m=video" + video.partition("m=video")[2]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (("a=recvonly", "a=sendonly"), NothingAcceptable),
        (("a=recvonly", "a=inactive"), NothingAcceptable),
        (("BUNDLE 0 1", "BUNDLE 0"), NothingAcceptable),
        (("sha-256", "sha-1"), NothingAcceptable),
        (("a=fingerprint", "a=fingermark"), MalformedSdp),
        (("m=", "q="), MalformedSdp),
    ],
)
def test_what_cannot_be_played_is_refused_by_name(change: tuple[str, str], error: type[RtcError]) -> None:
    with pytest.raises(error):
        answer_to(CHROMIUM.replace(*change))


@given(data=st.data())
def test_a_broken_offer_is_answered_or_refused_and_never_a_fault(data: st.DataObject) -> None:
    lines = CHROMIUM.split("\r\n")
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(lines) - 1))
        lines[at] = data.draw(st.sampled_from([*lines, "", "m=video", "a=rtpmap:x", "a=fmtp:46 apt=-1"]))
    with contextlib.suppress(RtcError):
        answer_to("\r\n".join(lines))
