"""What the hub refuses, each with a stable code that a client may rely on.

HubError
├── BadInput          the request itself is wrong (`field` says where)
├── NotSignedIn       no valid session or token
├── NotAllowed        signed in, but the role does not reach
├── NotFound          unknown, or not for the caller to know
├── Throttled         too many attempts; `retry_after_s`
├── Conflict          the state moved on, or the same key was used for another command
├── StaleVersion      optimistic lock lost; the use case tries again
├── Unreadable        one incident's record is damaged, or of another version; the others are served
└── Unavailable       a part of the hub does not answer; nothing was saved

The sentences live in `messages`, the HTTP status in `http.error_status`.
"""

# ruff: noqa: N818 - an error is named after what happened; the root carries the word

from __future__ import annotations


class HubError(Exception):
    """Root of all refusals of the hub; `params` fill the sentence of the code."""

    code = "hub_error"

    def __init__(self, code: str | None = None, **params: object) -> None:
        self.code = code or type(self).code
        self.params = params
        super().__init__(self.code)


class BadInput(HubError):
    code = "bad_input"


class NotSignedIn(HubError):
    code = "not_signed_in"


class NotAllowed(HubError):
    code = "not_allowed"


class NotFound(HubError):
    code = "not_found"


class Throttled(HubError):
    code = "throttled"


class Conflict(HubError):
    code = "conflict"


class StaleVersion(HubError):
    code = "stale_version"


class Unavailable(HubError):
    code = "unavailable"


class Unreadable(HubError):
    code = "record_unreadable"


class StartError(Exception):
    """The hub cannot start; the text is the one line that the operator reads."""
