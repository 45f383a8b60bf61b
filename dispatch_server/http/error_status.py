"""The one file that decides HTTP status codes."""

from __future__ import annotations

from sqlalchemy.exc import SQLAlchemyError

from alerting import (
    AlertingError,
    FollowUpMissing,
    ReasonMissing,
    UnknownAssignment,
    UnknownDepartment,
    UnknownOrder,
)
from dispatch_server.errors import (
    BadInput,
    Conflict,
    HubError,
    NotAllowed,
    NotFound,
    NotSignedIn,
    StaleVersion,
    Throttled,
    Unavailable,
    Unreadable,
)
from rooms import NotPermitted, RoomError, UnknownParticipant
from rtc.errors import (
    MalformedMessage,
    MediaFull,
    MediaTimeout,
    MediaUnavailable,
    RtcError,
    StaleIceSession,
    UnknownConnection,
    WrongStep,
)

DomainError = HubError | AlertingError | RoomError | RtcError

_STATUS: tuple[tuple[type[Exception], int], ...] = (
    (BadInput, 400),
    (NotSignedIn, 401),
    (NotAllowed, 403),
    (NotPermitted, 403),
    (NotFound, 404),
    (UnknownAssignment, 404),
    (UnknownOrder, 404),
    (UnknownParticipant, 404),
    (UnknownDepartment, 400),
    (FollowUpMissing, 400),
    (ReasonMissing, 400),
    (Throttled, 429),
    (Conflict, 409),
    (StaleVersion, 409),
    (Unavailable, 503),
    (Unreadable, 503),
    (AlertingError, 409),
    (RoomError, 409),
    (MediaUnavailable, 503),
    (MediaTimeout, 503),
    (MediaFull, 503),
    (MalformedMessage, 503),
    (UnknownConnection, 404),
    (WrongStep, 409),
    (StaleIceSession, 412),
    (RtcError, 400),
)

_BY_CODE = {
    "body_too_large": 413,
    "wrong_content_type": 415,
    "method_not_allowed": 405,
    "precondition_required": 428,
    "bad_origin": 403,
    "csrf_missing": 403,
}


def refusal_of(error: Exception) -> DomainError | None:
    """What is said about an error: itself if it is ours, or that a part of the hub does not answer; None for
    what nobody foresaw.
    """
    if isinstance(error, DomainError):
        return error
    if isinstance(error, SQLAlchemyError):
        return Unavailable("store_unreadable")
    return Unavailable("busy") if isinstance(error, TimeoutError | ConnectionError) else None


def status_of(error: Exception) -> int:
    """The status of a refusal; 500 only for what nobody foresaw."""
    code = getattr(error, "code", "")
    if code in _BY_CODE:
        return _BY_CODE[code]
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)
