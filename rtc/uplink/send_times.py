"""When a publisher's packets left, by its own clock, as it tells with each of them (abs-send-time,
http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time): 24 bits of seconds, 18 of them behind the point.
"""

LENGTH = 3  # bytes
TICKS_PER_S = 1 << 18
WRAP_S = 64.0


class SendTimes:
    """One publisher's clock, which begins anew every 64 seconds, as a line that runs on."""

    __slots__ = ("_arrived_at", "_left_at")

    def __init__(self) -> None:
        self._left_at: float | None = None
        self._arrived_at = 0.0

    def left_at(self, element: bytes, now: float) -> float | None:
        """When a packet left that arrives now, in seconds of which only differences mean something; None if
        the element is none.

        Of the times that the element may mean, it is the one nearest to where the clock should stand by now:
        silence may last for more than a round of it.
        """
        if len(element) < LENGTH:
            return None
        told = int.from_bytes(element[:LENGTH], "big") / TICKS_PER_S
        if self._left_at is None:
            self._left_at = told
        else:
            expected = self._left_at + (now - self._arrived_at)
            self._left_at = told + WRAP_S * round((expected - told) / WRAP_S)
        self._arrived_at = now
        return self._left_at
