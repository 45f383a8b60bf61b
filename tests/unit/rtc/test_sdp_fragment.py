"""What a publisher says of its candidates and restarts, and what it is answered."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtc.errors import MalformedSdp
from rtc.sdp.fragment import read_fragment, restart_fragment
from rtc.sdp.lines import LocalTransport

# RFC 9725, figure 6, with candidates of documentation addresses
TRICKLE = (
    "a=group:BUNDLE 0 1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=ice-ufrag:EsAw\r\n"
    "a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n"
    "a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0 ufrag EsAw\r\n"
    "a=end-of-candidates\r\n"
)


def test_the_user_name_is_found_wherever_it_stands_and_may_be_missing() -> None:
    assert read_fragment(TRICKLE) == "EsAw"
    assert read_fragment(TRICKLE.replace("\r\n", "\n")) == "EsAw"
    assert read_fragment("a=end-of-candidates\r\n") is None
    assert read_fragment("") is None


@pytest.mark.parametrize(
    "text", [TRICKLE + "a=ice-ufrag:Other\r\n", "a=ice-ufrag:\r\n", "hello", "a=x\r\n" * 9000]
)
def test_what_contradicts_itself_or_is_none_is_malformed(text: str) -> None:
    with pytest.raises(MalformedSdp):
        read_fragment(text)


@given(st.text(max_size=200))
def test_arbitrary_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(MalformedSdp):
        read_fragment(text)


def test_the_answer_says_where_and_as_whom_we_are_reached() -> None:
    local = LocalTransport(
        ufrag="ours", password="p" * 24, fingerprint="AB", candidates=(("192.0.2.1", 8792), ("::1", 8792))
    )
    text = restart_fragment(local, ("v", "a"))
    assert read_fragment(text) == "ours"
    assert "a=ice-lite" in text
    assert "a=group:BUNDLE v a" in text
    assert text.count("typ host") == 2
    assert text.index("a=mid:v") < text.index("192.0.2.1") < text.index("a=mid:a")
    assert "fingerprint" not in text


def test_a_restart_is_answered_with_the_way_by_tcp_too() -> None:
    local = LocalTransport(
        ufrag="ours", password="p" * 24, fingerprint="AB", candidates=(("192.0.2.1", 8792),), tcp=True
    )
    fragment = restart_fragment(local, ["0"])
    assert fragment.index(" 1 udp ") < fragment.index(" 1 tcp ")
    assert "192.0.2.1 8792 typ host tcptype passive\r\n" in fragment
