"""The answer to a player (WHEP, draft-ietf-wish-whep): it offers to receive, and what it offers decides.

Its first picture and its first sound are answered with one slot each, under *its* payload types; every codec
that it takes and we carry is in the answer, so that the slot may change between them without a word.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rtc.aiortc_seam import MediaCodec, MediaDescription, read_sdp
from rtc.codecs import CLOCK_RATES, ENCODING_NAMES, PAYLOAD_TYPES, Codec
from rtc.errors import MalformedSdp, NothingAcceptable
from rtc.plane import Kind
from rtc.rtp.red import RED_PAYLOAD_TYPE
from rtc.sdp.answer import MAX_MEDIA, mid_of, remote_transport, require_bundle
from rtc.sdp.codec_order import FMTP, H264, H264_FMTP, decoded_codec, h264_profile, red_lines, red_number
from rtc.sdp.lines import (
    MAX_SDP_LENGTH,
    TRANSPORT_CC_URI,
    VIDEO_FEEDBACK,
    LocalTransport,
    RemoteTransport,
    joined,
    session_lines,
    transport_lines,
)
from rtc.sdp.offer import CNAME, SlotLine
from rtc.sdp.slot_terms import SlotTerms

RECEIVING = ("recvonly", "sendrecv", None)
STREAM = "stage"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayerLine:
    """One m-line that will be sent on."""

    kind: Kind
    mid: str
    terms: SlotTerms
    parameters: Mapping[Codec, str]  # what its own description of the codec adds, to be said again
    feedback: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayerOffer:
    """An offer that was understood; None where an m-line will be refused."""

    remote: RemoteTransport
    media: tuple[tuple[MediaDescription, PlayerLine | None], ...]

    @property
    def lines(self) -> tuple[PlayerLine, ...]:
        """What will be sent."""
        return tuple(line for _, line in self.media if line is not None)


def read_player_offer(text: str) -> PlayerOffer:
    """What a player offers to receive, and what of it will be sent.

    Raises: MalformedSdp, NothingAcceptable.
    """
    if len(text) > MAX_SDP_LENGTH:
        raise MalformedSdp("too long")
    session = read_sdp(text)
    if not 0 < len(session.media) <= MAX_MEDIA:
        raise MalformedSdp("no m-line, or too many")
    media: list[tuple[MediaDescription, PlayerLine | None]] = []
    taken: dict[Kind, MediaDescription] = {}
    for index, description in enumerate(session.media):
        line = _line(description, index)
        if line is not None and line.kind in taken:
            line = None
        if line is not None:
            taken[line.kind] = description
        media.append((description, line))
    if not taken:
        raise NothingAcceptable("no codec that is carried is offered for receiving")
    require_bundle(session, list(taken.values()))
    remote = remote_transport(next(iter(taken.values())))
    return PlayerOffer(remote=remote, media=tuple(media))


def slots_of(offer: PlayerOffer, ssrcs: Sequence[int]) -> tuple[SlotLine, ...]:
    """A slot for each m-line that is sent, video first; `ssrcs` has two for each."""
    own = iter(ssrcs)
    ordered = sorted(offer.lines, key=lambda line: line.kind is Kind.AUDIO)
    return tuple(
        SlotLine(
            kind=line.kind,
            index=0,
            mid=line.mid,
            ssrc=next(own),
            rtx_ssrc=next(own) if line.terms.retransmitted else None,
        )
        for line in ordered
    )


def player_answer(
    offer: PlayerOffer, slots: Sequence[SlotLine], local: LocalTransport, session_id: int
) -> str:
    """The answer's text: these m-lines are sendonly on one transport, the others are refused."""
    by_mid = {slot.mid: slot for slot in slots}
    lines = session_lines(session_id, [line.mid for line in offer.lines])
    for index, (description, line) in enumerate(offer.media):
        if line is None:
            formats = " ".join(str(each) for each in description.fmt)
            lines += [f"m={description.kind} 0 {description.profile} {formats}", "c=IN IP4 0.0.0.0"]
            lines += [f"a=mid:{mid_of(description, index)}", "a=inactive"]
            continue
        slot, terms = by_mid[line.mid], line.terms
        beside = [RED_PAYLOAD_TYPE] if terms.redundant else terms.retransmitted.values()
        numbers = " ".join(str(each) for each in (*terms.codecs.values(), *beside))
        lines += [f"m={line.kind} 9 {description.profile} {numbers}", "c=IN IP4 0.0.0.0"]
        lines += [f"a=mid:{line.mid}", "a=sendonly", "a=rtcp-mux", f"a=msid:{STREAM} track-{line.kind}"]
        for codec in terms.codecs:
            lines += _codec_lines(line, codec)
        if terms.transport_cc_id is not None:
            lines.append(f"a=extmap:{terms.transport_cc_id} {TRANSPORT_CC_URI}")
        ssrcs = [slot.ssrc, *([slot.rtx_ssrc] if slot.rtx_ssrc is not None else [])]
        if len(ssrcs) > 1:
            lines.append(f"a=ssrc-group:FID {' '.join(str(each) for each in ssrcs)}")
        lines += [f"a=ssrc:{ssrc} cname:{CNAME}" for ssrc in ssrcs]
        lines += transport_lines(local, "passive" if offer.remote.peer_is_client else "active")
    return joined(lines)


