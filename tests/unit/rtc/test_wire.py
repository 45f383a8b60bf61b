"""What hub and worker say survives the socket; anything else is refused."""

from __future__ import annotations

import contextlib

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtc.errors import MalformedMessage, NothingAcceptable, RtcError
from rtc.figures import SlotStats, SourceStats, SubscriberStats, TrackStats, WorkerLoad
from rtc.link import wire
from rtc.plane import (
    AudioRoute,
    ConnectionDown,
    Kind,
    LevelsChanged,
    MediaEvent,
    Patched,
    Published,
    ScopeRoutes,
    SlotsChanged,
    SlotState,
    SourceUp,
    VideoRoute,
    WorkerLost,
    WorkerStats,
)

SLOT = SlotState(slot=1, kind=Kind.VIDEO, mid="v1", source_id=None, epoch=3, first_rtp_ts=None)
EVENTS: list[MediaEvent] = [
    SourceUp(source_id="s", kinds=(Kind.VIDEO,), codecs=("vp8",)),
    ConnectionDown(connection_id="c", reason="closed"),
    SlotsChanged(connection_id="c", epoch=3, slots=(SLOT,)),
    LevelsChanged(source_ids=("s", "t")),
    SourceStats(source_id="s", bitrate_bps=1, loss_pct=0.5, rtt_ms=None, jitter_ms=1.0),
    SourceStats(
        source_id="s",
        bitrate_bps=1,
        loss_pct=0.5,
        rtt_ms=9.0,
        jitter_ms=1.0,
        tracks=(
            TrackStats(
                kind=Kind.VIDEO,
                rid="f",
                codec="vp8",
                bitrate_bps=1,
                loss_pct=2.0,
                missing_pct=0.5,
                jitter_ms=1.0,
                height=720,
                score=4.1,
            ),
        ),
    ),
    SubscriberStats(
        connection_id="c",
        sent_bps=7,
        resent=1,
        loss_pct=None,
        rtt_ms=None,
        jitter_ms=None,
        slots=(
            SlotStats(
                slot=0, kind=Kind.VIDEO, source_id="s", sent_bps=7, loss_pct=1.0, jitter_ms=2.0, held=True
            ),
        ),
    ),
    WorkerLoad(
        cpu=0.5, lag_ms=1.0, dropped=0, full=False, connections=1, sources=1, counters={"packets_in": 3}
    ),
    WorkerLost(),
]
ROUTES = ScopeRoutes(
    scope_id="i",
    epoch=4,
    video=(VideoRoute(connection_id="c", slot=0, source_id="s"),),
    audio=(AudioRoute(connection_id="c", source_ids=("s",), pinned=("s",)),),
)


def through(frame: wire.Frame) -> wire.Frame:
    return wire.unpack(wire.pack(frame)[4:])


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_survives_the_wire(event: MediaEvent) -> None:
    assert wire.event_of(through(wire.event_frame(event))) == event


@pytest.mark.parametrize(
    "request_", [ROUTES, wire.Publish(source_id="s", offer_sdp="v=0"), wire.Ask(what="ping")]
)
def test_a_request_survives_the_wire(request_: wire.Request) -> None:
    assert wire.request_of(through(wire.request_frame(7, request_))) == (7, request_)


@pytest.mark.parametrize(
    "reply",
    [
        None,
        Published(connection_id="c", answer_sdp="v=0", ice_tag="t"),
        Patched(ice_tag="t", fragment=None),
        Patched(ice_tag="t", fragment="a=ice-lite"),
        WorkerStats(connections=1, sources=2, counters={"a": 3}),
    ],
)
def test_a_reply_survives_the_wire(reply: wire.Reply) -> None:
    assert wire.reply_of(through(wire.reply_frame(7, reply))) == reply


def test_a_refusal_is_raised_again_on_the_other_side() -> None:
    with pytest.raises(NothingAcceptable) as caught:
        wire.reply_of(through(wire.error_frame(7, NothingAcceptable("no codec"))))
    assert caught.value.reason == "no codec"


values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 2**40), st.text(max_size=5), st.binary(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)
names = st.sampled_from(
    ["Publish", "ScopeRoutes", "Accept", "Ask", "SlotsChanged", "WorkerStats", "nonsense"]
)


@given(
    st.dictionaries(
        st.sampled_from(["id", "ask", "reply", "error", "event", "with", "reason"]), st.one_of(values, names)
    )
)
def test_any_map_is_a_message_or_refused(frame: dict[str, object]) -> None:
    for read in (wire.request_of, wire.reply_of, wire.event_of):
        with contextlib.suppress(RtcError):
            read(through(frame))


@given(st.binary(max_size=60))
def test_any_bytes_are_a_map_or_refused(body: bytes) -> None:
    with contextlib.suppress(MalformedMessage):
        wire.unpack(body)


def test_a_list_is_no_message() -> None:
    with pytest.raises(MalformedMessage):
        wire.unpack(msgpack.packb([1]))
