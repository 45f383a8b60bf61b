"""Frames of real encoders, for what reads them."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np

QUICKLY = {
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"},
    "libsvtav1": {"preset": "12", "svtav1-params": "pred-struct=1:lp=1"},
    "libx264": {"preset": "ultrafast", "tune": "zerolatency"},
}


def encoded(encoder: str, size: tuple[int, int], *, frames: int, **options: str) -> list[bytes]:
    """So many frames, as the encoder gives them out; the first is a keyframe."""
    context = av.CodecContext.create(encoder, "w")
    context.width, context.height = size
    context.pix_fmt = "yuv420p"
    context.time_base = Fraction(1, 25)
    context.options = QUICKLY[encoder] | options
    packets = []
    for index in range(frames):
        image = np.full((size[1], size[0], 3), 40 * index, np.uint8)
        frame = av.VideoFrame.from_ndarray(image, "rgb24").reformat(format="yuv420p")
        frame.pts = index
        packets += context.encode(frame)
    packets += context.encode(None)
    return [bytes(packet) for packet in packets]
