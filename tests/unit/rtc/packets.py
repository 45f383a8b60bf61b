"""Packets as publishers send them, and outlets that remember what left."""

from __future__ import annotations

from collections.abc import Mapping

from rtc.codecs import PAYLOAD_TYPES, Codec
from rtc.downlink.fanout import PlainFanout
from rtc.downlink.slot import Retransmission, Slot
from rtc.downlink.subscriber import Subscriber
from rtc.plane import Kind, MediaEvent, ScopeRoutes, VideoRoute
from rtc.rtp.rtp_packet import RtpPacket, parse_rtp
from rtc.uplink.source import Source, StreamPlan

VP8_KEY = bytes((0x10, 0x00, 0x00, 0x00, 0x9D, 0x01, 0x2A, 0x80, 0x02, 0x68, 0x01))
VP8_DELTA = bytes((0x10, 0x01, 0x00, 0x00))
VP8_CONTINUED = bytes((0x00, 0x55, 0x55))
VIDEO_PT, AUDIO_PT = 100, 101
PLANS = (
    StreamPlan(codec=Codec.VP8, payload_type=VIDEO_PT, ssrc=11),
    StreamPlan(codec=Codec.OPUS, payload_type=AUDIO_PT, ssrc=12, level_id=1),
)


def video(seq: int, ts: int, payload: bytes = VP8_DELTA, *, ssrc: int = 11, marker: bool = True) -> bytes:
    return RtpPacket(
        payload_type=VIDEO_PT,
        marker=marker,
        seq=seq & 0xFFFF,
        timestamp=ts & 0xFFFFFFFF,
        ssrc=ssrc,
        payload=payload,
    ).plain(VIDEO_PT)


def audio(seq: int, ts: int, *, dbov: int = 30, ssrc: int = 12) -> bytes:
    head = RtpPacket(
        payload_type=AUDIO_PT,
        marker=False,
        seq=seq & 0xFFFF,
        timestamp=ts & 0xFFFFFFFF,
        ssrc=ssrc,
        payload=b"",
    ).plain(AUDIO_PT)
    level = bytes((0xBE, 0xDE, 0, 1, 0x10, dbov, 0, 0))
    return bytes((head[0] | 0x10,)) + head[1:] + level + b"opus"


FANOUT = PlainFanout()


class FakeOutlet:
    """Remembers every packet that left, as the subscriber would read it."""

    def __init__(self) -> None:
        self.left: list[RtpPacket] = []
        self.rtcp: list[bytes] = []

    def send(self, plain: bytes, seq: int, timestamp: int, ssrc: int) -> None:
        assert 0 <= seq <= 0xFFFF
        assert 0 <= timestamp <= 0xFFFFFFFF
        packet = parse_rtp(plain)
        packet.seq, packet.timestamp, packet.ssrc = seq, timestamp, ssrc
        self.left.append(packet)

    def send_rtcp(self, data: bytes) -> None:
        self.rtcp.append(data)


def make_source(source_id: str, forwarder: object, now: float = 0.0) -> tuple[Source, FakeOutlet]:
    outlet = FakeOutlet()
    source = Source(
        source_id=source_id,
        connection_id=f"connection of {source_id}",
        plans=PLANS,
        outlet=outlet,
        fanout=FANOUT,
        on_start=forwarder.note_start,  # type: ignore[attr-defined]
        now=now,
    )
    return source, outlet


def make_subscriber(
    connection_id: str,
    *,
    video_slots: int = 2,
    audio_slots: int = 2,
    first_seq: int = 1000,
    now: float = 0.0,
    codecs: Mapping[Codec, int] = PAYLOAD_TYPES,
    retransmission: Retransmission | None = None,
    redundant: bool = False,
) -> tuple[Subscriber, FakeOutlet]:
    outlet = FakeOutlet()

    def slots(kind: Kind, count: int) -> list[Slot]:
        return [
            Slot(
                connection_id=connection_id,
                kind=kind,
                index=index,
                mid=f"{kind[0]}{index}",
                lane=FANOUT.lane(outlet, (900 if kind is Kind.VIDEO else 800) + index),
                codecs=codecs,
                retransmission=retransmission if kind is Kind.VIDEO else None,
                redundant=redundant and kind is Kind.AUDIO,
                first_seq=first_seq,
                first_ts=4_294_900_000,
                now=now,
            )
            for index in range(count)
        ]

    subscriber = Subscriber(
        connection_id=connection_id,
        outlet=outlet,
        video=slots(Kind.VIDEO, video_slots),
        audio=slots(Kind.AUDIO, audio_slots),
        now=now,
    )
    return subscriber, outlet


def routes(epoch: int, *video_routes: tuple[str, int, str], scope: str = "scope") -> ScopeRoutes:
    return ScopeRoutes(
        scope_id=scope,
        epoch=epoch,
        video=tuple(
            VideoRoute(connection_id=connection, slot=slot, source_id=source)
            for connection, slot, source in video_routes
        ),
    )


def events_of(events: list[MediaEvent], kind: type) -> list[MediaEvent]:
    return [each for each in events if isinstance(each, kind)]
