"""Links of players: which feed each may watch, on whose behalf and until when; of its token only the hash."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from dispatch_server.store import tables as t
from dispatch_server.store.batch import to_ms
from dispatch_server.store.writer import Writer

KEPT = timedelta(days=90)  # after its end; the journal keeps what it tells for good


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayerLink:
    """A video wall's or player's right to watch one feed. It sees what its agency oversees, never more."""

    id: str
    feed_id: str
    agency_id: str
    name: str
    issued_by: str
    issued_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None


class PlayerLinkStore:
    def __init__(self, engine: AsyncEngine, writer: Writer) -> None:
        self._engine = engine
        self._writer = writer

    async def add(self, link: PlayerLink, *, token_hash: str, at_most: int) -> bool:
        """The link is good, unless its feed has so many good ones already; those long over are forgotten."""
        good, over = _good(link.issued_at), to_ms(link.issued_at - KEPT)
        async with self._writer.transaction() as connection:
            await connection.execute(delete(t.player).where(t.player.c.expires_ms <= over))
            query = select(func.count()).where(t.player.c.feed_id == link.feed_id, good)
            if (await connection.execute(query)).scalar_one() >= at_most:
                return False
            await connection.execute(
                t.player.insert().values(
                    id=link.id,
                    token_hash=token_hash,
                    feed_id=link.feed_id,
                    agency_id=link.agency_id,
                    name=link.name,
                    issued_by=link.issued_by,
                    issued_ms=to_ms(link.issued_at),
                    expires_ms=to_ms(link.expires_at),
                )
            )
        return True

    async def by_token(self, token_hash: str, now: datetime) -> PlayerLink | None:
        """The link of that token, while it is good."""
        found = await self._links(and_(t.player.c.token_hash == token_hash, _good(now)))
        return found[0] if found else None

    async def one(self, link_id: str) -> PlayerLink | None:
        found = await self._links(t.player.c.id == link_id)
        return found[0] if found else None

    async def of_feed(self, feed_id: str) -> list[PlayerLink]:
        """The feed's links, also those that were over lately, the newest first."""
        return await self._links(t.player.c.feed_id == feed_id)

    async def good(self, link_ids: Collection[str], now: datetime) -> frozenset[str]:
        """Those of these links that are neither revoked nor expired."""
        return frozenset(link.id for link in await self._links(and_(t.player.c.id.in_(link_ids), _good(now))))

    async def revoke(self, link_id: str, now: datetime) -> bool:
        """The link is worth nothing any more; whether it was until now."""
        async with self._writer.transaction() as connection:
            done = await connection.execute(
                update(t.player)
                .where(t.player.c.id == link_id, t.player.c.revoked_ms.is_(None))
                .values(revoked_ms=to_ms(now))
            )
        return bool(done.rowcount)

    async def _links(self, condition: ColumnElement[bool]) -> list[PlayerLink]:
        query = select(t.player).where(condition).order_by(t.player.c.issued_ms.desc(), t.player.c.id)
        async with self._engine.connect() as connection:
            return [_link(row) for row in await connection.execute(query)]


def _good(now: datetime) -> ColumnElement[bool]:
    return and_(t.player.c.revoked_ms.is_(None), t.player.c.expires_ms > to_ms(now))


def _link(row: Any) -> PlayerLink:
    return PlayerLink(
        id=row.id,
        feed_id=row.feed_id,
        agency_id=row.agency_id,
        name=row.name,
        issued_by=row.issued_by,
        issued_at=_instant(row.issued_ms),
        expires_at=_instant(row.expires_ms),
        revoked_at=_instant(row.revoked_ms) if row.revoked_ms is not None else None,
    )


def _instant(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, tz=UTC)
