"""Publishers and subscribers at one media server, and what forwarding to them costs and loses."""

import asyncio
import os
import secrets
import socket
import struct
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from arrival_reports import ArrivalReports
from janus_server import JanusApi
from synthetic_peer import AUDIO_PT, VIDEO_PT, SyntheticPeer

from rtc.aiortc_seam import WorkerCertificate
from rtc.plane import AudioRoute, ScopeRoutes, VideoRoute
from rtc.pool.supervisor import WorkerProcess
from rtc.rtp.rtp_packet import RtpPacket

FRAMES_PER_S = 30
AUDIO_PER_S = 50
VIDEO_PAYLOAD, AUDIO_PAYLOAD = 1176, 120
KEYFRAME_EVERY = 60
VP8_KEY, VP8_DELTA = b"\x10\x00\x00\x00\x9d\x01\x2a\x80\x02\x68\x01", b"\x10\x01"
SENT_AT = struct.Struct("!d")  # the last bytes of every payload


class Clip:
    """What one publisher sends: frames of several packets, and sound."""

    def __init__(self, peer: SyntheticPeer) -> None:
        self.peer = peer
        self.video_ssrc, self.audio_ssrc = secrets.randbits(31) | 1, secrets.randbits(31) | 2
        self.sent = 0
        self._frame = self._video_seq = self._audio_seq = 0

    def send_frame(self, packets: int) -> None:
        """The next frame has left in so many packets."""
        head = VP8_KEY if self._frame % KEYFRAME_EVERY == 0 else VP8_DELTA
        for index in range(packets):
            start = head if index == 0 else b"\x00"
            self._send(
                VIDEO_PT,
                self._video_seq,
                self._frame * 90_000 // FRAMES_PER_S,
                self.video_ssrc,
                start + bytes(VIDEO_PAYLOAD - len(start)),
                marker=index == packets - 1,
            )
            self._video_seq = (self._video_seq + 1) & 0xFFFF
        self._frame += 1

    def send_sound(self) -> None:
        """Twenty milliseconds of sound have left."""
        self._send(AUDIO_PT, self._audio_seq, self._audio_seq * 960, self.audio_ssrc, bytes(AUDIO_PAYLOAD))
        self._audio_seq = (self._audio_seq + 1) & 0xFFFF

    def _send(
        self, payload_type: int, seq: int, timestamp: int, ssrc: int, payload: bytes, *, marker: bool = False
    ) -> None:
        packet = RtpPacket(
            payload_type=payload_type,
            marker=marker,
            seq=seq,
            timestamp=timestamp & 0xFFFFFFFF,
            ssrc=ssrc,
            payload=payload[: -SENT_AT.size] + SENT_AT.pack(time.monotonic()),
        )
        self.peer.send(packet.plain(payload_type))
        self.sent += 1


