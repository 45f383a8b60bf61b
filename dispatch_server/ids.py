"""Opaque ids and secrets; chance is passed in so that tests can be repeated."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Callable

NewId = Callable[[], str]


def random_id() -> str:
    """A fresh 32-character id that cannot be guessed."""
    return uuid.uuid4().hex


def random_token() -> str:
    """A secret of 256 bits, safe in a URL fragment or a header."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What the store keeps of a secret: it can be checked but not read back."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()  # a header may hold any bytes
