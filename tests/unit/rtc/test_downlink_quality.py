"""A poor downlink gives up the tiles first, then the stage, and gets them back when it is calm."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtc.downlink import Downlink, Quality
from rtc.plane import ScopeRoutes, VideoRoute
from rtc.rtcp import ReportBlock
from tests.unit.rtc.packets import make_subscriber
from tests.unit.rtc.test_simulcast import Scene


def after(downlink: Downlink, loss: float, seconds: int, now: float) -> tuple[Quality, float]:
    """A report a second."""
    for _ in range(seconds):
        now += 1
        downlink.note(loss)
        downlink.judge(now)
    return downlink.quality, now


def test_heavy_loss_takes_the_tiles_and_only_then_the_stage() -> None:
    downlink = Downlink(0.0)
    assert after(downlink, 0.05, 20, 0.0)[0] is Quality.FULL, "what retransmissions mend is no reason"
    quality, now = after(downlink, 0.3, 2, 20.0)
    assert quality is Quality.STAGE
    assert after(downlink, 0.3, 6, now)[0] is Quality.SMALL


def test_calm_brings_back_one_step_at_a_time_and_failure_makes_patient() -> None:
    downlink = Downlink(0.0)
    _, now = after(downlink, 0.3, 10, 0.0)
    quality, now = after(downlink, 0.0, 8, now)
    assert quality is Quality.SMALL, "not before ten seconds"
    quality, now = after(downlink, 0.0, 4, now)
    assert quality is Quality.STAGE
    quality, now = after(downlink, 0.4, 6, now)
    assert quality is Quality.SMALL
    quality, now = after(downlink, 0.0, 15, now)
    assert quality is Quality.SMALL, "it failed: twenty seconds now"
    quality, now = after(downlink, 0.0, 3, now)
    assert quality is Quality.STAGE
    assert after(downlink, 0.0, 25, now)[0] is Quality.FULL


@given(st.lists(st.floats(0, 1), max_size=200))
def test_never_two_steps_at_once(losses: list[float]) -> None:
    downlink, now, before = Downlink(0.0), 0.0, Quality.FULL
    for loss in losses:
        now += 0.5
        downlink.note(loss)
        quality = downlink.judge(now)
        assert abs(quality - before) <= 1
        before = quality


@pytest.mark.parametrize(("seconds", "layers"), [(3, ["f", "q"]), (12, ["q", "q"])])
def test_tiles_become_small_before_the_stage_does(seconds: int, layers: list[str]) -> None:
    scene = Scene()
    scene.wanted = {"q", "f"}
    scene.play(5)
    viewer, seen = make_subscriber("two", video_slots=2, audio_slots=0, now=scene.now)
    scene.forwarder.add_subscriber(viewer, scene.now)
    routes = tuple(VideoRoute(connection_id="two", slot=slot, source_id="a", height=720) for slot in range(2))
    scene.forwarder.reconcile(ScopeRoutes(scope_id="t", epoch=1, video=routes), scene.now)
    scene.play(30)
    lossy = ReportBlock(ssrc=900, fraction_lost=90, lost=9, highest=1, jitter=0, last_sr=0, since_sr=0)
    for _ in range(seconds):
        scene.forwarder.receive_feedback(viewer, [lossy], scene.now)
        scene.play(30)
    seen.left.clear()
    scene.play(4)
    shown = {packet.ssrc: packet.payload[-1:].decode() for packet in seen.left}
    assert [shown[900], shown[901]] == layers
