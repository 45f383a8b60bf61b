"""What the hub says to the media plane, and what the media plane says back.

`rtc.pool.WorkerPool` satisfies this shape (the Protocol itself lives with the hub):

    def held(self) -> Held                                        # what was found running at the start
    async def publish(self, *, source_id, offer_sdp, label="", scope_id="") -> Published
    async def subscribe(self, *, profile, label="", scope_id="") -> Subscribed
    async def play(self, *, offer_sdp, label="", scope_id="") -> Played
    async def patch(self, *, connection_id: str, ice_tag: str, fragment: str) -> Patched
    async def restart(self, *, connection_id: str) -> Patched    # of a page's ICE session; `accept` follows
    async def accept(self, *, connection_id: str, answer_sdp: str) -> None
    async def close(self, *, connection_id: str) -> None          # closing what is gone is no error
    async def reconcile(self, routes: ScopeRoutes) -> None        # returns when what was removed is silent;
                                                                  # a worker that cannot confirm it is ended
    async def retell(self, *, connection_id: str) -> None         # `SlotsChanged` follows, with every slot
    async def stats(self) -> WorkerStats
    events: AsyncIterator[MediaEvent]                             # a property; one reader

Every method raises an `RtcError` (rtc/errors.py), `MediaUnavailable` while no worker is up. When one dies,
`ConnectionDown` and `SourceDown` tell what is gone with it, then `WorkerLost`, and its routes are forgotten;
after `WorkerReady` the hub reconciles its scopes again. `scope_id` only hints at where a connection belongs.
Ids are opaque strings of the hub's, except connection ids, which the worker makes. A `label` is the hub's
too: at most 1,000 characters that the worker keeps with the connection, so that the next hub learns from
`held` whose it is.
"""

from dataclasses import dataclass
from enum import StrEnum

from rtc.figures import SourceStats, SubscriberStats, WorkerLoad
from rtc.kind import Kind as Kind  # noqa: PLC0414 - a word of this page


class Profile(StrEnum):
    """How many slots a subscriber connection has: console 12 video + 4 audio, phone 4 + 2."""

    CONSOLE = "console"
    PHONE = "phone"


SLOT_COUNTS: dict[Profile, tuple[int, int]] = {Profile.CONSOLE: (12, 4), Profile.PHONE: (4, 2)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A publisher was answered; the source is up when its first packet has arrived (`SourceUp`)."""

    connection_id: str
    answer_sdp: str
    ice_tag: str  # names the ICE session: another one after every restart


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """A player was answered: a subscriber with video slot 0 and audio slot 0, as far as it takes them."""

    connection_id: str
    answer_sdp: str
    ice_tag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Patched:
    """A peer's fragment was taken; `fragment` answers an ICE restart, None says nothing."""

    ice_tag: str
    fragment: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribed:
    """A subscriber connection awaits its answer (`accept`) within 30 s."""

    connection_id: str
    offer_sdp: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoRoute:
    """This source's picture belongs in this video slot (0 is the stage), shown `height` pixels high.

    0 is a height that is not known: the best picture there is.
    """

    connection_id: str
    slot: int
    source_id: str
    height: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioRoute:
    """These sources may be heard on this connection; the loudest get its audio slots.

    `pinned` always hold a slot, the first of them audio slot 0, which shares its msid with video slot 0. When
    `pinned` is empty, the source routed to video slot 0 is pinned if it is among `source_ids`.
    Pinned ids need not be repeated in `source_ids`.
    """

    connection_id: str
    source_ids: tuple[str, ...]
    pinned: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeRoutes:
    """All that may flow within one scope: what is absent does not. A lower epoch than the last is ignored."""

    scope_id: str
    epoch: int
    video: tuple[VideoRoute, ...] = ()
    audio: tuple[AudioRoute, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotState:
    """What a slot shows: frames of its m-line (`mid`) belong to `source_id` from `first_rtp_ts` on.

    `source_id` is None for an empty slot, `first_rtp_ts` until the source's first frame is on its way.
    `undecodable` names the source's codec when the subscriber does not decode it: no frame is going to come.
    `still`: there is no room for a moving picture; a single frame comes every few seconds.
    """

    slot: int
    kind: Kind
    mid: str
    source_id: str | None
    epoch: int
    first_rtp_ts: int | None
    undecodable: str | None = None
    still: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceUp:
    """The first packet of a source arrived, also after it was replaced or lost. Codecs: vp8, h264,
    h264-main, vp9, av1, opus."""

    source_id: str
    kinds: tuple[Kind, ...]
    codecs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceDown:
    """A source's connection ended, with a reason as in ConnectionDown; or it has sent nothing for ten seconds
    (`silent`): then `SourceUp` follows when it sends again.
    """

    source_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionUp:
    """ICE and DTLS are through."""

    connection_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionDown:
    """A connection is gone.

    Reasons: closed, closed_by_peer, consent_lost, handshake_failed, handshake_timeout, unanswered, replaced,
    fault.
    """

    connection_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotsChanged:
    """These slots of the connection changed (the others are as they were). Emptied slots are told at once."""

    connection_id: str
    epoch: int
    slots: tuple[SlotState, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelsChanged:
    """Who is speaking on this worker, loudest first; at most about three times a second."""

    source_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldConnection:
    """A connection that a worker has; a publisher's names its source. `up`: its handshake is through."""

    connection_id: str
    label: str
    source_id: str | None
    up: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldSource:
    """A source as last told: `up` from `SourceUp` to `SourceDown`."""

    source_id: str
    connection_id: str
    kinds: tuple[Kind, ...]
    codecs: tuple[str, ...]
    up: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """All that a worker holds: what a hub needs to go on where another one stopped.

    `routes` are those of every scope in which something may flow, `epoch` is the highest ever accepted.
    """

    connections: tuple[HeldConnection, ...] = ()
    sources: tuple[HeldSource, ...] = ()
    routes: tuple[ScopeRoutes, ...] = ()
    epoch: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerLost:
    """The worker died: every connection, source and route of it is gone. What was known of them is told one
    by one before.
    """

    worker: str = "0"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerReady:
    """A worker answers; scopes may be reconciled. Also the first event after the start.

    `native`: packets leave by the C helper.
    """

    native: bool = False
    worker: str = "0"


MediaEvent = (
    SourceUp
    | SourceDown
    | ConnectionUp
    | ConnectionDown
    | SlotsChanged
    | LevelsChanged
    | SourceStats
    | SubscriberStats
    | WorkerLoad
    | WorkerLost
    | WorkerReady
)
Hint = LevelsChanged | SourceStats | SubscriberStats | WorkerLoad
"""What may be dropped on the way: the next one says it again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerStats:
    """Counters since the worker's start, by name, and how much it holds now."""

    connections: int
    sources: int
    counters: dict[str, int]
