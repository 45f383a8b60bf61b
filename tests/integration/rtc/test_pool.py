"""Two workers as one media plane: what crosses between them, what is cut, and what one's death costs."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import aioice.ice
import pytest
from aiortc import MediaStreamTrack, RTCSessionDescription
from av import VideoFrame

from rtc.errors import MediaTimeout
from rtc.link.worker_folder import found_workers, worker_folder
from rtc.plane import (
    AudioRoute,
    ConnectionDown,
    ConnectionUp,
    ScopeRoutes,
    SourceDown,
    SourceUp,
    VideoRoute,
    WorkerLost,
    WorkerReady,
)
from rtc.pool.worker_pool import WorkerPool
from rtc.rtp.rtcp import KeyframeRequest, pack_pli, parse_rtcp
from rtc.rtp.rtp_packet import is_rtcp
from tests.integration.rtc.aiortc_peers import connection, publish
from tests.integration.rtc.browser import is_colour
from tests.integration.rtc.clips import GREEN
from tests.integration.rtc.peers import Receiver, Sender, receiver, sender
from tests.integration.rtc.stage import Stage


def two(folder: Path | None = None, *, workers: int = 2) -> WorkerPool:
    return WorkerPool(workers=workers, udp_port=0, advertise=("127.0.0.1",), folder=folder, outlives_hub_s=20)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with Stage(two()) as running:
        yield running


async def receiver_on(stage: Stage, worker: int) -> Receiver:
    """A viewer on that worker."""
    while True:
        viewer = await receiver(stage)
        if stage.media.worker_of(viewer.connection) == worker:
            return viewer


async def apart(stage: Stage) -> tuple[Sender, Receiver]:
    """A camera, and a viewer on the other worker."""
    camera = await sender(stage, "camera")
    return camera, await receiver_on(stage, 1 - stage.media.worker_of(camera.connection))


async def show(stage: Stage, *viewers: Receiver, source: str = "camera") -> None:
    """These see and hear the source, and nobody else anything."""
    stage.epoch += 1
    await stage.media.reconcile(
        ScopeRoutes(
            scope_id="incident-1",
            epoch=stage.epoch,
            video=tuple(VideoRoute(connection_id=v.connection, slot=0, source_id=source) for v in viewers),
            audio=tuple(AudioRoute(connection_id=v.connection, source_ids=(source,)) for v in viewers),
        )
    )


async def crossings(stage: Stage) -> tuple[int, int]:
    counters = (await stage.media.stats()).counters
    return counters["crossings_out"], counters["crossings_in"]


async def until_crossings(stage: Stage, wanted: tuple[int, int]) -> None:
    async with asyncio.timeout(5):
        while await crossings(stage) != wanted:  # noqa: ASYNC110 - another process does it
            await asyncio.sleep(0.02)


async def sees(camera: Sender, *viewers: Receiver, text: str) -> None:
    await camera.play(20, text=text)
    for viewer in viewers:
        await viewer.until(lambda it: any(each.startswith(text) for each in it.texts), within_s=5)


async def test_a_source_crosses_once_for_all_who_watch_it_elsewhere_and_no_longer_than_they_do(
    stage: Stage,
) -> None:
    camera, there = await apart(stage)
    also_there = await receiver_on(stage, stage.media.worker_of(there.connection))
    here = await receiver_on(stage, stage.media.worker_of(camera.connection))
    await show(stage, there, also_there, here)
    await sees(camera, there, also_there, here, text="all ")
    assert await crossings(stage) == (1, 1)
    assert there.texts[-10:] == here.texts[-10:]
    ups = [event for event in stage.events if isinstance(event, SourceUp)]
    assert [event.source_id for event in ups] == ["camera"], "told by its own worker only"

    await show(stage, also_there, here)
    await sees(camera, also_there, here, text="two ")
    assert await crossings(stage) == (1, 1)
    assert not [text for text in there.texts if text.startswith("two")]

    await show(stage, here)
    await until_crossings(stage, (0, 0))
    await sees(camera, here, text="one ")
    assert not [text for text in also_there.texts if text.startswith("one")]
    counters = (await stage.media.stats()).counters
    assert counters["packets_crossed"] > 20
    assert counters["packets_not_crossed"] == 0


async def test_a_request_for_a_keyframe_goes_all_the_way_to_the_publisher(stage: Stage) -> None:
    camera, viewer = await apart(stage)
    asked: list[int] = []

    def heard(data: bytes) -> None:
        assert camera.peer.reader is not None
        clear = camera.peer.reader.open_rtcp(data) if is_rtcp(data) else None
        requests = [each for each in parse_rtcp(clear or b"") if isinstance(each, KeyframeRequest)]
        if requests:
            asked.extend(each.ssrc for each in requests)
            camera.send(key=True)

    camera.peer.on_media = heard
    await show(stage, viewer)
    await sees(camera, viewer, text="first ")
    await asyncio.sleep(1.5)
    asked.clear()
    await camera.play(50, pause_s=0.01)
    assert not asked, "nobody needs one"
    assert viewer.peer.writer is not None
    viewer.peer.writer.send_rtcp(pack_pli(1, viewer.packets[0].ssrc))
    async with asyncio.timeout(5):
        while camera.ssrc not in asked:
            camera.send()
            await asyncio.sleep(0.02)


async def test_a_young_picture_is_shown_on_the_other_worker_without_waiting_for_the_next(
    stage: Stage,
) -> None:
    camera, viewer = await apart(stage)
    await camera.play(10, text="before ")
    await show(stage, viewer)
    await viewer.until(lambda it: it.texts == [f"before {n}" for n in range(10)], within_s=2)


async def test_a_publisher_that_comes_back_crosses_again_by_itself(stage: Stage) -> None:
    camera, viewer = await apart(stage)
    await show(stage, viewer)
    await sees(camera, viewer, text="first ")
    home = stage.media.worker_of(camera.connection)
    again = await sender(stage, "camera")
    assert stage.media.worker_of(again.connection) == home, "where it was"
    await sees(again, viewer, text="again ")
    assert await crossings(stage) == (1, 1)
    camera.peer.vanish()

    await stage.media.close(connection_id=again.connection)
    await until_crossings(stage, (0, 0))
    await stage.until(SourceDown)
    last = await sender(stage, "camera")
    await sees(last, viewer, text="last ")


async def test_one_dead_worker_costs_its_own_connections_and_theirs_are_back_on_the_other(
    stage: Stage,
) -> None:
    camera, there = await apart(stage)
    here = await receiver_on(stage, stage.media.worker_of(camera.connection))
    await show(stage, there, here)
    await sees(camera, there, here, text="both ")
    victim = stage.media.worker_of(there.connection)
    os.kill(stage.media.pids[victim], signal.SIGKILL)
    down = await stage.until(ConnectionDown, lambda event: event.connection_id == there.connection)
    assert down.reason == "worker_lost"
    await stage.until(WorkerLost, lambda event: event.worker == str(victim))
    await sees(camera, here, text="one ")
    lost = {event.connection_id for event in stage.events if isinstance(event, ConnectionDown)}
    assert not lost & {camera.connection, here.connection}

    moved = await receiver(stage)
    await show(stage, moved, here)
    await sees(camera, moved, here, text="moved ")
    await stage.until(
        WorkerReady, lambda event: (event.worker == str(victim) and event is stage.events[-1]) or True
    )
    again = await receiver_on(stage, victim)
    await show(stage, moved, here, again)
    await sees(camera, moved, here, again, text="all ")
    assert await crossings(stage) == (1, 1)


@pytest.mark.full
async def test_nothing_new_begins_while_one_worker_does_not_confirm_and_that_one_is_ended(
    stage: Stage,
) -> None:
    camera, there = await apart(stage)
    home = stage.media.worker_of(camera.connection)
    here = await receiver_on(stage, home)
    await show(stage, there)
    await sees(camera, there, text="there ")
    stopped = stage.media.pids[1 - home]
    os.kill(stopped, signal.SIGSTOP)
    cutting = asyncio.create_task(show(stage, here))
    await asyncio.sleep(1)
    await camera.play(20, text="unconfirmed ")
    assert not here.texts
    with pytest.raises(MediaTimeout):
        await cutting
    assert not here.texts
    await stage.until(WorkerLost)
    with pytest.raises(ProcessLookupError):
        os.kill(stopped, 0)
    await show(stage, here)
    await sees(camera, here, text="here ")


async def test_the_next_hub_knows_which_worker_has_what_and_ends_what_is_too_many(tmp_path: Path) -> None:
    folder = worker_folder(tmp_path)
    first = two(folder, workers=3)
    async with Stage(first) as stage:
        camera, viewer = await apart(stage)
        await show(stage, viewer)
        await sees(camera, viewer, text="first ")
        workers, pids = {stage.media.worker_of(each.connection) for each in (camera, viewer)}, first.pids
        if max(workers) == 2:
            pytest.skip("placed on the worker that is going to be too many")
        first.leaves_it_running = True
        await first.__aexit__(None, None, None)
        assert found_workers(folder) == [0, 1, 2]
        await sees(camera, viewer, text="alone ")
        async with two(folder) as second:
            assert second.pids == pids[:2]
            assert found_workers(folder) == [0, 1]
            assert {second.worker_of(each.connection) for each in (camera, viewer)} == workers
            held = second.held()
            assert [source.source_id for source in held.sources] == ["camera"]
            assert [routes.epoch for routes in held.routes] == [stage.epoch]
            stage.media = second
            await sees(camera, viewer, text="second ")
            await show(stage)
            await until_crossings(stage, (0, 0))
            await camera.play(10, text="silent ")
            await asyncio.sleep(0.2)
            assert not [text for text in viewer.texts if text.startswith("silent")]
        assert found_workers(folder) == []


async def test_aiortc_watches_on_one_worker_what_aiortc_publishes_on_the_other(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda use_ipv4, use_ipv6: ["127.0.0.1"])
    async with connection() as green, connection() as viewer:
        await publish(green, stage, "green", "VP8", GREEN)
        up = await stage.until(SourceUp)
        tracks: dict[str, MediaStreamTrack] = {}
        viewer.on("track", lambda track: tracks.setdefault(f"{track.kind}{len(tracks)}", track))
        subscribed = await stage.media.subscribe(profile="phone")
        await viewer.setRemoteDescription(RTCSessionDescription(subscribed.offer_sdp, "offer"))
        await viewer.setLocalDescription(await viewer.createAnswer())
        await stage.media.accept(
            connection_id=subscribed.connection_id, answer_sdp=viewer.localDescription.sdp
        )
        await stage.until(ConnectionUp, lambda event: event.connection_id == subscribed.connection_id)
        await stage.route(subscribed.connection_id, {0: up.source_id}, (up.source_id,))
        async with asyncio.timeout(15):
            for _ in range(10):
                frame = await tracks["video0"].recv()
            await tracks["audio4"].recv()
        assert isinstance(frame, VideoFrame)
        assert is_colour(frame.to_ndarray(format="rgb24")[:90].mean(axis=(0, 1)).tolist(), GREEN)
        assert await crossings(stage) == (1, 1)
