"""H.264 in RTP (RFC 6184): where a keyframe begins, and how large its picture is.

Every function answers for arbitrary bytes and never raises.
"""

from rtc.codecs import Codec
from rtc.rtp.h264_sps import sps_size

NAL_IDR = 5
NAL_SPS = 7
NAL_STAP_A = 24
NAL_FU_A = 28
BASELINE = 66  # profile_idc
KEEPS_TO_BASELINE = 0x80  # constraint_set0_flag, in any profile


def keyframe_start(payload: bytes) -> bool:
    """Whether a picture that needs no other begins here: a parameter set or the first part of an IDR slice.

    Several packets of one access unit may say so (SPS, then IDR; several slices): the first of a
    timestamp counts.
    """
    if not payload:
        return False
    kind = payload[0] & 0x1F
    if kind == NAL_FU_A:
        return len(payload) > 1 and payload[1] & 0x80 != 0 and payload[1] & 0x1F in (NAL_IDR, NAL_SPS)
    if kind == NAL_STAP_A:
        return any(unit[0] & 0x1F in (NAL_IDR, NAL_SPS) for unit in _stap_units(payload))
    return kind in (NAL_IDR, NAL_SPS)


def parameter_set(payload: bytes) -> bytes | None:
    """The sequence parameter set in this payload, if a whole one is there."""
    if not payload:
        return None
    kind = payload[0] & 0x1F
    if kind == NAL_SPS:
        return payload
    if kind == NAL_STAP_A:
        return next((unit for unit in _stap_units(payload) if unit[0] & 0x1F == NAL_SPS), None)
    return None


def codec_of(payload: bytes) -> Codec | None:
    """Which of the two it is by what its sequence parameter set says, if there is one (section 7.4.2.1.1)."""
    if not payload or payload[0] & 0x1F not in (NAL_SPS, NAL_STAP_A):
        return None
    unit = parameter_set(payload)
    if unit is None or len(unit) < 3:
        return None
    is_baseline = unit[1] == BASELINE or unit[2] & KEEPS_TO_BASELINE
    return Codec.H264 if is_baseline else Codec.H264_MAIN


def picture_size(payload: bytes) -> tuple[int, int] | None:
    """Width and height, if there is a sequence parameter set."""
    unit = parameter_set(payload)
    return sps_size(unit) if unit is not None else None


def _stap_units(payload: bytes) -> list[bytes]:
    units = []
    at = 1
    while at + 2 < len(payload):
        size = int.from_bytes(payload[at : at + 2], "big")
        unit = payload[at + 2 : at + 2 + size]
        if size == 0 or len(unit) < size:
            break
        units.append(unit)
        at += 2 + size
    return units
