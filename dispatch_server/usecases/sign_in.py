"""Sign-in: passwords by argon2, one-time links, sessions in the store, and a brake on guessing."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from dispatch_server.clock import Clock
from dispatch_server.errors import NotAllowed, NotSignedIn, Throttled
from dispatch_server.identity import Directory, Person
from dispatch_server.ids import token_hash
from dispatch_server.store.accounts import Accounts
from dispatch_server.store.reference import Reference

WINDOW = timedelta(minutes=5)
PER_LOGIN_AND_ADDRESS = 5  # wrong passwords for one name within the window
PER_LOGIN = 50  # from everywhere: so that nobody keeps a person out by guessing at their name
PER_ADDRESS = 30  # from one address: an office shares one
LINK_LIFETIME = timedelta(minutes=30)
FRESH = timedelta(minutes=10)  # whoever signed in so lately may set a password without knowing the old one


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A fresh session. `token` goes into the cookie and is nowhere else."""

    person: Person
    token: str
    csrf: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    person: Person
    csrf: str
    token_hash: str
    opened_at: datetime


class SignInDesk:
    def __init__(
        self,
        *,
        accounts: Accounts,
        reference: Reference,
        directory: Callable[[], Directory],
        clock: Clock,
        new_token: Callable[[], str],
        session_lifetime: timedelta,
    ) -> None:
        self._accounts = accounts
        self._reference = reference
        self._directory = directory
        self._clock = clock
        self._new_token = new_token
        self._session_lifetime = session_lifetime
        self._hasher = PasswordHasher()
        self._hashing = asyncio.Semaphore(
            2
        )  # each hash takes 64 MiB; a burst of guesses must not take them all
        self._no_such_person: str | None = None
        self._under_way: Counter[str] = Counter()
        self._counting = asyncio.Lock()

    async def hash_password(self, password: str) -> str:
        async with self._hashing:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def by_password(self, login: str, password: str, *, address: str) -> SignedIn:
        """A session for the person. Raises: Throttled, NotSignedIn, which does not tell whether the name
        exists.
        """
        subjects = _subjects(login, address)
        async with self._attempt(subjects):
            person = next(
                (p for p in self._directory().people.values() if p.login == login.casefold() and p.active),
                None,
            )
            stored = await self._reference.password_hash(person.id) if person else None
            right = await self._verify(stored or await self._nobodys_hash(), password)
            if person is None or stored is None or not right:
                await self._note_failure(*subjects)
                raise NotSignedIn("wrong_credentials")
            await self._accounts.forgive(next(iter(subjects)))
            return await self._open(person)

    async def by_link(self, token: str, *, address: str) -> SignedIn:
        """A session for the person of a one-time link, which is used up. Raises: NotSignedIn, Throttled."""
        subject = f"address:{address}"
        async with self._attempt({subject: PER_ADDRESS}):
            person_id = await self._accounts.take_link(token_hash(token), self._clock())
            person = self._directory().people.get(person_id) if person_id else None
            if person is None or not person.active:
                await self._note_failure(subject)
                raise NotSignedIn("link_used")
            return await self._open(person)

    @asynccontextmanager
    async def _attempt(self, subjects: Mapping[str, int]) -> AsyncIterator[None]:
        """One try for each subject, within its limit. Those under way count, for they may fail yet.

        Raises: Throttled, with the seconds until a try is free again.
        """
        async with self._counting:
            for subject, limit in subjects.items():
                await self._require_free(subject, limit)
            self._under_way.update(subjects.keys())
        try:
            yield
        finally:
            self._under_way.subtract(subjects.keys())
            self._under_way += Counter()  # what is at nought is forgotten

    async def _require_free(self, subject: str, limit: int) -> None:
        now = self._clock()
        failures = await self._accounts.failures(subject, now - WINDOW)
        over = len(failures) + self._under_way[subject] - limit
        if over >= 0:
            frees = failures[min(over, len(failures) - 1)] + WINDOW if failures else now
            raise Throttled(retry_after_s=max(1, ceil((frees - now).total_seconds())))

    async def _note_failure(self, *subjects: str) -> None:
        now = self._clock()
        await self._accounts.note_failure(subjects, now, now - WINDOW)

    async def make_link(self, person_id: str) -> tuple[str, timedelta]:
        """A one-time token for the person and how long it is good."""
        token, now = self._new_token(), self._clock()
        await self._accounts.add_link(
            token_hash=token_hash(token), person_id=person_id, now=now, expires_at=now + LINK_LIFETIME
        )
        return token, LINK_LIFETIME

    async def session(self, token: str) -> Session | None:
        """The open session behind a cookie, if its person is still active."""
        return await self.session_by_hash(token_hash(token))

    async def session_by_hash(self, digest: str) -> Session | None:
        """The open session that is stored under this hash, if its person is still active."""
        stored = await self._accounts.session(digest, self._clock())
        person = self._directory().people.get(stored.person_id) if stored else None
        if stored is None or person is None or not person.active:
            return None
        return Session(person=person, csrf=stored.csrf, token_hash=digest, opened_at=stored.opened_at)

    async def set_password(
        self, session: Session, password: str, *, current: str | None, address: str
    ) -> SignedIn:
        """The person signs in with this password from now on; all their sessions and links are ended but one
        new session.

        Whoever finds an unattended desk cannot take it over: the current password is asked for, unless the
        person has just signed in. Raises: NotAllowed, Throttled.
        """
        if current is not None:
            await self._require_password(session.person, current, address=address)
        elif self._clock() - session.opened_at > FRESH:
            if await self._reference.password_hash(session.person.id) is None:
                raise NotAllowed("sign_in_again")
            raise NotAllowed("current_password_needed")
        await self._reference.set_password(session.person.id, await self.hash_password(password))
        await self._accounts.close_ways_in(session.person.id)
        return await self._open(session.person)

    async def _require_password(self, person: Person, password: str, *, address: str) -> None:
        """Returns if that is the person's password. Raises: NotAllowed, Throttled."""
        subjects = _subjects(person.login, address)
        async with self._attempt(subjects):
            stored = await self._reference.password_hash(person.id)
            if stored is None or not await self._verify(stored, password):
                await self._note_failure(*subjects)
                raise NotAllowed("wrong_password")

    async def sign_out(self, session: Session) -> None:
        await self._accounts.close_session(session.token_hash)

    async def _open(self, person: Person) -> SignedIn:
        token, csrf, now = self._new_token(), self._new_token(), self._clock()
        await self._accounts.open_session(
            token_hash=token_hash(token),
            person_id=person.id,
            csrf=csrf,
            now=now,
            expires_at=now + self._session_lifetime,
        )
        return SignedIn(person=person, token=token, csrf=csrf)

    async def _nobodys_hash(self) -> str:
        """Checked when the name is unknown, so that this takes as long as for a known one."""
        if self._no_such_person is None:
            self._no_such_person = await self.hash_password(self._new_token())
        return self._no_such_person

    async def _verify(self, stored: str, password: str) -> bool:
        async with self._hashing:
            try:
                return await asyncio.to_thread(self._hasher.verify, stored, password)
            except (VerificationError, InvalidHashError):
                return False


def _subjects(login: str, address: str) -> dict[str, int]:
    """Whom a wrong password counts against, and how often it may: the name at this address first."""
    name = token_hash(login.casefold())[:32]  # a folded name may outgrow the key
    return {
        f"login:{name}@{address}": PER_LOGIN_AND_ADDRESS,
        f"login:{name}": PER_LOGIN,
        f"address:{address}": PER_ADDRESS,
    }
