"""A publisher that flashes and beeps at the same moment, once a second, with sender reports true or false."""

from __future__ import annotations

import asyncio
import math
import time
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from synthetic_peer import AUDIO_PT, VIDEO_PT, SyntheticPeer

from rtc.plane import ConnectionUp
from rtc.rtp.rtcp import SenderReport, pack_sender_report
from rtc.rtp.rtp_packet import RtpPacket
from tests.integration.rtc.stage import Stage

FPS, RATE = 25, 48_000
SIZE = (320, 180)
FLASH_FRAMES = 3
PAYLOAD = 1100  # bytes of a frame in one packet
NTP_EPOCH_S = 2_208_988_800


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One RTP payload and when its sound or picture was taken, in seconds."""

    at_s: float
    audio: bool
    payload: bytes
    ends: bool = True


def parts(seconds: int) -> list[Part]:
    """A clip in order of time: VP8 with a keyframe every second, Opus in packets of 20 ms."""
    found = []
    video = av.CodecContext.create("libvpx", "w")
    video.width, video.height, video.pix_fmt = *SIZE, "yuv420p"
    video.time_base, video.bit_rate = Fraction(1, FPS), 400_000
    video.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "g": str(FPS)}
    for index in range(seconds * FPS):
        light = 255 if index % FPS < FLASH_FRAMES else 0
        image = np.full((SIZE[1], SIZE[0], 3), light, np.uint8)
        image[-20:, (index * 6) % (SIZE[0] - 20) :][:, :20] = (
            128  # something moves, so that no frame is dropped
        )
        frame = av.VideoFrame.from_ndarray(image, "rgb24")
        frame.pts, frame.time_base = index, Fraction(1, FPS)
        for packet in video.encode(frame):
            data = bytes(packet)
            for start in range(0, len(data), PAYLOAD):
                head = b"\x10" if start == 0 else b"\x00"
                ends = start + PAYLOAD >= len(data)
                payload = head + data[start : start + PAYLOAD]
                found.append(Part(at_s=index / FPS, audio=False, payload=payload, ends=ends))
    audio = av.CodecContext.create("libopus", "w")
    audio.sample_rate, audio.layout, audio.format, audio.bit_rate = RATE, "stereo", "s16", 64_000
    audio.time_base = Fraction(1, RATE)
    for index in range(seconds * 50):
        times = (np.arange(RATE // 50) + index * RATE // 50) / RATE
        loud = index % 50 < FLASH_FRAMES * 2
        samples = (np.sin(2 * math.pi * 1000 * times) * (12_000 if loud else 0)).astype(np.int16)
        sound = av.AudioFrame.from_ndarray(np.repeat(samples, 2).reshape(1, -1), "s16", "stereo")
        sound.sample_rate, sound.pts, sound.time_base = RATE, index * RATE // 50, Fraction(1, RATE)
        for packet in audio.encode(sound):
            at_s = float(packet.pts * packet.time_base)
            found.append(Part(at_s=max(0.0, at_s), audio=True, payload=bytes(packet)))
    return sorted(found, key=lambda part: part.at_s)


class FlashAndBeep:
    """Publishes the clip over and over. `sound_lies_s`: its reports claim that its sound is so much older."""

    def __init__(self, peer: SyntheticPeer, ssrc: int, *, sound_lies_s: float, seconds: int = 6) -> None:
        self._peer = peer
        self._video_ssrc, self._audio_ssrc = ssrc, ssrc + 1
        self._lies_s = sound_lies_s
        self._seconds = seconds
        self._parts = parts(seconds)
        self._seqs = {False: 100, True: 200}

    async def play(self) -> None:
        """Until cancelled."""
        began, wall = time.monotonic(), time.time()
        turn, reported = 0, -1.0
        while True:
            for part in self._parts:
                at_s = turn * self._seconds + part.at_s
                wait_s = began + at_s - time.monotonic()
                if wait_s > 0.002:
                    await asyncio.sleep(wait_s)
                if at_s - reported >= 0.5:
                    reported = at_s
                    self._report(wall + at_s, at_s)
                self._send(part, at_s)
            turn += 1

    def _send(self, part: Part, at_s: float) -> None:
        seq = self._seqs[part.audio] = (self._seqs[part.audio] + 1) & 0xFFFF
        number = AUDIO_PT if part.audio else VIDEO_PT
        packet = RtpPacket(
            payload_type=number,
            marker=part.ends and not part.audio,
            seq=seq,
            timestamp=_rtp(at_s, part.audio),
            ssrc=self._audio_ssrc if part.audio else self._video_ssrc,
            payload=part.payload,
        )
        self._peer.send(packet.plain(number))

    def _report(self, unix_s: float, at_s: float) -> None:
        writer = self._peer.writer
        for audio, ssrc in ((False, self._video_ssrc), (True, self._audio_ssrc)):
            says_s = unix_s - (self._lies_s if audio else 0.0)
            report = SenderReport(
                ssrc=ssrc,
                ntp=int((says_s + NTP_EPOCH_S) * 2**32),
                rtp_ts=_rtp(at_s, audio),
                packets=1,
                octets=1,
            )
            if writer is not None:
                writer.send_rtcp(pack_sender_report(report))


def _rtp(at_s: float, audio: bool) -> int:
    return (round(at_s * (RATE if audio else 90_000)) + (7_000 if audio else 4_294_000_000)) & 0xFFFFFFFF


async def flash_and_beep(stage: Stage, source: str, *, sound_lies_s: float = 0.0) -> asyncio.Task[None]:
    """A source that flashes and beeps, behind the stage's link if there is one; cancel it at the end."""
    peer = stage.peer()
    ssrc = 70_000 + 10 * len(stage.peers)
    published = await stage.media.publish(source_id=source, offer_sdp=peer.offer(ssrc, ssrc + 1))
    answer = published.answer_sdp if stage.link is None else stage.link.through(published.answer_sdp)
    await peer.connect(answer)
    await stage.until(ConnectionUp, lambda event: event.connection_id == published.connection_id)
    sender = await asyncio.to_thread(FlashAndBeep, peer, ssrc, sound_lies_s=sound_lies_s)
    return asyncio.create_task(sender.play())
