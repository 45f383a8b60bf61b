"""Everything the media plane refuses, each with a stable `code`.

RtcError
├── MalformedSdp            malformed_sdp            the text is not a session description
├── NothingAcceptable       no_acceptable_media      no codec, transport or role in it that we speak
├── MalformedPacket         malformed_packet         bytes from the network (never leaves the worker)
├── MalformedMessage        malformed_message        bytes from the worker's socket
├── UnknownConnection       unknown_connection       closed meanwhile, or never there
├── UnknownProfile          unknown_profile          neither console nor phone
├── WrongStep               wrong_step               an answer to a connection that awaits none
├── StaleIceSession         stale_ice_session        a change to an ICE session that is not the present one
├── MediaFull               media_full               the worker takes no more connections for now
├── MediaUnavailable        media_unavailable        the worker is down; a WorkerReady event will follow
└── MediaTimeout            media_timeout            the worker did not reply in time
"""

# ruff: noqa: N818 - the names say what happened; "Error" on each would say nothing more.

from typing import ClassVar


class RtcError(Exception):
    """A request or some bytes were refused; nothing has changed."""

    code: ClassVar[str] = "rtc_error"

    def __init__(self, reason: str = "") -> None:
        super().__init__(f"{self.code}: {reason}" if reason else self.code)
        self.reason = reason

    @property
    def params(self) -> dict[str, str]:
        """What a message template may name."""
        return {"reason": self.reason}


class MalformedSdp(RtcError):
    """The text is not a session description that can be read."""

    code = "malformed_sdp"


class NothingAcceptable(RtcError):
    """The description can be read, but offers nothing that this plane speaks."""

    code = "no_acceptable_media"


class MalformedPacket(RtcError):
    """A datagram that is not what its first byte says."""

    code = "malformed_packet"


class MalformedMessage(RtcError):
    """A frame on the worker's socket that cannot be understood."""

    code = "malformed_message"


class UnknownConnection(RtcError):
    """No such connection, or no longer."""

    code = "unknown_connection"


class UnknownProfile(RtcError):
    """A subscriber profile that does not exist."""

    code = "unknown_profile"


class WrongStep(RtcError):
    """The connection awaits no answer, or already has one."""

    code = "wrong_step"


class StaleIceSession(RtcError):
    """The connection's ICE session is another one by now."""

    code = "stale_ice_session"


class MediaFull(RtcError):
    """The worker takes no more connections: it holds as many as it may, or is as busy as it may be."""

    code = "media_full"


class MediaUnavailable(RtcError):
    """The worker is not running; it is being restarted."""

    code = "media_unavailable"


class MediaTimeout(RtcError):
    """The worker did not reply within the time limit."""

    code = "media_timeout"


ERRORS_BY_CODE: dict[str, type[RtcError]] = {
    kind.code: kind
    for kind in (
        RtcError,
        MalformedSdp,
        NothingAcceptable,
        MalformedPacket,
        MalformedMessage,
        UnknownConnection,
        UnknownProfile,
        WrongStep,
        StaleIceSession,
        MediaFull,
        MediaUnavailable,
        MediaTimeout,
    )
}


class Undeliverable(OSError):
    """The peer cannot be reached now, or takes too slowly what it is sent. Whoever raises it counts it."""
