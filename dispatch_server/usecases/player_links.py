"""Who may let a video wall or player watch a feed, and what became of such a link.

Whoever oversees the feed issues a link for it, in the name of their agency. The link reaches that one feed
and nothing else, for as long as it was issued for, and is journaled with the incident that the feed shows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from dispatch_server import bodies
from dispatch_server.access import Action, oversees, require
from dispatch_server.caller import Caller
from dispatch_server.clock import Clock
from dispatch_server.errors import Conflict, NotAllowed, NotFound, NotSignedIn
from dispatch_server.identity import Directory, Person
from dispatch_server.ids import NewId, token_hash
from dispatch_server.store.player_links import PlayerLink, PlayerLinkStore
from dispatch_server.store.reader import Reader
from dispatch_server.usecases.case import FEED, Case, Outcome
from dispatch_server.usecases.desk import Desk
from rooms import Feed, FeedEvent, FeedState, PersonId, PlayerAdmitted, PlayerId, PlayerRevoked

LINKS_PER_FEED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPlayerLink:
    link: PlayerLink
    token: str


class PlayerLinks:
    def __init__(
        self,
        *,
        store: PlayerLinkStore,
        reader: Reader,
        desk: Desk,
        directory: Callable[[], Directory],
        clock: Clock,
        new_id: NewId,
        new_token: Callable[[], str],
    ) -> None:
        self._store = store
        self._reader = reader
        self._desk = desk
        self._directory = directory
        self._clock = clock
        self._new_id = new_id
        self._new_token = new_token

    async def issue(self, caller: Caller, feed_id: str, body: bodies.IssuePlayer) -> NewPlayerLink:
        """A link to this feed, and its token, which is shown this once. Raises: NotFound, Conflict."""
        person = caller.require_person()
        feed = await self._overseen(person, feed_id)
        now, token = self._clock(), self._new_token()
        link = PlayerLink(
            id=self._new_id(),
            feed_id=feed.id,
            agency_id=person.agency_id,
            name=body.name,
            issued_by=person.id,
            issued_at=now,
            expires_at=now + timedelta(hours=body.hours),
        )
        if not await self._store.add(link, token_hash=token_hash(token), at_most=LINKS_PER_FEED):
            raise Conflict("too_many_players", limit=LINKS_PER_FEED)
        admitted = PlayerAdmitted(
            feed_id=feed.id,
            player_id=PlayerId(link.id),
            name=link.name,
            expires_at=link.expires_at,
            by=PersonId(person.id),
        )
        await self._journal(feed, admitted, person)
        return NewPlayerLink(link=link, token=token)

    async def of_feed(self, caller: Caller, feed_id: str) -> list[PlayerLink]:
        """Every link of the feed, the newest first. Raises: NotFound."""
        feed = await self._overseen(caller.require_person(), feed_id)
        return await self._store.of_feed(feed.id)

    async def revoke(self, caller: Caller, link_id: str) -> PlayerLink:
        """The link is worth nothing any more. Raises: NotFound; NotAllowed for a link of an agency above."""
        person = caller.require_person()
        require(person, Action.ADD_PLAYER)
        link = await self._store.one(link_id)
        if link is None:
            raise NotFound()
        feed = await self._overseen(person, link.feed_id)
        if not self._directory().is_within(link.agency_id, person.agency_id):
            raise NotAllowed()
        if await self._store.revoke(link.id, self._clock()):
            event = PlayerRevoked(feed_id=feed.id, player_id=PlayerId(link.id), name=link.name)
            await self._journal(feed, event, person)
        return await self._store.one(link_id) or link

    async def authorise(self, token: str, feed_id: str) -> tuple[PlayerLink, Feed]:
        """The link of that token and its feed, which has not ended.

        Raises: NotSignedIn for a token that is none (any more); NotFound, also for a token of another feed.
        """
        link = await self._store.by_token(token_hash(token), self._clock())
        if link is None:
            raise NotSignedIn("bad_player_link")
        stored = await self._reader.one("feed", feed_id) if link.feed_id == feed_id else None
        feed = FEED.validate_json(stored.doc) if stored is not None else None
        if feed is None or feed.state is FeedState.ENDED:
            raise NotFound()
        return link, feed

    async def good(self, link_ids: frozenset[str]) -> frozenset[str]:
        """Those of these links that are neither revoked nor expired."""
        return await self._store.good(link_ids, self._clock()) if link_ids else frozenset()

    async def _overseen(self, person: Person, feed_id: str) -> Feed:
        """The feed, if the person oversees what it shows: its incident, or its owner while it shows none.

        Raises: NotAllowed by role, NotFound by place.
        """
        require(person, Action.ADD_PLAYER)
        stored = await self._reader.one("feed", feed_id)
        if stored is None:
            raise NotFound()
        feed = FEED.validate_json(stored.doc)
        shown = str(feed.agency_id)
        if feed.scope_id is not None:
            shown = (await self._desk.load(feed.scope_id)).response.incident.agency_id
        if not oversees(self._directory(), person, shown):
            raise NotFound()
        return feed

    async def _journal(self, feed: Feed, event: FeedEvent, person: Person) -> None:
        if feed.scope_id is None:
            return  # it shows no incident: there is no stream that this belongs to

        def decide(case: Case, now: datetime) -> Outcome:
            del now
            current = case.feed(feed.id)
            return Outcome(feeds=((current, (event,)),)) if current is not None else Outcome()

        await self._desk.run(feed.scope_id, decide, actor_id=person.id)
