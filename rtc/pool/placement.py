"""Which worker does what: where a connection goes, what each is told of a scope, which source crosses where.

Numbers are indices of workers. Nothing here waits or remembers; the pool does.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from rtc.plane import AudioRoute, ScopeRoutes, VideoRoute

EXPECTED_CPU = 0.01  # of a connection that the load does not show yet
CROWDED_CPU = 0.7  # from here on a scope's next connections go elsewhere, although each source then crosses


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What is known of one worker: `cpu` is its share of a core, `placed` what came since that was told."""

    cpu: float = 0.0
    placed: int = 0
    connections: int = 0
    full: bool = False
    up: bool = True

    @property
    def expected_cpu(self) -> float:
        """Its share of a core once what has just come is at work."""
        return self.cpu + EXPECTED_CPU * self.placed


def order(shares: Sequence[Share], preferred: int | None = None) -> list[int]:
    """The workers that may be asked to take a connection, in the order of asking.

    First the preferred one, unless it is crowded; then the least busy, of equals the one with fewest
    connections. Full ones come last (who comes back is taken even there), those that are down not at all.
    """

    def rank(index: int) -> tuple[bool, bool, float, int, int]:
        share = shares[index]
        first = index == preferred and share.expected_cpu < CROWDED_CPU
        return share.full, not first, round(share.expected_cpu, 2), share.connections + share.placed, index

    return sorted((index for index, share in enumerate(shares) if share.up), key=rank)


def split(routes: ScopeRoutes, worker_of: Mapping[str, int]) -> dict[int, ScopeRoutes]:
    """The part of each worker that has one of the connections; routes to nobody's connection are left out."""
    video: dict[int, list[VideoRoute]] = {}
    audio: dict[int, list[AudioRoute]] = {}
    for picture in routes.video:
        if picture.connection_id in worker_of:
            video.setdefault(worker_of[picture.connection_id], []).append(picture)
    for sound in routes.audio:
        if sound.connection_id in worker_of:
            audio.setdefault(worker_of[sound.connection_id], []).append(sound)
    return {
        worker: replace(routes, video=tuple(video.get(worker, ())), audio=tuple(audio.get(worker, ())))
        for worker in video.keys() | audio.keys()
    }


def kept(before: ScopeRoutes, after: ScopeRoutes) -> ScopeRoutes:
    """What may flow before and after: the state in which all that goes is gone and nothing new has begun."""
    pictures = {(each.connection_id, each.slot, each.source_id) for each in before.video}
    heard = {each.connection_id: {*each.source_ids, *each.pinned} for each in before.audio}
    audio = []
    for sound in after.audio:
        had = heard.get(sound.connection_id, set())
        same = replace(
            sound,
            source_ids=tuple(each for each in sound.source_ids if each in had),
            pinned=tuple(each for each in sound.pinned if each in had),
        )
        if same.source_ids or same.pinned:
            audio.append(same)
    return replace(
        after,
        video=tuple(
            each for each in after.video if (each.connection_id, each.slot, each.source_id) in pictures
        ),
        audio=tuple(audio),
    )


def loses(before: ScopeRoutes, after: ScopeRoutes) -> bool:
    """Whether anything may flow before that may not after."""
    return bool(flows(before) - flows(after))


def flows(routes: ScopeRoutes) -> set[tuple[str, int | None, str]]:
    """Who may receive what: connection, video slot (None for sound), source."""
    pictures = {(each.connection_id, each.slot, each.source_id) for each in routes.video}
    sounds = {
        (each.connection_id, None, source_id)
        for each in routes.audio
        for source_id in (*each.source_ids, *each.pinned)
    }
    return pictures | sounds


def needed(parts: Iterable[tuple[int, ScopeRoutes]]) -> dict[str, set[int]]:
    """By source, the workers whose routes name it."""
    wanted: dict[str, set[int]] = {}
    for worker, routes in parts:
        for _, _, source_id in flows(routes):
            wanted.setdefault(source_id, set()).add(worker)
    return wanted
