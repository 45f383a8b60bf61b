"""Sound with repetitions in real Chromium: what is lost on the way is heard all the same."""

from __future__ import annotations

import asyncio

import pytest

from rtc.plane import AudioRoute, ScopeRoutes, SourceUp
from tests.impairment.link import ImpairedLink
from tests.impairment.path import CLEAN, Conditions
from tests.integration.rtc.browser import Viewer, chromium, open_publisher, open_viewer
from tests.integration.rtc.clips import GREEN
from tests.integration.rtc.stage import Stage

pytestmark = pytest.mark.browser


async def concealed(viewer: Viewer, seconds: float) -> float:
    """The share of the sound that had to be made up in that time."""
    before = await viewer.look("a1")
    await asyncio.sleep(seconds)
    after = await viewer.look("a1")
    heard = after["heard"] - before["heard"]
    assert heard > 0.8 * seconds, "it plays"
    return (after["concealed"] - before["concealed"]) / (48_000 * heard)


async def hears(viewer: Viewer) -> None:
    await viewer.until("a1", lambda found: found["energy"] > 0.01)


@pytest.mark.full
async def test_at_ten_per_cent_loss_far_less_is_concealed_with_repetitions_than_without(
    stage: Stage, chromium_path: str
) -> None:
    lossy = Conditions(loss=0.1, delay_s=0.03)
    async with ImpairedLink(up=CLEAN, down=CLEAN, seed=5) as link, chromium(chromium_path) as browser:
        await open_publisher(browser, stage, "speaker", "VP8", GREEN)
        up = await stage.until(SourceUp)
        assert "opus" in up.codecs
        stage.link = link
        with_red = await open_viewer(browser, stage)
        without = await open_viewer(browser, stage, red=False)
        viewers = (with_red, without)
        heard = tuple(AudioRoute(connection_id=each.connection, source_ids=("speaker",)) for each in viewers)
        await stage.media.reconcile(ScopeRoutes(scope_id="incident-1", epoch=1, audio=heard))
        await asyncio.gather(*(hears(each) for each in viewers))
        link.down.conditions = lossy
        share_with, share_without = await asyncio.gather(*(concealed(each, 15) for each in viewers))
        print(f"concealed with RED {share_with:.3f}, without {share_without:.3f}")
        assert share_without > 0.05
        assert share_with < 0.4 * share_without
