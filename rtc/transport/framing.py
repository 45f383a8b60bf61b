"""Packets on a stream (RFC 4571): each behind its length in two bytes."""

from collections.abc import Iterator

from rtc.errors import MalformedPacket

MAX_FRAME = 2048  # what a datagram may have: nothing longer is a packet of ours


def framed(packet: bytes | memoryview) -> bytes:
    """The packet behind its length."""
    return b"".join((len(packet).to_bytes(2, "big"), packet))


class Deframer:
    """Packets out of the pieces in which a stream arrives; keeps less than one frame."""

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """The packets that are whole now; empty ones, which only keep a way open, are left out.

        Raises: MalformedPacket at a length that no packet has; the stream is worth nothing from there on.
        """
        data = self._rest + piece if self._rest else piece
        self._rest = b""
        at = 0
        while len(data) - at >= 2:
            length = int.from_bytes(data[at : at + 2], "big")
            if length > MAX_FRAME:
                raise MalformedPacket("a frame is too long")
            end = at + 2 + length
            if end > len(data):
                break
            if length:
                yield data[at + 2 : end]
            at = end
        self._rest = data[at:]
