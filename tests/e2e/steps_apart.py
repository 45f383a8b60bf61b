"""The outsider: of another district, signed in, on a warm connection, and trying."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.scene import OFFICER, Scene
from tests.e2e.waiting import until

TRESPASS = Path(__file__).with_name("trespass.js").read_text()
OFFER = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"


async def the_outsider_learns_nothing(scene: Scene) -> None:
    """No incident, no room, 404 on whatever she asks, and not one packet on her connection, which is up."""
    incident = f"/api/incidents/{scene.incident_id}"
    room = f"/api/rooms/{scene.room_id}"
    assignment = f"/api/assignments/{(await scene.assignments())['labour']}"
    feed = (await scene.commander.incident(scene.incident_id))["feeds"][0]["id"]
    for method, path, body in (
        ("GET", incident, None),
        ("GET", f"{incident}/journal", None),
        ("GET", f"{incident}/plan", None),
        ("PATCH", incident, {"title": "?"}),
        ("POST", f"{incident}/summon", {}),
        ("POST", f"{incident}/orders", {"text": "?"}),
        ("GET", room, None),
        ("POST", f"{room}/join", None),
        ("GET", assignment, None),
        ("POST", f"{assignment}/acknowledge", None),
        ("POST", "/api/feeds", {"incident_id": scene.incident_id}),
        ("POST", f"/api/feeds/{feed}/end", None),
    ):
        reply = await scene.stranger.ask(method, path, body)
        assert (reply.status, reply.code) == (404, "not_found"), f"{method} {path}: {reply}"
    for path in (f"/whip/{feed}", f"/whip/rooms/{scene.room_id}"):
        reply = await scene.stranger.ask("POST", path, sdp=OFFER)
        assert (reply.status, reply.code) == (404, "not_found"), f"{path}: {reply}"
    assert (await scene.stranger.do("GET", "/api/incidents"))["incidents"] == []
    assert await scene.outsider.queue() == []
    assert await scene.outsider.first("[data-testid=queue-item]") is None
    answered, named, unnamed = await scene.outsider.page.evaluate(
        TRESPASS, {"incident": scene.incident_id, "source": feed}
    )
    assert answered["ok"]
    assert (named["ok"], named["code"]) == (False, "not_found")
    assert (unnamed["ok"], unnamed["live"]) == (True, {})
    await until(scene.outsider.received, lambda it: it["up"] >= 2, what="her two connections")
    await scene.operator.sees(OFFICER.rgb)
    assert (await scene.outsider.received())["packets"] == 0, "while others were sent pictures"
