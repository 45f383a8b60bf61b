"""Chromium on a network without UDP: it is told of TCP candidates alone, publishes and watches."""

from __future__ import annotations

import pytest

from rtc.plane import SourceUp
from tests.integration.rtc.browser import Viewer, chromium, open_publisher, open_viewer
from tests.integration.rtc.clips import BLUE, GREEN
from tests.integration.rtc.stage import Stage
from tests.integration.rtc.tcp_only import TcpOnly

pytestmark = pytest.mark.browser


async def protocols(viewer: Viewer, name: str) -> set[str]:
    """By which transport protocols the page's connection goes."""
    found: list[str] = await viewer.page.evaluate("(name) => protocolsOf(name)", name)
    return set(found)


async def test_chromium_publishes_and_watches_by_tcp_alone(stage: Stage, chromium_path: str) -> None:
    stage.link = TcpOnly()
    async with chromium(chromium_path) as browser:
        viewer = await open_viewer(browser, stage)
        for source, codec, colour in (("green", "VP8", GREEN), ("blue", "H264", BLUE)):
            page = await open_publisher(browser, stage, source, codec, colour)
            await stage.until(SourceUp, lambda event, name=source: event.source_id == name)
            assert await protocols(Viewer(page, ""), "publisher") == {"tcp"}
            await stage.route(viewer.connection, {0: source}, (source,))
            seen = await viewer.until_colour("v0", colour)
            await viewer.until("v0", lambda found, n=seen["decoded"]: found["decoded"] > n + 50)
            await viewer.until("a0", lambda found: found["energy"] > 0.01)
        assert await protocols(viewer, "subscriber") == {"tcp"}
        counters = (await stage.media.stats()).counters
        assert counters["stream_packets_dropped"] == 0
        assert counters["datagrams_faults"] == 0
