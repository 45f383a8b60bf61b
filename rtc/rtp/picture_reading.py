"""What is read from a video payload, codec by codec."""

from collections.abc import Callable
from dataclasses import dataclass

from rtc.codecs import Codec
from rtc.rtp import av1_payload, h264_payload, vp8_payload, vp9_payload
from rtc.rtp.picture_numbers import Picture


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureReading:
    """How one codec is read; every function answers for arbitrary bytes."""

    keyframe_start: Callable[[bytes], bool]  # of a payload
    picture_size: Callable[[bytes], tuple[int, int] | None]
    read_picture: Callable[[bytes], Picture] | None = None  # of a packet in plain form; None: without numbers


READINGS: dict[Codec, PictureReading] = {
    Codec.VP8: PictureReading(
        keyframe_start=vp8_payload.keyframe_start,
        picture_size=vp8_payload.picture_size,
        read_picture=vp8_payload.read_picture,
    ),
    Codec.VP9: PictureReading(
        keyframe_start=vp9_payload.keyframe_start,
        picture_size=vp9_payload.picture_size,
        read_picture=vp9_payload.read_picture,
    ),
    Codec.H264: PictureReading(
        keyframe_start=h264_payload.keyframe_start, picture_size=h264_payload.picture_size
    ),
    Codec.H264_MAIN: PictureReading(
        keyframe_start=h264_payload.keyframe_start, picture_size=h264_payload.picture_size
    ),
    Codec.AV1: PictureReading(
        keyframe_start=av1_payload.keyframe_start, picture_size=av1_payload.picture_size
    ),
}
