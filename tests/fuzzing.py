"""Spoils good packets and descriptions, the same ones for one seed."""

from __future__ import annotations

import random

EXTREMES = (0, 1, 2, 0x7F, 0x80, 0xFE, 0xFF)
NUMBERS = ("0", "-1", "65536", "4294967296", "99999999999999999999", "1e9", "٣", "")


class Spoiler:
    """Chance with a seed."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def data(self, sample: bytes) -> bytes:
        """The bytes after some of: a changed octet, an extreme length, a cut, a hole, a part twice, more."""
        found = bytearray(sample)
        for _ in range(self.chance.randint(1, 4)):
            at = self.chance.randrange(len(found) + 1)
            match self.chance.randrange(7):
                case 0 if at < len(found):
                    found[at] = self.chance.randrange(256)
                case 1 if at < len(found):
                    found[at] = self.chance.choice(EXTREMES)
                case 2 if at + 1 < len(found):
                    found[at : at + 2] = self.chance.choice((b"\0\0", b"\xff\xff", b"\x80\0", b"\x7f\xff"))
                case 3:
                    del found[at:]
                case 4:
                    del found[at : at + self.chance.randint(1, 8)]
                case 5:
                    found[at:at] = found[: self.chance.randint(1, 24)]
                case _:
                    found += self.chance.randbytes(self.chance.randint(1, 40))
        return bytes(found[:1500])

    def junk(self, most: int = 300) -> bytes:
        """Bytes of no kind."""
        return self.chance.randbytes(self.chance.randint(0, most))

    def text(self, sample: str) -> str:
        """The lines after some of: one gone, twice, elsewhere, cut, with another number or word in it."""
        lines = sample.split("\r\n")
        for _ in range(self.chance.randint(1, 4)):
            at = self.chance.randrange(len(lines))
            match self.chance.randrange(8):
                case 0:
                    del lines[at]
                    lines = lines or [""]
                case 1:
                    lines.insert(at, self.chance.choice(lines))
                case 2:
                    lines.insert(self.chance.randrange(len(lines)), lines.pop(at))
                case 3:
                    lines[at] = lines[at][: self.chance.randint(0, len(lines[at]))]
                case 4:
                    words = lines[at].split(" ")
                    words[self.chance.randrange(len(words))] = self.chance.choice(NUMBERS)
                    lines[at] = " ".join(words)
                case 5:
                    other = self.chance.choice(lines).split(" ")
                    lines[at] = " ".join([lines[at], self.chance.choice(other)])
                case 6:
                    lines[at] += self.chance.choice(("\0", "\n", "\ud800", "é", " " * 50, ";" * 50, "=" * 20))
                case _:
                    lines[at] = lines[at].replace(":", self.chance.choice((" ", "::", "/", "")), 1)
        return "\r\n".join(lines)
