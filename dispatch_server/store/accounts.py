"""Sessions, one-time links, sign-in failures and device tokens: only hashes of secrets are ever stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from dispatch_server.store import tables as t
from dispatch_server.store.batch import to_ms
from dispatch_server.store.writer import Writer


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    person_id: str
    csrf: str
    opened_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A body-cam or encoder: its token reaches one feed of one agency and nothing else."""

    feed_id: str
    agency_id: str
    default_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredDevice:
    """`revoked_at`: since when its token is worth nothing."""

    device: Device
    revoked_at: datetime | None


class Accounts:
    def __init__(self, engine: AsyncEngine, writer: Writer) -> None:
        self._engine = engine
        self._writer = writer

    async def session(self, token_hash: str, now: datetime) -> Session | None:
        query = select(t.session).where(
            t.session.c.token_hash == token_hash, t.session.c.expires_ms > to_ms(now)
        )
        async with self._engine.connect() as connection:
            row = (await connection.execute(query)).first()
        if row is None:
            return None
        return Session(person_id=row.person_id, csrf=row.csrf, opened_at=_instant(row.created_ms))

    async def open_session(
        self, *, token_hash: str, person_id: str, csrf: str, now: datetime, expires_at: datetime
    ) -> None:
        """The session is open; expired ones and their leftovers are gone."""
        async with self._writer.transaction() as connection:
            await connection.execute(delete(t.session).where(t.session.c.expires_ms <= to_ms(now)))
            await connection.execute(
                t.session.insert().values(
                    token_hash=token_hash,
                    person_id=person_id,
                    csrf=csrf,
                    created_ms=to_ms(now),
                    expires_ms=to_ms(expires_at),
                )
            )

    async def close_session(self, token_hash: str) -> None:
        async with self._writer.transaction() as connection:
            await connection.execute(delete(t.session).where(t.session.c.token_hash == token_hash))

    async def close_ways_in(self, person_id: str) -> None:
        """The person's sessions are over, and links that were made for them open none."""
        async with self._writer.transaction() as connection:
            await connection.execute(delete(t.session).where(t.session.c.person_id == person_id))
            await connection.execute(delete(t.sign_in_link).where(t.sign_in_link.c.person_id == person_id))

    async def add_link(self, *, token_hash: str, person_id: str, now: datetime, expires_at: datetime) -> None:
        async with self._writer.transaction() as connection:
            await connection.execute(delete(t.sign_in_link).where(t.sign_in_link.c.expires_ms <= to_ms(now)))
            await connection.execute(
                t.sign_in_link.insert().values(
                    token_hash=token_hash, person_id=person_id, expires_ms=to_ms(expires_at)
                )
            )

    async def take_link(self, token_hash: str, now: datetime) -> str | None:
        """The person of a link that was still good; it is used up by this call, whoever calls first."""
        async with self._writer.transaction() as connection:
            row = (
                await connection.execute(
                    select(t.sign_in_link).where(t.sign_in_link.c.token_hash == token_hash)
                )
            ).first()
            if row is None:
                return None
            gone = await connection.execute(
                delete(t.sign_in_link).where(t.sign_in_link.c.token_hash == token_hash)
            )
            return row.person_id if gone.rowcount == 1 and row.expires_ms > to_ms(now) else None

    async def failures(self, subject: str, since: datetime) -> list[datetime]:
        """When the subject failed after that time, the earliest first."""
        query = (
            select(t.sign_in_failure.c.at_ms)
            .where(t.sign_in_failure.c.subject == subject, t.sign_in_failure.c.at_ms > to_ms(since))
            .order_by(t.sign_in_failure.c.at_ms)
        )
        async with self._engine.connect() as connection:
            rows = await connection.execute(query)
            return [_instant(row.at_ms) for row in rows]

    async def note_failure(self, subjects: tuple[str, ...], now: datetime, forget_before: datetime) -> None:
        async with self._writer.transaction() as connection:
            await connection.execute(
                delete(t.sign_in_failure).where(t.sign_in_failure.c.at_ms < to_ms(forget_before))
            )
            await connection.execute(
                t.sign_in_failure.insert(),
                [{"subject": subject, "at_ms": to_ms(now)} for subject in subjects],
            )

    async def forgive(self, subject: str) -> None:
        async with self._writer.transaction() as connection:
            await connection.execute(delete(t.sign_in_failure).where(t.sign_in_failure.c.subject == subject))

    async def device(self, token_hash: str) -> Device | None:
        query = select(t.device).where(t.device.c.token_hash == token_hash, t.device.c.revoked_ms.is_(None))
        async with self._engine.connect() as connection:
            row = (await connection.execute(query)).first()
        if row is None:
            return None
        return Device(feed_id=row.feed_id, agency_id=row.agency_id, default_type=row.default_type)

    async def devices(self) -> list[RegisteredDevice]:
        """Every device that was ever registered, by feed id."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(select(t.device).order_by(t.device.c.feed_id))
            return [
                RegisteredDevice(
                    device=Device(
                        feed_id=row.feed_id, agency_id=row.agency_id, default_type=row.default_type
                    ),
                    revoked_at=_instant(row.revoked_ms) if row.revoked_ms is not None else None,
                )
                for row in rows
            ]

    async def add_device(self, *, token_hash: str, device: Device) -> None:
        async with self._writer.transaction() as connection:
            await connection.execute(
                t.device.insert().values(
                    token_hash=token_hash,
                    feed_id=device.feed_id,
                    agency_id=device.agency_id,
                    default_type=device.default_type,
                )
            )

    async def revoke_device(self, feed_id: str, now: datetime) -> None:
        async with self._writer.transaction() as connection:
            await connection.execute(
                update(t.device).where(t.device.c.feed_id == feed_id).values(revoked_ms=to_ms(now))
            )


def _instant(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, tz=UTC)
