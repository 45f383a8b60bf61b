"""Synthetic peers on a stage: every packet in hand, on both sides."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import count

from synthetic_peer import VIDEO_PT, SyntheticPeer

from rtc.plane import ConnectionUp
from rtc.rtp.rtcp import pack_nack
from rtc.rtp.rtp_packet import RtpPacket, is_rtcp, parse_rtp
from tests.integration.rtc.stage import Stage
from tests.unit.rtc.packets import VP8_DELTA, VP8_KEY

_ssrcs = count(5000, 2)


class Sender:
    """Publishes frames of one packet each, numbered in their payload."""

    def __init__(self, peer: SyntheticPeer, connection: str, ssrc: int) -> None:
        self.peer = peer
        self.connection = connection
        self.ssrc = ssrc
        self.number = 0

    def send(self, *, key: bool = False, text: str = "") -> None:
        payload = (VP8_KEY if key else VP8_DELTA) + f"{text}{self.number}".encode()
        packet = RtpPacket(
            payload_type=VIDEO_PT,
            marker=True,
            seq=self.number & 0xFFFF,
            timestamp=self.number * 3000,
            ssrc=self.ssrc,
            payload=payload,
        )
        self.peer.send(packet.plain(VIDEO_PT))
        self.number += 1

    async def play(self, frames: int, *, text: str = "", pause_s: float = 0.005) -> None:
        for index in range(frames):
            self.send(key=index == 0, text=text)
            await asyncio.sleep(pause_s)


class Receiver:
    """Subscribes and keeps what it was sent, decrypted."""

    def __init__(self, peer: SyntheticPeer, connection: str) -> None:
        self.peer = peer
        self.connection = connection
        self.packets: list[RtpPacket] = []
        self.rtcp: list[bytes] = []
        peer.on_media = self._take

    @property
    def texts(self) -> list[str]:
        """The payloads' texts in order of arrival."""
        return [
            packet.payload.removeprefix(VP8_KEY).removeprefix(VP8_DELTA).decode() for packet in self.packets
        ]

    async def until(self, test: Callable[[Receiver], bool], *, within_s: float = 15) -> None:
        """What arrived passes the test."""
        try:
            async with asyncio.timeout(within_s):
                while not test(self):  # noqa: ASYNC110 - datagrams arrive on a socket
                    await asyncio.sleep(0.01)
        except TimeoutError:
            raise AssertionError(f"not in time; {len(self.packets)} packets: {self.texts[-5:]}") from None

    def ask_again(self, packet: RtpPacket) -> None:
        """Requests a packet that it has."""
        assert self.peer.writer is not None
        self.peer.writer.send_rtcp(pack_nack(1, packet.ssrc, [packet.seq]))

    def _take(self, data: bytes) -> None:
        assert self.peer.reader is not None
        if is_rtcp(data):
            clear = self.peer.reader.open_rtcp(data)
            if clear is not None:
                self.rtcp.append(clear)
            return
        clear = self.peer.reader.open_rtp(data)
        if clear is not None:  # what was sent again is the same packet, and not opened twice
            self.packets.append(parse_rtp(clear))


async def sender(stage: Stage, source: str) -> Sender:
    """A publisher that is up."""
    peer = stage.peer()
    ssrc = next(_ssrcs)
    published = await stage.media.publish(source_id=source, offer_sdp=peer.offer(ssrc, ssrc + 1))
    await peer.connect(stage.by_link(published.answer_sdp))
    await stage.until(ConnectionUp, lambda event: event.connection_id == published.connection_id)
    return Sender(peer, published.connection_id, ssrc)


async def receiver(stage: Stage, profile: str = "phone") -> Receiver:
    """A subscriber that is up."""
    peer = stage.peer()
    subscribed = await stage.media.subscribe(profile=profile)
    receiving = Receiver(peer, subscribed.connection_id)
    await stage.media.accept(
        connection_id=subscribed.connection_id, answer_sdp=peer.answer(subscribed.offer_sdp)
    )
    await peer.connect(stage.by_link(subscribed.offer_sdp))
    await stage.until(ConnectionUp, lambda event: event.connection_id == subscribed.connection_id)
    return receiving
