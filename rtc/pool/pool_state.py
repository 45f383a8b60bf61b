"""Where everything is: connections and sources by worker, and what each worker was told of each scope."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace

from rtc.figures import WorkerLoad
from rtc.plane import Held, ScopeRoutes
from rtc.pool.placement import Share, needed, split


class PoolState:
    """Changed by what workers confirmed or told, never by what they were only asked."""

    def __init__(self, workers: int) -> None:
        self.shares = [Share(up=False) for _ in range(workers)]
        self.worker_of: dict[str, int] = {}  # by connection
        self.home_of: dict[str, int] = {}  # by source: where it is published
        self.told: dict[str, dict[int, ScopeRoutes]] = {}  # by scope and worker
        self.carried: dict[str, tuple[int, ...]] = {}  # by source: where its worker was told to hand it to
        self.speaking: list[tuple[str, ...]] = [() for _ in range(workers)]
        self._published: dict[str, str] = {}  # connection -> source
        self._scopes: dict[str, str] = {}  # source -> its scope, where that is known
        self._needs: dict[str, dict[str, set[int]]] = {}  # by source and scope: the workers that need it

    def take_over(self, worker: int, held: Held) -> None:
        """The worker was found with all this."""
        for connection in held.connections:
            self.connected(connection.connection_id, worker, source_id=connection.source_id)
        for routes in held.routes:
            self.tell(routes.scope_id, {worker: routes})

    def connected(
        self, connection_id: str, worker: int, *, source_id: str | None = None, scope_id: str = ""
    ) -> None:
        """The connection is that worker's; a publisher's brings its source."""
        self.worker_of[connection_id] = worker
        self.shares[worker] = replace(self.shares[worker], placed=self.shares[worker].placed + 1)
        if source_id is not None:
            self._published[connection_id] = source_id
            self.home_of[source_id] = worker
            if scope_id:
                self._scopes[source_id] = scope_id

    def disconnected(self, connection_id: str) -> None:
        """The connection is gone, and with its last publisher a source."""
        self.worker_of.pop(connection_id, None)
        source_id = self._published.pop(connection_id, None)
        if source_id is not None and source_id not in self._published.values():
            self.home_of.pop(source_id, None)
            self.carried.pop(source_id, None)
            self._scopes.pop(source_id, None)

    def publishers_of(self, source_id: str, *, but: str) -> list[str]:
        """The source's other connections."""
        return [c for c, source in self._published.items() if source == source_id and c != but]

    def held_by(self, worker: int) -> tuple[list[str], list[str]]:
        """The worker's connections, and the sources that are published there."""
        connections = [c for c, index in self.worker_of.items() if index == worker]
        return connections, [s for s, index in self.home_of.items() if index == worker]

    def lost(self, worker: int) -> None:
        """The worker is gone, and everything that it held."""
        for connection_id in self.held_by(worker)[0]:
            self.disconnected(connection_id)
        self.shares[worker] = Share(up=False)
        self.speaking[worker] = ()
        for scope_id in [scope_id for scope_id, parts in self.told.items() if worker in parts]:
            self.tell(scope_id, {worker: ScopeRoutes(scope_id=scope_id, epoch=0)})

    def note_load(self, worker: int, load: WorkerLoad) -> None:
        """How busy the worker says it is; what was placed before shows in that."""
        self.shares[worker] = Share(cpu=load.cpu, connections=load.connections, full=load.full)

    def note_up(self, worker: int) -> None:
        """The worker answers, and is not known to be busy."""
        self.shares[worker] = Share()

    def tell(self, scope_id: str, parts: Mapping[int, ScopeRoutes]) -> None:
        """These workers have these routes of the scope."""
        told = self.told.setdefault(scope_id, {})
        for worker, routes in parts.items():
            if routes.video or routes.audio:
                told[worker] = routes
            else:
                told.pop(worker, None)
        if not told:
            del self.told[scope_id]
        self.will_need(scope_id, told)

    def split(self, routes: ScopeRoutes) -> dict[int, ScopeRoutes]:
        """What each worker concerned is to be told, also those that have nothing of the scope any more."""
        nothing = {
            worker: replace(routes, video=(), audio=()) for worker in self.told.get(routes.scope_id, {})
        }
        return nothing | split(routes, self.worker_of)

    def crosses_to(self, source_id: str) -> tuple[int, ...]:
        """The workers that the source is to be handed to."""
        workers = set().union(*self._needs.get(source_id, {}).values()) - {self.home_of.get(source_id)}
        return tuple(sorted(worker for worker in workers if worker is not None))

    def home_of_scope(self, scope_id: str) -> int | None:
        """The worker where most of the scope's sources are."""
        sources = {s for s, scope in self._scopes.items() if scope == scope_id}
        sources |= {s for s, scopes in self._needs.items() if scope_id in scopes}
        homes = Counter(self.home_of[s] for s in sources if s in self.home_of)
        return min(homes, key=lambda worker: (-homes[worker], worker), default=None)

    def voices(self) -> tuple[str, ...]:
        """Who speaks on any worker: the loudest of each first, then the second of each …"""
        longest = max(map(len, self.speaking), default=0)
        turns: Iterable[tuple[str, ...]] = (
            tuple(voices[turn] for voices in self.speaking if turn < len(voices)) for turn in range(longest)
        )
        return tuple(voice for turn in turns for voice in turn)

    def crossings_to_tell(self, again: str = "") -> list[tuple[str, int, tuple[int, ...]]]:
        """Source, its worker and where it is to cross to, for every one of which that worker was last told
        otherwise, and for the source `again`.
        """
        told = []
        for source_id in {*self._needs, *self.carried, again} & self.home_of.keys():
            workers = self.crosses_to(source_id)
            if source_id == again or workers != self.carried.get(source_id, ()):
                told.append((source_id, self.home_of[source_id], workers))
        return told

    def will_need(self, scope_id: str, parts: Mapping[int, ScopeRoutes]) -> None:
        """The scope is about to be like this: what its routes name has to be where they lead."""
        wanted = needed(parts.items())
        for source_id in [each for each, scopes in self._needs.items() if scope_id in scopes]:
            if source_id not in wanted:
                del self._needs[source_id][scope_id]
                if not self._needs[source_id]:
                    del self._needs[source_id]
        for source_id, workers in wanted.items():
            self._needs.setdefault(source_id, {})[scope_id] = workers
