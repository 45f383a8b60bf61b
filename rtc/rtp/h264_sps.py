"""The picture's size from an H.264 sequence parameter set (ITU-T H.264 section 7.3.2.1.1)."""

from rtc.rtp.bits import Bits

HIGH_PROFILES = (100, 110, 122, 244, 44, 83, 86, 118, 128)
MAX_MACROBLOCKS = 1024  # a side; larger is nonsense


def sps_size(unit: bytes) -> tuple[int, int] | None:
    """Width and height; None if the bytes are no such set, or one with scaling lists (rare live)."""
    if len(unit) < 5 or unit[0] & 0x1F != 7:
        return None
    bits = Bits(unit[1:200].replace(b"\0\0\3", b"\0\0"))
    profile = bits.take(8)
    bits.take(16)
    bits.unsigned()
    chroma = 1
    if profile in HIGH_PROFILES:
        chroma = bits.unsigned()
        bits.unsigned()
        bits.unsigned()
        bits.take(1)
        if chroma == 3 or bits.take(1):
            return None
    bits.unsigned()
    _skip_order(bits)
    bits.unsigned()
    bits.take(1)
    across, down = bits.unsigned() + 1, bits.unsigned() + 1
    frames_only = bits.take(1)
    if not frames_only:
        bits.take(1)
    bits.take(1)
    left, right, top, bottom = [bits.unsigned() for _ in range(4)] if bits.take(1) else [0] * 4
    if bits.spent or max(across, down) > MAX_MACROBLOCKS:
        return None
    unit_down = 2 - frames_only
    crop_across, crop_down = (2, 2 * unit_down) if chroma == 1 else (1, unit_down)
    width = 16 * across - crop_across * (left + right)
    height = 16 * down * unit_down - crop_down * (top + bottom)
    return (width, height) if width > 0 and height > 0 else None


def _skip_order(bits: Bits) -> None:
    """Past what says in which order pictures are shown."""
    kind = bits.unsigned()
    if kind == 0:
        bits.unsigned()
    elif kind == 1:
        bits.take(1)
        bits.unsigned()
        bits.unsigned()
        for _ in range(min(bits.unsigned(), 255)):
            bits.unsigned()
