"""Frames on the socket between hub and worker: four bytes of length, then one msgpack map.

    hub → worker     {"id": 7, "ask": "Publish", "with": {…}}
    worker → hub     {"id": 7, "reply": "Published", "with": {…}}
                     {"id": 7, "error": "malformed_sdp", "reason": "…"}
                     {"event": "SourceUp", "with": {…}}
                     {"failed": "…"}      it cannot serve, and ends

Both sides read with the same types; a frame that does not fit them is MalformedMessage. A hub's first frame
is `Hello`: nothing is said to it before, and a worker that answers with another `Welcome` than expected is
not spoken to any further.
"""

import asyncio
import dataclasses
from typing import Annotated, Any, get_args

import msgpack
from pydantic import Field, TypeAdapter, ValidationError

from rtc.errors import ERRORS_BY_CODE, MalformedMessage, RtcError
from rtc.plane import Held, MediaEvent, Patched, Played, Published, ScopeRoutes, Subscribed, WorkerStats

PROTOCOL = 2  # goes up when an older hub or worker would misunderstand a newer one
MAX_FRAME = 4 << 20
MAX_LABEL = 1000
Frame = dict[str, Any]
Label = Annotated[str, Field(max_length=MAX_LABEL)]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """A hub wants to be served from now on, in the place of any other."""

    protocol: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Welcome:
    """It is. `stamp` tells the code that runs, `arguments` what it was started with."""

    protocol: int
    stamp: str
    arguments: tuple[str, ...]
    native: bool
    held: Held


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Publish:
    """Answer this publisher."""

    source_id: str
    offer_sdp: str
    label: Label = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """A peer's candidates or ICE restart; `ice_tag` is the session it means, `*` the present one."""

    connection_id: str
    ice_tag: str
    fragment: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """Answer this player."""

    offer_sdp: str
    label: Label = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Subscribe:
    """Make an offer to a subscriber."""

    profile: str
    label: Label = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Accept:
    """The subscriber's answer."""

    connection_id: str
    answer_sdp: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Restart:
    """A page's ICE session begins anew."""

    connection_id: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Close:
    """End this connection."""

    connection_id: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Retell:
    """Say all slots of this connection again, as an event."""

    connection_id: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Carry:
    """Hand this source to just these workers, whenever it is published here."""

    source_id: str
    workers: tuple[int, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """No more than the asking: `stats`, `ping`, and `end`, after which the worker ends."""

    what: str


Request = (
    Hello | Publish | Play | Patch | Subscribe | Restart | Accept | Close | Carry | Retell | ScopeRoutes | Ask
)
Reply = Welcome | Published | Played | Patched | Subscribed | WorkerStats | None

_REQUESTS = {kind.__name__: TypeAdapter(kind) for kind in get_args(Request)}
_REPLIES: dict[str, TypeAdapter[Any]] = {
    kind.__name__: TypeAdapter(kind)
    for kind in (Welcome, Published, Played, Patched, Subscribed, WorkerStats)
}
_EVENTS = {kind.__name__: TypeAdapter(kind) for kind in get_args(MediaEvent)}


def request_frame(number: int, request: Request) -> Frame:
    """The frame for a request."""
    return {"id": number, "ask": type(request).__name__, "with": request}


def reply_frame(number: int, reply: Reply) -> Frame:
    """The frame for a reply."""
    if reply is None:
        return {"id": number, "reply": None}
    return {"id": number, "reply": type(reply).__name__, "with": reply}


def error_frame(number: int, error: RtcError) -> Frame:
    """The frame for a refusal."""
    return {"id": number, "error": error.code, "reason": error.reason}


def event_frame(event: MediaEvent) -> Frame:
    """The frame for an event."""
    return {"event": type(event).__name__, "with": event}


def request_of(frame: Frame) -> tuple[int, Request]:
    """The request in a frame and its number.

    Raises: MalformedMessage.
    """
    number = frame.get("id")
    if not isinstance(number, int):
        raise MalformedMessage("a request needs a number")
    request: Request = _read(_REQUESTS, frame.get("ask"), frame)
    return number, request


def reply_of(frame: Frame) -> Reply:
    """The reply in a frame.

    Raises: the RtcError that it carries; MalformedMessage.
    """
    if "error" in frame:
        kind = ERRORS_BY_CODE.get(str(frame["error"]), RtcError)
        raise kind(str(frame.get("reason", "")))
    if frame.get("reply") is None:
        return None
    reply: Reply = _read(_REPLIES, frame["reply"], frame)
    return reply


def event_of(frame: Frame) -> MediaEvent:
    """The event in a frame.

    Raises: MalformedMessage.
    """
    event: MediaEvent = _read(_EVENTS, frame.get("event"), frame)
    return event


def pack(frame: Frame) -> bytes:
    """The bytes of a frame.

    Raises: MalformedMessage, when a string in it is no Unicode text.
    """
    try:
        body: bytes = msgpack.packb(frame, default=_fields)
    except UnicodeEncodeError as error:
        raise MalformedMessage("not text") from error
    return len(body).to_bytes(4, "big") + body


async def read_frame(reader: asyncio.StreamReader) -> Frame | None:
    """The next frame; None when the other side has gone.

    Raises: MalformedMessage.
    """
    try:
        length = int.from_bytes(await reader.readexactly(4), "big")
        if length > MAX_FRAME:
            raise MalformedMessage("frame too long")
        body = await reader.readexactly(length)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    return unpack(body)


def unpack(body: bytes) -> Frame:
    """The map in a frame's bytes.

    Raises: MalformedMessage.
    """
    try:
        frame = msgpack.unpackb(body, strict_map_key=True)
    except (ValueError, msgpack.UnpackException) as error:
        raise MalformedMessage(type(error).__name__) from error
    if not isinstance(frame, dict):
        raise MalformedMessage("not a map")
    return frame


def _fields(message: Any) -> dict[str, Any]:
    """A message, or a part of one, as a map. (`dataclasses.asdict` copies every value and costs ten times as
    much: that counts for what is told of every viewer every two seconds.)
    """
    return {name: getattr(message, name) for name in message.__dataclass_fields__}


def _read(readers: dict[str, TypeAdapter[Any]], name: object, frame: Frame) -> Any:
    reader = readers.get(name) if isinstance(name, str) else None
    if reader is None:
        raise MalformedMessage("unknown kind of message")
    try:
        return reader.validate_python(frame.get("with"))
    except ValidationError as error:
        raise MalformedMessage(f"{error.error_count()} fields do not fit") from error
