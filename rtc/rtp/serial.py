"""Arithmetic on numbers that wrap: RTP sequence numbers (16 bits) and timestamps (32 bits), RFC 1982."""

SEQ_MASK = 0xFFFF
TS_MASK = 0xFFFFFFFF


def seq_delta(later: int, earlier: int) -> int:
    """How far `later` is ahead of `earlier`, in -32768..32767."""
    return ((later - earlier + 0x8000) & SEQ_MASK) - 0x8000


def ts_delta(later: int, earlier: int) -> int:
    """How many ticks `later` is ahead of `earlier`, in -2**31..2**31-1."""
    return ((later - earlier + 0x80000000) & TS_MASK) - 0x80000000
