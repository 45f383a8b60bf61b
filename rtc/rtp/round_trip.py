"""The round trip that a receiver report tells (RFC 3550 section 6.4.1)."""

MIDDLE_MASK = 0xFFFFFFFF
MAX_S = 30.0  # a longer one is a report on something else


def round_trip_s(*, ntp: int, last_sr: int, since_sr: int) -> float | None:
    """How long our sender report and its answer were on the way; None when it names none, or nonsense.

    `ntp` is now, 64 bits. The others are the block's, in units of 1/65536 s: the middle 32 bits of the time
    of our report, which wrap every 18 hours, and how long the receiver held it.
    """
    if not last_sr:
        return None
    ticks = ((ntp >> 16) - last_sr - since_sr) & MIDDLE_MASK
    if ticks >> 31:  # our clock and theirs tick differently: a little less than nothing
        ticks = 0 if ticks > MIDDLE_MASK - 0x10000 else ticks
    seconds = ticks / 65536
    return seconds if seconds <= MAX_S else None
