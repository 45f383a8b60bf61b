"""Feeds: an officer's phone, a body-cam, an encoder. Who may send, to which incident, and what became of
it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import rooms
from alerting import Place
from dispatch_server import bodies
from dispatch_server.access import Action, oversees, require
from dispatch_server.caller import Caller
from dispatch_server.clock import Clock
from dispatch_server.errors import BadInput, Conflict, NotAllowed, NotFound, StaleVersion
from dispatch_server.identity import Directory, Person
from dispatch_server.ids import NewId, token_hash
from dispatch_server.store.accounts import Accounts, Device, RegisteredDevice
from dispatch_server.store.changes import Changes, Save
from dispatch_server.store.reader import Reader
from dispatch_server.store.writer import Writer
from dispatch_server.usecases.case import FEED, Case, Outcome
from dispatch_server.usecases.desk import Desk
from dispatch_server.usecases.incidents import Incidents
from dispatch_server.usecases.positions import PositionBook
from dispatch_server.usecases.reporting import Reporting
from dispatch_server.wire import PositionView
from rooms import AgencyId, Feed, FeedState, PersonId, ScopeId, SourceId

_OVER = frozenset({"resolved", "closed"})
FEEDS_PER_INCIDENT = 100  # ended ones count: they are part of its record
ATTEMPTS = 4
OLDEST = timedelta(days=1)  # an older position says more about the sender's clock than about where it is
FUTURE_TOLERANCE = timedelta(seconds=5)  # a phone's clock may be ahead; beyond it the server's time is taken


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDevice:
    feed: Feed
    token: str


class Feeds:
    def __init__(
        self,
        *,
        desk: Desk,
        incidents: Incidents,
        reporting: Reporting,
        reader: Reader,
        writer: Writer,
        accounts: Accounts,
        positions: PositionBook,
        directory: Callable[[], Directory],
        clock: Clock,
        new_id: NewId,
        new_token: Callable[[], str],
    ) -> None:
        self._desk = desk
        self._incidents = incidents
        self._reporting = reporting
        self._reader = reader
        self._writer = writer
        self._accounts = accounts
        self._positions = positions
        self._directory = directory
        self._clock = clock
        self._new_id = new_id
        self._new_token = new_token

    async def create(self, caller: Caller, body: bodies.CreateFeed) -> tuple[Case, Feed]:
        """The caller's feed on an incident: a new one, or the one they already had there."""
        person = caller.require_person()
        require(person, Action.STREAM)
        case = await self._incidents.case(caller, body.incident_id)
        if case.response.incident.state in _OVER:
            raise Conflict("room_ended")
        feed_id = SourceId(self._new_id())

        def decide(case: Case, now: datetime) -> Outcome:
            if _own(case, person) is not None:
                return Outcome()
            if len(case.feeds) >= FEEDS_PER_INCIDENT:
                raise Conflict("too_many_feeds", limit=FEEDS_PER_INCIDENT)
            feed = Feed(
                id=feed_id,
                agency_id=AgencyId(person.agency_id),
                owner_id=PersonId(person.id),
                name=body.name or person.name,
                kind=body.kind,
                since=now,
            )
            return Outcome(feeds=(rooms.attach(feed, scope_id=ScopeId(case.incident_id), now=now),))

        result = await self._desk.run(case.incident_id, decide, actor_id=person.id)
        feed = _own(result.case, person)
        if feed is None:
            raise NotFound()
        return result.case, feed

    async def add_device(self, caller: Caller, body: bodies.AddDevice) -> NewDevice:
        """A feed for a body-cam or encoder, and its token, which is shown this once."""
        person = caller.require_person()
        require(person, Action.ADD_DEVICE)
        directory = self._directory()
        if not directory.is_within(body.agency_id, person.agency_id):
            raise NotAllowed()
        if body.default_type not in directory.types:
            raise BadInput("unknown_type", field="default_type")
        return await self.register_device(
            name=body.name, kind=body.kind, agency_id=body.agency_id, default_type=body.default_type
        )

    async def devices(self, caller: Caller) -> list[tuple[RegisteredDevice, Feed]]:
        """The devices of the caller's agency and below, with their feeds, by name. Raises: NotAllowed."""
        person = caller.require_person()
        require(person, Action.ADD_DEVICE)
        directory = self._directory()
        own = {
            each.device.feed_id: each
            for each in await self._accounts.devices()
            if directory.is_within(each.device.agency_id, person.agency_id)
        }
        feeds = [FEED.validate_json(stored.doc) for stored in await self._reader.many("feed", list(own))]
        return sorted(((own[feed.id], feed) for feed in feeds), key=lambda pair: (pair[1].name, pair[1].id))

    async def register_device(
        self, *, name: str, kind: rooms.FeedKind, agency_id: str, default_type: str
    ) -> NewDevice:
        token, feed_id = self._new_token(), SourceId(self._new_id())
        feed = Feed(id=feed_id, agency_id=AgencyId(agency_id), name=name, kind=kind, since=self._clock())
        doc = FEED.dump_json(feed).decode()
        await self._writer.commit(
            Changes(saves=(Save(kind="feed", id=feed.id, scope_id="", expected=0, doc=doc),))
        )
        device = Device(feed_id=feed.id, agency_id=agency_id, default_type=default_type)
        await self._accounts.add_device(token_hash=token_hash(token), device=device)
        return NewDevice(feed=feed, token=token)

    async def revoke_device(self, caller: Caller, feed_id: str) -> Feed:
        """The device's token is worth nothing any more. Raises: NotFound, also for a person's own feed, which
        has no token; NotAllowed.
        """
        person = caller.require_person()
        require(person, Action.ADD_DEVICE)
        feed, _ = await self._feed(feed_id)
        if feed.owner_id is not None or not self._directory().is_within(feed.agency_id, person.agency_id):
            raise NotFound()
        await self._accounts.revoke_device(feed.id, self._clock())
        return feed

    async def authorise(self, caller: Caller, feed_id: str) -> Feed:
        """The feed, if the caller may send to it. Raises: NotFound, also for a token of another feed."""
        return (await self._own_feed(caller, feed_id))[0]

    async def _own_feed(self, caller: Caller, feed_id: str) -> tuple[Feed, int]:
        feed, version = await self._feed(feed_id)
        owns = caller.device.feed_id == feed.id if caller.device else feed.owner_id == caller.actor_id
        if not owns or (caller.device is None and caller.actor_id is None):
            raise NotFound()
        return feed, version

    async def _feed(self, feed_id: str) -> tuple[Feed, int]:
        """The feed and its version. Raises: NotFound."""
        stored = await self._reader.one("feed", feed_id)
        if stored is None:
            raise NotFound()
        return FEED.validate_json(stored.doc), stored.version

    async def ready_to_publish(self, caller: Caller, feed_id: str) -> Feed:
        """The feed belongs to an incident that is under way; a device's feed gets a new one if it has
        none, and one only, however often it knocks at once.

        Raises: NotFound, Conflict (the incident is over), StaleVersion.
        """
        for _ in range(ATTEMPTS):
            feed, version = await self._own_feed(caller, feed_id)
            if feed.scope_id is not None:
                case = await self._desk.load(feed.scope_id)
                if case.response.incident.state not in _OVER:
                    return feed
            if caller.device is None:
                raise Conflict("room_ended")
            try:
                if feed.scope_id is not None:
                    await self._let_go(feed)
                else:
                    return await self._report_for(caller.device, feed, version)
            except StaleVersion:
                continue
        raise StaleVersion()

    async def _let_go(self, feed: Feed) -> None:
        """The feed shows nothing: its incident is over."""

        def decide(case: Case, now: datetime) -> Outcome:
            current = case.feed(feed.id)
            if current is None or case.response.incident.state not in _OVER:
                return Outcome()
            return Outcome(feeds=(rooms.attach(current, scope_id=None, now=now),))

        await self._desk.run(str(feed.scope_id), decide, actor_id=None)

    async def _report_for(self, device: Device, feed: Feed, version: int) -> Feed:
        position = (await self._positions.of([feed.id])).get(feed.id)
        place = Place(
            text="",
            lat=position.lat if position else None,
            lon=position.lon if position else None,
            accuracy_m=position.accuracy_m if position else None,
        )
        opened = await self._reporting.report_by_device(device, feed=feed, version=version, place=place)
        return replace(feed, scope_id=ScopeId(opened.case.incident_id))

    async def went_live(
        self, feed_id: str, *, has_audio: bool, has_video: bool, still: Callable[[], bool]
    ) -> None:
        """The first packet arrived. `still` says whether that is the newest there is to say of the feed when
        it is committed: two such facts may wait for their commit at once.

        Raises: Conflict (room_ended) when the incident was closed meanwhile.
        """

        def start(feed: Feed, now: datetime) -> rooms.FeedChange:
            if not still():
                return feed, ()
            return rooms.start(feed, has_audio=has_audio, has_video=has_video, now=now)

        await self._moved(feed_id, start, unless_closed=True)

    async def interrupted(self, feed_id: str, reason: str, *, still: Callable[[], bool]) -> None:
        """Packets stopped although nobody ended the feed. `still` as above."""
        await self._moved(
            feed_id,
            lambda feed, now: rooms.interrupt(feed, reason=reason, now=now) if still() else (feed, ()),
        )

    async def end(self, caller: Caller, feed_id: str) -> Feed:
        """The sender, or an operator above them, ended the feed."""
        await self._may_end(caller, feed_id)
        await self._moved(feed_id, lambda feed, now: rooms.stop(feed, now=now), actor_id=caller.actor_id)
        return (await self._feed(feed_id))[0]

    async def live_feeds(self) -> list[str]:
        """Feeds that the store believes to be live."""
        feeds = [FEED.validate_json(stored.doc) for stored in await self._reader.all_of("feed")]
        return [feed.id for feed in feeds if feed.state is FeedState.LIVE]

    async def locate(
        self, caller: Caller, feed_id: str, body: bodies.PositionBody
    ) -> tuple[Feed, PositionView, bool]:
        """Where the feed is now, and whether that is news."""
        feed = await self.authorise(caller, feed_id)
        now = self._clock()
        at = body.at if body.at is not None and body.at.tzinfo is not None else now
        if at < now - OLDEST:
            raise BadInput(field="at", problem="too_old")
        at = at.astimezone(UTC) if at <= now + FUTURE_TOLERANCE else now
        position = PositionView(lat=body.lat, lon=body.lon, accuracy_m=body.accuracy_m, at=at)
        return feed, position, self._positions.note(feed.id, position)

    async def _may_end(self, caller: Caller, feed_id: str) -> None:
        """Returns if the caller sends it or oversees its sender. Raises: NotFound."""
        feed, _ = await self._feed(feed_id)
        person = caller.person
        if person is None or not feed.scope_id or not oversees(self._directory(), person, feed.agency_id):
            await self.authorise(caller, feed_id)

    async def _moved(
        self,
        feed_id: str,
        move: Callable[[Feed, datetime], rooms.FeedChange],
        *,
        actor_id: str | None = None,
        unless_closed: bool = False,
    ) -> None:
        stored = await self._reader.one("feed", feed_id)
        if stored is None or not stored.scope_id:
            return

        def decide(case: Case, now: datetime) -> Outcome:
            feed = case.feed(feed_id)
            if feed is None:
                return Outcome()
            if unless_closed and case.response.incident.state == "closed":
                raise Conflict("room_ended")
            after, events = move(feed, now)
            return Outcome(feeds=((after, events),)) if events else Outcome()

        await self._desk.run(stored.scope_id, decide, actor_id=actor_id)


def _own(case: Case, person: Person) -> Feed | None:
    return next((f for f in case.feeds if f.owner_id == person.id and f.state is not FeedState.ENDED), None)
