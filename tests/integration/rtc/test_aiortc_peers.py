"""aiortc's own peer connections publish and watch: another implementation of everything that we speak."""

from __future__ import annotations

import asyncio
import contextlib
import fractions
from collections.abc import AsyncIterator

import aioice.ice
import numpy as np
import pytest
from aiortc import (
    MediaStreamTrack,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)
from aiortc.mediastreams import AudioStreamTrack, VideoStreamTrack
from av import VideoFrame

from rtc.plane import ConnectionUp, SourceUp
from tests.integration.rtc.browser import is_colour
from tests.integration.rtc.clips import BLUE, GREEN
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


@pytest.fixture(autouse=True)
def loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """aioice leaves loopback out of its candidates."""
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda use_ipv4, use_ipv6: ["127.0.0.1"])


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


async def test_aiortc_watches_what_aiortc_publishes_in_either_codec(stage: Stage) -> None:
    async with connection() as green, connection() as blue, connection() as viewer:
        await publish(green, stage, "green", "VP8", GREEN)
        await publish(blue, stage, "blue", "H264", BLUE)
        for source, codec in (("green", "vp8"), ("blue", "h264")):
            up = await stage.until(SourceUp, lambda event, name=source: event.source_id == name)
            assert up.codecs == (codec, "opus")
        tracks: dict[str, MediaStreamTrack] = {}
        viewer.on("track", lambda track: tracks.setdefault(f"{track.kind}{len(tracks)}", track))
        subscribed = await stage.media.subscribe(profile="phone")
        await viewer.setRemoteDescription(RTCSessionDescription(subscribed.offer_sdp, "offer"))
        await viewer.setLocalDescription(await viewer.createAnswer())
        await stage.media.accept(
            connection_id=subscribed.connection_id, answer_sdp=viewer.localDescription.sdp
        )
        await stage.until(ConnectionUp, lambda event: event.connection_id == subscribed.connection_id)
        await stage.route(subscribed.connection_id, {0: "green", 1: "blue"}, ("green",))
        for name, rgb in (("video0", GREEN), ("video1", BLUE)):
            async with asyncio.timeout(10):
                colours = []
                for _ in range(10):
                    frame = await tracks[name].recv()
                    assert isinstance(frame, VideoFrame)
                    colours.append(frame.to_ndarray(format="rgb24")[:90].mean(axis=(0, 1)).tolist())
            assert is_colour(colours[-1], rgb)
        async with asyncio.timeout(5):
            await tracks["audio4"].recv()
