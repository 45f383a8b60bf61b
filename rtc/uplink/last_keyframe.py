"""The last keyframe of a picture: where it begins, and its packets, kept aside to be shown as a still."""

from rtc.codecs import Codec
from rtc.rtp.picture_numbers import NO_PICTURE, Picture
from rtc.rtp.picture_reading import READINGS
from rtc.rtp.serial import seq_delta

MAX_PACKETS = 1000


class LastKeyframe:
    """What is known of one track's last keyframe; `seq` is None before the first."""

    __slots__ = ("_reading", "at", "packets", "picture", "seq", "ts")

    def __init__(self, codec: Codec) -> None:
        self._reading = READINGS.get(codec)  # None: it is no picture
        self.at = 0.0  # when it arrived
        self.ts = 0
        self.picture: Picture = NO_PICTURE
        self.forget()

    def forget(self) -> None:
        """There is none any more."""
        self.seq: int | None = None
        self.packets: list[bytes] = []

    def note(self, payload: bytes, seq: int, ts: int, plain: bytes, now: float) -> bool:
        """Whether a new keyframe begins with this packet; packets of the last one are kept."""
        if self.seq is not None and ts == self.ts:
            if len(self.packets) < MAX_PACKETS:
                self.packets.append(plain)
            return False
        reading = self._reading
        if reading is None or not reading.keyframe_start(payload):
            return False
        if self.seq is not None and seq_delta(seq, self.seq) < 0:
            return False
        self.seq = seq
        self.ts = ts
        self.at = now
        self.picture = reading.read_picture(plain) if reading.read_picture is not None else NO_PICTURE
        self.packets = [plain]
        return True

    def size(self) -> tuple[int, int] | None:
        """Width and height, if it tells."""
        if self._reading is None:
            return None
        sizes = (self._reading.picture_size(packet[12:]) for packet in self.packets[:4])
        return next((size for size in sizes if size is not None), None)
