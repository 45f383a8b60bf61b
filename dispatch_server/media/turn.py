"""Time-limited TURN credentials as coturn's `use-auth-secret` checks them
(draft-uberti-behave-turn-rest-00).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

LIFETIME = timedelta(hours=6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """The relay that peers may use where UDP does not pass; none without both settings."""

    urls: tuple[str, ...]
    secret: str | None

    def servers(self, *, holder_id: str, now: datetime) -> list[dict[str, object]]:
        """What a browser's `iceServers` takes."""
        if not self.urls or not self.secret:
            return []
        username = f"{int((now + LIFETIME).timestamp())}:{holder_id}"
        digest = hmac.new(self.secret.encode(), username.encode(), hashlib.sha1).digest()
        credential = base64.b64encode(digest).decode()
        return [{"urls": list(self.urls), "username": username, "credential": credential}]

    def links(self, *, holder_id: str, now: datetime) -> list[str]:
        """The same as Link headers (RFC 9725 section 4.6)."""
        return [
            f'<{url}>; rel="ice-server"; username="{server["username"]}"; '
            f'credential="{server["credential"]}"; credential-type="password"'
            for server in self.servers(holder_id=holder_id, now=now)
            for url in self.urls
        ]
