"""The offer to a subscriber: a fixed set of slots, each an m-line with its own SSRC and every codec.

The worker always offers and the browser answers, so that payload types and SSRCs are ours, the former the
same for all. The stage (video slot 0) and audio slot 0 share one msid: the browser keeps them in step.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from rtc.aiortc_seam import MediaDescription, read_sdp
from rtc.codecs import Codec
from rtc.errors import MalformedSdp, NothingAcceptable
from rtc.plane import Kind
from rtc.sdp.answer import remote_transport
from rtc.sdp.lines import (
    MAX_SDP_LENGTH,
    TRANSPORT_CC_URI,
    LocalTransport,
    RemoteTransport,
    joined,
    session_lines,
    transport_lines,
)
from rtc.sdp.slot_formats import (
    accepted_formats,
    formats_of,
    numbers_of,
    retransmitted_formats,
    takes_repetitions,
)
from rtc.sdp.slot_terms import SlotTerms

CNAME = "liandong"
TRANSPORT_CC_ID = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotLine:
    """The m-line of one slot."""

    kind: Kind
    index: int
    mid: str
    ssrc: int
    rtx_ssrc: int | None  # of its retransmissions; sound has none


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriberAnswer:
    """What a browser accepted: by mid, the codecs it will decode and those whose retransmissions it takes,
    with our payload type for each, the mids whose packets may be numbered transport-wide, and
    those that take sound with repetitions.
    """

    remote: RemoteTransport
    codecs: dict[str, dict[Codec, int]]
    retransmitted: dict[str, dict[Codec, int]]
    numbered: frozenset[str] = frozenset()
    redundant: frozenset[str] = frozenset()

    def terms(self, mid: str) -> SlotTerms:
        """What was agreed on for that slot."""
        return SlotTerms(
            codecs=self.codecs[mid],
            retransmitted=self.retransmitted[mid],
            redundant=mid in self.redundant,
            transport_cc_id=TRANSPORT_CC_ID if mid in self.numbered else None,
        )


def slot_lines(video: int, audio: int, ssrcs: Sequence[int]) -> tuple[SlotLine, ...]:
    """The m-lines of so many slots, video first; `ssrcs` has two for each of video, one for each of audio."""
    own = iter(ssrcs)
    return (
        *(
            SlotLine(kind=Kind.VIDEO, index=index, mid=f"v{index}", ssrc=next(own), rtx_ssrc=next(own))
            for index in range(video)
        ),
        *(
            SlotLine(kind=Kind.AUDIO, index=index, mid=f"a{index}", ssrc=next(own), rtx_ssrc=None)
            for index in range(audio)
        ),
    )


def subscriber_offer(slots: Sequence[SlotLine], local: LocalTransport, session_id: int) -> str:
    """The offer's text."""
    lines = session_lines(session_id, [slot.mid for slot in slots])
    for slot in slots:
        formats = formats_of(slot.kind)
        numbers = " ".join(str(number) for number in numbers_of(slot.kind))
        stream = "stage" if slot.index == 0 else f"slot-{slot.mid}"
        lines += [f"m={slot.kind} 9 UDP/TLS/RTP/SAVPF {numbers}", "c=IN IP4 0.0.0.0", f"a=mid:{slot.mid}"]
        lines += ["a=sendonly", "a=rtcp-mux", f"a=msid:{stream} track-{slot.mid}"]
        for each in formats:
            lines += each.lines
        if slot.kind is Kind.VIDEO:
            lines.append(f"a=extmap:{TRANSPORT_CC_ID} {TRANSPORT_CC_URI}")
        ssrcs = [slot.ssrc, *([slot.rtx_ssrc] if slot.rtx_ssrc is not None else [])]
        if len(ssrcs) > 1:
            lines.append(f"a=ssrc-group:FID {' '.join(str(each) for each in ssrcs)}")
        for ssrc in ssrcs:
            lines += [f"a=ssrc:{ssrc} cname:{CNAME}", f"a=ssrc:{ssrc} msid:{stream} track-{slot.mid}"]
        lines += transport_lines(local, "actpass")
    return joined(lines)


def read_subscriber_answer(text: str, slots: Sequence[SlotLine]) -> SubscriberAnswer:
    """What the browser accepted of an offer with these slots.

    Raises: MalformedSdp, NothingAcceptable.
    """
    if len(text) > MAX_SDP_LENGTH:
        raise MalformedSdp("too long")
    session = read_sdp(text)
    by_mid = {description.rtp.muxId: description for description in session.media}
    answered = [by_mid[slot.mid] for slot in slots if slot.mid in by_mid]
    if len(session.media) != len(slots) or len(answered) != len(slots):
        raise MalformedSdp("the answer's m-lines are not the offer's")
    taken = {slot.mid: accepted_formats(by_mid[slot.mid]) for slot in slots}
    codecs = {mid: {codec: each.number for codec, each in formats.items()} for mid, formats in taken.items()}
    retransmitted = {mid: retransmitted_formats(by_mid[mid], formats) for mid, formats in taken.items()}
    usable = [each for each in answered if each.port != 0 and each.dtls is not None]
    if not usable or not any(codecs.values()):
        raise NothingAcceptable("every slot was refused")
    return SubscriberAnswer(
        remote=remote_transport(usable[0]),
        codecs=codecs,
        retransmitted=retransmitted,
        redundant=frozenset(mid for mid in taken if takes_repetitions(by_mid[mid])),
        numbered=frozenset(
            mid
            for mid, decoded in codecs.items()
            if decoded and decoded.keys() == retransmitted[mid].keys() and _takes_numbers(by_mid[mid])
        ),
    )


def _takes_numbers(description: MediaDescription) -> bool:
    """Whether its packets may carry transport-wide numbers, and feedback on them comes.

    Only where every retransmission has a stream of its own: a packet that is sent again under its own number
    would carry another transport-wide one, and SRTP must never encrypt two texts under one index.
    """
    extensions = {(each.uri, each.id) for each in description.rtp.headerExtensions}
    feedback = {each.type for codec in description.rtp.codecs for each in codec.rtcpFeedback}
    return (TRANSPORT_CC_URI, TRANSPORT_CC_ID) in extensions and "transport-cc" in feedback
