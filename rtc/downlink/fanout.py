"""One packet of a track to every slot that carries it live.

This is the loop that costs: everything else about media happens once per packet, this once per packet and
subscriber. It has two forms that do the same: `PlainFanout` here, and `NativeFanout` in native_fanout.py
where the C helper was built. The numbers that the loop needs lie in a `Lane`, so that either form can keep
them where it likes.

A lane's gate is the last check before a packet leaves: the number of the track whose packets may leave by
it. A slot that is stopped has its gate shut in the same moment, whatever list it may still stand in.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from rtc.downlink.transport_numbers import TransportNumbers
from rtc.rtp.picture_numbers import NO_PICTURE, Picture, Shift, shifted
from rtc.rtp.serial import SEQ_MASK, TS_MASK

SHUT = 0  # no track has this number


class Outlet(Protocol):
    """Where a subscriber's packets leave: encrypts and sends, or drops and counts."""

    def send(self, plain: bytes, seq: int, timestamp: int, ssrc: int) -> None:
        """The plain packet has left with these numbers in its header."""

    def send_rtcp(self, data: bytes) -> None:
        """The compound packet has left."""


class Lane(Protocol):
    """One slot's numbers: what is added to those of a track's packet, and what has left."""

    gate: int
    seq_off: int
    ts_off: int
    packets: int
    octets: int  # of payload
    number_shift: int  # of VP8's and VP9's picture numbers
    tl0_shift: int
    payload_flip: int  # what makes of our payload type the subscriber's, by exclusive or

    @property
    def outlet(self) -> Outlet:
        """Where its packets leave."""

    @property
    def ssrc(self) -> int:
        """Under which they leave."""

    @property
    def numbers(self) -> TransportNumbers | None:
        """The transport-wide numbers that its packets get besides, if any."""


class Fan(Protocol):
    """The lanes of one track."""

    def send(self, plain: bytes, seq: int, ts: int, picture: Picture = NO_PICTURE) -> None:
        """The packet, whose own numbers these are, has left by every lane whose gate is the track's."""


class Fanout(Protocol):
    """Makes fans."""

    def gate(self) -> int:
        """A number that no other track of this process has."""

    def fan(self, lanes: Sequence[Lane], gate: int) -> Fan:
        """What sends a track's packets to these lanes, which are this fanout's own."""


OutletT_contra = TypeVar("OutletT_contra", bound=Outlet, contravariant=True)


class LaneFanout(Fanout, Protocol[OutletT_contra]):
    """Makes the lanes too."""

    def numbers(
        self, outlet: OutletT_contra, element_id: int, clock: Callable[[], float]
    ) -> TransportNumbers:
        """Transport-wide numbers for the lanes of that outlet; `clock` is monotonic seconds."""

    def lane(self, outlet: OutletT_contra, ssrc: int, numbers: TransportNumbers | None = None) -> Lane:
        """The lane of a slot with that SSRC; its gate is shut. `numbers` were made for the same outlet."""


@dataclass(slots=True, kw_only=True)
class PlainLane:
    """A lane in Python."""

    outlet: Outlet
    ssrc: int
    gate: int = SHUT
    seq_off: int = 0
    ts_off: int = 0
    packets: int = 0
    octets: int = 0
    number_shift: int = 0
    tl0_shift: int = 0
    payload_flip: int = 0
    numbers: TransportNumbers | None = None


def flipped(plain: bytes, flip: int) -> bytes:
    """The packet under the subscriber's own payload type; its marker stays."""
    return b"".join((plain[:1], bytes((plain[1] ^ flip,)), plain[2:]))


class PlainFan:
    """The loop in Python."""

    __slots__ = ("_gate", "_lanes")

    def __init__(self, lanes: Sequence[Lane], gate: int) -> None:
        self._lanes = tuple(lanes)
        self._gate = gate

    def send(self, plain: bytes, seq: int, ts: int, picture: Picture = NO_PICTURE) -> None:
        """The packet has left by every lane whose gate is the track's."""
        gate = self._gate
        octets = len(plain) - 12
        for lane in self._lanes:
            if lane.gate == gate:
                own = plain
                if picture is not NO_PICTURE and (lane.number_shift or lane.tl0_shift):
                    own = shifted(plain, picture, Shift(lane.number_shift, lane.tl0_shift))
                if lane.payload_flip:
                    own = flipped(own, lane.payload_flip)
                if lane.numbers is not None:
                    own = lane.numbers.stamp(own)
                lane.outlet.send(
                    own, (seq + lane.seq_off) & SEQ_MASK, (ts + lane.ts_off) & TS_MASK, lane.ssrc
                )
                lane.packets += 1
                lane.octets += octets


class PlainFanout:
    """Lanes and fans in Python."""

    def __init__(self) -> None:
        self._gates = SHUT

    def gate(self) -> int:
        """A number that no other track has."""
        self._gates += 1
        return self._gates

    def numbers(self, outlet: Outlet, element_id: int, clock: Callable[[], float]) -> TransportNumbers:
        """Transport-wide numbers for the outlet's lanes."""
        return TransportNumbers(element_id=element_id, clock=clock)

    def lane(self, outlet: Outlet, ssrc: int, numbers: TransportNumbers | None = None) -> PlainLane:
        """The lane of a slot with that SSRC."""
        return PlainLane(outlet=outlet, ssrc=ssrc, numbers=numbers)

    def fan(self, lanes: Sequence[Lane], gate: int) -> PlainFan:
        """What sends a track's packets to these lanes."""
        return PlainFan(lanes, gate)
