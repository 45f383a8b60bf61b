"""The numbers under which packets leave to one subscriber, across all its slots, and when each of them left
(draft-holmer-rmcat-transport-wide-cc-extensions-01). The subscriber says when they arrived.

What lies in memory is laid out as `numbers_t` in fanout.c, so that the C helper counts and notes in the same
place: `next`, then `KEPT` times in microseconds modulo 2^32, then `KEPT` lengths in bytes.
"""

from collections.abc import Callable
from struct import Struct

from rtc.downlink.way_report import Passage, WayReport, way_report
from rtc.rtp.serial import SEQ_MASK
from rtc.rtp.transport_feedback import parse_transport_feedback

KEPT = 4096  # more than a second of the most that one subscriber gets
SPACE = 4 + 4 * KEPT + 2 * KEPT  # bytes
_MICROSECONDS = 0xFFFFFFFF
_HEAD = Struct("!B11sIBHB")  # an RTP header with one element of three bytes and one of padding (RFC 8285)
_ONE_WORD = 0xBEDE0001


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
        place = number % KEPT
        self._times[place] = int(self._clock() * 1e6) & _MICROSECONDS
        self._sizes[place] = len(plain)
        element = self.element_id << 4 | 1
        return _HEAD.pack(plain[0] | 0x10, plain[1:12], _ONE_WORD, element, number, 0) + plain[12:]

    def passages(self, body: bytes) -> list[Passage]:
        """What the report (the body of transport-wide feedback) says of packets still noted, in order.

        Times of departure are brought to one line around the present: they may be negative.

        Raises: MalformedPacket.
        """
        now = self._clock()
        microseconds = int(now * 1e6)
        newest = (self._next[0] - 1) & SEQ_MASK
        times, sizes = self._times, self._sizes
        found = []
        feedback = parse_transport_feedback(body)
        number = feedback.base
        for arrived_at in feedback.arrivals:
            place = number % KEPT
            if (newest - number) & SEQ_MASK < KEPT and sizes[place]:  # else of the past, or never sent
                ago = (microseconds - times[place]) & _MICROSECONDS
                found.append(Passage(now - ago / 1e6, arrived_at, sizes[place]))
            number = (number + 1) & SEQ_MASK
        return found

    def way_report(self, body: bytes) -> WayReport:
        """The figures of what the report says.

        Raises: MalformedPacket.
        """
        return way_report(self.passages(body))
