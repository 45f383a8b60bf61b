"""Codecs in descriptions: which of a publisher's are taken, and with what parameters ours are told.

A publisher's own order of preference decides. VP8 and H.264, which every browser decodes (RFC 7742), come
first with all that have no wish of their own. Who puts VP9 or AV1 first does so on purpose, often because the
uplink is narrow; a viewer that does not decode it is told so, for nothing here makes another codec of it.
"""

from rtc.aiortc_seam import MediaCodec
from rtc.codecs import CLOCK_RATES, ENCODING_NAMES, KINDS, Codec

H264_PROFILES = ("42", "4d")  # baseline and main: what every browser decodes
OPUS_FMTP = "minptime=10;useinbandfec=1;usedtx=1"
H264_FMTP = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id="
# Of VP9 and AV1 the profile of eight bits and 4:2:0, which every decoder of them has.
FMTP: dict[Codec, str] = {
    Codec.H264: f"{H264_FMTP}42e01f",
    Codec.VP9: "profile-id=0",
    Codec.AV1: "level-idx=5;profile=0;tier=0",
    Codec.OPUS: OPUS_FMTP,
}


def known_codec(offered: MediaCodec, kind: str) -> Codec | None:
    """Which of ours it is, if browsers decode it in this form."""
    name = offered.name.lower()
    codec = next((each for each, written in ENCODING_NAMES.items() if written.lower() == name), None)
    if codec is None or KINDS[codec] != kind or offered.clockRate != CLOCK_RATES[codec]:
        return None
    return codec if _is_decodable(codec, offered) else None


def h264_profile(offered: MediaCodec) -> str:
    """The profile-level-id, six hexadecimal digits where it is well formed."""
    return str(offered.parameters.get("profile-level-id", "42001f")).lower()


def _is_decodable(codec: Codec, offered: MediaCodec) -> bool:
    parameters = {key: str(value) for key, value in offered.parameters.items()}
    match codec:
        case Codec.H264:
            return parameters.get("packetization-mode", "0") == "1" and _is_known(h264_profile(offered))
        case Codec.VP9:
            return parameters.get("profile-id", "0") == "0"
        case Codec.AV1:
            return parameters.get("profile", "0") == "0"
        case _:
            return True


def _is_known(profile: str) -> bool:
    return len(profile) == 6 and profile[:2] in H264_PROFILES and profile.isalnum() and profile.isascii()
