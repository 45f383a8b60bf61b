"""The hub is killed while people watch: media goes on, and the next hub cuts only who may watch no more."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from synthetic_peer import SyntheticPeer

from rtc.aiortc_seam import WorkerCertificate
from tests.integration.hub.house import Listener, Visitor, until
from tests.integration.hub.processes import HubProcess, hub_process
from tests.integration.rtc.peers import Receiver, Sender
from tests.worker_processes import worker_pid

SSRC = 7000


@dataclass(slots=True)
class Watching:
    """A body-cam that sends, and an operator who sees it."""

    hub: HubProcess
    camera: Sender
    viewer: Receiver
    operator: Visitor
    listener: Listener
    incident_id: str
    feed_id: str

    @property
    def want(self) -> dict[str, Any]:
        slot = {"slot": 0, "source_id": self.feed_id, "width": 320, "height": 180}
        facts = {"connection_id": self.viewer.connection, "incident_id": self.incident_id, "audio": True}
        return {**facts, "video": [slot]}

    @property
    def worker(self) -> int:
        pid = worker_pid(self.hub.data)
        assert pid is not None
        return pid

    async def sees(self, text: str) -> None:
        """Frames that are sent now arrive."""
        await self.camera.play(10, text=text)
        await self.viewer.until(lambda it: any(each.startswith(text) for each in it.texts), within_s=5)

    async def sees_nothing(self, text: str) -> None:
        """Frames that are sent from now on do not arrive, once the hub has caught up with what it did."""
        await asyncio.sleep(0.5)
        await self.camera.play(30, text=text)
        await asyncio.sleep(0.3)
        assert not [each for each in self.viewer.texts if each.startswith(text)]

    async def ask_again(self) -> Any:
        """The page's socket is back and takes up its connection."""
        self.listener = await self.operator.listen()
        return await self.listener.ask("media_resume", {"connection_id": self.viewer.connection})


@asynccontextmanager
async def watching(data: Path, **settings: str) -> AsyncIterator[Watching]:
    async with hub_process(data, **settings) as hub:
        operator = await hub.signed_in("op.chengnan")
        made = await operator.post(
            "/api/devices", {"name": "执法仪 7", "agency_id": "chengnan.jinxiu", "default_type": "burst_pipe"}
        )
        certificate = WorkerCertificate()
        camera, page = SyntheticPeer(certificate), SyntheticPeer(certificate)
        try:
            headers = {"Authorization": f"Bearer {made['token']}", "Content-Type": "application/sdp"}
            feed_id = made["feed"]["id"]
            answer = await operator.call(
                "POST", f"/whip/{feed_id}", data=camera.offer(SSRC, SSRC + 1), headers=headers
            )
            assert answer.status == 201, answer.data
            await camera.connect(answer.raw.decode())
            (incident,) = (await operator.get("/api/incidents"))["incidents"]
            listener = await operator.listen()
            opened = await listener.ask("media_open", {"profile": "phone"})
            viewer = Receiver(page, opened["connection_id"])
            answered = {"connection_id": opened["connection_id"], "sdp": page.answer(opened["sdp"])}
            assert (await listener.ask("media_answer", answered))["ok"]
            await page.connect(opened["sdp"])
            location = answer.headers["Location"].rsplit("/", 1)[1]
            scene = Watching(
                hub, Sender(camera, location, SSRC), viewer, operator, listener, incident["id"], feed_id
            )
            assert (await listener.ask("media_watch", scene.want))["ok"]
            await scene.sees("first ")
            yield scene
        finally:
            camera.vanish()
            page.vanish()


async def test_a_viewer_sees_on_while_the_hub_is_dead_and_after_it_is_back(data: Path) -> None:
    async with watching(data) as scene:
        worker = scene.worker
        checks = scene.viewer.peer.checks_answered
        await scene.hub.kill()
        await scene.sees("dead ")
        starting = asyncio.create_task(scene.hub.start())
        gaps = await longest_gap(scene, until_done=starting)
        assert gaps < 0.5, "no packet stayed away while the hub started"
        assert scene.worker == worker, "the next hub found the worker"

        assert (await scene.ask_again())["ok"]
        told = await scene.listener.hears("media_slots", connection_id=scene.viewer.connection)
        assert {"slot": 0, "source_id": scene.feed_id}.items() <= told["slots"][0].items()
        watched = await scene.listener.ask("media_watch", scene.want)
        assert watched["live"] == {scene.feed_id: {"audio": True, "video": True}}
        await scene.sees("resumed ")
        assert scene.viewer.peer.checks_answered >= checks, "by the ICE session that it had"
        incident = await scene.operator.get(f"/api/incidents/{scene.incident_id}")
        assert [feed["state"] for feed in incident["feeds"]] == ["live"]
        journal = await scene.operator.get(f"/api/incidents/{scene.incident_id}/journal")
        kinds = [event["kind"] for event in journal["events"]]
        assert "feed_interrupted" not in kinds

        await scene.operator.post(f"/api/incidents/{scene.incident_id}/resolve", {"outcome": "x"})
        follow_up = {"follow_up": {"result": "reached", "satisfaction": 5, "note": ""}}
        await scene.operator.post(f"/api/incidents/{scene.incident_id}/close", follow_up)
        await scene.sees_nothing("closed ")
        assert await scene.hub.stop() == 0
        await until(lambda: worker_pid(scene.hub.data) is None, 5)


async def test_who_lost_the_right_to_watch_while_the_hub_was_dead_is_cut_as_soon_as_it_is_back(
    data: Path,
) -> None:
    async with watching(data) as scene:
        police = await scene.hub.signed_in("op.hexi")
        await scene.hub.kill()
        await scene.sees("dead ")
        with sqlite3.connect(data / "liandong.db") as store:
            store.execute("UPDATE person SET active = 0 WHERE login = 'op.chengnan'")
        await scene.hub.start()
        await scene.sees_nothing("cut ")

        foreign = await police.listen()
        refused = await foreign.ask("media_resume", {"connection_id": scene.viewer.connection})
        assert (refused["ok"], refused["code"]) == (False, "unknown_connection")


@pytest.mark.full
async def test_a_hub_that_is_told_to_hang_up_leaves_media_to_the_next_one(data: Path) -> None:
    async with watching(data) as scene:
        worker = scene.worker
        assert scene.hub.process is not None
        scene.hub.process.send_signal(1)
        assert await asyncio.wait_for(scene.hub.process.wait(), 20) == 0
        await scene.sees("dead ")
        await scene.hub.start()
        assert scene.worker == worker
        assert (await scene.ask_again())["ok"]


async def longest_gap(scene: Watching, *, until_done: asyncio.Task[None]) -> float:
    """How long at most nothing arrived while frames were sent all the time."""
    longest, last, seen = 0.0, time.monotonic(), len(scene.viewer.packets)
    while not until_done.done():
        scene.camera.send()
        await asyncio.sleep(0.02)
        if len(scene.viewer.packets) > seen:
            seen, last = len(scene.viewer.packets), time.monotonic()
        longest = max(longest, time.monotonic() - last)
    await until_done
    return longest
