"""The desired state: which source belongs in which slot, by scope, newest epoch only.

Bounded: of scopes that route nothing any more the last 10,000 epochs are remembered; the oldest is dropped.
"""

from collections import OrderedDict
from dataclasses import dataclass

from rtc.plane import ScopeRoutes
from rtc.slot import Route

MAX_EMPTY_SCOPES = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """What one connection should carry."""

    video: dict[int, Route]
    audio: Route | None
    candidates: tuple[str, ...]
    pinned: tuple[str, ...]


class RouteTable:
    """The last accepted routes of every scope, in the order in which they were accepted."""

    __slots__ = ("_empty", "_scopes")

    def __init__(self) -> None:
        self._scopes: OrderedDict[str, ScopeRoutes] = OrderedDict()
        self._empty: OrderedDict[str, int] = OrderedDict()

    def replace(self, routes: ScopeRoutes) -> set[str] | None:
        """The scope is as given; the connections that may be concerned. None if the epoch is an old one."""
        scope_id = routes.scope_id
        before = self._scopes.get(scope_id)
        last_epoch = before.epoch if before else self._empty.get(scope_id)
        if last_epoch is not None and routes.epoch < last_epoch:
            return None
        self._scopes.pop(scope_id, None)
        self._empty.pop(scope_id, None)
        if routes.video or routes.audio:
            self._scopes[scope_id] = routes
        else:
            self._empty[scope_id] = routes.epoch
            if len(self._empty) > MAX_EMPTY_SCOPES:
                self._empty.popitem(last=False)
        return _connections(routes) | (_connections(before) if before else set())

    def desired(self, connection_id: str) -> Desired:
        """What the connection should carry; where two scopes claim a slot, the later one has it."""
        video: dict[int, Route] = {}
        audio: Route | None = None
        candidates: tuple[str, ...] = ()
        pinned: tuple[str, ...] = ()
        for routes in self._scopes.values():
            for picture in routes.video:
                if picture.connection_id == connection_id:
                    video[picture.slot] = Route(
                        scope_id=routes.scope_id, epoch=routes.epoch, source_id=picture.source_id
                    )
            for sound in routes.audio:
                if sound.connection_id == connection_id:
                    audio = Route(scope_id=routes.scope_id, epoch=routes.epoch, source_id="")
                    candidates, pinned = sound.source_ids, sound.pinned
        if not pinned and 0 in video and video[0].source_id in candidates:
            pinned = (video[0].source_id,)
        return Desired(video=video, audio=audio, candidates=candidates, pinned=pinned)


def _connections(routes: ScopeRoutes) -> set[str]:
    return {route.connection_id for route in routes.video} | {route.connection_id for route in routes.audio}
