"""A forwarder with cameras and one viewer, on a clock of its own."""

from __future__ import annotations

from dataclasses import dataclass, field

from rtc.forwarding.forwarder import Forwarder
from rtc.plane import (
    MediaEvent,
)
from rtc.uplink.source import Source
from tests.unit.rtc.packets import (
    VP8_DELTA,
    VP8_KEY,
    FakeOutlet,
    make_source,
    make_subscriber,
    routes,
    video,
)


@dataclass
class Camera:
    """A publisher whose frames are one packet each, its name in every payload."""

    name: str
    source: Source
    outlet: FakeOutlet
    seq: int = 65_500
    ts: int = 4_294_000_000
    sent: list[bytes] = field(default_factory=list)

    def frame(self, *, key: bool = False, ticks: int = 3000) -> bytes:
        self.seq = (self.seq + 1) & 0xFFFF
        self.ts = (self.ts + ticks) & 0xFFFFFFFF
        payload = (VP8_KEY if key else VP8_DELTA) + self.name.encode()
        self.sent.append(video(self.seq, self.ts, payload))
        return self.sent[-1]


class House:
    """A forwarder with cameras and one viewer, on a clock of its own."""

    def __init__(self, *names: str) -> None:
        self.now = 100.0
        self.events: list[MediaEvent] = []
        self.forwarder = Forwarder(emit=self.events.append, unix_offset_s=0.0)
        self.viewer, self.outlet = make_subscriber("viewer", now=self.now)
        self.forwarder.add_subscriber(self.viewer, self.now)
        self.cameras = {name: self.camera(name) for name in names}
        self.epoch = 0

    def camera(self, name: str) -> Camera:
        source, outlet = make_source(name, self.forwarder, self.now)
        self.forwarder.add_source(source, self.now)
        return Camera(name, source, outlet)

    def show(self, *names: str) -> None:
        self.epoch += 1
        wanted = [("viewer", slot, name) for slot, name in enumerate(names) if name]
        self.forwarder.reconcile(routes(self.epoch, *wanted), self.now)

    def send(self, name: str, *, key: bool = False) -> None:
        camera = self.cameras[name]
        self.forwarder.receive_rtp(camera.source, camera.frame(key=key), self.now)

    def play(self, name: str, frames: int, *, key_first: bool = False) -> None:
        for index in range(frames):
            self.pass_time(1 / 30)
            self.send(name, key=key_first and index == 0)

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self.forwarder.tick(self.now)

    def shown(self) -> list[str]:
        """Whose packets left, in order, without repetition."""
        names: list[str] = []
        for packet in self.outlet.left:
            name = packet.payload.removeprefix(VP8_KEY).removeprefix(VP8_DELTA).decode()
            if not names or names[-1] != name:
                names.append(name)
        return names
