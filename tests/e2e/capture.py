"""What a fake camera and a fake microphone play: an encoded clip, decoded again, and a tone in beats."""

from __future__ import annotations

import math
import wave
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from tests.integration.rtc.clips import FPS, RATE, make_clip

Rgb = tuple[int, int, int]
EVERY = 2  # of the clip's frames: a camera at 12.5 frames/s spares a small machine


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """How a test knows whose picture and sound it has."""

    rgb: Rgb
    tone_hz: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    camera: Path
    microphone: Path

    @property
    def arguments(self) -> list[str]:
        """Chromium's switches for these devices."""
        return [
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-video-capture={self.camera}",
            f"--use-file-for-fake-audio-capture={self.microphone}",
        ]


def make_capture(
    folder: Path, name: str, signature: Signature, *, size: tuple[int, int] = (320, 180)
) -> Capture:
    """Files that look and sound like the signature."""
    clip = make_clip(folder / f"{name}.mp4", signature.rgb, seconds=4, size=size)
    return capture_of(clip, folder / name, signature.tone_hz)


def capture_of(clip: Path, stem: Path, tone_hz: int) -> Capture:
    """Files beside `stem` that look like the clip and sound like the tone."""
    return Capture(
        camera=_y4m(clip, stem.with_suffix(".y4m")), microphone=_wav(stem.with_suffix(".wav"), tone_hz)
    )


def _y4m(clip: Path, path: Path) -> Path:
    with av.open(str(clip)) as source, path.open("wb") as out:
        stream = source.streams.video[0]
        out.write(f"YUV4MPEG2 W{stream.width} H{stream.height} F{FPS}:{EVERY} Ip A1:1 C420jpeg\n".encode())
        for number, frame in enumerate(source.decode(stream)):
            if number % EVERY == 0:
                out.write(b"FRAME\n" + frame.reformat(format="yuv420p").to_ndarray().tobytes())
    return path


def _wav(path: Path, tone_hz: int) -> Path:
    """Half-second beats, as speech has pauses: a browser takes a steady tone for noise and removes it."""
    beat_s, seconds = 0.5, 6
    times = np.arange(RATE * seconds) / RATE
    swell = np.sin(math.pi * np.minimum((times % beat_s) / (0.7 * beat_s), 1.0))
    samples = (0.5 * swell * np.sin(2 * math.pi * tone_hz * times) * 32767).astype("<i2")
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(samples.tobytes())
    return path
