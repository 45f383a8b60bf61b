"""What a page says of the media that it shows and sends, every few seconds: its browser's own counters."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from dispatch_server import bodies

LEAST_EVERY_S = 2.0  # a page that reports more often is not heard
_Count = Annotated[int, Field(ge=0, le=1_000_000)]
_Ms = Annotated[float, Field(ge=0, le=600_000)]
_Percent = Annotated[float, Field(ge=0, le=100)]


class Verdict(StrEnum):
    """Why a picture is bad, as web_console/src/media/why.ts finds it."""

    FINE = "fine"
    SENDER_UPLINK = "sender_uplink"
    SENDER_DEVICE = "sender_device"
    SERVER = "server"
    MY_DOWNLINK = "my_downlink"
    THIS_DEVICE = "this_device"
    UNKNOWN = "unknown"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class SeenSlot(_Part):
    """A video slot that is shown, over the time of the report."""

    slot: Annotated[int, Field(ge=0, le=63)]
    frames: _Count  # decoded
    dropped: _Count = 0  # decoded and not shown
    freezes: _Count = 0
    frozen_ms: _Ms = 0
    decode_ms: _Ms = 0  # for a frame
    buffer_ms: _Ms = 0  # in the jitter buffer, a frame
    verdict: Verdict = Verdict.FINE


class HeardSlot(_Part):
    """An audio slot that was heard."""

    slot: Annotated[int, Field(ge=0, le=63)]
    concealed_pct: _Percent = 0  # of what was played: made up, because it had not come
    buffer_ms: _Ms = 0


class Sending(_Part):
    """A connection by which the page sends, and what keeps its picture from being better."""

    connection_id: bodies.Id
    limited: Literal["none", "bandwidth", "cpu", "other"] = "none"


class PageReport(_Part):
    connection_id: bodies.Id | None = None  # the one by which it receives
    seconds: Annotated[float, Field(gt=0, le=120)] = 5.0
    hidden: bool = False  # nobody looks: what is not shown is no fault
    video: Annotated[tuple[SeenSlot, ...], Field(max_length=16)] = ()
    audio: Annotated[tuple[HeardSlot, ...], Field(max_length=8)] = ()
    sending: Annotated[tuple[Sending, ...], Field(max_length=4)] = ()
