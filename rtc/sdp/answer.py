"""The answer to a publisher: its first acceptable picture and sound, received and never sent (RFC 9725)."""

from collections.abc import Sequence
from dataclasses import dataclass

from rtc.aiortc_seam import MediaCodec, MediaDescription, SessionDescription, read_sdp
from rtc.codecs import ENCODING_NAMES, Codec
from rtc.downlink.layers import Simulcast
from rtc.errors import MalformedSdp, NothingAcceptable
from rtc.sdp.codec_order import (
    FMTP,
    H264,
    H264_FMTP,
    OPUS_FMTP,
    h264_profile,
    red_lines,
    red_number,
    sent_codec,
)
from rtc.sdp.lines import (
    LEVEL_URI,
    MAX_SDP_LENGTH,
    SEND_TIME_URI,
    TRANSPORT_CC_URI,
    VIDEO_FEEDBACK,
    LocalTransport,
    RemoteTransport,
    joined,
    session_lines,
    transport_lines,
)
from rtc.sdp.simulcast import (
    REPAIRED_RID_URI,
    RID_URI,
    read_simulcast,
    sections,
    simulcast_lines,
)
from rtc.uplink.source import StreamPlan

SENDING = ("sendonly", "sendrecv", None)  # a direction that is not told is sendrecv (RFC 8866 section 6.7)
MAX_MEDIA = 64
# Chromium begins at 300 kbps, and therefore small, unless it is told otherwise; others do not know the word.
START_BITRATE = "x-google-start-bitrate=1000"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Accepted:
    """One m-line that will be received."""

    plan: StreamPlan
    profile: str  # of H.264


@dataclass(frozen=True, slots=True, kw_only=True)
class PublisherOffer:
    """An offer that was understood, with what will be accepted of it."""

    remote: RemoteTransport
    plans: tuple[StreamPlan, ...]
    media: tuple[tuple[MediaDescription, _Accepted | None], ...]


def read_publisher_offer(text: str) -> PublisherOffer:
    """What a publisher offers, and what of it will be accepted.

    Raises: MalformedSdp, NothingAcceptable.
    """
    if len(text) > MAX_SDP_LENGTH:
        raise MalformedSdp("too long")
    session = read_sdp(text)
    if not 0 < len(session.media) <= MAX_MEDIA:
        raise MalformedSdp("no m-line, or too many")
    media: list[tuple[MediaDescription, _Accepted | None]] = []
    taken: dict[str, MediaDescription] = {}
    for description, section in zip(session.media, sections(text), strict=False):
        accepted = None if description.kind in taken else _accept(description, section)
        if accepted is not None:
            taken[description.kind] = description
        media.append((description, accepted))
    if not taken:
        raise NothingAcceptable(
            "no VP8, H.264 (packetization-mode=1), VP9, AV1 or Opus is offered for sending"
        )
    require_bundle(session, list(taken.values()))
    remote = remote_transport(next(iter(taken.values())))
    plans = tuple(accepted.plan for _, accepted in media if accepted is not None)
    return PublisherOffer(remote=remote, plans=plans, media=tuple(media))


def accepted_mids(offer: PublisherOffer) -> list[str]:
    """The m-lines that will be received."""
    return [mid_of(each, index) for index, (each, accepted) in enumerate(offer.media) if accepted is not None]


def publisher_answer(offer: PublisherOffer, local: LocalTransport, session_id: int) -> str:
    """The answer's text: accepted m-lines are recvonly on one transport, the others are refused."""
    lines = session_lines(session_id, accepted_mids(offer))
    for index, (description, accepted) in enumerate(offer.media):
        mid = mid_of(description, index)
        if accepted is None:
            formats = " ".join(str(each) for each in description.fmt)
            lines += [f"m={description.kind} 0 {description.profile} {formats}", "c=IN IP4 0.0.0.0"]
            lines += [f"a=mid:{mid}", "a=inactive"]
            continue
        numbers = " ".join(str(each) for each in _payload_types(accepted.plan))
        lines += [f"m={description.kind} 9 {description.profile} {numbers}", "c=IN IP4 0.0.0.0"]
        lines += [f"a=mid:{mid}", "a=recvonly", "a=rtcp-mux"]
        lines += _codec_lines(accepted)
        lines += transport_lines(local, "passive" if offer.remote.peer_is_client else "active")
    return joined(lines)


def remote_transport(description: MediaDescription) -> RemoteTransport:
    """The peer's certificate and DTLS role, from one of its m-lines.

    Raises: MalformedSdp.
    """
    if description.dtls is None or not description.dtls.fingerprints:
        raise MalformedSdp("no DTLS fingerprint or setup")
    prints = tuple((each.algorithm.lower(), each.value.upper()) for each in description.dtls.fingerprints)
    if not any(algorithm in ("sha-256", "sha-384", "sha-512") for algorithm, _ in prints):
        raise NothingAcceptable("no SHA-2 fingerprint")
    return RemoteTransport(
        fingerprints=prints,
        peer_is_client=description.dtls.role != "server",
        ice_ufrag=(description.ice.usernameFragment or "") if description.ice else "",
        ice_password=(description.ice.password or "") if description.ice else "",
    )


