"""Which browser connections exist, what each wants to see, and which routes the committed state allows
them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import rooms
from dispatch_server.access import oversees
from dispatch_server.identity import Directory
from dispatch_server.usecases.case import Case
from rooms import PersonId, ScopeId, SourceId
from rtc.plane import AudioRoute, ScopeRoutes, VideoRoute


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedVideo:
    slot: int
    source_id: str
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """What a page shows now. It is only a wish: `routes` decides."""

    incident_id: str | None = None
    video: tuple[WantedVideo, ...] = ()
    audio: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayerSight:
    """What a player may be sent: this feed, in incidents that this agency oversees."""

    feed_id: str
    agency_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewerConnection:
    """A page's connection, or a player's: that is nobody's in particular, and has no socket.

    `sid` is empty while the page's socket is away; only a page of the same `session` may take it up.
    """

    connection_id: str
    sid: str
    person_id: str
    session: str
    want: Want = Want()
    player: PlayerSight | None = None


def wants_of(held: Iterable[ScopeRoutes]) -> dict[str, Want]:
    """What each connection was last allowed to show, from the routes that a media plane holds."""
    wants: dict[str, Want] = {}
    for scope in held:
        for picture in scope.video:
            want = wants.get(picture.connection_id, Want(incident_id=scope.scope_id))
            wanted = WantedVideo(slot=picture.slot, source_id=picture.source_id, height=picture.height)
            wants[picture.connection_id] = replace(want, video=(*want.video, wanted))
        for sound in scope.audio:
            want = wants.get(sound.connection_id, Want(incident_id=scope.scope_id))
            wants[sound.connection_id] = replace(want, audio=True)
    return wants


def routes(
    case: Case, connections: Iterable[ViewerConnection], *, directory: Callable[[], Directory], epoch: int
) -> ScopeRoutes:
    """Everything that may flow in this incident's scope to these connections: what they want and may have."""
    scope = ScopeId(case.incident_id)
    people = directory()
    watching = [c for c in connections if c.want.incident_id == case.incident_id]
    shown = case.response.incident.agency_id
    viewers = []
    for person_id, player in {c.person_id: c.player for c in watching}.items():
        person = people.people.get(person_id)
        if player is not None:
            may_watch = people.is_within(shown, player.agency_id)
        elif person is not None and person.active:
            may_watch = oversees(people, person, shown)
        else:
            continue
        viewers.append(rooms.Viewer(person_id=PersonId(person_id), may_watch_scene=may_watch))
    audience = rooms.audience(case.room, case.feeds, viewers, scope_id=scope, epoch=epoch)
    return ScopeRoutes(
        scope_id=scope,
        epoch=epoch,
        video=tuple(
            VideoRoute(
                connection_id=c.connection_id,
                slot=wanted.slot,
                source_id=wanted.source_id,
                height=wanted.height,
            )
            for c in watching
            for wanted in c.want.video
            if (SourceId(wanted.source_id), PersonId(c.person_id)) in audience.video
        ),
        audio=tuple(
            AudioRoute(connection_id=c.connection_id, source_ids=heard)
            for c in watching
            if c.want.audio and (heard := _heard(audience, c))
        ),
    )


def _heard(audience: rooms.Audience, viewer: ViewerConnection) -> tuple[str, ...]:
    heard = sorted(source for source, listener in audience.audio if listener == viewer.person_id)
    return tuple(each for each in heard if viewer.player is None or each == viewer.player.feed_id)
