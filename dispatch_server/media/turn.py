"""Time-limited TURN credentials as coturn's `use-auth-secret` checks them
(draft-uberti-behave-turn-rest-00).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta

LIFETIME = timedelta(hours=6)


def ice_servers(
    urls: Sequence[str], secret: str | None, *, person_id: str, now: datetime
) -> list[dict[str, object]]:
    """What a browser's `iceServers` takes; empty without a TURN server."""
    if not urls or not secret:
        return []
    username = f"{int((now + LIFETIME).timestamp())}:{person_id}"
    digest = hmac.new(secret.encode(), username.encode(), hashlib.sha1).digest()
    return [{"urls": list(urls), "username": username, "credential": base64.b64encode(digest).decode()}]
