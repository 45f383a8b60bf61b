"""The offer to a subscriber: a fixed set of slots, each an m-line with its own SSRC and every codec.

The worker always offers and the browser answers, so that payload types and SSRCs are ours, the former the
same for all. The stage (video slot 0) and audio slot 0 share one msid: the browser keeps them in step.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from rtc.aiortc_seam import MediaDescription, read_sdp
from rtc.codecs import ENCODING_NAMES, KINDS, PAYLOAD_TYPES, RTX_PAYLOAD_TYPES, Codec
from rtc.errors import MalformedSdp, NothingAcceptable
from rtc.plane import Kind
from rtc.sdp_answer import remote_transport
from rtc.sdp_codecs import FMTP
from rtc.sdp_lines import (
    MAX_SDP_LENGTH,
    TRANSPORT_CC_URI,
    VIDEO_FEEDBACK,
    LocalTransport,
    RemoteTransport,
    joined,
    session_lines,
    transport_lines,
)
from rtc.slot_terms import SlotTerms

CNAME = "liandong"
TRANSPORT_CC_ID = 3
SLOT_FEEDBACK = (*VIDEO_FEEDBACK, "transport-cc", "goog-remb")


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
    """What a browser accepted: by mid, the codecs it will decode under our payload types, and those whose
    retransmissions it takes under theirs; the mids whose packets may be numbered transport-wide.
    """

    remote: RemoteTransport
    codecs: dict[str, frozenset[Codec]]
    retransmitted: dict[str, frozenset[Codec]]
    numbered: frozenset[str] = frozenset()

    def terms(self, mid: str) -> SlotTerms:
        """What was agreed on for that slot."""
        return SlotTerms(
            codecs={codec: PAYLOAD_TYPES[codec] for codec in self.codecs[mid]},
            retransmitted={codec: RTX_PAYLOAD_TYPES[codec] for codec in self.retransmitted[mid]},
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
        codecs = [codec for codec, kind in KINDS.items() if kind is slot.kind]
        again = [RTX_PAYLOAD_TYPES[codec] for codec in codecs if codec in RTX_PAYLOAD_TYPES]
        numbers = " ".join(str(each) for each in [*(PAYLOAD_TYPES[codec] for codec in codecs), *again])
        stream = "stage" if slot.index == 0 else f"slot-{slot.mid}"
        lines += [f"m={slot.kind} 9 UDP/TLS/RTP/SAVPF {numbers}", "c=IN IP4 0.0.0.0", f"a=mid:{slot.mid}"]
        lines += ["a=sendonly", "a=rtcp-mux", f"a=msid:{stream} track-{slot.mid}"]
        for codec in codecs:
            lines += _codec_lines(codec)
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
    codecs = {slot.mid: _accepted(by_mid[slot.mid]) for slot in slots}
    retransmitted = {slot.mid: _retransmitted(by_mid[slot.mid]) for slot in slots}
    usable = [each for each in answered if each.port != 0 and each.dtls is not None]
    if not usable or not any(codecs.values()):
        raise NothingAcceptable("every slot was refused")
    return SubscriberAnswer(
        remote=remote_transport(usable[0]),
        codecs=codecs,
        retransmitted=retransmitted,
        numbered=frozenset(
            mid
            for mid, decoded in codecs.items()
            if decoded and decoded == retransmitted[mid] and _takes_numbers(by_mid[mid])
        ),
    )


def _accepted(description: MediaDescription) -> frozenset[Codec]:
    if description.port == 0 or description.direction not in ("recvonly", "sendrecv"):
        return frozenset()
    names = {(codec.name.lower(), codec.payloadType) for codec in description.rtp.codecs}
    return frozenset(
        codec for codec, number in PAYLOAD_TYPES.items() if (ENCODING_NAMES[codec].lower(), number) in names
    )


def _takes_numbers(description: MediaDescription) -> bool:
    """Whether its packets may carry transport-wide numbers, and feedback on them comes.

    Only where every retransmission has a stream of its own: a packet that is sent again under its own number
    would carry another transport-wide one, and SRTP must never encrypt two texts under one index.
    """
    extensions = {(each.uri, each.id) for each in description.rtp.headerExtensions}
    feedback = {each.type for codec in description.rtp.codecs for each in codec.rtcpFeedback}
    return (TRANSPORT_CC_URI, TRANSPORT_CC_ID) in extensions and "transport-cc" in feedback


def _retransmitted(description: MediaDescription) -> frozenset[Codec]:
    """Codecs whose retransmissions are taken."""
    if description.port == 0:
        return frozenset()
    numbers = {codec.payloadType for codec in description.rtp.codecs if codec.name.lower() == "rtx"}
    return frozenset(codec for codec, number in RTX_PAYLOAD_TYPES.items() if number in numbers)


def _codec_lines(codec: Codec) -> list[str]:
    number = PAYLOAD_TYPES[codec]
    if codec is Codec.OPUS:
        return [f"a=rtpmap:{number} opus/48000/2", f"a=fmtp:{number} {FMTP[codec]}"]
    lines = [f"a=rtpmap:{number} {ENCODING_NAMES[codec]}/90000"]
    if codec in FMTP:
        lines.append(f"a=fmtp:{number} {FMTP[codec]}")
    lines += [f"a=rtcp-fb:{number} {feedback}" for feedback in SLOT_FEEDBACK]
    again = RTX_PAYLOAD_TYPES[codec]
    return [*lines, f"a=rtpmap:{again} rtx/90000", f"a=fmtp:{again} apt={number}"]
