"""The numbers that VP8 and VP9 give their pictures, and how they run on in a slot.

A decoder's jitter buffer takes a picture number that goes back for an old picture. When a slot changes from
one source or layer to another, whose numbers have nothing to do with the former's, they are shifted like
sequence numbers are. Both codecs number alike (RFC 7741 section 4.2, RFC 9628 section 4.2), in other places.
"""

from dataclasses import dataclass

NARROW, WIDE = 0x7F, 0x7FFF  # a picture number has 7 or 15 bits
TL0_MASK = 0xFF


@dataclass(frozen=True, slots=True)
class Picture:
    """Where a packet in plain form has its picture numbers (0: it has none), and what they are."""

    number_at: int
    number_mask: int
    number: int
    tl0_at: int
    tl0: int


NO_PICTURE = Picture(0, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Shift:
    """What is added to the numbers of one track in one slot."""

    number: int = 0
    tl0: int = 0


NO_SHIFT = Shift()


@dataclass(frozen=True, slots=True)
class Reached:
    """The numbers that a slot has reached; None before it has sent any."""

    number: int | None = None
    tl0: int | None = None

    def through(self, picture: Picture, shift: Shift) -> "Reached":
        """What is reached after that picture was sent with that shift."""
        return Reached(
            (picture.number + shift.number) & WIDE if picture.number_at else self.number,
            (picture.tl0 + shift.tl0) & TL0_MASK if picture.tl0_at else self.tl0,
        )

    def shift_to(self, first: Picture) -> Shift:
        """The shift with which `first` follows on what was reached."""
        return Shift(
            number=(self.number + 1 - first.number) & WIDE if self.number is not None else 0,
            tl0=(self.tl0 + 1 - first.tl0) & TL0_MASK if self.tl0 is not None else 0,
        )


def shifted(plain: bytes, picture: Picture, shift: Shift) -> bytes:
    """The packet with its numbers shifted; a pure function, so that what is sent again is the same."""
    if shift == NO_SHIFT or not (picture.number_at or picture.tl0_at):
        return plain
    packet = bytearray(plain)
    if picture.number_at:
        number = (picture.number + shift.number) & picture.number_mask
        if picture.number_mask == WIDE:
            packet[picture.number_at] = 0x80 | number >> 8
            packet[picture.number_at + 1] = number & 0xFF
        else:
            packet[picture.number_at] = number
    if picture.tl0_at:
        packet[picture.tl0_at] = (picture.tl0 + shift.tl0) & TL0_MASK
    return bytes(packet)
