"""Where a keyframe begins, and how large its picture is: VP8 (RFC 7741) and H.264 (RFC 6184).

Every function answers for arbitrary bytes and never raises.
"""

from collections.abc import Callable

from rtc.codecs import Codec
from rtc.h264_sps import sps_size

NAL_IDR = 5
NAL_SPS = 7
NAL_STAP_A = 24
NAL_FU_A = 28


def vp8_keyframe_start(payload: bytes) -> bool:
    """Whether this is the first packet of a VP8 keyframe."""
    at = _vp8_frame_start(payload)
    return at is not None and payload[at] & 0x01 == 0


def h264_keyframe_start(payload: bytes) -> bool:
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


def vp8_size(payload: bytes) -> tuple[int, int] | None:
    """Width and height, from the first packet of a keyframe (RFC 6386 section 9.1)."""
    at = _vp8_frame_start(payload)
    if at is None or len(payload) < at + 10 or payload[at + 3 : at + 6] != b"\x9d\x01\x2a":
        return None
    width = int.from_bytes(payload[at + 6 : at + 8], "little") & 0x3FFF
    height = int.from_bytes(payload[at + 8 : at + 10], "little") & 0x3FFF
    return width, height


def h264_sps(payload: bytes) -> bytes | None:
    """The sequence parameter set in this payload, if a whole one is there."""
    if not payload:
        return None
    kind = payload[0] & 0x1F
    if kind == NAL_SPS:
        return payload
    if kind == NAL_STAP_A:
        return next((unit for unit in _stap_units(payload) if unit[0] & 0x1F == NAL_SPS), None)
    return None


def keyframe_detector(codec: Codec) -> Callable[[bytes], bool]:
    """The detector for a video codec."""
    return h264_keyframe_start if codec is Codec.H264 else vp8_keyframe_start


def picture_size(codec: Codec, payload: bytes) -> tuple[int, int] | None:
    """Width and height, if this packet of a keyframe tells them."""
    if codec is Codec.VP8:
        return vp8_size(payload)
    unit = h264_sps(payload)
    return sps_size(unit) if unit is not None else None


def _vp8_frame_start(payload: bytes) -> int | None:
    """Where the frame's own bytes begin, if this packet begins a frame (RFC 7741 section 4.2)."""
    if len(payload) < 2:
        return None
    first = payload[0]
    if first & 0x10 == 0 or first & 0x07 != 0:  # not the start of partition 0
        return None
    at = 1
    if first & 0x80:
        flags = payload[1]
        at = 2
        if flags & 0x80:  # picture id, one byte or two
            if len(payload) <= at:
                return None
            at += 2 if payload[at] & 0x80 else 1
        if flags & 0x40:  # TL0PICIDX
            at += 1
        if flags & 0x30:  # TID, KEYIDX
            at += 1
    return at if at < len(payload) else None


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
