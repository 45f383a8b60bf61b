"""A viewer behind a narrow place, as bytes and seconds: packets wait there in a bounded queue, and the viewer
reports when each arrived. Nothing sleeps.
"""

from __future__ import annotations

import random
from collections import deque

from rtc.rtp.rtcp import RtcpFact, parse_rtcp
from rtc.rtp.rtp_packet import RtpPacket
from rtc.rtp.transport_feedback import ArrivalLog

HEADERS = 46
ELEMENT = 3
CLOCK_AHEAD_S = 1234.5  # the viewer's clock is another


class NarrowWay:
    """Packets go in at one end; feedback comes out after they have gone through."""

    def __init__(
        self, bits_per_s: float, *, queue_s: float = 0.4, delay_s: float = 0.03, loss: float = 0.0
    ) -> None:
        self.bits_per_s = bits_per_s
        self.loss = loss
        self.dropped = 0
        self.arrived: list[tuple[float, RtpPacket]] = []
        self._chance = random.Random(4)
        self._queue_s = queue_s
        self._delay_s = delay_s
        self._free_at = 0.0
        self._under_way: deque[tuple[float, RtpPacket]] = deque()
        self._log = ArrivalLog(ssrc=1)

    def send(self, packet: RtpPacket, now: float) -> None:
        begins = max(now, self._free_at)
        if begins - now > self._queue_s or self._chance.random() < self.loss:
            self.dropped += 1
            return
        self._free_at = begins + 8 * (len(packet.payload) + HEADERS) / self.bits_per_s
        self._under_way.append((self._free_at + self._delay_s, packet))

    def feedback(self, now: float) -> list[RtcpFact]:
        """What the viewer reports now of what has arrived since."""
        while self._under_way and self._under_way[0][0] <= now:
            at, packet = self._under_way.popleft()
            self.arrived.append((at, packet))
            element = packet.element(ELEMENT)
            if element is not None:
                self._log.note(int.from_bytes(element, "big"), at + CLOCK_AHEAD_S)
        data = self._log.feedback(7)
        return parse_rtcp(data) if data else []
