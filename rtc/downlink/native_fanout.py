"""The fan-out by the C helper (rtc/downlink/fanout.c), where one was built.

What the loop reads lies in C structs: a peer for each connection, a lane for each slot. A fan is an array of
pointers to lanes: whoever holds the fan holds the lanes, they their peers, and those their SRTP sessions.
"""

import itertools
import socket
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from cffi import FFI

from rtc.aiortc_seam import SrtpWriter, protect_address
from rtc.downlink.build_fanout import LIBRARY, stamp
from rtc.downlink.fanout import SHUT, Fan, Lane, Outlet, PlainFan
from rtc.downlink.transport_numbers import TransportNumbers
from rtc.downlink.way_report import WayReport
from rtc.errors import MalformedPacket
from rtc.rtp.picture_numbers import NO_PICTURE, Picture

DECLARATIONS = """
typedef struct {
  void *srtp; int32_t fd; uint32_t address_length; uint8_t address[28];
  uint64_t sent, sent_bytes, dropped, refused;
} peer_t;
typedef struct { uint32_t next; uint32_t times[4096]; uint16_t sizes[4096]; } numbers_t;
typedef struct {
  peer_t *peer; numbers_t *numbers; uint32_t element_id; uint32_t gate; uint32_t ssrc;
  uint32_t seq_off, ts_off; uint64_t packets, octets; uint32_t payload_flip; uint32_t number_shift, tl0_shift;
} lane_t;
typedef struct { int32_t number_at, number_mask, tl0_at; } picture_t;
const char *fanout_stamp(void);
typedef struct {
  int32_t packets, lost, octets, arrived_octets, groups;
  double left_at, first_at, last_at, least_delay, left[64], arrived[64];
} way_report_t;
int read_way_report(const numbers_t *numbers, const uint8_t *body, int length, uint32_t now, double now_s,
  way_report_t *out);
int fanout(void *protect, const uint8_t *plain, int length, uint32_t gate, lane_t **lanes, int count,
  const picture_t *picture);
"""

OTHER_WAY, SILENT = -1, -2  # instead of a socket


class Written(Outlet, Protocol):
    """An outlet whose packets an SrtpWriter seals."""

    @property
    def writer(self) -> SrtpWriter | None:
        """None before the handshake and after the end."""


class NativePeer:
    """A connection as the C helper knows it; counts what left by the helper."""

    __slots__ = ("_writer", "place")

    def __init__(self, ffi: FFI, writer: SrtpWriter) -> None:
        self._writer = writer  # holds the SRTP session
        self.place: Any = ffi.new("peer_t *", {"fd": SILENT})
        self.place.srtp = ffi.cast("void *", writer.session_address)

    def aim(self, fd: int, address: tuple[str, int]) -> None:
        """What leaves goes there, by that datagram socket; -1 when it goes by something else."""
        self.place.fd = OTHER_WAY
        if fd != OTHER_WAY:
            packed = _socket_address(address)
            self.place.address[0 : len(packed)] = packed
            self.place.address_length = len(packed)
            self.place.fd = fd

    def silence(self) -> None:
        """Nothing leaves any more."""
        self.place.fd = SILENT

    def counted(self) -> tuple[int, int, int, int]:
        """Packets sent, their bytes, packets dropped and packets refused."""
        place = self.place
        return place.sent, place.sent_bytes, place.dropped, place.refused


