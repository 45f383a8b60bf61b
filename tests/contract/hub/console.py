"""What a console makes of what it is sent: a snapshot, then deltas, by the rules of docs/protocol.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Json = Any


@dataclass(slots=True)
class Picture:
    """The page's copy of every stream that it was told of. `gap` is set until the next sync."""

    seqs: dict[str, int] = field(default_factory=dict)
    incidents: dict[str, Json] = field(default_factory=dict)
    rooms: dict[str, Json] = field(default_factory=dict)
    events: dict[str, dict[int, Json]] = field(default_factory=dict)
    gap: bool = False

    def hear(self, event: str, data: Json) -> None:
        if event == "stream_advanced":
            self._advance(data)
        elif event == "stream_gone":
            self._forget(data["stream"])
        elif event == "feed_position" and data["incident_id"] in self.incidents:
            position = {key: data[key] for key in ("lat", "lon", "accuracy_m", "at")}
            incident = self.incidents[data["incident_id"]]
            for feed in incident["feeds"]:
                if feed["id"] == data["feed_id"]:
                    feed["position"] = position

    def take(self, synced: Mapping[str, Json]) -> None:
        """What a sync brought."""
        self.gap = False
        for stream in synced["gone"]:
            self._forget(stream)
        for incident in synced["incidents"]:
            self.put(incident)
        for room in synced["rooms"]:
            if room["seq"] >= self.seqs.get(room["stream"], 0):
                self.rooms[room["id"]] = room
                self.seqs[room["stream"]] = room["seq"]
        for stream, events in synced["missed"].items():
            self._add_events(stream, events)
            if events and stream.startswith("room:"):  # a room that has ended comes as events alone
                self.seqs[stream] = max(self.seqs[stream], events[-1]["seq"])

    def put(self, incident: Json) -> None:
        """A fetched incident, or a command's answer, unless a newer state is known."""
        if incident["seq"] >= self.seqs.get(incident["stream"], 0):
            self.incidents[incident["id"]] = incident
            self.seqs[incident["stream"]] = incident["seq"]

    def _advance(self, delta: Json) -> None:
        stream, known = delta["stream"], self.seqs.get(delta["stream"], 0)
        if delta["seq"] <= known:  # a command's answer came first; its events come now
            self._add_events(stream, delta["events"])
            return
        if delta["base"] != known:
            self.gap = True
            return
        parts = delta["parts"]
        if stream.startswith("incident:"):
            key = stream.removeprefix("incident:")
            known_view = self.incidents.get(key, {"assignments": [], "feeds": [], "orders": []})
            head = parts["incident"] or known_view
            if "id" not in head:
                self.gap = True
                return
            assignments = _merged(known_view["assignments"], parts["assignments"])
            feeds = _merged(known_view["feeds"], parts["feeds"])
            self.incidents[key] = {
                **head,
                "seq": delta["seq"],
                "assignments": [a for a in assignments if a["state"] != "recalled"],
                "feeds": [f for f in feeds if f["incident_id"] == key],
                "orders": _merged(known_view["orders"], parts["orders"]),
            }
        elif parts["room"] is not None:
            self.rooms[parts["room"]["id"]] = parts["room"]
        self.seqs[stream] = delta["seq"]
        self._add_events(stream, delta["events"])

    def last_seen(self) -> dict[str, int]:
        """What to tell the hub: where each stream stands, or where its events end if that is earlier."""
        return {
            stream: min([seq, *([max(self.events[stream])] if self.events.get(stream) else [])])
            for stream, seq in self.seqs.items()
        }

    def _add_events(self, stream: str, events: Sequence[Json]) -> None:
        known = self.events.setdefault(stream, {})
        for event in events:
            assert known.get(event["seq"], event) == event, f"{stream}: one seq, two events"
            known[event["seq"]] = event

    def _forget(self, stream: str) -> None:
        kind, _, key = stream.partition(":")
        (self.incidents if kind == "incident" else self.rooms).pop(key, None)
        self.seqs.pop(stream, None)
        self.events.pop(stream, None)


def _merged(known: Sequence[Json], changed: Sequence[Json]) -> list[Json]:
    by_id = {entry["id"]: entry for entry in known}
    by_id.update({entry["id"]: entry for entry in changed})
    return list(by_id.values())


def comparable(incident: Json) -> Json:
    """The order of feeds means nothing to a console."""
    return {**incident, "feeds": sorted(incident["feeds"], key=lambda feed: str(feed["id"]))}
