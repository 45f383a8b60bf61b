"""Transport-wide congestion control, both ways (draft-holmer-rmcat-transport-wide-cc-extensions-01).

A sender numbers its packets across all streams of a connection; the receiver says when each number arrived.
Times are seconds on the caller's monotonic clock; on the wire they are multiples of 250 µs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from struct import Struct

from rtc.errors import MalformedPacket
from rtc.rtp.serial import SEQ_MASK, seq_delta

RTPFB, TRANSPORT_CC = 205, 15
TICK_S = 0.000_25
REFERENCE_TICKS = 256  # 64 ms
MAX_STATUSES = 400  # in one packet: it stays below 1,200 bytes in the worst case
MAX_ARRIVALS = 2_000  # waiting to be reported; the oldest is dropped
MAX_GAP = 4_000  # numbers: beyond this the sender has begun anew, and nothing between is told lost
MAX_LATE = 500  # numbers: an arrival this far behind what was reported is not reported any more

_HEAD = Struct("!BBHIIHHI")
_WORD = Struct("!H")
_SMALL, _LARGE = 1, 2
_LEAST, _MOST = -0x8000, 0x7FFF


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportFeedback:
    """What a receiver says: when each number from `base` on arrived, in seconds; None if it did not.

    The times are on the receiver's clock; only differences mean something.
    """

    base: int
    count: int  # of feedback packets, modulo 256
    arrivals: tuple[float | None, ...]

    def __iter__(self) -> Iterator[tuple[int, float | None]]:
        for index, at in enumerate(self.arrivals):
            yield (self.base + index) & SEQ_MASK, at


class ArrivalLog:
    """What arrived since the last feedback."""

    __slots__ = ("_arrived", "_count", "_late", "_newest", "_next", "_ssrc", "active")

    def __init__(self, *, ssrc: int) -> None:
        self.active = False
        """Numbered packets have arrived."""
        self._ssrc = ssrc
        self._arrived: dict[int, float] = {}  # by number, without wraps
        self._late: dict[int, float] = {}  # after their number was reported lost
        self._newest = 0
        self._next = 0  # the first number that was not reported yet
        self._count = 0

    def note(self, number: int, now: float) -> None:
        """The packet of that number arrived; a second arrival of it changes nothing."""
        if not self.active:
            self.active = True
            self._newest = self._next = number + 0x10000
        unwrapped = self._newest + seq_delta(number, self._newest & SEQ_MASK)
        if unwrapped > self._newest:
            if unwrapped - self._next > MAX_GAP:
                self._arrived.clear()
                self._next = unwrapped
            self._newest = unwrapped
        if unwrapped >= self._next:
            self._arrived.setdefault(unwrapped, now)
            if len(self._arrived) > MAX_ARRIVALS:
                del self._arrived[min(self._arrived)]
        elif self._next - unwrapped <= MAX_LATE and len(self._late) < MAX_LATE:
            self._late.setdefault(unwrapped, now)

    def feedback(self, media_ssrc: int) -> bytes:
        """What has not been reported yet, as RTCP packets behind one another; empty when nothing arrived."""
        packets = b""
        for number, at in sorted(self._late.items()):
            packets += self._packet(media_ssrc, number, [at])
        self._late.clear()
        while self._arrived:
            last = min(max(self._arrived), self._next + MAX_STATUSES - 1)
            first = self._next
            times = self._until_jump([self._arrived.pop(number, None) for number in range(first, last + 1)])
            if times:
                packets += self._packet(media_ssrc, first, times)
            self._next = first + max(1, len(times))
        return packets

    def _until_jump(self, times: list[float | None]) -> list[float | None]:
        """As many of these as one packet can tell; those behind a leap in time are kept for the next."""
        before: float | None = None
        for index, at in enumerate(times):
            if at is None:
                continue
            if before is not None and not _LEAST < (at - before) / TICK_S < _MOST:
                for offset, later in enumerate(times[index:]):
                    if later is not None:
                        self._arrived[self._next + index + offset] = later
                return times[:index]
            before = at
        return times

    def _packet(self, media_ssrc: int, first: int, times: Sequence[float | None]) -> bytes:
        known = next((at for at in times if at is not None), 0.0)
        reference = int(known / TICK_S) // REFERENCE_TICKS
        ticks = reference * REFERENCE_TICKS
        symbols: list[int] = []
        deltas = bytearray()
        for at in times:
            if at is None:
                symbols.append(0)
                continue
            delta = int(at / TICK_S) - ticks
            ticks += delta
            small = 0 <= delta <= 0xFF
            symbols.append(_SMALL if small else _LARGE)
            deltas += bytes((delta,)) if small else (delta & 0xFFFF).to_bytes(2, "big")
        body = _chunks(symbols) + deltas
        body += bytes(-len(body) % 4)
        words = (_HEAD.size + len(body)) // 4 - 1
        tail = (reference & 0xFFFFFF) << 8 | self._count
        self._count = (self._count + 1) & 0xFF
        head = (0x80 | TRANSPORT_CC, RTPFB, words, self._ssrc, media_ssrc, first & SEQ_MASK, len(times), tail)
        return _HEAD.pack(*head) + bytes(body)


def parse_transport_feedback(body: bytes) -> TransportFeedback:
    """What the feedback says; `body` begins behind the two SSRCs.

    Raises: MalformedPacket.
    """
    if len(body) < 8:
        raise MalformedPacket("transport feedback is cut off")
    base, statuses = int.from_bytes(body[:2], "big"), int.from_bytes(body[2:4], "big")
    reference, count = int.from_bytes(body[4:7], "big", signed=True), body[7]
    symbols, at = _symbols(body, statuses)
    arrivals: list[float | None] = []
    ticks = reference * REFERENCE_TICKS
    end = len(body)
    for symbol in symbols:
        if symbol == _SMALL and at < end:
            ticks += body[at]
            at += 1
        elif symbol == 0:
            arrivals.append(None)
            continue
        elif symbol == _LARGE and at + 2 <= end:
            ticks += int.from_bytes(body[at : at + 2], "big", signed=True)
            at += 2
        else:
            raise MalformedPacket("transport feedback lacks deltas")
        arrivals.append(ticks * TICK_S)
    return TransportFeedback(base=base, count=count, arrivals=tuple(arrivals))


def _symbols(body: bytes, statuses: int) -> tuple[list[int], int]:
    """One symbol for each number, and where the deltas begin."""
    at = 8
    symbols: list[int] = []
    while len(symbols) < statuses:
        if at + 2 > len(body):
            raise MalformedPacket("transport feedback lacks statuses")
        (chunk,) = _WORD.unpack_from(body, at)
        at += 2
        if not chunk & 0x8000:  # a run of one symbol
            if not chunk & 0x1FFF:
                raise MalformedPacket("a run of nothing")
            symbols += [chunk >> 13 & 3] * min(chunk & 0x1FFF, statuses - len(symbols))
        elif chunk & 0x4000:
            symbols += [chunk >> shift & 3 for shift in range(12, -1, -2)]
        else:
            symbols += [chunk >> shift & 1 for shift in range(13, -1, -1)]
    return symbols[:statuses], at


def _chunks(symbols: list[int]) -> bytearray:
    """The statuses, as runs where they pay and as vectors of two-bit symbols elsewhere."""
    out = bytearray()
    at = 0
    while at < len(symbols):
        run = 1
        while at + run < len(symbols) and symbols[at + run] == symbols[at]:
            run += 1
        if run >= 7:
            out += _WORD.pack(symbols[at] << 13 | run)
            at += run
            continue
        vector = 0xC000
        for index, symbol in enumerate(symbols[at : at + 7]):
            vector |= symbol << (12 - 2 * index)
        out += _WORD.pack(vector)
        at += 7
    return out
