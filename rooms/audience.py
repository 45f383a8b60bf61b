"""Who receives what of one scope. Anything unknown is not forwarded.

The rules, all of which must hold:

- A feed reaches whoever may watch the scene by right, and whoever is present in the room. - A
participant's own camera and microphone reach those who are present in the same room, and only while the
sender is present too and of a role that may show or speak. - Nobody receives themselves. Who was removed,
or is away, receives nothing, whatever their right. - The voice of a muted person goes nowhere, from the
room or through a feed of their own; so does the voice of a removed person's feed. Its picture stays: it
shows the scene, not them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from rooms.feed import Feed, FeedState
from rooms.ids import PersonId, ScopeId, SourceId
from rooms.permissions import Action, permitted
from rooms.room import Participant, Presence, Room, RoomState


class Media(StrEnum):
    VIDEO = "video"
    AUDIO = "audio"


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Somebody with a connection. The hub decides `may_watch_scene` from role and place in the tree."""

    person_id: PersonId
    may_watch_scene: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Every allowed pair of one scope. Media flows only while sender and receiver hold this `epoch`."""

    scope_id: ScopeId
    epoch: int
    video: frozenset[tuple[SourceId, PersonId]] = frozenset()
    audio: frozenset[tuple[SourceId, PersonId]] = frozenset()

    def same_pairs(self, other: "Audience") -> bool:
        """Whether nothing but the epoch differs."""
        return (self.scope_id, self.video, self.audio) == (other.scope_id, other.video, other.audio)

    def allows(self, media: Media, source_id: SourceId, person_id: PersonId) -> bool:
        return (source_id, person_id) in (self.video if media is Media.VIDEO else self.audio)


def sources(room: Room | None, feeds: Iterable[Feed], *, scope_id: ScopeId) -> tuple[SourceId, ...]:
    """Everything of this scope that could be forwarded to anybody, feeds first."""
    live = tuple(f.id for f in feeds if f.scope_id == scope_id and f.state is FeedState.LIVE)
    if room is None or room.scope_id != scope_id or room.state is not RoomState.OPEN:
        return live
    return live + tuple(p.source_id for p in room.present)


def may_receive(
    room: Room | None,
    feeds: Iterable[Feed],
    viewer: Viewer,
    source_id: SourceId,
    *,
    scope_id: ScopeId,
    media: Media = Media.VIDEO,
) -> bool:
    """Whether this viewer may get this kind of media of this source, now. `room` None: the scope has none."""
    if room is not None and room.scope_id != scope_id:
        return False
    seat = None if room is None else room.of_person(viewer.person_id)
    if seat is not None and seat.presence in {Presence.REMOVED, Presence.AWAY}:
        return False
    inside = (
        room is not None
        and room.state is RoomState.OPEN
        and seat is not None
        and seat.presence is Presence.PRESENT
    )
    feed = next((f for f in feeds if f.id == source_id), None)
    if feed is not None:
        return (inside or viewer.may_watch_scene) and _feed_flows(feed, room, viewer, scope_id, media)
    if not inside or room is None:
        return False
    sender = next((p for p in room.participants if p.source_id == source_id), None)
    return sender is not None and _voice_or_camera_flows(sender, viewer, media)


def audience(
    room: Room | None, feeds: Iterable[Feed], viewers: Iterable[Viewer], *, scope_id: ScopeId, epoch: int
) -> Audience:
    """Every pair that `may_receive` allows."""
    feeds, viewers = tuple(feeds), tuple(viewers)
    candidates = sources(room, feeds, scope_id=scope_id)

    def pairs(media: Media) -> frozenset[tuple[SourceId, PersonId]]:
        return frozenset(
            (source_id, viewer.person_id)
            for source_id in candidates
            for viewer in viewers
            if may_receive(room, feeds, viewer, source_id, scope_id=scope_id, media=media)
        )

    return Audience(scope_id=scope_id, epoch=epoch, video=pairs(Media.VIDEO), audio=pairs(Media.AUDIO))


def _feed_flows(feed: Feed, room: Room | None, viewer: Viewer, scope_id: ScopeId, media: Media) -> bool:
    if feed.scope_id != scope_id or feed.state is not FeedState.LIVE or feed.owner_id == viewer.person_id:
        return False
    if media is Media.VIDEO:
        return feed.has_video
    owner = None if room is None or feed.owner_id is None else room.of_person(feed.owner_id)
    silenced = owner is not None and (owner.muted or owner.presence is Presence.REMOVED)
    return feed.has_audio and not silenced


def _voice_or_camera_flows(sender: Participant, viewer: Viewer, media: Media) -> bool:
    if sender.presence is not Presence.PRESENT or sender.person_id == viewer.person_id:
        return False
    if media is Media.VIDEO:
        return permitted(sender.role, Action.SHOW)
    return permitted(sender.role, Action.SPEAK) and not sender.muted
