"""Redundant sound (RED, RFC 2198): a packet that repeats what the ones before it carried.

A publisher's packet is read once and brought into a form in which every block is Opus under our payload type.
From then on it is passed on as it is, or without its repetitions to who does not take them.
"""

from rtc.codecs import PAYLOAD_TYPES, Codec
from rtc.errors import MalformedPacket
from rtc.rtp.rtp_packet import HEADER_LENGTH

RED_PAYLOAD_TYPE = 63
MAX_REPETITIONS = 8
REACH = 0x3FFF
"""How far back a repetition can reach, in ticks: 14 bits, 341 ms of sound."""

_OPUS = PAYLOAD_TYPES[Codec.OPUS]
_MARKER = 0x80
_FOLLOWED = 0x80  # in a block's header: another one follows


def red_payload(payload: bytes, opus_payload_type: int) -> bytes:
    """A publisher's payload in our form; repetitions in anything but its Opus are left out.

    Raises: MalformedPacket.
    """
    headers: list[tuple[int, int, int]] = []  # payload type, offset, length
    at = 0
    while True:
        if at >= len(payload):
            raise MalformedPacket("RED headers are cut off")
        first = payload[at]
        if not first & _FOLLOWED:
            break
        if at + 4 > len(payload) or len(headers) == MAX_REPETITIONS:
            raise MalformedPacket("RED headers are cut off, or too many")
        word = int.from_bytes(payload[at + 1 : at + 4], "big")
        headers.append((first & 0x7F, word >> 10, word & 0x3FF))
        at += 4
    if first != opus_payload_type:
        raise MalformedPacket("RED around another codec")
    at += 1
    head = blocks = b""
    for payload_type, offset, length in headers:
        block = payload[at : at + length]
        at += length
        if payload_type == opus_payload_type and length:
            head += bytes((_FOLLOWED | _OPUS,)) + (offset << 10 | length).to_bytes(3, "big")
            blocks += block
    if at > len(payload):
        raise MalformedPacket("RED blocks are cut off")
    return head + bytes((_OPUS,)) + blocks + payload[at:]


def is_red(plain: bytes) -> bool:
    """Whether a packet in plain form is RED."""
    return plain[1] & 0x7F == RED_PAYLOAD_TYPE


def without_repetitions(plain: bytes) -> bytes:
    """The Opus packet in a RED packet, both in plain form."""
    at = HEADER_LENGTH
    repeated = 0
    while plain[at] & _FOLLOWED:
        repeated += (plain[at + 2] & 0x03) << 8 | plain[at + 3]
        at += 4
    return (
        plain[:1] + bytes((plain[1] & _MARKER | _OPUS,)) + plain[2:HEADER_LENGTH] + plain[at + 1 + repeated :]
    )


def wrapped(plain: bytes) -> bytes:
    """An Opus packet as RED that repeats nothing, both in plain form."""
    second = bytes((plain[1] & _MARKER | RED_PAYLOAD_TYPE,))
    return plain[:1] + second + plain[2:HEADER_LENGTH] + bytes((_OPUS,)) + plain[HEADER_LENGTH:]
