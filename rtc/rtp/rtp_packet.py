"""RTP packets as bytes (RFC 3550 section 5.1, RFC 8285): read once, when they arrive.

A packet that arrived is brought into **plain form**: twelve bytes of header and the payload; padding, CSRCs
and header extensions are gone and the payload type is the one that every subscriber was offered. From then on
only sequence number, timestamp and SSRC change per subscriber, and they stand at fixed places.
"""

from struct import Struct

from rtc.errors import MalformedPacket

HEADER_LENGTH = 12
ONE_BYTE_PROFILE = 0xBEDE
TWO_BYTE_PROFILE = 0x1000

_HEADER = Struct("!BBHII")
_EXTENSION = Struct("!HH")


class RtpPacket:
    """One received packet, read: `payload` is without padding, `extension` the bytes of its elements."""

    __slots__ = (
        "extension",
        "extension_profile",
        "marker",
        "payload",
        "payload_type",
        "seq",
        "ssrc",
        "timestamp",
    )

    def __init__(
        self,
        *,
        payload_type: int,
        marker: bool,
        seq: int,
        timestamp: int,
        ssrc: int,
        payload: bytes,
        extension_profile: int = 0,
        extension: bytes = b"",
    ) -> None:
        self.payload_type = payload_type
        self.marker = marker
        self.seq = seq
        self.timestamp = timestamp
        self.ssrc = ssrc
        self.payload = payload
        self.extension_profile = extension_profile
        self.extension = extension

    def element(self, element_id: int) -> bytes | None:
        """The header extension element of that id, whichever form its header has; None when absent."""
        if self.extension_profile == ONE_BYTE_PROFILE:
            return _one_byte_element(self.extension, element_id)
        if self.extension_profile & 0xFFF0 == TWO_BYTE_PROFILE:
            return _two_byte_element(self.extension, element_id)
        return None

    def plain(self, payload_type: int) -> bytes:
        """The packet in plain form, under another payload type."""
        second = payload_type | 0x80 if self.marker else payload_type
        return _HEADER.pack(0x80, second, self.seq, self.timestamp, self.ssrc) + self.payload


def parse_rtp(data: bytes) -> RtpPacket:
    """The packet in these bytes.

    Raises: MalformedPacket.
    """
    length = len(data)
    if length < HEADER_LENGTH:
        raise MalformedPacket("RTP header is cut off")
    first, second, seq, timestamp, ssrc = _HEADER.unpack_from(data)
    if first >> 6 != 2:
        raise MalformedPacket("RTP version is not 2")
    start = HEADER_LENGTH + 4 * (first & 0x0F)
    profile = 0
    extension = b""
    if first & 0x10:
        if length < start + 4:
            raise MalformedPacket("RTP extension header is cut off")
        profile, words = _EXTENSION.unpack_from(data, start)
        start += 4
        extension = data[start : start + 4 * words]
        start += 4 * words
    end = length
    if first & 0x20:
        end -= data[-1]
        if data[-1] == 0:
            raise MalformedPacket("RTP padding of no length")
    if start > end:
        raise MalformedPacket("RTP parts overlap")
    return RtpPacket(
        payload_type=second & 0x7F,
        marker=second >= 0x80,
        seq=seq,
        timestamp=timestamp,
        ssrc=ssrc,
        payload=data[start:end],
        extension_profile=profile,
        extension=extension,
    )


def is_rtcp(data: bytes) -> bool:
    """Whether a datagram of RTP and RTCP on one port is RTCP (RFC 5761 section 4)."""
    return len(data) >= 2 and 192 <= data[1] <= 223


def _one_byte_element(extension: bytes, element_id: int) -> bytes | None:
    at = 0
    end = len(extension)
    while at < end:
        first = extension[at]
        if first == 0:  # padding
            at += 1
            continue
        if first >> 4 == 15:  # reserved: stop (RFC 8285 section 4.2)
            return None
        size = (first & 0x0F) + 1
        if first >> 4 == element_id:
            return extension[at + 1 : at + 1 + size] if at + 1 + size <= end else None
        at += 1 + size
    return None


def _two_byte_element(extension: bytes, element_id: int) -> bytes | None:
    at = 0
    end = len(extension)
    while at < end:
        if extension[at] == 0:  # padding
            at += 1
            continue
        if at + 2 > end:
            return None
        size = extension[at + 1]
        if extension[at] == element_id:
            return extension[at + 2 : at + 2 + size] if at + 2 + size <= end else None
        at += 2 + size
    return None
