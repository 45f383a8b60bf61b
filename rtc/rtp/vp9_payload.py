"""VP9 in RTP (RFC 9628): where a keyframe begins, how large its picture is, and its picture numbers.

A picture of several spatial layers comes in one stream and passes whole. Every function answers for arbitrary
bytes and never raises.
"""

from dataclasses import dataclass

from rtc.rtp.bits import Bits
from rtc.rtp.picture_numbers import NARROW, NO_PICTURE, WIDE, Picture
from rtc.rtp.rtp_packet import HEADER_LENGTH

HAS_NUMBER, INTER, HAS_LAYERS, FLEXIBLE = 0x80, 0x40, 0x20, 0x10
BEGINS_FRAME, HAS_STRUCTURE = 0x08, 0x02
WIDE_NUMBER = 0x80
ANOTHER_REFERENCE = 0x01
MAX_REFERENCES = 3
RGB = 7


@dataclass(frozen=True, slots=True)
class _Descriptor:
    """Section 4.2: what stands before the frame's bytes; places count from its own beginning, 0 is none."""

    keyframe_start: bool  # of the base layer
    number_at: int
    number_mask: int
    number: int
    tl0_at: int
    tl0: int
    structure_at: int
    frame_at: int  # where the frame's bytes begin, unless a structure comes first


def keyframe_start(payload: bytes) -> bool:
    """Whether this is the first packet of a picture that needs no other."""
    found = _read(payload)
    return found is not None and found.keyframe_start


def picture_size(payload: bytes) -> tuple[int, int] | None:
    """Width and height of the largest layer, if the first packet of a keyframe tells."""
    found = _read(payload)
    if found is None or not found.keyframe_start:
        return None
    if not found.structure_at:
        return _frame_size(payload[found.frame_at :])
    size, frame_at = _structure(payload, found.structure_at)
    return size or _frame_size(payload[frame_at:])


def read_picture(plain: bytes) -> Picture:
    """The numbers in a packet in plain form; none of them where the descriptor has none or is cut off."""
    found = _read(plain[HEADER_LENGTH : HEADER_LENGTH + 5])
    if found is None:
        return NO_PICTURE
    return Picture(
        HEADER_LENGTH + found.number_at if found.number_at else 0,
        found.number_mask,
        found.number,
        HEADER_LENGTH + found.tl0_at if found.tl0_at else 0,
        found.tl0,
    )


def _read(payload: bytes) -> _Descriptor | None:
    """None if it is cut off before its references."""
    if not payload:
        return None
    first = payload[0]
    rest = payload[1:5] + bytes(4)  # zeros where it is cut off; that it was is found at the end
    number_at = number_mask = number = tl0_at = tl0 = layer = 0
    at = 1
    if first & HAS_NUMBER:
        number_at = at
        if rest[0] & WIDE_NUMBER:
            number_mask, number = WIDE, (rest[0] & 0x7F) << 8 | rest[1]
            at += 2
        else:
            number_mask, number = NARROW, rest[0]
            at += 1
    if first & HAS_LAYERS:
        layer = rest[at - 1] >> 1 & 0x07
        at += 1
        if not first & FLEXIBLE:
            tl0_at, tl0 = at, rest[at - 1]
            at += 1
    if at > len(payload):
        return None
    if first & FLEXIBLE and first & INTER:
        for _ in range(MAX_REFERENCES):
            more = at < len(payload) and payload[at] & ANOTHER_REFERENCE
            at += 1
            if not more:
                break
    return _Descriptor(
        keyframe_start=not first & INTER and first & BEGINS_FRAME != 0 and layer == 0,
        number_at=number_at,
        number_mask=number_mask,
        number=number,
        tl0_at=tl0_at,
        tl0=tl0,
        structure_at=at if first & HAS_STRUCTURE else 0,
        frame_at=at,
    )


def _structure(payload: bytes, at: int) -> tuple[tuple[int, int] | None, int]:
    """The largest layer's size, if the scalability structure tells it, and where the frame's bytes begin."""
    bits = Bits(payload[at : at + 300])
    layers = bits.take(3) + 1
    has_sizes, has_group = bits.take(1), bits.take(1)
    bits.take(3)
    length = 1
    size = None
    if has_sizes:
        for _ in range(layers):
            size = bits.take(16), bits.take(16)
        length += 4 * layers
    if has_group:
        pictures = bits.take(8)
        length += 1 + pictures
        for _ in range(pictures):
            bits.take(4)
            references = bits.take(2)
            bits.take(2 + 8 * references)
            length += references
    return (size if size and all(size) and not bits.spent else None), at + length


def _frame_size(frame: bytes) -> tuple[int, int] | None:
    """From a keyframe's uncompressed header (VP9 bitstream specification, section 6.2)."""
    bits = Bits(frame[:20])
    if bits.take(2) != 2:  # frame marker
        return None
    profile = bits.take(1) | bits.take(1) << 1
    if profile == 3:
        bits.take(1)
    if bits.take(1) or bits.take(1):  # shows a former frame, or is no keyframe
        return None
    bits.take(2)
    if bits.take(24) != 0x498342:
        return None
    if profile >= 2:
        bits.take(1)
    if bits.take(3) != RGB:
        bits.take(1)
        if profile & 1:
            bits.take(3)
    elif profile & 1:
        bits.take(1)
    width, height = bits.take(16) + 1, bits.take(16) + 1
    return None if bits.spent else (width, height)
