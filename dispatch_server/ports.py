"""What the use cases need from outside, as shapes; `wiring` decides what stands behind them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from typing import Any, Protocol

from rtc.plane import MediaEvent, Patched, Published, ScopeRoutes, Subscribed


class MediaPlane(Protocol):
    """The media workers. Every call raises `RtcError` while none answers."""

    @property
    def events(self) -> AsyncIterator[MediaEvent]: ...
    async def publish(self, *, source_id: str, offer_sdp: str) -> Published: ...
    async def patch(self, *, connection_id: str, ice_tag: str, fragment: str) -> Patched: ...
    async def subscribe(self, *, profile: str) -> Subscribed: ...
    async def accept(self, *, connection_id: str, answer_sdp: str) -> None: ...
    async def close(self, *, connection_id: str) -> None: ...
    async def reconcile(self, routes: ScopeRoutes) -> None: ...


class Broadcaster(Protocol):
    """Live hints to browsers. Losing one is harmless: the next sync brings what was missed."""

    async def to_groups(self, event: str, data: Any, groups: Collection[str]) -> None: ...
    async def to_socket(self, event: str, data: Any, sid: str) -> None: ...
    async def to_all(self, event: str, data: Any) -> None: ...
    async def end_group(self, group: str) -> None:
        """The group's sockets are told all that was said to them and then closed."""
        ...


class Notifier(Protocol):
    """One way to reach a person outside the console."""

    async def send(self, address: str, *, title: str, body: str) -> bool:
        """Whether the far side took the message."""
        ...
