"""A worker without its hub: it goes on, is found by the next one, and ends when none comes."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from rtc.errors import MediaUnavailable
from rtc.link import wire
from rtc.link.worker_folder import socket_path, worker_folder
from rtc.plane import AudioRoute, Held, HeldConnection, HeldSource, Kind, ScopeRoutes, SourceUp, VideoRoute
from rtc.pool.supervisor import WorkerProcess
from tests.integration.rtc.peers import Receiver, Sender, receiver, sender
from tests.integration.rtc.stage import Stage

Begin = Callable[..., WorkerProcess]


@pytest.fixture
async def begin(tmp_path: Path) -> AsyncIterator[Begin]:
    """Hubs that follow one another on one data folder; what the last one leaves is ended."""

    def hub(*, outlives_hub_s: float = 20, plain: bool = False) -> WorkerProcess:
        return WorkerProcess(
            udp_port=0,
            advertise=("127.0.0.1",),
            folder=worker_folder(tmp_path),
            outlives_hub_s=outlives_hub_s,
            plain=plain,
        )

    yield hub
    async with hub():
        pass


def alive(pid: int | None) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


async def has_ended(pid: int | None, within_s: float) -> None:
    async with asyncio.timeout(within_s):
        while alive(pid):  # noqa: ASYNC110 - another process ends
            await asyncio.sleep(0.02)


async def watched(stage: Stage) -> tuple[Sender, Receiver]:
    camera, viewer = await sender(stage, "camera"), await receiver(stage)
    await stage.route(viewer.connection, {0: "camera"}, ("camera",))
    await camera.play(5, text="first ")
    await stage.until(SourceUp)
    return camera, viewer


async def test_the_next_hub_finds_all_that_the_last_one_left_and_may_end_it(begin: Begin) -> None:
    first = begin()
    async with Stage(first) as stage:
        camera, viewer = await watched(stage)
        pid = first.pid
        first.leaves_it_running = True
        await first.__aexit__(None, None, None)
        await camera.play(10, text="alone ")
        await viewer.until(lambda it: it.texts[-1].startswith("alone"))

        async with begin() as second:
            assert second.pid == pid
            video = (VideoRoute(connection_id=viewer.connection, slot=0, source_id="camera"),)
            audio = (AudioRoute(connection_id=viewer.connection, source_ids=("camera",)),)
            assert second.held() == Held(
                connections=(
                    HeldConnection(connection_id=camera.connection, label="", source_id="camera", up=True),
                    HeldConnection(connection_id=viewer.connection, label="", source_id=None, up=True),
                ),
                sources=(
                    HeldSource(
                        source_id="camera",
                        connection_id=camera.connection,
                        kinds=(Kind.VIDEO, Kind.AUDIO),
                        codecs=("vp8", "opus"),
                        up=True,
                    ),
                ),
                routes=(ScopeRoutes(scope_id="incident-1", epoch=1, video=video, audio=audio),),
                epoch=1,
            )
            await camera.play(10, text="second ")
            await viewer.until(lambda it: it.texts[-1].startswith("second"))
            await second.reconcile(ScopeRoutes(scope_id="incident-1", epoch=2))
            await camera.play(10, text="silent ")
            await asyncio.sleep(0.2)
            assert not [text for text in viewer.texts if text.startswith("silent")]
        await has_ended(pid, 2)


async def test_a_worker_that_is_not_what_the_next_hub_wants_is_replaced(begin: Begin) -> None:
    async with begin() as first:
        pid, first.leaves_it_running = first.pid, True
    async with begin(plain=True) as second:
        assert second.pid != pid
        assert not alive(pid)
        assert second.held() == Held()


async def test_a_worker_that_no_hub_comes_back_for_ends_by_itself(begin: Begin) -> None:
    async with begin(outlives_hub_s=0.5) as first:
        pid, first.leaves_it_running = first.pid, True
        await asyncio.sleep(1)
        assert alive(pid), "it has its hub"
    await asyncio.sleep(0.2)
    assert alive(pid)
    await has_ended(pid, 2)


async def test_only_a_hub_that_says_hello_is_spoken_to_and_the_newest_one_only(
    begin: Begin, tmp_path: Path
) -> None:
    async with begin() as first:
        path = socket_path(worker_folder(tmp_path), 0)
        reader, writer = await asyncio.open_unix_connection(path)
        for nonsense in (b"", b"\xff" * 8, wire.pack({"id": 1, "ask": "Ask", "with": {"what": "end"}})):
            stranger, to_stranger = await asyncio.open_unix_connection(path)
            to_stranger.write(nonsense)
            to_stranger.write_eof()
            assert await asyncio.wait_for(stranger.read(), 6) == b""
            to_stranger.close()
        assert (await first.stats()).connections == 0, "it serves its hub as before"

        pid = first.pid
        assert pid is not None
        first_is_gone = asyncio.ensure_future(has_ended(pid, 10))
        writer.write(wire.pack(wire.request_frame(5, wire.Hello(protocol=wire.PROTOCOL))))
        welcome = await asyncio.wait_for(wire.read_frame(reader), 5)
        assert welcome is not None
        assert (welcome["id"], welcome["reply"]) == (5, "Welcome")
        writer.close()
        await first_is_gone  # the hub before notices that it is not served any more, and trusts nobody


def test_the_folder_is_ours_alone_and_its_path_is_short_enough(tmp_path: Path) -> None:
    folder = worker_folder(tmp_path)
    assert folder == tmp_path / "media"
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(0o755)
    assert worker_folder(tmp_path).stat().st_mode & 0o777 == 0o700

    long = tmp_path / ("深" * 40) / ("x" * 60)
    long.mkdir(parents=True)
    short = worker_folder(long)
    assert len(os.fsencode(socket_path(short, 31))) <= 107
    assert short.parent == Path(tempfile.gettempdir())
    assert short == worker_folder(long)
    assert short.stat().st_mode & 0o777 == 0o700
    short.rmdir()
    short.symlink_to(tmp_path)
    with pytest.raises(MediaUnavailable, match="not a folder of ours"):
        worker_folder(long)
    short.unlink()
