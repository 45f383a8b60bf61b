"""Every route of the hub with ids and a body that fit, found by walking the router: none can be forgotten."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.integration.hub.house import (
    LEADER,
    OFFICER,
    OPERATOR,
    POLICE,
    SDP,
    House,
    Visitor,
    assignment_of,
    pressed,
    reported,
)

OPEN_PATHS = {
    "/api/sign-in",
    "/api/sign-in/link",
    "/api/openapi.json",
    "/api/docs",
    "/health/live",
    "/health/ready",
    "/health/engine",
    "/metrics",
    "/ca.crt",
}
NOT_OURS = ("/socket.io", "/assets", "/{path")

BODIES: Mapping[str, Any] = {
    "PATCH /api/incidents/{incident_id}": {"title": "x"},
    "POST /api/agencies": {"kind": "grid", "name": "x"},
    "POST /api/assignments/{assignment_id}/decline": {"reason": "x"},
    "POST /api/assignments/{assignment_id}/reassign": {"person_id": "chengnan-police-2"},
    "POST /api/devices": {"name": "x", "agency_id": "chengnan", "default_type": "noise"},
    "POST /api/feeds": {"incident_id": "{incident_id}"},
    "POST /api/feeds/{feed_id}/players": {"name": "x"},
    "POST /api/feeds/{feed_id}/position": {"lat": 1, "lon": 2},
    "POST /api/incidents": {"type": "noise"},
    "POST /api/incidents/{incident_id}/close": {"follow_up": {"result": "reached"}},
    "POST /api/incidents/{incident_id}/departments": {"department_id": "chengnan.health"},
    "POST /api/incidents/{incident_id}/orders": {"text": "x"},
    "POST /api/incidents/{incident_id}/resolve": {"outcome": "x"},
    "POST /api/incidents/{incident_id}/summon": {},
    "POST /api/me/password": {"password": "long enough to be one"},
    "POST /api/people": {"login": "new.one", "name": "x", "role": "officer", "agency_id": "chengnan"},
    "POST /api/rooms/{room_id}/mute": {"participant_id": "{seat_id}", "muted": True},
    "POST /api/rooms/{room_id}/remove": {"participant_id": "{seat_id}"},
    "POST /api/sign-in": {"login": "nobody", "password": "wrong"},
    "POST /api/sign-in/link": {"token": "x" * 24},
}
SDP_BODIES = {
    "POST /whip/{feed_id}": "application/sdp",
    "POST /whip/rooms/{room_id}": "application/sdp",
    "PATCH /whip/{source_id}/{connection_id}": "application/trickle-ice-sdpfrag",
    "POST /whep/{feed_id}": "application/sdp",
    "PATCH /whep/{feed_id}/{connection_id}": "application/trickle-ice-sdpfrag",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One method of one path; `name` is both, as people write them."""

    method: str
    path: str

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def ids(self) -> list[str]:
        return re.findall(r"{(\w+)}", self.path)

    @property
    def names_an_id(self) -> bool:
        return bool(self.ids) or "{incident_id}" in str(BODIES.get(self.name, ""))

    @property
    def takes_json(self) -> bool:
        return self.name in BODIES

    def body(self, ids: Mapping[str, str]) -> dict[str, Any]:
        """Arguments of `Visitor.call`."""
        if self.name in SDP_BODIES:
            return {"data": SDP, "headers": {"Content-Type": SDP_BODIES[self.name]}}
        return {"body": filled(BODIES[self.name], ids)} if self.takes_json else {}

    def address(self, ids: Mapping[str, str]) -> str:
        return re.sub(r"{(\w+)}", lambda match: ids[match[1]], self.path)


def filled(value: Any, ids: Mapping[str, str]) -> Any:
    """The value with `{some_id}` replaced wherever it stands."""
    if isinstance(value, str):
        return re.sub(r"{(\w+)}", lambda match: ids[match[1]], value)
    if isinstance(value, dict):
        return {key: filled(part, ids) for key, part in value.items()}
    return value


def entries(app: web.Application) -> Iterator[Entry]:
    """Every route that is the hub's own, without the pages."""
    for route in app.router.routes():
        path = route.resource.canonical if route.resource else ""
        if not path.startswith(NOT_OURS) and route.method not in ("HEAD", "OPTIONS", "*"):
            yield Entry(method=route.method, path=path)


async def ids_of_a_case(house: House) -> dict[str, str]:
    """Everything of one incident of the district 城南 that a path may name."""
    officer, operator = await house.signed_in(OFFICER), await house.signed_in(OPERATOR)
    incident = await reported(officer)
    feed = await officer.post("/api/feeds", {"incident_id": incident["id"]})
    published = await officer.call(
        "POST", feed["whip_url"], data=SDP, headers={"Content-Type": "application/sdp"}
    )
    assert published.status == 201, published.raw
    summoned = await pressed(operator, incident["id"])
    room = await operator.get(f"/api/rooms/{summoned['room_id']}")
    order = await operator.post(f"/api/incidents/{incident['id']}/orders", {"text": "先关阀门"})
    player = await operator.post(f"/api/feeds/{feed['feed']['id']}/players", {"name": "大屏"})
    return {
        "player_id": player["player"]["id"],
        "incident_id": incident["id"],
        "assignment_id": assignment_of(summoned["incident"], "chengnan.police"),
        "room_id": summoned["room_id"],
        "seat_id": room["participants"][0]["id"],
        "feed_id": feed["feed"]["id"],
        "source_id": feed["feed"]["id"],
        "connection_id": published.headers["Location"].rsplit("/", 1)[1],
        "order_id": order["orders"][0]["id"],
        "person_id": POLICE,
    }


UNKNOWN = {
    "player_id": "unknown",
    "incident_id": "unknown",
    "assignment_id": "unknown",
    "room_id": "unknown",
    "seat_id": "unknown",
    "feed_id": "unknown",
    "source_id": "unknown",
    "connection_id": "unknown",
    "order_id": "unknown",
    "person_id": "unknown",
}


async def heads(house: House) -> list[tuple[str, int, str]]:
    """How far every stream has come: unchanged means nothing was done."""
    return sorted(await house.hub.reader.heads())


__all__ = ["LEADER", "Entry", "Visitor", "entries", "heads", "ids_of_a_case"]
