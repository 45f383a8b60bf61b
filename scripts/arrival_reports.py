"""What a synthetic viewer says of what arrives, as a browser does: when each packet came, every 100 ms."""

import asyncio
import time
from collections.abc import Callable, Sequence

from synthetic_peer import SyntheticPeer

from rtc.rtp.transport_feedback import ArrivalLog

EVERY_S = 0.1
OWN_SSRC = 1
ONE_BYTE = b"\xbe\xde"


class ArrivalReports:
    """The reports of some viewers. They stand before what else is done with their packets."""

    def __init__(self, viewers: Sequence[SyntheticPeer]) -> None:
        self.sent = 0
        self._logs = [(viewer, ArrivalLog(ssrc=OWN_SSRC)) for viewer in viewers]
        for viewer, log in self._logs:
            viewer.on_media = _noting(log, viewer.on_media)

    async def run(self) -> None:
        """Viewer after viewer reports, evenly spread, until cancelled."""
        while True:
            for viewer, log in self._logs:
                data = log.feedback(OWN_SSRC) if log.active else b""
                if data and viewer.writer is not None:
                    viewer.writer.send_rtcp(data)
                    self.sent += 1
                await asyncio.sleep(EVERY_S / len(self._logs))


def _noting(log: ArrivalLog, then: Callable[[bytes], None]) -> Callable[[bytes], None]:
    def note(data: bytes) -> None:
        if data[0] & 0x10 and data[12:14] == ONE_BYTE:  # header extensions are not encrypted
            log.note(data[17] << 8 | data[18], time.monotonic())
        then(data)

    return note
