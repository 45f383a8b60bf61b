"""The hash chain of the journal: pure arithmetic over what is stored.

Each stream (one incident, one room) has its own `seq` from 1 and its own chain. A link commits to a
*salted hash* of its
payload, not to the payload: retention may erase payload and salt, and the chain still proves order, time,
kind and actor.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One stored journal event. `payload` and `salt` are None once retention has erased them."""

    stream: str
    seq: int
    at: str
    kind: str
    actor_id: str | None
    payload: str | None
    salt: str | None
    payload_hash: str
    prev_hash: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """The first place where a stream no longer proves itself."""

    stream: str
    seq: int
    reason: str


def canonical(payload: Mapping[str, object]) -> str:
    """The one JSON text of a payload: sorted keys, no spaces, UTF-8 (in the spirit of RFC 8785)."""
    return json.dumps(payload, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def instant(at: datetime) -> str:
    """ISO 8601 in UTC with milliseconds and Z: the text that is hashed, stored and sent."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def payload_digest(salt: str, payload: str) -> str:
    return hashlib.sha256(f"{salt}\n{payload}".encode()).hexdigest()


def link_digest(
    *, stream: str, seq: int, at: str, kind: str, actor_id: str | None, payload_hash: str, prev_hash: str
) -> str:
    text = "\n".join((prev_hash, stream, str(seq), at, kind, actor_id or "", payload_hash))
    return hashlib.sha256(text.encode()).hexdigest()


def next_link(
    *,
    stream: str,
    seq: int,
    prev_hash: str,
    at: datetime,
    kind: str,
    actor_id: str | None,
    payload: Mapping[str, object],
    salt: str,
) -> Link:
    """The link that continues a chain whose head is (`seq` - 1, `prev_hash`)."""
    text = canonical(payload)
    digest = payload_digest(salt, text)
    at_text = instant(at)
    return Link(
        stream=stream,
        seq=seq,
        at=at_text,
        kind=kind,
        actor_id=actor_id,
        payload=text,
        salt=salt,
        payload_hash=digest,
        prev_hash=prev_hash,
        hash=link_digest(
            stream=stream,
            seq=seq,
            at=at_text,
            kind=kind,
            actor_id=actor_id,
            payload_hash=digest,
            prev_hash=prev_hash,
        ),
    )


def first_break(links: Iterable[Link], *, head_seq: int, head_hash: str, stream: str) -> Break | None:
    """None if the links of one stream, in order, form a whole chain that ends at the given head."""
    seq, prev = 0, GENESIS
    for link in links:
        if link.seq != seq + 1:
            return Break(stream=stream, seq=seq + 1, reason="missing")
        if reason := _fault(link, prev) or _misfit(link, head_seq, head_hash):
            return Break(stream=stream, seq=link.seq, reason=reason)
        seq, prev = link.seq, link.hash
    if seq < head_seq:
        return Break(stream=stream, seq=seq + 1, reason="tail missing")
    return None


def _fault(link: Link, prev_hash: str) -> str | None:
    """What is wrong with a link by itself and by the one before it."""
    if link.prev_hash != prev_hash:
        return "does not follow the one before"
    if link.payload is not None and payload_digest(link.salt or "", link.payload) != link.payload_hash:
        return "payload changed"
    digest = link_digest(
        stream=link.stream,
        seq=link.seq,
        at=link.at,
        kind=link.kind,
        actor_id=link.actor_id,
        payload_hash=link.payload_hash,
        prev_hash=link.prev_hash,
    )
    return "entry changed" if digest != link.hash else None


def _misfit(link: Link, head_seq: int, head_hash: str) -> str | None:
    """How a link disagrees with the head of its stream."""
    if link.seq > head_seq:
        return "after the head"
    return "not what the head names" if link.seq == head_seq and link.hash != head_hash else None


def heads_text(heads: Iterable[tuple[str, int, str]]) -> str:
    """What a checkpoint signs: every stream with its length and head, in one fixed order."""
    return "".join(f"{stream} {seq} {digest}\n" for stream, seq, digest in sorted(heads))
