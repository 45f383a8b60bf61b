"""Codecs in descriptions: which of a publisher's are taken, and with what parameters ours are told.

A publisher's own order of preference decides. VP8 and H.264, which every browser decodes (RFC 7742), come
first with all that have no wish of their own. Who puts VP9 or AV1 first does so on purpose, often because the
uplink is narrow; a viewer that does not decode it is told so, for nothing here makes another codec of it.
"""

from collections.abc import Mapping

from rtc.aiortc_seam import MediaCodec, MediaDescription
from rtc.codecs import CLOCK_RATES, ENCODING_NAMES, KINDS, Codec

H264 = frozenset((Codec.H264, Codec.H264_MAIN))
SENT_PROFILES = {"42": Codec.H264, "4d": Codec.H264_MAIN}
DECODED_PROFILES = {**SENT_PROFILES, "64": Codec.H264_MAIN}  # who decodes High decodes Main
OPUS_FMTP = "minptime=10;useinbandfec=1;usedtx=1"
H264_FMTP = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id="
# Of VP9 and AV1 the profile of eight bits and 4:2:0, which every decoder of them has.
FMTP: dict[Codec, str] = {
    Codec.H264: f"{H264_FMTP}42e01f",
    Codec.H264_MAIN: f"{H264_FMTP}4d001f",
    Codec.VP9: "profile-id=0",
    Codec.AV1: "level-idx=5;profile=0;tier=0",
    Codec.OPUS: OPUS_FMTP,
}


def sent_codec(offered: MediaCodec, kind: str) -> Codec | None:
    """Which of ours a publisher would send, if browsers decode it in this form."""
    return _known_codec(offered, kind, SENT_PROFILES)


def decoded_codec(offered: MediaCodec, kind: str) -> Codec | None:
    """Which of ours a player would decode."""
    return _known_codec(offered, kind, DECODED_PROFILES)


def red_number(description: MediaDescription, opus_number: int) -> int | None:
    """Under which payload type that Opus comes with repetitions (RED, RFC 2198 section 5), if it does."""
    for codec in description.rtp.codecs:
        number = codec.payloadType
        if codec.name.lower() != "red" or codec.clockRate != CLOCK_RATES[Codec.OPUS]:
            continue
        within = {part for key in codec.parameters for part in key.split("/")}
        if number is not None and number in description.fmt and within <= {str(opus_number)}:
            return number if 0 < number < 128 and number != opus_number else None
    return None


def red_lines(number: int, opus_number: int) -> list[str]:
    """What describes it."""
    return [f"a=rtpmap:{number} red/48000/2", f"a=fmtp:{number} {opus_number}/{opus_number}"]


def h264_profile(offered: MediaCodec) -> str:
    """The profile-level-id, six hexadecimal digits where it is well formed."""
    return str(offered.parameters.get("profile-level-id", "42001f")).lower()


def _known_codec(offered: MediaCodec, kind: str, profiles: Mapping[str, Codec]) -> Codec | None:
    name = offered.name.lower()
    codec = next((each for each, written in ENCODING_NAMES.items() if written.lower() == name), None)
    if codec is None or KINDS[codec] != kind or offered.clockRate != CLOCK_RATES[codec]:
        return None
    if codec is Codec.H264:
        return _known_h264(offered, profiles)
    return codec if _is_decodable(codec, offered) else None


def _known_h264(offered: MediaCodec, profiles: Mapping[str, Codec]) -> Codec | None:
    profile = h264_profile(offered)
    if str(offered.parameters.get("packetization-mode", "0")) != "1":
        return None
    if len(profile) != 6 or not (profile.isalnum() and profile.isascii()):
        return None
    return profiles.get(profile[:2])


def _is_decodable(codec: Codec, offered: MediaCodec) -> bool:
    """Whether it is of the profile that every decoder of that codec has."""
    parameter = {Codec.VP9: "profile-id", Codec.AV1: "profile"}.get(codec)
    return parameter is None or str(offered.parameters.get(parameter, "0")) == "0"
