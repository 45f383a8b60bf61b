"""CPU per forwarded packet: 1 publisher → N subscribers on loopback, beside Debian's Janus in the same run.

Both servers are up, pinned to one core; the load is made on another. They are fed in turns with the same
packets (video of 1,200 bytes at 220/s in 30 frames, Opus at 50/s) and only the server that is fed is
measured, by the scheduler's own account of all its threads. Janus: VideoRoom, event_loops=1.

Janus gathers no candidate on 127.0.0.1, so both are reached at the machine's own address; what is sent there
stays within the machine all the same.
"""

import argparse
import asyncio
import os
import secrets
import socket
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path

from aiohttp import ClientSession, ClientTimeout
from bench_report import Figure, report
from janus_server import JANUS, JanusApi, janus
from machine import ROOT

sys.path.insert(0, str(ROOT))
from synthetic_peer import AUDIO_PT, VIDEO_PT, SyntheticPeer

from rtc.aiortc_seam import WorkerCertificate
from rtc.plane import AudioRoute, ScopeRoutes, VideoRoute
from rtc.rtp_packet import RtpPacket
from rtc.supervisor import WorkerProcess

AIM_RATIO = 1.5
FRAMES_PER_S = 30
PACKETS_PER_S = 220
VIDEO_PAYLOAD, AUDIO_PAYLOAD = 1176, 120
KEYFRAME_EVERY = 60
VP8_KEY, VP8_DELTA = b"\x10\x00\x00\x00\x9d\x01\x2a\x80\x02\x68\x01", b"\x10\x01"


class Load:
    """One publisher and its subscribers at one server; counts what leaves and what arrives."""

    def __init__(self, name: str, pid: Callable[[], int]) -> None:
        self.name = name
        self.pid = pid
        self.publisher: SyntheticPeer | None = None
        self.subscribers: list[SyntheticPeer] = []
        self.video_ssrc, self.audio_ssrc = secrets.randbits(31) | 1, secrets.randbits(31) | 2
        self.received = 0
        self.sent = 0
        self._frame = 0
        self._video_seq = self._audio_seq = 0

    def count(self, data: bytes) -> None:
        """One datagram arrived at a subscriber."""
        if not 192 <= data[1] <= 223:
            self.received += 1

    async def play(self, seconds: float) -> None:
        """The publisher sends for so long, in real time."""
        began = time.monotonic()
        frames = sounds = 0
        while (elapsed := time.monotonic() - began) < seconds:
            while frames < elapsed * FRAMES_PER_S:
                self._send_frame(
                    round((frames + 1) * PACKETS_PER_S / FRAMES_PER_S)
                    - round(frames * PACKETS_PER_S / FRAMES_PER_S)
                )
                frames += 1
            while sounds < elapsed * 50:
                self._send_sound()
                sounds += 1
            await asyncio.sleep(0.004)

    def _send_frame(self, packets: int) -> None:
        head = VP8_KEY if self._frame % KEYFRAME_EVERY == 0 else VP8_DELTA
        for index in range(packets):
            start = head if index == 0 else b"\x00"
            self._send(
                RtpPacket(
                    payload_type=VIDEO_PT,
                    marker=index == packets - 1,
                    seq=self._video_seq,
                    timestamp=self._frame * 3000,
                    ssrc=self.video_ssrc,
                    payload=start + bytes(VIDEO_PAYLOAD - len(start)),
                ).plain(VIDEO_PT)
            )
            self._video_seq = (self._video_seq + 1) & 0xFFFF
        self._frame += 1

    def _send_sound(self) -> None:
        self._send(
            RtpPacket(
                payload_type=AUDIO_PT,
                marker=False,
                seq=self._audio_seq,
                timestamp=self._audio_seq * 960,
                ssrc=self.audio_ssrc,
                payload=bytes(AUDIO_PAYLOAD),
            ).plain(AUDIO_PT)
        )
        self._audio_seq = (self._audio_seq + 1) & 0xFFFF

    def _send(self, packet: bytes) -> None:
        if self.publisher is not None:
            self.publisher.send(packet)
            self.sent += 1


async def connect_ours(
    load: Load, media: WorkerProcess, subscribers: int, certificate: WorkerCertificate, host: str
) -> None:
    """A publisher and its subscribers at our worker."""
    peer = load.publisher = SyntheticPeer(certificate, host=host)
    published = await media.publish(source_id="bench", offer_sdp=peer.offer(load.video_ssrc, load.audio_ssrc))
    await peer.connect(published.answer_sdp)
    ids = []
    for _ in range(subscribers):
        viewer = SyntheticPeer(certificate, host=host)
        viewer.on_media = load.count
        subscribed = await media.subscribe(profile="phone")
        await media.accept(
            connection_id=subscribed.connection_id, answer_sdp=viewer.answer(subscribed.offer_sdp)
        )
        await viewer.connect(subscribed.offer_sdp)
        load.subscribers.append(viewer)
        ids.append(subscribed.connection_id)
    await media.reconcile(
        ScopeRoutes(
            scope_id="bench",
            epoch=1,
            video=tuple(VideoRoute(connection_id=each, slot=0, source_id="bench") for each in ids),
            audio=tuple(AudioRoute(connection_id=each, source_ids=("bench",)) for each in ids),
        )
    )


