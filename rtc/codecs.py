"""What is carried, and under which payload type every subscriber is offered it."""

from enum import StrEnum

from rtc.plane import Kind


class Codec(StrEnum):
    """A codec that is forwarded."""

    VP8 = "vp8"
    H264 = "h264"
    OPUS = "opus"


# The worker makes every offer, so one number means one codec everywhere behind the publisher's edge.
PAYLOAD_TYPES: dict[Codec, int] = {Codec.VP8: 96, Codec.H264: 97, Codec.OPUS: 111}
RTX_PAYLOAD_TYPES: dict[Codec, int] = {Codec.VP8: 98, Codec.H264: 99}  # retransmissions (RFC 4588)
CLOCK_RATES: dict[Codec, int] = {Codec.VP8: 90_000, Codec.H264: 90_000, Codec.OPUS: 48_000}
KINDS: dict[Codec, Kind] = {Codec.VP8: Kind.VIDEO, Codec.H264: Kind.VIDEO, Codec.OPUS: Kind.AUDIO}
