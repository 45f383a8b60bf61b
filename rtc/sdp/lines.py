"""The lines that every description of ours has: one ICE-lite transport, one certificate, one bundle."""

from collections.abc import Sequence
from dataclasses import dataclass

LEVEL_URI = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
SEND_TIME_URI = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
TRANSPORT_CC_URI = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
VIDEO_FEEDBACK = ("nack", "nack pli", "ccm fir")
MAX_SDP_LENGTH = 200_000
PASSIVE = 4  # the direction preference of whoever is connected to
HOST_BY_TCP = 90  # below UDP's 126: what is lost there does not hold up what follows


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalTransport:
    """Where and as whom the worker is reached for one connection."""

    ufrag: str
    password: str
    fingerprint: str  # SHA-256
    candidates: tuple[tuple[str, int], ...]  # address and port, the best first
    tcp: bool = False  # whether the same addresses and ports are reached by TCP too


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteTransport:
    """What must be known of the peer before its handshake is believed."""

    fingerprints: tuple[tuple[str, str], ...]  # algorithm and value
    peer_is_client: bool  # in DTLS
    ice_ufrag: str = ""
    ice_password: str = ""


def session_lines(session_id: int, mids: Sequence[str]) -> list[str]:
    """Everything before the first m-line."""
    return [
        "v=0",
        f"o=- {session_id} 1 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        f"a=group:BUNDLE {' '.join(mids)}",
        "a=msid-semantic: WMS *",
        "a=ice-lite",
    ]


def transport_lines(transport: LocalTransport, setup: str) -> list[str]:
    """ICE and DTLS lines of an m-line."""
    lines = [
        f"a=ice-ufrag:{transport.ufrag}",
        f"a=ice-pwd:{transport.password}",
        f"a=fingerprint:sha-256 {transport.fingerprint}",
        f"a=setup:{setup}",
    ]
    return lines + candidate_lines(transport)


def candidate_lines(transport: LocalTransport) -> list[str]:
    """All candidates there are: those by TCP last and with the lowest priority, for where UDP is barred."""
    lines = []
    for index, (host, port) in enumerate(transport.candidates):
        priority = (126 << 24) | ((65535 - index) << 8) | 255  # RFC 8445 section 5.1.2.1
        lines.append(f"a=candidate:{index + 1} 1 udp {priority} {host} {port} typ host")
    for index, (host, port) in enumerate(transport.candidates if transport.tcp else ()):
        preference = (PASSIVE << 13) | (8191 - index)  # RFC 6544 section 4.2
        priority = (HOST_BY_TCP << 24) | (preference << 8) | 255
        foundation = len(transport.candidates) + index + 1
        lines.append(f"a=candidate:{foundation} 1 tcp {priority} {host} {port} typ host tcptype passive")
    lines.append("a=end-of-candidates")
    return lines


def joined(lines: Sequence[str]) -> str:
    """The description's text."""
    return "\r\n".join(lines) + "\r\n"
