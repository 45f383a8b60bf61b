"""The desired state: which source belongs in which slot, by scope, newest epoch only.

Bounded: of scopes that route nothing any more the last 10,000 epochs are remembered; the oldest is dropped.
"""

from collections import OrderedDict
from dataclasses import dataclass, field

from rtc.downlink.slot import Route
from rtc.plane import AudioRoute, ScopeRoutes, VideoRoute

MAX_EMPTY_SCOPES = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """What one connection should carry."""

    video: dict[int, Route]
    heights: dict[int, int]
    audio: Route | None
    candidates: tuple[str, ...]
    pinned: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class _Claims:
    """What one scope wants of one connection."""

    epoch: int
    video: dict[int, VideoRoute] = field(default_factory=dict)
    audio: AudioRoute | None = None

    def differs(self, other: "_Claims") -> bool:
        """Whether another picture or sound is claimed; the epoch alone changes nothing."""
        return self.video != other.video or self.audio != other.audio


class RouteTable:
    """The last accepted routes of every scope, found by connection."""

    __slots__ = ("_by_connection", "_connections", "_empty", "_epochs", "highest_epoch")

    def __init__(self) -> None:
        self.highest_epoch = 0
        self._epochs: dict[str, int] = {}
        self._empty: OrderedDict[str, int] = OrderedDict()
        self._connections: dict[str, set[str]] = {}  # of each scope
        # Of each connection, its scopes in the order in which their routes were accepted.
        self._by_connection: dict[str, dict[str, _Claims]] = {}

    def replace(self, routes: ScopeRoutes) -> set[str] | None:
        """The scope is as given; the connections for which that changes something. None: an old epoch.

        Most rounds change one viewer among many: the others cost nothing.
        """
        scope_id = routes.scope_id
        last_epoch = self._epochs.get(scope_id, self._empty.get(scope_id))
        if last_epoch is not None and routes.epoch < last_epoch:
            return None
        self.highest_epoch = max(self.highest_epoch, routes.epoch)
        before = self._remove(scope_id)
        shared = {each for each in before if each in self._by_connection}
        claims: dict[str, _Claims] = {}
        for picture in routes.video:
            claim = claims.setdefault(picture.connection_id, _Claims(epoch=routes.epoch))
            claim.video[picture.slot] = picture
        for sound in routes.audio:
            claims.setdefault(sound.connection_id, _Claims(epoch=routes.epoch)).audio = sound
        for connection_id, claim in claims.items():
            self._by_connection.setdefault(connection_id, {})[scope_id] = claim
        if claims:
            self._epochs[scope_id] = routes.epoch
            self._connections[scope_id] = set(claims)
        else:
            self._empty[scope_id] = routes.epoch
            if len(self._empty) > MAX_EMPTY_SCOPES:
                self._empty.popitem(last=False)
        return {
            each
            for each in before.keys() | claims.keys()
            if each in shared
            or each not in before
            or each not in claims
            or before[each].differs(claims[each])
        }

    def held(self) -> tuple[ScopeRoutes, ...]:
        """The routes of every scope in which something may flow, as they were accepted."""
        return tuple(
            ScopeRoutes(
                scope_id=scope_id,
                epoch=epoch,
                video=tuple(
                    picture
                    for connection_id in sorted(self._connections[scope_id])
                    for picture in self._by_connection[connection_id][scope_id].video.values()
                ),
                audio=tuple(
                    sound
                    for connection_id in sorted(self._connections[scope_id])
                    if (sound := self._by_connection[connection_id][scope_id].audio) is not None
                ),
            )
            for scope_id, epoch in self._epochs.items()
        )

    def desired(self, connection_id: str) -> Desired:
        """What the connection should carry; where two scopes claim a slot, the later one has it."""
        video: dict[int, Route] = {}
        heights: dict[int, int] = {}
        audio: Route | None = None
        candidates: tuple[str, ...] = ()
        pinned: tuple[str, ...] = ()
        for scope_id, claim in self._by_connection.get(connection_id, {}).items():
            for slot, picture in claim.video.items():
                video[slot] = Route(scope_id=scope_id, epoch=claim.epoch, source_id=picture.source_id)
                heights[slot] = picture.height
            if claim.audio is not None:
                audio = Route(scope_id=scope_id, epoch=claim.epoch, source_id="")
                candidates, pinned = claim.audio.source_ids, claim.audio.pinned
        if not pinned and 0 in video and video[0].source_id in candidates:
            pinned = (video[0].source_id,)
        return Desired(video=video, heights=heights, audio=audio, candidates=candidates, pinned=pinned)

    def _remove(self, scope_id: str) -> dict[str, _Claims]:
        """Nothing is claimed by the scope any more; what it claimed, by connection."""
        self._epochs.pop(scope_id, None)
        self._empty.pop(scope_id, None)
        removed = {}
        for connection_id in self._connections.pop(scope_id, set()):
            claims = self._by_connection[connection_id]
            removed[connection_id] = claims.pop(scope_id)
            if not claims:
                del self._by_connection[connection_id]
        return removed
