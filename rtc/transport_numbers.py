"""The numbers under which packets leave to one subscriber, across all its slots, and when each of them left
(draft-holmer-rmcat-transport-wide-cc-extensions-01). The subscriber says when they arrived.

What lies in memory is laid out as `numbers_t` in rtc/fanout.c, so that the C helper counts and notes in the
same place: `next`, then `KEPT` times in microseconds modulo 2^32, then `KEPT` lengths in bytes.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from rtc.serial import SEQ_MASK, seq_delta

KEPT = 4096  # more than a second of the most that one subscriber gets
SPACE = 4 + 4 * KEPT + 2 * KEPT  # bytes
STAMP = 8  # bytes that a stamp adds to a packet
_MICROSECONDS = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Passage:
    """One packet's way: when it left, on our clock, and when it arrived, on the subscriber's (None: it did
    not); both in seconds, of which only differences mean something.
    """

    left_at: float
    arrived_at: float | None
    size: int


class TransportNumbers:
    """One connection's numbers; they begin at 0."""

    __slots__ = ("_clock", "_next", "_sizes", "_times", "element_id")

    def __init__(
        self, *, element_id: int, clock: Callable[[], float], space: memoryview | None = None
    ) -> None:
        """`element_id` (1..14) is the header extension element's; `space` are `SPACE` bytes of zero that
        another notes in as well; without it they are our own.
        """
        whole = (space if space is not None else memoryview(bytearray(SPACE))).cast("B")
        self.element_id = element_id
        self._clock = clock
        self._next = whole[:4].cast("I")
        self._times = whole[4 : 4 + 4 * KEPT].cast("I")
        self._sizes = whole[4 + 4 * KEPT :].cast("H")

    def stamp(self, plain: bytes) -> bytes:
        """The packet, which had no header extension, with the next number in one; noted as leaving now."""
        number = self._next[0]
        self._next[0] = (number + 1) & SEQ_MASK
        self._times[number % KEPT] = int(self._clock() * 1e6) & _MICROSECONDS
        self._sizes[number % KEPT] = len(plain)
        element = bytes((0xBE, 0xDE, 0, 1, self.element_id << 4 | 1, number >> 8, number & 0xFF, 0))
        return bytes((plain[0] | 0x10,)) + plain[1:12] + element + plain[12:]

    def passages(self, reported: Iterable[tuple[int, float | None]]) -> list[Passage]:
        """What the report (number, time of arrival) says of packets that are still noted, in order.

        Times of departure are brought to one line around the present: they may be negative.
        """
        newest = (self._next[0] - 1) & SEQ_MASK
        now = int(self._clock() * 1e6)
        times, sizes = self._times, self._sizes
        found = []
        for number, arrived_at in reported:
            if not 0 <= seq_delta(newest, number) < KEPT:
                continue  # of the distant past, or never sent
            size = sizes[number % KEPT]
            if size:
                ago = (now - times[number % KEPT]) & _MICROSECONDS
                found.append(Passage((now - ago) / 1e6, arrived_at, size))
        return found
