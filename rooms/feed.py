"""A picture from outside the room: a phone, a body-cam, a drone, a camera, an encoder."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from rooms.errors import InvalidTransition
from rooms.events import FeedAttached, FeedEvent, FeedInterrupted, FeedResumed, FeedStarted, FeedStopped
from rooms.ids import AgencyId, PersonId, ScopeId, SourceId


class FeedKind(StrEnum):
    PHONE = "phone"
    BODYCAM = "bodycam"
    DRONE = "drone"
    CAMERA = "camera"
    ENCODER = "encoder"


class FeedState(StrEnum):
    IDLE = "idle"
    """Known, and has not sent anything yet."""
    LIVE = "live"
    INTERRUPTED = "interrupted"
    """It should be sending and does not."""
    ENDED = "ended"
    """Stopped on purpose; a device may start again another time."""


class FeedCommand(StrEnum):
    START = "start"
    INTERRUPT = "interrupt"
    RESUME = "resume"
    STOP = "stop"


_S, _C = FeedState, FeedCommand

TRANSITIONS: Mapping[tuple[FeedState, FeedCommand], FeedState] = {
    (_S.IDLE, _C.START): _S.LIVE,
    (_S.IDLE, _C.INTERRUPT): _S.IDLE,
    (_S.IDLE, _C.STOP): _S.ENDED,
    (_S.LIVE, _C.START): _S.LIVE,
    (_S.LIVE, _C.INTERRUPT): _S.INTERRUPTED,
    (_S.LIVE, _C.RESUME): _S.LIVE,
    (_S.LIVE, _C.STOP): _S.ENDED,
    (_S.INTERRUPTED, _C.START): _S.LIVE,
    (_S.INTERRUPTED, _C.INTERRUPT): _S.INTERRUPTED,
    (_S.INTERRUPTED, _C.RESUME): _S.LIVE,
    (_S.INTERRUPTED, _C.STOP): _S.ENDED,
    (_S.ENDED, _C.START): _S.LIVE,
    (_S.ENDED, _C.INTERRUPT): _S.ENDED,
    (_S.ENDED, _C.STOP): _S.ENDED,
}
"""A lost connection is a fact and never refused; only packets after the end are: `resume` of an ended
feed.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """`scope_id` None: it shows nothing that is being dealt with, so nobody receives it."""

    id: SourceId
    agency_id: AgencyId
    owner_id: PersonId | None = None
    name: str
    kind: FeedKind
    scope_id: ScopeId | None = None
    state: FeedState = FeedState.IDLE
    since: datetime
    """When it came into its present state."""
    has_audio: bool = False
    has_video: bool = False

    def after(self, command: FeedCommand) -> FeedState:
        """The state that `command` leads to. Raises: InvalidTransition."""
        try:
            return TRANSITIONS[self.state, command]
        except KeyError:
            raise InvalidTransition(machine="feed", id=self.id, state=self.state, command=command) from None


FeedChange = tuple[Feed, tuple[FeedEvent, ...]]


def start(feed: Feed, *, has_audio: bool, has_video: bool, now: datetime) -> FeedChange:
    """Packets of these kinds arrive. A new connection of a live feed changes nothing but its kinds."""
    live = _moved(
        replace(feed, has_audio=has_audio, has_video=has_video), feed.after(FeedCommand.START), now=now
    )
    if live == feed:
        return feed, ()
    event_type = FeedResumed if feed.state is FeedState.INTERRUPTED else FeedStarted
    return live, (event_type(feed_id=feed.id, has_audio=has_audio, has_video=has_video),)


def interrupt(feed: Feed, *, reason: str, now: datetime) -> FeedChange:
    """Nothing arrives any more, and nobody said that it should stop."""
    quiet = _moved(feed, feed.after(FeedCommand.INTERRUPT), now=now)
    return (feed, ()) if quiet == feed else (quiet, (FeedInterrupted(feed_id=feed.id, reason=reason),))


def resume(feed: Feed, *, now: datetime) -> FeedChange:
    """Packets arrive again, of the same kinds. Raises: InvalidTransition (ended, or never started)."""
    live = _moved(feed, feed.after(FeedCommand.RESUME), now=now)
    if live == feed:
        return feed, ()
    event = FeedResumed(feed_id=feed.id, has_audio=feed.has_audio, has_video=feed.has_video)
    return live, (event,)


def stop(feed: Feed, *, now: datetime) -> FeedChange:
    """It has ended on purpose. Ending it twice changes nothing."""
    ended = _moved(feed, feed.after(FeedCommand.STOP), now=now)
    return (feed, ()) if ended == feed else (ended, (FeedStopped(feed_id=feed.id),))


def attach(feed: Feed, *, scope_id: ScopeId | None, now: datetime) -> FeedChange:
    """The feed shows this incident, or none; whoever may see that one sees it from now on."""
    del now
    if feed.scope_id == scope_id:
        return feed, ()
    return replace(feed, scope_id=scope_id), (FeedAttached(feed_id=feed.id, scope_id=scope_id),)


def _moved(feed: Feed, state: FeedState, *, now: datetime) -> Feed:
    return feed if state is feed.state else replace(feed, state=state, since=now)
