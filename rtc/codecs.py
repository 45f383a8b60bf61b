"""What is carried, and under which payload type every subscriber is offered it."""

from enum import StrEnum

from rtc.plane import Kind


class Codec(StrEnum):
    """A codec that is forwarded."""

    VP8 = "vp8"
    H264 = "h264"  # baseline
    H264_MAIN = "h264-main"  # and whatever else is more than baseline
    VP9 = "vp9"
    AV1 = "av1"
    OPUS = "opus"


# The worker makes every offer, so one number means one codec everywhere behind the publisher's edge.
PAYLOAD_TYPES: dict[Codec, int] = {
    Codec.VP8: 96,
    Codec.H264: 97,
    Codec.VP9: 100,
    Codec.AV1: 102,
    Codec.H264_MAIN: 104,
    Codec.OPUS: 111,
}
RTX_PAYLOAD_TYPES: dict[Codec, int] = {  # retransmissions (RFC 4588)
    Codec.VP8: 98,
    Codec.H264: 99,
    Codec.VP9: 101,
    Codec.AV1: 103,
    Codec.H264_MAIN: 105,
}
ENCODING_NAMES: dict[Codec, str] = {  # in descriptions
    Codec.VP8: "VP8",
    Codec.H264: "H264",
    Codec.H264_MAIN: "H264",
    Codec.VP9: "VP9",
    Codec.AV1: "AV1",
    Codec.OPUS: "opus",
}
KINDS: dict[Codec, Kind] = {
    Codec.VP8: Kind.VIDEO,
    Codec.H264: Kind.VIDEO,
    Codec.H264_MAIN: Kind.VIDEO,
    Codec.VP9: Kind.VIDEO,
    Codec.AV1: Kind.VIDEO,
    Codec.OPUS: Kind.AUDIO,
}
CLOCK_RATES: dict[Codec, int] = {
    codec: 90_000 if kind is Kind.VIDEO else 48_000 for codec, kind in KINDS.items()
}
