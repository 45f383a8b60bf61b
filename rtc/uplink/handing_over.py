"""What a worker tells another one that has a source too, besides its packets, and does at its request."""

from dataclasses import dataclass

from rtc.kind import Kind
from rtc.rtp.rtcp import KeyframeRequest, Nack, RtcpFact
from rtc.rtp.serial import SEQ_MASK, seq_delta
from rtc.uplink.source import Source
from rtc.uplink.track import Track
from rtc.uplink.track_slots import YOUNG_S

MOST_RECENT = 1_000  # packets: of more the newest are left out, and asked for again


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbered:
    """An SSRC that a publisher named when it began, and perhaps never again: whose it is."""

    kind: Kind
    rid: str
    ssrc: int
    repeats: bool = False  # it carries what is sent again


def numbers(source: Source) -> tuple[Numbered, ...]:
    """All that are known by now."""
    own = [Numbered(kind=track.kind, rid=track.rid, ssrc=track.ssrc) for track in source.tracks if track.ssrc]
    again = [
        Numbered(kind=track.kind, rid=track.rid, ssrc=ssrc, repeats=True)
        for ssrc, track in source.repeating()
    ]
    return (*own, *again)


def know(source: Source, told: tuple[Numbered, ...]) -> None:
    """The source knows whose these are; those of layers that it does not have are left out."""
    for each in told:
        track = next((track for track in source.layers(each.kind) if track.rid == each.rid), None)
        if track is not None:
            source.know(track, each.ssrc, repeats=each.repeats)


def recent(source: Source, now: float) -> list[bytes]:
    """Every picture since its last keyframe, if that is young: nobody need wait for the next one."""
    packets = []
    for track in source.layers(Kind.VIDEO):
        first, newest = track.keyframe.seq, track.history.newest
        if first is None or newest is None or now - track.keyframe.at > YOUNG_S:
            continue
        for ahead in range(min(seq_delta(newest, first) + 1, MOST_RECENT)):
            packet = _as_it_came(source, track, (first + ahead) & SEQ_MASK)
            if packet is not None:
                packets.append(packet)
    return packets


def serve(source: Source, facts: list[RtcpFact]) -> list[bytes]:
    """What was asked for, as far as it is still held; keyframes will be requested of the publisher."""
    by_ssrc = {track.ssrc: track for track in source.layers(Kind.VIDEO) if track.ssrc}
    packets = []
    for fact in facts:
        if isinstance(fact, KeyframeRequest) and fact.ssrc in by_ssrc:
            by_ssrc[fact.ssrc].keyframes.want()
        elif isinstance(fact, Nack) and fact.ssrc in by_ssrc:
            found = (_as_it_came(source, by_ssrc[fact.ssrc], seq) for seq in fact.seqs)
            packets += [packet for packet in found if packet is not None]
    return packets


def _as_it_came(source: Source, track: Track, seq: int) -> bytes | None:
    """The packet under its publisher's payload type, without its header extensions."""
    packet = track.history.get(seq)
    if packet is None:
        return None
    return bytes((packet[0], packet[1] & 0x80 | source.plan(track.kind).payload_type)) + packet[2:]