@dataclass(slots=True)
class Load:
    """Publishers, each with subscribers of its own, at one server. Only `watched` subscribers are counted."""

    name: str
    pid: Callable[[], int]
    clips: list[Clip] = field(default_factory=list)
    subscribers: list[list[SyntheticPeer]] = field(default_factory=list)  # by publisher
    watched: int = 0
    received: int = 0
    delays_ms: list[float] = field(default_factory=list)
    reports: ArrivalReports | None = None

    @property
    def peers(self) -> list[SyntheticPeer]:
        """Everybody."""
        return [clip.peer for clip in self.clips] + [each for group in self.subscribers for each in group]

    def count(self, data: bytes) -> None:
        """One datagram arrived at a watched subscriber."""
        if not 192 <= data[1] <= 223:
            self.received += 1

    def time(self, peer: SyntheticPeer) -> Callable[[bytes], None]:
        """What notes how long each packet to that subscriber took."""

        def note(data: bytes) -> None:
            if 192 <= data[1] <= 223 or peer.reader is None:
                return
            now = time.monotonic()
            clear = peer.reader.open_rtp(data)
            if clear is not None:
                self.received += 1
                self.delays_ms.append(1000 * (now - SENT_AT.unpack_from(clear, len(clear) - SENT_AT.size)[0]))

        return note

    def watch(self, most: int, *, timed: bool = False, reporting: bool = False) -> None:
        """At most so many subscribers, evenly spread, are read; the others' packets the kernel drops. If
        wanted, those that are read report when their packets arrive.
        """
        everybody = [each for group in self.subscribers for each in group]
        step = max(1, -(-len(everybody) // most))
        watched = everybody[step // 2 :: step]
        self.watched = len(watched)
        for peer in everybody:
            peer.on_media = lambda _data: None
            peer.read(False)
        for peer in watched:
            peer.on_media = self.time(peer) if timed else self.count
            peer.read(True)
        self.reports = ArrivalReports(watched) if reporting else None

    async def play(self, seconds: float, video_per_s: float) -> None:
        """Every publisher sends for so long, in real time, each a little after the one before."""
        began = time.monotonic()
        frames, sounds = [0] * len(self.clips), [0] * len(self.clips)
        per_frame = video_per_s / FRAMES_PER_S
        while (elapsed := time.monotonic() - began) < seconds:
            for index, clip in enumerate(self.clips):
                due = elapsed - index / (len(self.clips) * FRAMES_PER_S)
                while frames[index] < due * FRAMES_PER_S:
                    clip.send_frame(round((frames[index] + 1) * per_frame) - round(frames[index] * per_frame))
                    frames[index] += 1
                while sounds[index] < due * AUDIO_PER_S:
                    clip.send_sound()
                    sounds[index] += 1
            await asyncio.sleep(0.002)

    async def measure(self, seconds: float, video_per_s: float) -> "Measured":
        """What the server spent while it was fed for so long, and what of it did not arrive."""
        await self.play(0.5, video_per_s)
        await asyncio.sleep(0.2)
        reporting = asyncio.create_task(self.reports.run()) if self.reports is not None else None
        self.received = 0
        self.delays_ms.clear()
        for clip in self.clips:
            clip.sent = 0
        before, began = cpu_s(self.pid()), time.monotonic()
        await self.play(seconds, video_per_s)
        elapsed = time.monotonic() - began
        await asyncio.sleep(0.2)
        spent = cpu_s(self.pid()) - before
        if reporting is not None:
            reporting.cancel()
        everybody = sum(len(group) for group in self.subscribers)
        sent = sum(clip.sent * len(group) for clip, group in zip(self.clips, self.subscribers, strict=True))
        expected = sent * self.watched / everybody
        return Measured(
            us_per_packet=spent * 1e6 / max(1, sent),
            loss_pct=max(0.0, 100 * (1 - self.received / expected)),
            packets_per_s=sent / elapsed,
            core=spent / elapsed,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One measurement: µs of CPU for each packet that was to leave, what was lost, how many there were."""

    us_per_packet: float
    loss_pct: float
    packets_per_s: float
    core: float  # CPU seconds a second


async def connect_ours(
    load: Load, media: WorkerProcess, groups: Sequence[int], certificate: WorkerCertificate, host: str
) -> None:
    """A publisher for each group, with so many subscribers, at our worker."""
    routes = ScopeRoutes(scope_id="bench", epoch=1)
    video, audio = list(routes.video), list(routes.audio)
    for number, size in enumerate(groups):
        name = f"source-{number}"
        clip = Clip(SyntheticPeer(certificate, host=host))
        offer = clip.peer.offer(clip.video_ssrc, clip.audio_ssrc)
        published = await media.publish(source_id=name, offer_sdp=offer)
        await clip.peer.connect(published.answer_sdp)
        load.clips.append(clip)
        group: list[SyntheticPeer] = []
        for _ in range(size):
            viewer = SyntheticPeer(certificate, host=host)
            made = await media.subscribe(profile="phone")
            await media.accept(
                connection_id=made.connection_id, answer_sdp=_full_answer(viewer, made.offer_sdp)
            )
            await viewer.connect(made.offer_sdp)
            group.append(viewer)
            video.append(VideoRoute(connection_id=made.connection_id, slot=0, source_id=name))
            audio.append(AudioRoute(connection_id=made.connection_id, source_ids=(name,)))
        load.subscribers.append(group)
    await media.reconcile(ScopeRoutes(scope_id="bench", epoch=2, video=tuple(video), audio=tuple(audio)))


def _full_answer(viewer: SyntheticPeer, offer: str) -> str:
    """As a browser answers: everything that we offer is on."""
    return viewer.answer(offer, retransmissions=True, numbered=True)


async def connect_janus(
    load: Load, api: JanusApi, groups: Sequence[int], certificate: WorkerCertificate, host: str
) -> None:
    """The same in one room of Janus's VideoRoom."""
    room = secrets.randbelow(1 << 30)
    options = {"publishers": len(groups) + 1, "bitrate": 0, "videocodec": "vp8"}
    quiet = {"audiolevel_ext": False, "notify_joining": False}
    first = await api.handle()
    await api.message(first, {"request": "create", "room": room, **options, **quiet})
    waiting: list[tuple[SyntheticPeer, str]] = []
    for number, size in enumerate(groups):
        handle = first if number == 0 else await api.handle()
        joined = await api.message(handle, {"request": "join", "ptype": "publisher", "room": room})
        clip = Clip(SyntheticPeer(certificate, host=host))
        jsep = {"type": "offer", "sdp": clip.peer.offer(clip.video_ssrc, clip.audio_ssrc)}
        reply = await api.message(handle, {"request": "publish"}, jsep)
        await clip.peer.connect(reply["jsep"]["sdp"])
        load.clips.append(clip)
        feed = joined["plugindata"]["data"]["id"]
        group: list[SyntheticPeer] = []
        for _ in range(size):
            viewer = SyntheticPeer(certificate, host=host)
            offer = await _subscribe_janus(api, room, feed, viewer)
            waiting.append((viewer, offer))
            group.append(viewer)
        load.subscribers.append(group)
    # All at once: each takes Janus a second.
    await asyncio.gather(*(viewer.connect(offer) for viewer, offer in waiting))


async def _subscribe_janus(api: JanusApi, room: int, feed: int, viewer: SyntheticPeer) -> str:
    handle = await api.handle()
    join = {"request": "join", "ptype": "subscriber", "room": room, "streams": [{"feed": feed}]}
    reply = await api.message(handle, join)
    for _ in range(20):
        if "jsep" in reply:
            break
        await asyncio.sleep(0.2)  # Janus takes a moment to notice that the publisher has come up
        reply = await api.message(handle, join)
    offer: str = reply["jsep"]["sdp"]
    await api.message(handle, {"request": "start"}, {"type": "answer", "sdp": viewer.answer(offer)})
    return offer


def own_address() -> str:
    """This machine's own IPv4 address, loopback only if there is no other."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        with suppress(OSError):
            probe.connect(("198.51.100.1", 9))  # chooses the address; sends nothing
        host: str = probe.getsockname()[0]
    return "127.0.0.1" if host == "0.0.0.0" else host  # noqa: S104 - compared, not bound


def cpu_s(pid: int) -> float:
    """CPU seconds of all threads of the process so far, to the nanosecond."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def pin(pid: int, core: int) -> None:
    """All threads of the process run on that core."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(task.name), {core})
