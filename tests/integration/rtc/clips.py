"""Clips to publish: one colour and one tone each, so that a test sees and hears whose they are."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

FPS = 25
RATE = 48_000
RED, GREEN, BLUE, YELLOW = (220, 20, 20), (20, 200, 20), (20, 20, 220), (220, 220, 20)


def make_clip(
    path: Path,
    rgb: tuple[int, int, int],
    *,
    seconds: int = 6,
    keyframe_every: int = 50,
    tone_hz: int = 440,
    size: tuple[int, int] = (640, 360),
    profile: str = "baseline",
) -> Path:
    """An H.264 and Opus clip in that colour with a white block that moves along the bottom."""
    width, height = size
    with av.open(str(path), "w") as out:
        video = out.add_stream("libx264", rate=FPS)
        video.width, video.height, video.pix_fmt, video.bit_rate = width, height, "yuv420p", 600_000
        video.options = {
            "profile": profile,
            "preset": "veryfast",
            "tune": "zerolatency",
            "g": str(keyframe_every),
            "keyint_min": str(keyframe_every),
            "sc_threshold": "0",
        }
        audio = out.add_stream("libopus", rate=RATE)
        audio.layout, audio.bit_rate = "stereo", 64_000
        per_frame = RATE // FPS
        for index in range(seconds * FPS):
            image = np.full((height, width, 3), rgb, np.uint8)
            at = (index * 8) % (width - 40)
            image[-40:, at : at + 40] = 255
            picture = av.VideoFrame.from_ndarray(image, "rgb24")
            picture.pts, picture.time_base = index, Fraction(1, FPS)
            out.mux(video.encode(picture))
            times = (np.arange(per_frame) + index * per_frame) / RATE
            samples = (0.3 * np.sin(2 * math.pi * tone_hz * times) * 32767).astype(np.int16)
            sound = av.AudioFrame.from_ndarray(np.repeat(samples, 2).reshape(1, -1), "s16", "stereo")
            sound.sample_rate, sound.pts, sound.time_base = RATE, index * per_frame, Fraction(1, RATE)
            out.mux(audio.encode(sound))
        out.mux(video.encode())
        out.mux(audio.encode())
    return path
