"""aiortc's own peer connections: another implementation of everything that we speak."""

from __future__ import annotations

import asyncio
import contextlib
import fractions
from collections.abc import AsyncIterator

import numpy as np
from aiortc import (
    RTCBundlePolicy,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)
from aiortc.mediastreams import AudioStreamTrack, VideoStreamTrack
from av import VideoFrame

from tests.integration.rtc.stage import Stage


class ColourTrack(VideoStreamTrack):
    """A camera that sees one colour."""

    def __init__(self, rgb: tuple[int, int, int]) -> None:
        super().__init__()
        self._rgb = rgb
        self._count = 0

    async def recv(self) -> VideoFrame:
        await asyncio.sleep(0.04)
        self._count += 1
        image = np.full((180, 320, 3), self._rgb, np.uint8)
        image[-20:, (self._count * 5) % 300 :][:, :20] = 255
        frame = VideoFrame.from_ndarray(image, "rgb24")
        frame.pts, frame.time_base = self._count * 3600, fractions.Fraction(1, 90_000)
        return frame


@contextlib.asynccontextmanager
async def connection() -> AsyncIterator[RTCPeerConnection]:
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
    try:
        yield peer
    finally:
        await peer.close()


async def publish(
    peer: RTCPeerConnection, stage: Stage, source: str, codec: str, rgb: tuple[int, int, int]
) -> None:
    peer.addTransceiver(AudioStreamTrack(), direction="sendonly")
    sending = peer.addTransceiver(ColourTrack(rgb), direction="sendonly")
    all_codecs = RTCRtpSender.getCapabilities("video").codecs
    sending.setCodecPreferences([each for each in all_codecs if each.mimeType == f"video/{codec}"])
    await peer.setLocalDescription(await peer.createOffer())
    published = await stage.media.publish(source_id=source, offer_sdp=peer.localDescription.sdp)
    await peer.setRemoteDescription(RTCSessionDescription(published.answer_sdp, "answer"))
