"""Bits of a codec's headers, read one after the other."""

MAX_LEADING_ZEROS = 31


class Bits:
    """Reads from the front; past the end everything is zero, and `spent` tells."""

    __slots__ = ("_left", "_value", "spent")

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self._left = 8 * len(data)
        self.spent = False

    def take(self, count: int) -> int:
        """The number in the next bits."""
        self._left -= count
        if self._left < 0:
            self.spent = True
            return 0
        return self._value >> self._left & ((1 << count) - 1)

    def unsigned(self) -> int:
        """An Exp-Golomb number: ue(v) of H.264 (section 9.1), uvlc() of AV1 (section 4.10.3)."""
        zeros = 0
        while not self.take(1):
            zeros += 1
            if zeros > MAX_LEADING_ZEROS or self.spent:
                self.spent = True
                return 0
        return (1 << zeros) - 1 + self.take(zeros)
