"""Who sends this request: a session cookie or a device's bearer token; nothing else counts."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from dispatch_server.errors import NotSignedIn
from dispatch_server.ids import token_hash
from dispatch_server.store.accounts import Accounts, Device
from dispatch_server.usecases.sign_in import Session, SignInDesk

COOKIE = "liandong_session"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identified:
    """Exactly one of the two."""

    session: Session | None = None
    device: Device | None = None


class Authenticator:
    def __init__(self, *, sign_in: SignInDesk, accounts: Accounts) -> None:
        self._sign_in = sign_in
        self._accounts = accounts

    async def identify(self, request: web.Request) -> Identified:
        """Raises: NotSignedIn."""
        header = request.headers.get("Authorization")
        if header is not None:
            return Identified(device=await self.device(header))
        cookie = request.cookies.get(COOKIE)
        session = await self._sign_in.session(cookie) if cookie else None
        if session is None:
            raise NotSignedIn()
        return Identified(session=session)

    async def session_by_hash(self, digest: str) -> Session | None:
        """The session behind an open socket, if it is still good."""
        return await self._sign_in.session_by_hash(digest)

    async def device(self, header: str) -> Device:
        """The device of an Authorization header (RFC 6750). Raises: NotSignedIn."""
        scheme, _, token = header.partition(" ")
        device = (
            await self._accounts.device(token_hash(token.strip())) if scheme.lower() == "bearer" else None
        )
        if device is None:
            raise NotSignedIn("bad_token")
        return device
