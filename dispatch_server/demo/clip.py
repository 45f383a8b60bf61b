"""Draws the demonstration's clip: a street where a pipe has burst. H.264 and Opus in one file, made once."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT, FPS, SECONDS = 960, 540, 25, 12
RATE = 48_000
Picture = NDArray[np.uint8]


def make_clip(path: Path) -> None:
    """The clip is at the path: baseline H.264 with a keyframe every second, and Opus, as body-cams send
    them.
    """
    part = path.with_suffix(".part.mkv")
    with av.open(str(part), "w") as container:
        video = container.add_stream("libx264", rate=FPS)
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        video.codec_context.options = {
            "profile": "baseline",
            "preset": "veryfast",
            "tune": "zerolatency",
            "crf": "26",
            "g": str(FPS),
        }
        audio = container.add_stream("libopus", rate=RATE)
        audio.layout = "stereo"  # FFmpeg's WHIP sender takes nothing else
        audio.bit_rate = 32_000
        for number in range(FPS * SECONDS):
            frame = av.VideoFrame.from_ndarray(_scene(number / FPS), format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(video.encode(frame))
            container.mux(audio.encode(_sound(number)))
        container.mux(video.encode(None))
        container.mux(audio.encode(None))
    part.rename(path)


def _sound(number: int) -> av.AudioFrame:
    """One video frame's worth of rushing water: shaped noise, quiet."""
    samples = RATE // FPS
    noise = np.random.default_rng(number).standard_normal(samples)
    swell = 0.7 + 0.3 * math.sin(2 * math.pi * number / (FPS * 3))
    pcm = (np.convolve(noise, np.ones(8) / 8, "same") * 1200 * swell).astype(np.int16)
    frame = av.AudioFrame.from_ndarray(np.repeat(pcm, 2).reshape(1, -1), format="s16", layout="stereo")
    frame.sample_rate, frame.pts, frame.time_base = RATE, number * samples, Fraction(1, RATE)
    return frame


def _scene(t: float) -> Picture:
    """The street at time t: dusk, houses, a road, cars, a fountain of water, a ring of onlookers, a time
    code.
    """
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    sky = np.linspace(110, 190, HEIGHT // 2).astype(np.uint8)
    picture[: HEIGHT // 2] = np.dstack([sky + 20, sky, sky - 25])[0][:, None, :]
    picture[HEIGHT // 2 :] = (78, 80, 82)
    sway = int(3 * math.sin(t * 1.7))  # a body-cam breathes with its bearer
    for column in range(9):
        left, height = column * 112 - 20 + sway, 120 + 55 * ((column * 7) % 4)
        top = HEIGHT // 2 - height
        cv2.rectangle(picture, (left, top), (left + 100, HEIGHT // 2 + 10), (120 + column * 6, 112, 104), -1)
        for row in range(top + 14, HEIGHT // 2 - 14, 30):
            for window in range(left + 12, left + 90, 26):
                lit = (column * 5 + row // 30 + window // 26) % 3 == 0
                cv2.rectangle(
                    picture,
                    (window, row),
                    (window + 13, row + 16),
                    (120, 190, 225) if lit else (80, 76, 70),
                    -1,
                )
    for mark in range(-1, 9):
        x = int((mark * 130 + t * 26) % 1200) - 120
        cv2.rectangle(picture, (x, 440), (x + 60, 448), (200, 200, 200), -1)
    _car(picture, int((t * 95) % 1300) - 200, 392, (150, 96, 40))
    _car(picture, 1000 - int((t * 70) % 1300), 470, (60, 60, 170))
    _fountain(picture, 500 + sway, 350, t)
    for number in range(7):
        x, y = 340 + number * 58 + sway, 372 + (number * 13) % 24
        bob = int(2 * math.sin(t * 3 + number))
        cv2.ellipse(picture, (x, y + 22 + bob), (13, 24), 0, 0, 360, (70 + number * 14, 64, 92), -1)
        cv2.circle(picture, (x, y - 8 + bob), 9, (150, 176, 205), -1)
    text = f"DEMO  {int(t) // 60:02d}:{int(t) % 60:02d}.{int(t * 10) % 10}"
    cv2.putText(
        picture, text, (WIDTH // 2 - 110, 40), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (240, 240, 240), 2, cv2.LINE_AA
    )
    return picture


def _car(picture: Picture, x: int, y: int, colour: tuple[int, int, int]) -> None:
    cv2.rectangle(picture, (x + 24, y - 24), (x + 112, y + 4), colour, -1)
    cv2.rectangle(picture, (x, y), (x + 140, y + 30), colour, -1)
    for wheel in (x + 30, x + 110):
        cv2.circle(picture, (wheel, y + 32), 13, (24, 24, 24), -1)


def _fountain(picture: Picture, x: int, y: int, t: float) -> None:
    """Water from a hole: each drop flies its own parabola, again and again, into the pool around it."""
    pool = (190 + int(6 * math.sin(t * 2)), 34)
    cv2.ellipse(picture, (x, y + 36), pool, 0, 0, 360, (138, 122, 100), -1)
    cv2.ellipse(picture, (x, y + 34), (pool[0] - 30, 24), 0, 0, 360, (168, 150, 126), -1)
    chance = np.random.default_rng(7)
    for phase, angle, speed, size in chance.random((260, 4)):
        age = (t * 0.9 + phase) % 1.0
        reach = (20 + 90 * speed) * age * math.cos(angle * 2 * math.pi)
        height = (150 + 110 * speed) * 4 * age * (1 - age)
        shade = 255 - int(60 * age)
        spot = (x + int(reach), y + 30 - int(height))
        cv2.circle(picture, spot, 1 + int(3 * size), (shade, shade - 8, shade - 22), -1, cv2.LINE_AA)
