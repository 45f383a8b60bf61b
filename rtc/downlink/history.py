"""The last packets of a track, by sequence number: answers retransmissions and starts slots.

Bounded in packets and bytes; what it drops is the oldest packet.
"""

from rtc.rtp.serial import SEQ_MASK, seq_delta

CAPACITY = 4096  # about 18 s of 2 Mbps video; a power of two, and far below 2**15
MAX_BYTES = 5_000_000


class History:
    """Packets in plain form, found by the sequence number their publisher gave them."""

    __slots__ = ("_capacity", "_dropped", "_held_bytes", "_mask", "_max_bytes", "_newest", "_oldest", "_ring")

    def __init__(self, *, capacity: int = CAPACITY, max_bytes: int = MAX_BYTES) -> None:
        if capacity & (capacity - 1) or not 0 < capacity <= 0x4000:
            raise ValueError("capacity must be a power of two, at most 2**14")
        self._capacity = capacity
        self._mask = capacity - 1
        self._max_bytes = max_bytes
        self.clear()

    def clear(self) -> None:
        """Nothing is held any more."""
        self._ring: list[bytes | None] = [None] * self._capacity
        self._held_bytes = 0
        self._dropped = False
        self._newest: int | None = None
        self._oldest = 0

    @property
    def held_bytes(self) -> int:
        """How many bytes are held."""
        return self._held_bytes

    @property
    def newest(self) -> int | None:
        """The highest sequence number put so far."""
        return self._newest

    def put(self, seq: int, packet: bytes) -> bool:
        """The packet can be found by `seq` from now on; False if it was there already or is too old.

        True once in the life of a number: what may have been there and was dropped is too old. Whoever sends
        on what was put never sends two packets under one number.
        """
        newest = self._newest
        if newest is None:
            self._newest = self._oldest = seq
        else:
            ahead = seq_delta(seq, newest)
            if ahead > 0:
                self._advance(seq, ahead)
            elif seq_delta(seq, self._oldest) < 0:
                if (
                    self._dropped
                    or -ahead >= self._capacity
                    or self._held_bytes + len(packet) > self._max_bytes
                ):
                    return False
                self._oldest = seq
            elif self._ring[seq & self._mask] is not None:
                return False
        self._ring[seq & self._mask] = packet
        self._held_bytes += len(packet)
        while self._held_bytes > self._max_bytes and self._oldest != self._newest:
            self._drop_oldest()
        return True

    def get(self, seq: int) -> bytes | None:
        """The packet of that number, if it is still held."""
        newest = self._newest
        if newest is None or seq_delta(seq, newest) > 0 or seq_delta(seq, self._oldest) < 0:
            return None
        return self._ring[seq & self._mask]

    def _advance(self, seq: int, ahead: int) -> None:
        """Make `seq` the newest: the numbers between are missing until they arrive."""
        if ahead >= self._capacity:
            self.clear()
            self._newest = self._oldest = seq
            return
        self._newest = seq
        while seq_delta(seq, self._oldest) >= self._capacity:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        self._dropped = True
        index = self._oldest & self._mask
        packet = self._ring[index]
        if packet is not None:
            self._held_bytes -= len(packet)
            self._ring[index] = None
        self._oldest = (self._oldest + 1) & SEQ_MASK
