"""What workers and pages say of media reaches those whom it concerns, and Prometheus without a name in it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from dispatch_server.media import page_report
from dispatch_server.sockets import events
from rtc.figures import SlotStats, SourceStats, SubscriberStats, TrackStats, WorkerLoad
from rtc.plane import Kind, WorkerLost
from tests.integration.hub.house import OFFICER, OPERATOR, SDP, House, Listener, Visitor, reported, until

LOAD = WorkerLoad(
    cpu=0.42, lag_ms=3.0, dropped=2, full=False, connections=5, sources=1, counters={"packets_in": 7}
)


def source(source_id: str, **more: Any) -> SourceStats:
    track = TrackStats(
        kind=Kind.VIDEO,
        codec="vp8",
        bitrate_bps=900_000,
        loss_pct=8.0,
        missing_pct=1.5,
        jitter_ms=4.0,
        height=720,
        score=3.1,
    )
    return SourceStats(
        source_id=source_id,
        bitrate_bps=950_000,
        loss_pct=8.0,
        rtt_ms=120.0,
        jitter_ms=4.0,
        height=720,
        tracks=(track,),
        **more,
    )


def downlink(connection_id: str, source_id: str) -> SubscriberStats:
    slot = SlotStats(
        slot=0,
        kind=Kind.VIDEO,
        source_id=source_id,
        sent_bps=900_000,
        loss_pct=0.5,
        jitter_ms=6.0,
        rid="q",
        height=180,
        wanted_height=720,
        held=True,
    )
    return SubscriberStats(
        connection_id=connection_id,
        sent_bps=930_000,
        resent=4,
        loss_pct=0.5,
        rtt_ms=40.0,
        jitter_ms=6.0,
        slots=(slot,),
    )


class Scene:
    """An officer who streams into an incident, and an operator who watches it."""

    def __init__(self, house: House) -> None:
        self.house = house

    async def open(self) -> Scene:
        self.officer = await self.house.signed_in(OFFICER)
        self.incident = await reported(self.officer)
        opened = await self.officer.post("/api/feeds", {"incident_id": self.incident["id"], "kind": "phone"})
        self.feed_id = opened["feed"]["id"]
        answer = await self.officer.call(
            "POST", f"/whip/{self.feed_id}", data=SDP, headers={"Content-Type": "application/sdp"}
        )
        self.sending = answer.headers["Location"].rsplit("/", 1)[1]
        self.phone = await self.officer.listen()
        operator: Visitor = await self.house.signed_in(OPERATOR)
        self.page: Listener = await operator.listen()
        opened = await self.page.ask("media_open", {"profile": "console"})
        self.connection_id = opened["connection_id"]
        await self.page.ask(
            "media_watch", {"connection_id": self.connection_id, "incident_id": self.incident["id"]}
        )
        return self

    def happens(self, event: Any) -> None:
        self.house.plane.happened.put_nowait(event)

    async def metrics(self) -> dict[str, float]:
        answer = await self.officer.call("GET", "/metrics")
        lines = [line for line in answer.raw.decode().splitlines() if not line.startswith("#")]
        return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines}


async def test_a_page_hears_of_the_uplinks_of_its_incident_and_what_limits_them(house: House) -> None:
    scene = await Scene(house).open()
    report = {"sending": [{"connection_id": scene.sending, "limited": "bandwidth"}]}
    assert (await scene.phone.ask("media_report", report))["ok"]

    scene.happens(source(scene.feed_id))

    heard = await scene.page.hears("source_stats", incident_id=scene.incident["id"])
    (facts,) = heard["sources"]
    assert facts == {
        "source_id": scene.feed_id,
        "bitrate_bps": 950_000,
        "loss_pct": 8.0,
        "missing_pct": 1.5,
        "rtt_ms": 120.0,
        "jitter_ms": 4.0,
        "height": 720,
        "limited": "bandwidth",
        "score": 3.1,
    }
    assert scene.phone.of("source_stats") == [], "it watches nothing"


async def test_nobody_speaks_for_anothers_uplink(house: House) -> None:
    scene = await Scene(house).open()
    report = {"sending": [{"connection_id": scene.sending, "limited": "cpu"}]}
    assert (await scene.page.ask("media_report", report))["ok"]
    scene.happens(source(scene.feed_id))
    heard = await scene.page.hears("source_stats")
    assert heard["sources"][0]["limited"] is None


async def test_only_the_page_itself_hears_of_its_downlink_and_of_the_server_behind_it(house: House) -> None:
    scene = await Scene(house).open()
    other = await (await house.signed_in(OPERATOR)).listen()
    scene.happens(LOAD)
    scene.happens(downlink(scene.connection_id, scene.feed_id))
    scene.happens(downlink("somebody else's", scene.feed_id))

    heard = await scene.page.hears("viewer_stats", connection_id=scene.connection_id)

    assert heard["slots"] == [
        {
            "slot": 0,
            "source_id": scene.feed_id,
            "sent_bps": 900_000,
            "height": 180,
            "wanted_height": 720,
            "held": True,
        }
    ]
    assert heard["server"] == {"cpu": 0.42, "lag_ms": 3.0, "dropped": 2, "saving": False}
    assert (heard["rtt_ms"], heard["loss_pct"], heard["available_bps"]) == (40.0, 0.5, None)
    assert len(scene.page.of("viewer_stats")) == 1
    assert other.of("viewer_stats") == []


async def test_a_page_that_reports_learns_what_people_would_say(house: House) -> None:
    scene = await Scene(house).open()
    scene.happens(downlink(scene.connection_id, scene.feed_id))
    await scene.page.hears("viewer_stats")
    report = {
        "connection_id": scene.connection_id,
        "seconds": 5,
        "video": [
            {"slot": 0, "frames": 80, "freezes": 2, "frozen_ms": 1500.0, "verdict": "my_downlink"},
            {"slot": 3, "frames": 0},
        ],
        "audio": [{"slot": 0, "concealed_pct": 4.0, "buffer_ms": 90.0}],
    }
    answer = await scene.page.ask("media_report", report)
    assert [(each["kind"], each["slot"]) for each in answer["scores"]] == [("video", 0), ("audio", 0)]
    assert all(1 <= each["score"] <= 4 for each in answer["scores"])
    metrics = await scene.metrics()
    assert metrics["liandong_media_freezes_total"] == 2
    assert metrics["liandong_media_frozen_seconds_total"] == 1.5
    assert metrics["liandong_media_shown_seconds_total"] == 10
    assert metrics['liandong_media_verdicts_total{verdict="my_downlink"}'] == 1


async def test_reports_that_come_too_fast_or_about_others_connections_are_refused(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = await Scene(house).open()
    report = {"connection_id": scene.connection_id}
    assert (await scene.page.ask("media_report", report))["ok"]
    assert (await scene.page.ask("media_report", report))["code"] == "throttled"
    assert (await scene.phone.ask("media_report", report))["code"] == "unknown_connection"
    monkeypatch.setattr(events, "LEAST_EVERY_S", 0.0)
    assert (await scene.page.ask("media_report", report))["ok"]
    assert page_report.LEAST_EVERY_S > 0


async def test_prometheus_sees_distributions_and_workers_and_no_names(house: House) -> None:
    scene = await Scene(house).open()
    scene.happens(LOAD)
    scene.happens(source(scene.feed_id))
    scene.happens(downlink(scene.connection_id, scene.feed_id))
    await scene.page.hears("viewer_stats")

    metrics = await scene.metrics()

    assert metrics['liandong_media_loss_ratio_bucket{le="0.05",way="uplink"}'] == 0
    assert metrics['liandong_media_loss_ratio_bucket{le="0.1",way="uplink"}'] == 1
    assert metrics['liandong_media_round_trip_seconds_count{way="downlink"}'] == 1
    assert metrics['liandong_media_pictures{height="180"}'] == 1
    assert metrics["liandong_media_pictures_held"] == 1
    assert metrics['liandong_worker_cpu_ratio{worker="0"}'] == 0.42
    assert metrics['liandong_worker_counted_total{kind="packets_in",worker="0"}'] == 7
    text = "\n".join(metrics)
    for name in (scene.feed_id, scene.connection_id, scene.incident["id"], OFFICER, OPERATOR):
        assert name not in text
    labels = set(re.findall(r'(\w+)="', text))
    assert labels == {"le", "way", "kind", "height", "worker", "verdict"}


async def test_what_a_lost_worker_said_is_forgotten(house: House) -> None:
    scene = await Scene(house).open()
    scene.happens(LOAD)
    scene.happens(downlink(scene.connection_id, scene.feed_id))
    await scene.page.hears("viewer_stats")
    scene.happens(WorkerLost())

    async def forgotten() -> bool:
        metrics = await scene.metrics()
        held = metrics["liandong_media_pictures_held"]
        return held == 0 and not any(name.startswith("liandong_worker") for name in metrics)

    await until(forgotten)
