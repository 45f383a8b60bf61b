"""VP8 in RTP (RFC 7741): where a keyframe begins, how large its picture is, and its picture numbers.

Every function answers for arbitrary bytes and never raises.
"""

from rtc.rtp.picture_numbers import NARROW, NO_PICTURE, WIDE, Picture
from rtc.rtp.rtp_packet import HEADER_LENGTH


def keyframe_start(payload: bytes) -> bool:
    """Whether this is the first packet of a keyframe."""
    at = _frame_start(payload)
    return at is not None and payload[at] & 0x01 == 0


def picture_size(payload: bytes) -> tuple[int, int] | None:
    """Width and height, from the first packet of a keyframe (RFC 6386 section 9.1)."""
    at = _frame_start(payload)
    if at is None or len(payload) < at + 10 or payload[at + 3 : at + 6] != b"\x9d\x01\x2a":
        return None
    width = int.from_bytes(payload[at + 6 : at + 8], "little") & 0x3FFF
    height = int.from_bytes(payload[at + 8 : at + 10], "little") & 0x3FFF
    return width, height


def read_picture(plain: bytes) -> Picture:
    """The numbers in a packet in plain form; none of them where the descriptor has none or is cut off."""
    at = HEADER_LENGTH
    if len(plain) < at + 3 or not plain[at] & 0x80:
        return NO_PICTURE
    flags = plain[at + 1]
    at += 2
    number_at = number_mask = number = tl0_at = 0
    if flags & 0x80:
        if plain[at] & 0x80:
            if len(plain) < at + 2:
                return NO_PICTURE
            number_at, number_mask = at, WIDE
            number = (plain[at] & 0x7F) << 8 | plain[at + 1]
            at += 2
        else:
            number_at, number_mask, number = at, NARROW, plain[at]
            at += 1
    if flags & 0x40 and at < len(plain):
        tl0_at = at
    return Picture(number_at, number_mask, number, tl0_at, plain[tl0_at] if tl0_at else 0)


def _frame_start(payload: bytes) -> int | None:
    """Where the frame's own bytes begin, if this packet begins a frame (section 4.2)."""
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