class _Number:
    """A number in a lane's struct."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, lane: "NativeLane", owner: type) -> int:
        number: int = getattr(lane.place, self._name)
        return number

    def __set__(self, lane: "NativeLane", number: int) -> None:
        setattr(lane.place, self._name, number)


class NativeLane:
    """A lane in C."""

    __slots__ = ("_peer", "numbers", "outlet", "place", "ssrc")

    gate = _Number()
    seq_off = _Number()
    ts_off = _Number()
    packets = _Number()
    octets = _Number()
    number_shift = _Number()
    tl0_shift = _Number()
    payload_flip = _Number()

    def __init__(
        self, ffi: FFI, outlet: Outlet, peer: NativePeer, ssrc: int, numbers: "NativeNumbers | None"
    ) -> None:
        self.outlet = outlet
        self.ssrc = ssrc
        self.numbers = numbers
        self._peer = peer
        self.place: Any = ffi.new("lane_t *", {"peer": peer.place, "ssrc": ssrc, "gate": SHUT})
        if numbers is not None:
            self.place.numbers = numbers.place
            self.place.element_id = numbers.element_id


class NativeNumbers(TransportNumbers):
    """Numbers that the C helper counts on with, and whose reports it reads."""

    __slots__ = ("_clock_s", "_library", "_report", "place")

    def __init__(self, ffi: FFI, library: Any, element_id: int, clock: Callable[[], float]) -> None:
        self.place: Any = ffi.new("numbers_t *")
        self._report: Any = ffi.new("way_report_t *")
        self._library = library  # held: it is unloaded with its last reference
        self._clock_s = clock
        super().__init__(element_id=element_id, clock=clock, space=memoryview(ffi.buffer(self.place)))

    def way_report(self, body: bytes) -> WayReport:
        """The figures of what the report says.

        Raises: MalformedPacket.
        """
        now, found = self._clock_s(), self._report
        read = self._library.read_way_report
        if read(self.place, body, len(body), int(now * 1e6) & 0xFFFFFFFF, now, found):
            raise MalformedPacket("transport feedback contradicts itself")
        count = found.groups
        return WayReport(
            packets=found.packets,
            lost=found.lost,
            octets=found.octets,
            arrived_octets=found.arrived_octets,
            left_at=found.left_at,
            first_at=found.first_at,
            last_at=found.last_at,
            least_delay=found.least_delay,
            groups=list(zip(found.left[0:count], found.arrived[0:count], strict=True)),
        )


class NativeFan:
    """The loop in C; what does not leave by a datagram socket leaves by its outlet."""

    __slots__ = ("_array", "_call", "_gate", "_lanes", "_library", "_numbers", "_picture", "_protect")

    def __init__(self, ffi: FFI, library: Any, protect: Any, lanes: Sequence[NativeLane], gate: int) -> None:
        self._library = library  # held: it is unloaded with its last reference
        self._call = library.fanout
        self._protect = protect
        self._lanes = tuple(lanes)
        self._array = ffi.new("lane_t *[]", [lane.place for lane in lanes])
        self._gate = gate
        self._numbers: Any = ffi.new("picture_t *")
        self._picture = NO_PICTURE

    def send(self, plain: bytes, seq: int, ts: int, picture: Picture = NO_PICTURE) -> None:
        """The packet has left by every lane whose gate is the track's."""
        numbers = self._numbers
        if picture is not self._picture:
            self._picture = picture
            numbers.number_at, numbers.number_mask = picture.number_at, picture.number_mask
            numbers.tl0_at = picture.tl0_at
        count = len(self._lanes)
        if self._call(self._protect, plain, len(plain), self._gate, self._array, count, numbers):
            self._send_rest(plain, seq, ts, picture)

    def _send_rest(self, plain: bytes, seq: int, ts: int, picture: Picture) -> None:
        by_hand = [lane for lane in self._lanes if lane.place.peer.fd == OTHER_WAY]
        PlainFan(by_hand, self._gate).send(plain, seq, ts, picture)


class NativeFanout:
    """Lanes and fans in C."""

    def __init__(self, library: Path) -> None:
        """Raises: OSError when there is no library, or one that was built from another source."""
        self._ffi = FFI()
        self._ffi.cdef(DECLARATIONS)
        self._library: Any = self._ffi.dlopen(str(library))
        found = self._ffi.string(self._library.fanout_stamp()).decode()
        if found != stamp():
            raise OSError(f"{library.name} was built from another source")
        self._protect = self._ffi.cast("void *", protect_address())
        self._gates = itertools.count(SHUT + 1)

    def gate(self) -> int:
        """A number that no other track has."""
        return next(self._gates)

    def numbers(self, outlet: Written, element_id: int, clock: Callable[[], float]) -> NativeNumbers:
        """Transport-wide numbers for the outlet's lanes; `clock` is CLOCK_MONOTONIC, as in C."""
        return NativeNumbers(self._ffi, self._library, element_id, clock)

    def lane(self, outlet: Written, ssrc: int, numbers: TransportNumbers | None = None) -> NativeLane:
        """The lane of a slot with that SSRC. Only after the handshake."""
        writer = outlet.writer
        if writer is None:
            raise ValueError("no keys yet")
        peer = writer.mirror
        if not isinstance(peer, NativePeer):
            peer = NativePeer(self._ffi, writer)
            writer.reflect(peer)
        own = numbers if isinstance(numbers, NativeNumbers) else None
        return NativeLane(self._ffi, outlet, peer, ssrc, own)

    def fan(self, lanes: Sequence[Lane], gate: int) -> Fan:
        """What sends a track's packets to these lanes."""
        own = [lane for lane in lanes if isinstance(lane, NativeLane)]
        return NativeFan(self._ffi, self._library, self._protect, own, gate)


def load(library: Path = LIBRARY) -> NativeFanout | None:
    """The C helper's fan-out, None where there is none that fits."""
    try:
        return NativeFanout(library)
    except OSError:
        return None


def _socket_address(address: tuple[str, int]) -> bytes:
    """A `struct sockaddr_in` or `sockaddr_in6`."""
    host, port = address[:2]
    if ":" not in host:
        return struct.pack("=H", socket.AF_INET) + struct.pack("!H", port) + socket.inet_aton(host) + bytes(8)
    numeric = socket.getaddrinfo(host, port, socket.AF_INET6, flags=socket.AI_NUMERICHOST)[0][4]
    flow, scope = int(numeric[2]), int(numeric[3])  # type: ignore[misc]
    head = struct.pack("=H", socket.AF_INET6) + struct.pack("!HI", port, flow)
    return head + socket.inet_pton(socket.AF_INET6, host.partition("%")[0]) + struct.pack("=I", scope)
