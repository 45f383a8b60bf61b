"""AV1 in RTP (the AV1 RTP payload format, section 4): where a keyframe begins, and how large its picture is.

Every function answers for arbitrary bytes and never raises.
"""

from collections.abc import Iterator

from rtc.rtp.bits import Bits

CONTINUES, COUNT_SHIFT, NEW_SEQUENCE = 0x80, 4, 0x08  # of the aggregation header
SEQUENCE_HEADER, TEMPORAL_DELIMITER = 1, 2
MAX_UNITS = 16  # looked at in one packet
MAX_SEQUENCE_HEADER = 100
LEVEL_WITH_TIER = 7


def keyframe_start(payload: bytes) -> bool:
    """Whether a coded video sequence begins here: it says so, or a sequence header comes first."""
    if not payload or payload[0] & CONTINUES:
        return False
    if payload[0] & NEW_SEQUENCE:
        return True
    kinds = (_kind(unit) for unit in _units(payload))
    return next((kind for kind in kinds if kind != TEMPORAL_DELIMITER), None) == SEQUENCE_HEADER


def picture_size(payload: bytes) -> tuple[int, int] | None:
    """Width and height, if there is a sequence header."""
    if not payload or payload[0] & CONTINUES:
        return None
    unit = next((each for each in _units(payload) if _kind(each) == SEQUENCE_HEADER), None)
    return _sequence_size(_content(unit)) if unit is not None else None


def _units(payload: bytes) -> Iterator[bytes]:
    """The open bitstream units, or parts of them, in a packet."""
    count = payload[0] >> COUNT_SHIFT & 0x03
    at = 1
    for index in range(1, MAX_UNITS + 1):
        if at >= len(payload):
            return
        size = len(payload) - at
        if index != count:  # all have a length but the last of a known number
            size, at = _leb128(payload, at)
        unit = payload[at : at + size]
        if unit:
            yield unit
        at += size
        if index == count:
            return


def _leb128(data: bytes, at: int) -> tuple[int, int]:
    """The number that stands there and where it ends (AV1 specification, section 4.10.5)."""
    value = 0
    for index in range(8):
        if at + index >= len(data):
            break
        value |= (data[at + index] & 0x7F) << 7 * index
        if not data[at + index] & 0x80:
            return value, at + index + 1
    return len(data), len(data)


def _kind(unit: bytes) -> int:
    return unit[0] >> 3 & 0x0F


def _content(unit: bytes) -> bytes:
    at = 2 if unit[0] & 0x04 else 1  # with an extension
    if unit[0] & 0x02:  # with its size once more
        _, at = _leb128(unit, at)
    return unit[at : at + MAX_SEQUENCE_HEADER]


def _sequence_size(content: bytes) -> tuple[int, int] | None:
    """From a sequence header (AV1 specification, section 5.5)."""
    bits = Bits(content)
    bits.take(4)  # profile, still picture
    if bits.take(1):  # the reduced header of a still picture
        bits.take(5)
    else:
        _skip_operating_points(bits)
    across, down = bits.take(4) + 1, bits.take(4) + 1
    width, height = bits.take(across) + 1, bits.take(down) + 1
    return None if bits.spent else (width, height)


def _skip_operating_points(bits: Bits) -> None:
    """Past timing, decoder model and levels."""
    delay_length = 0
    has_model = 0
    if bits.take(1):  # timing
        bits.take(64)
        if bits.take(1):
            bits.unsigned()
        has_model = bits.take(1)
        if has_model:
            delay_length = bits.take(5) + 1
            bits.take(42)
    has_display_delay = bits.take(1)
    for _ in range(bits.take(5) + 1):
        bits.take(12)
        if bits.take(5) > LEVEL_WITH_TIER:
            bits.take(1)
        if has_model and bits.take(1):
            bits.take(2 * delay_length + 1)
        if has_display_delay and bits.take(1):
            bits.take(4)
