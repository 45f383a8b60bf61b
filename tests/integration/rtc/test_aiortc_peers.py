"""aiortc's own peer connections publish and watch: another implementation of everything that we speak."""

from __future__ import annotations

import asyncio

import aioice.ice
import pytest
from aiortc import MediaStreamTrack, RTCSessionDescription
from av import VideoFrame

from rtc.plane import ConnectionUp, SourceUp
from tests.integration.rtc.aiortc_peers import connection, publish
from tests.integration.rtc.browser import is_colour
from tests.integration.rtc.clips import BLUE, GREEN
from tests.integration.rtc.stage import Stage


@pytest.fixture(autouse=True)
def loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """aioice leaves loopback out of its candidates."""
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda use_ipv4, use_ipv6: ["127.0.0.1"])


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