def _accept(description: MediaDescription, section: str) -> _Accepted | None:
    """What of this m-line can be received, in the publisher's own order of preference."""
    if description.kind not in ("audio", "video") or description.port == 0:
        return None
    if description.direction not in SENDING or "RTP/SAVPF" not in description.profile:
        return None
    described = {codec.payloadType: codec for codec in description.rtp.codecs}
    for number in description.fmt:  # the lines that describe them may come in any order
        codec = described.get(number)
        accepted = sent_codec(codec, description.kind) if codec is not None else None
        if codec is not None and accepted is not None and 0 <= number < 128:
            transport_cc_id = _transport_cc_id(description, codec)
            plan = StreamPlan(
                codec=accepted,
                payload_type=number,
                ssrc=_ssrc(description),
                simulcast=_simulcast(description, section) if description.kind == "video" else None,
                rtx_payload_type=_rtx_payload_type(description, number),
                red_payload_type=red_number(description, number) if accepted is Codec.OPUS else None,
                level_id=_extension_id(description, LEVEL_URI) if accepted is Codec.OPUS else None,
                transport_cc_id=transport_cc_id,
                send_time_id=_extension_id(description, SEND_TIME_URI) if transport_cc_id is None else None,
            )
            return _Accepted(plan=plan, profile=h264_profile(codec))
    return None


def _payload_types(plan: StreamPlan) -> list[int]:
    """In our order of preference: sound rather with repetitions than without."""
    numbers = (plan.red_payload_type, plan.payload_type, plan.rtx_payload_type)
    return [number for number in numbers if number is not None]


def _rtx_payload_type(description: MediaDescription, payload_type: int) -> int | None:
    """Under which retransmissions of that payload type would come."""
    for codec in description.rtp.codecs:
        number = codec.payloadType
        repeats = str(codec.parameters.get("apt", "")) == str(payload_type)
        if codec.name.lower() == "rtx" and repeats and number is not None and number in description.fmt:
            return number if number < 128 and number != payload_type else None
    return None


def _simulcast(description: MediaDescription, section: str) -> Simulcast | None:
    ids = [_extension_id(description, uri) for uri in (RID_URI, REPAIRED_RID_URI)]
    return read_simulcast(section, *ids)


def _transport_cc_id(description: MediaDescription, codec: MediaCodec) -> int | None:
    """The element that numbers packets transport-wide, if the publisher wants feedback on it."""
    if not any(feedback.type == "transport-cc" for feedback in codec.rtcpFeedback):
        return None
    return _extension_id(description, TRANSPORT_CC_URI)


def _ssrc(description: MediaDescription) -> int | None:
    """The SSRC of the media itself, not of its retransmissions."""
    for group in description.ssrc_group:
        if group.semantic == "FID" and group.items:
            return int(group.items[0]) & 0xFFFFFFFF
    return description.ssrc[0].ssrc & 0xFFFFFFFF if description.ssrc else None


def _extension_id(description: MediaDescription, uri: str) -> int | None:
    ids = (each.id for each in description.rtp.headerExtensions if each.uri == uri and 0 < each.id < 256)
    return next(ids, None)


def require_bundle(session: SessionDescription, descriptions: Sequence[MediaDescription]) -> None:
    """Returns if these m-lines are bundled on one transport. Raises: NothingAcceptable."""
    if len(descriptions) < 2:
        return
    wanted = {description.rtp.muxId for description in descriptions}
    bundles = (set(group.items) for group in session.group if group.semantic == "BUNDLE")
    if not any(wanted <= bundle for bundle in bundles):
        raise NothingAcceptable("sound and picture must be bundled on one transport")


def mid_of(description: MediaDescription, index: int) -> str:
    """Its own mid if that is one; else its place."""
    mid = description.rtp.muxId
    return mid if mid and len(mid) <= 32 and mid.isprintable() and " " not in mid else str(index)


def _codec_lines(accepted: _Accepted) -> list[str]:
    plan = accepted.plan
    number = plan.payload_type
    if plan.codec is Codec.OPUS:
        lines = [f"a=rtpmap:{number} opus/48000/2", f"a=fmtp:{number} {OPUS_FMTP}"]
        if plan.red_payload_type is not None:
            lines += red_lines(plan.red_payload_type, number)
        lines += [f"a=extmap:{plan.level_id} {LEVEL_URI}"] if plan.level_id else []
        return lines + _way_lines(plan)
    lines = [f"a=rtpmap:{number} {ENCODING_NAMES[plan.codec]}/90000"]
    parameters = H264_FMTP + accepted.profile if plan.codec in H264 else FMTP.get(plan.codec)
    lines.append(f"a=fmtp:{number} {';'.join(each for each in (parameters, START_BITRATE) if each)}")
    lines += [f"a=rtcp-fb:{number} {feedback}" for feedback in (*VIDEO_FEEDBACK, "goog-remb")]
    if plan.rtx_payload_type is not None:
        again = plan.rtx_payload_type
        lines += [f"a=rtpmap:{again} rtx/90000", f"a=fmtp:{again} apt={number}"]
    if plan.simulcast is not None:
        lines += simulcast_lines(plan.simulcast)
    return lines + _way_lines(plan)


def _way_lines(plan: StreamPlan) -> list[str]:
    """How it is found out what its way carries."""
    if plan.transport_cc_id is None:
        return [f"a=extmap:{plan.send_time_id} {SEND_TIME_URI}"] if plan.send_time_id is not None else []
    number = plan.payload_type
    return [f"a=rtcp-fb:{number} transport-cc", f"a=extmap:{plan.transport_cc_id} {TRANSPORT_CC_URI}"]