async def connect_janus(
    load: Load, api: JanusApi, subscribers: int, certificate: WorkerCertificate, host: str
) -> None:
    """A publisher and its subscribers in a room of Janus's VideoRoom."""
    room = secrets.randbelow(1 << 30)
    publisher = await api.handle()
    await api.message(
        publisher,
        {
            "request": "create",
            "room": room,
            "publishers": 2,
            "bitrate": 0,
            "videocodec": "vp8",
            "audiolevel_ext": False,
            "notify_joining": False,
        },
    )
    joined = await api.message(publisher, {"request": "join", "ptype": "publisher", "room": room})
    peer = load.publisher = SyntheticPeer(certificate, host=host)
    jsep = {"type": "offer", "sdp": peer.offer(load.video_ssrc, load.audio_ssrc)}
    reply = await api.message(publisher, {"request": "publish"}, jsep)
    await peer.connect(reply["jsep"]["sdp"])
    feed = joined["plugindata"]["data"]["id"]
    offers: list[str] = []
    for _ in range(subscribers):
        handle = await api.handle()
        join = {"request": "join", "ptype": "subscriber", "room": room, "streams": [{"feed": feed}]}
        reply = await api.message(handle, join)
        for _ in range(20):
            if "jsep" in reply:
                break
            await asyncio.sleep(0.2)  # Janus takes a moment to notice that the publisher has come up
            reply = await api.message(handle, join)
        viewer = SyntheticPeer(certificate, host=host)
        viewer.on_media = load.count
        offer = reply["jsep"]["sdp"]
        await api.message(handle, {"request": "start"}, {"type": "answer", "sdp": viewer.answer(offer)})
        offers.append(offer)
        load.subscribers.append(viewer)
    # All at once: each takes Janus a second.
    await asyncio.gather(
        *(viewer.connect(offer) for viewer, offer in zip(load.subscribers, offers, strict=True))
    )


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


async def measure(load: Load, seconds: float) -> tuple[float, float]:
    """Microseconds of CPU per forwarded packet, and the share of packets lost in per cent."""
    await load.play(0.5)
    await asyncio.sleep(0.2)
    load.sent = load.received = 0
    before = cpu_s(load.pid())
    await load.play(seconds)
    await asyncio.sleep(0.2)
    spent = cpu_s(load.pid()) - before
    expected = load.sent * len(load.subscribers)
    return spent * 1e6 / max(1, load.received), 100 * (1 - load.received / expected)


async def run(options: argparse.Namespace) -> int:
    certificate = WorkerCertificate()
    results: dict[str, list[tuple[float, float]]] = {"ours": [], "janus": []}
    cores = sorted(os.sched_getaffinity(0))
    async with AsyncExitStack() as stack:
        host = own_address()
        media = await stack.enter_async_context(WorkerProcess(udp_port=0, advertise=(host,)))
        process, url = await stack.enter_async_context(janus())
        session = await stack.enter_async_context(ClientSession(timeout=ClientTimeout(total=20)))
        if len(cores) > 1:
            os.sched_setaffinity(0, {cores[-1]})
        ours = Load("ours", lambda: media.pid or 0)
        theirs = Load("janus", lambda: process.pid)
        await connect_ours(ours, media, options.subscribers, certificate, host)
        api = JanusApi(session, url)
        await api.open()
        await connect_janus(theirs, api, options.subscribers, certificate, host)
        for pid in (ours.pid(), theirs.pid()):
            pin(pid, cores[0])
        for _ in range(options.rounds):
            for load in (theirs, ours):
                await api.keep_alive()
                results[load.name].append(await measure(load, options.seconds))
        profile = {each.name: each.publisher.profile if each.publisher else "" for each in (ours, theirs)}
        os.sched_setaffinity(0, cores)
        for load in (ours, theirs):
            for peer in (load.publisher, *load.subscribers):
                if peer is not None:
                    peer.vanish()
    us = statistics.median(each for each, _ in results["ours"])
    janus_us = statistics.median(each for each, _ in results["janus"])
    loss = max(lost for _, lost in results["ours"])
    figures = [
        Figure(key="us_per_packet", meaning="CPU per forwarded packet (µs)", value=us),
        Figure(key="janus_us_per_packet", meaning="… of Janus (µs)", value=janus_us),
        Figure(key="ratio_to_janus", meaning="ratio to Janus", value=us / janus_us, at_most=AIM_RATIO),
        Figure(key="loss_pct", meaning="packets lost (%)", value=loss, at_most=0.1),
        Figure(
            key="janus_loss_pct", meaning="… by Janus (%)", value=max(lost for _, lost in results["janus"])
        ),
    ]
    conditions = {
        "subscribers": options.subscribers,
        "rounds": options.rounds,
        "seconds_a_round": options.seconds,
        "packets_per_s": (PACKETS_PER_S + 50) * options.subscribers,
        "srtp_ours": profile["ours"],
        "srtp_janus": profile["janus"],
        "aim": f"ratio_to_janus <= {AIM_RATIO}",
    }
    return report("Media: fan-out", figures, as_json=options.json, conditions=conditions)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="end with one JSON object")
    parser.add_argument("--subscribers", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=4.0, help="of load, per server and round")
    options = parser.parse_args()
    if not JANUS.exists():
        print(
            "Janus is not installed (Debian: apt install janus): nothing to measure beside", file=sys.stderr
        )
        return 2
    return asyncio.run(run(options))


if __name__ == "__main__":
    sys.exit(main())
