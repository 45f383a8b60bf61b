"""Which connection sends which source, for whom and in which incident, and what of it arrives."""

from __future__ import annotations

from collections.abc import Iterable

from rtc.plane import Kind

SENDERS_REMEMBERED = 5000


class SourceBook:
    """Of a source that neither sends nor is connected only its last connection is kept, for a while."""

    def __init__(self) -> None:
        self._publishers: dict[str, str] = {}  # connection -> source
        self._senders: dict[str, str] = {}  # source -> person, or device by its feed
        self._last_sender: dict[str, str] = {}  # source -> its last connection, also when that is gone
        self._scopes: dict[str, str] = {}  # source -> incident
        self._live: dict[str, dict[str, bool]] = {}  # source -> what it sends

    @property
    def connections(self) -> list[str]:
        return list(self._publishers)

    @property
    def live_sources(self) -> list[str]:
        return list(self._live)

    def connected(self, connection_id: str, source_id: str, *, sender_id: str, incident_id: str) -> None:
        """The source is sent, or about to be, by this connection."""
        self._publishers[connection_id] = source_id
        self._senders[source_id] = sender_id
        self._scopes[source_id] = incident_id
        self._last_sender[source_id] = connection_id
        if len(self._last_sender) > SENDERS_REMEMBERED:
            self._last_sender.pop(next(iter(self._last_sender)))

    def disconnected(self, connection_id: str) -> str | None:
        """The connection sends nothing any more; who sent by it, if anybody did."""
        source_id = self._publishers.pop(connection_id, None)
        if source_id is None:
            return None
        sender_id = self._senders.get(source_id)
        self._forget(source_id)
        return sender_id

    def up(self, source_id: str, kinds: Iterable[Kind]) -> None:
        """Packets arrive, of these kinds."""
        present = set(kinds)
        self._live[source_id] = {"audio": Kind.AUDIO in present, "video": Kind.VIDEO in present}

    def down(self, source_id: str) -> None:
        """No packets arrive."""
        self._live.pop(source_id, None)
        self._forget(source_id)

    def is_live(self, source_id: str) -> bool:
        return source_id in self._live

    def live(self, incident_id: str) -> dict[str, dict[str, bool]]:
        """What each source of the incident sends."""
        return {s: kinds for s, kinds in self._live.items() if self._scopes.get(s) == incident_id}

    def scope_of(self, source_id: str) -> str | None:
        return self._scopes.get(source_id)

    def sent_by(self, sender_id: str) -> set[str]:
        """The sources that this person or device has connections for."""
        return {s for s in self._publishers.values() if self._senders.get(s) == sender_id}

    def source_of(self, connection_id: str, sender_id: str) -> str | None:
        """The source that this person or device sends by this connection."""
        source_id = self._publishers.get(connection_id)
        return source_id if source_id is not None and self._senders.get(source_id) == sender_id else None

    def connections_of(self, source_id: str) -> list[str]:
        return [c for c, source in self._publishers.items() if source == source_id]

    def is_sent_by(self, source_id: str, connection_id: str) -> bool:
        """Whether this is the source's connection, the newest if one is taking another's place."""
        return next(reversed(self.connections_of(source_id)), None) == connection_id

    def was_sent_by(self, source_id: str, connection_id: str) -> bool:
        """As `is_sent_by`, or it was the last one: senders close their connection before they say goodbye."""
        return self.is_sent_by(source_id, connection_id) or (
            self._last_sender.get(source_id) == connection_id and source_id not in self._publishers.values()
        )

    def _forget(self, source_id: str) -> None:
        if source_id not in self._live and source_id not in self._publishers.values():
            self._scopes.pop(source_id, None)
            self._senders.pop(source_id, None)