def _line(description: MediaDescription, index: int) -> PlayerLine | None:
    if description.kind not in ("audio", "video") or description.port == 0:
        return None
    if description.direction not in RECEIVING or "RTP/SAVPF" not in description.profile:
        return None
    kind = Kind(description.kind)
    offered: dict[Codec, MediaCodec] = {}
    for each in description.rtp.codecs:
        codec = decoded_codec(each, kind)
        if codec is not None and codec not in offered and _number(each, description) is not None:
            offered[codec] = each
    if not offered:
        return None
    codecs = {codec: int(each.payloadType or 0) for codec, each in offered.items()}
    retransmitted = _retransmitted(description, codecs) if kind is Kind.VIDEO else {}
    feedback = {
        f"{each.type} {each.parameter}" if each.parameter else each.type
        for codec in offered.values()
        for each in codec.rtcpFeedback
    }
    numbered = kind is Kind.VIDEO and "transport-cc" in feedback and retransmitted.keys() == codecs.keys()
    ids = (each.id for each in description.rtp.headerExtensions if each.uri == TRANSPORT_CC_URI)
    element_id = next((each for each in ids if 0 < each < 15), None)
    wanted = (*VIDEO_FEEDBACK, "goog-remb") if kind is Kind.VIDEO else ()
    kept = [each for each in wanted if each in feedback]
    if numbered and element_id is not None:
        kept.append("transport-cc")
    return PlayerLine(
        kind=kind,
        mid=mid_of(description, index),
        terms=SlotTerms(
            codecs=codecs,
            retransmitted=retransmitted,
            redundant=_takes_repetitions(description, codecs),
            transport_cc_id=element_id if numbered else None,
        ),
        parameters={codec: _parameters(codec, each) for codec, each in offered.items()},
        feedback=tuple(kept),
    )


def _parameters(codec: Codec, offered: MediaCodec) -> str:
    return f"{H264_FMTP}{h264_profile(offered)}" if codec in H264 else FMTP.get(codec, "")


def _takes_repetitions(description: MediaDescription, codecs: Mapping[Codec, int]) -> bool:
    """RED names payload types inside its packets too, so it is only for who has the same ones as we."""
    number = codecs.get(Codec.OPUS)
    return number == PAYLOAD_TYPES[Codec.OPUS] and red_number(description, number) == RED_PAYLOAD_TYPE


def _number(offered: MediaCodec, description: MediaDescription) -> int | None:
    number = offered.payloadType
    usable = number is not None and 0 <= number < 128 and number in description.fmt
    return number if usable else None


def _retransmitted(description: MediaDescription, codecs: Mapping[Codec, int]) -> dict[Codec, int]:
    """Under which payload types retransmissions of these are taken."""
    by_number = {str(number): codec for codec, number in codecs.items()}
    found: dict[Codec, int] = {}
    for each in description.rtp.codecs:
        codec = by_number.get(str(each.parameters.get("apt", ""))) if each.name.lower() == "rtx" else None
        number = _number(each, description)
        if codec is not None and number is not None and number not in codecs.values():
            found.setdefault(codec, number)
    return {codec: found[codec] for codec in codecs if codec in found}


def _codec_lines(line: PlayerLine, codec: Codec) -> list[str]:
    number = line.terms.codecs[codec]
    channels = "/2" if codec is Codec.OPUS else ""
    lines = [f"a=rtpmap:{number} {ENCODING_NAMES[codec]}/{CLOCK_RATES[codec]}{channels}"]
    if line.parameters[codec]:
        lines.append(f"a=fmtp:{number} {line.parameters[codec]}")
    if line.terms.redundant:
        lines += red_lines(RED_PAYLOAD_TYPE, number)
    lines += [f"a=rtcp-fb:{number} {feedback}" for feedback in line.feedback]
    again = line.terms.retransmitted.get(codec)
    if again is not None:
        lines += [f"a=rtpmap:{again} rtx/90000", f"a=fmtp:{again} apt={number}"]
    return lines
