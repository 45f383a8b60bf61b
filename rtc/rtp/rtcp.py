"""RTCP as bytes and as small facts (RFC 3550, 4585, 5104, draft-alvestrand-rmcat-remb).

What nobody here needs (SDES, APP, XR, loss of slices) is skipped; what contradicts itself makes the whole
datagram MalformedPacket.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from struct import Struct

from rtc.errors import MalformedPacket
from rtc.rtp.transport_feedback import TRANSPORT_CC

SR, RR, SDES, BYE, RTPFB, PSFB = 200, 201, 202, 203, 205, 206
NACK, PLI, FIR, APPLICATION = 1, 1, 4, 15
MAX_NACKED = 512

_HEADER = Struct("!BBH")
_SENDER = Struct("!IQIII")
_BLOCK = Struct("!IIIIII")
_FEEDBACK = Struct("!II")
_NACK_ITEM = Struct("!HH")
_FIR_ITEM = Struct("!IB3x")
_WORD = Struct("!I")


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderReport:
    """At `ntp` (64 bits, seconds since 1900 in the upper half) the stream stood at `rtp_ts`."""

    ssrc: int
    ntp: int
    rtp_ts: int
    packets: int
    octets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportBlock:
    """What a receiver says of one stream."""

    ssrc: int
    fraction_lost: int
    lost: int
    highest: int
    jitter: int
    last_sr: int
    since_sr: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Nack:
    """These packets of the stream are missing."""

    ssrc: int
    seqs: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyframeRequest:
    """A receiver of the stream cannot go on without a keyframe (PLI or FIR)."""

    ssrc: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverEstimate:
    """The receiver believes that this much fits (REMB)."""

    bitrate_bps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportReport:
    """When packets that were numbered transport-wide arrived, still packed (see TransportNumbers)."""

    body: bytes


RtcpFact = SenderReport | ReportBlock | Nack | KeyframeRequest | ReceiverEstimate | TransportReport


def parse_rtcp(data: bytes) -> list[RtcpFact]:
    """The facts in a compound packet, in order.

    Raises: MalformedPacket.
    """
    facts: list[RtcpFact] = []
    at = 0
    end = len(data)
    if end < 8:
        raise MalformedPacket("RTCP is cut off")
    while at < end:
        if end - at < 4:
            raise MalformedPacket("RTCP header is cut off")
        first, kind, words = _HEADER.unpack_from(data, at)
        size = 4 * (words + 1)
        if first >> 6 != 2 or at + size > end:
            raise MalformedPacket("RTCP length or version is wrong")
        body = data[at + 4 : at + size]
        if first & 0x20:
            padding = body[-1] if body else 0
            if not 0 < padding <= len(body):
                raise MalformedPacket("RTCP padding is wrong")
            body = body[:-padding]
        facts.extend(_facts(kind, first & 0x1F, body))
        at += size
    return facts


def _facts(kind: int, count: int, body: bytes) -> Iterable[RtcpFact]:
    if kind == SR:
        if len(body) < 24 + 24 * count:
            raise MalformedPacket("sender report is cut off")
        ssrc, ntp, rtp_ts, packets, octets = _SENDER.unpack_from(body)
        report = SenderReport(ssrc=ssrc, ntp=ntp, rtp_ts=rtp_ts, packets=packets, octets=octets)
        return [report, *_blocks(body[24:], count)]
    if kind == RR:
        if len(body) < 4 + 24 * count:
            raise MalformedPacket("receiver report is cut off")
        return _blocks(body[4:], count)
    if kind in (RTPFB, PSFB):
        if len(body) < 8:
            raise MalformedPacket("feedback is cut off")
        return _feedback(kind, count, body)
    return ()


def _blocks(body: bytes, count: int) -> list[RtcpFact]:
    blocks: list[RtcpFact] = []
    for index in range(count):
        ssrc, loss, highest, jitter, last_sr, since_sr = _BLOCK.unpack_from(body, 24 * index)
        lost = loss & 0xFFFFFF
        blocks.append(
            ReportBlock(
                ssrc=ssrc,
                fraction_lost=loss >> 24,
                lost=lost - 0x1000000 if lost & 0x800000 else lost,
                highest=highest,
                jitter=jitter,
                last_sr=last_sr,
                since_sr=since_sr,
            )
        )
    return blocks


def _feedback(kind: int, fmt: int, body: bytes) -> list[RtcpFact]:
    _, media_ssrc = _FEEDBACK.unpack_from(body)
    if kind == RTPFB:
        if fmt == TRANSPORT_CC:
            return [TransportReport(body=body[8:])]
        return [Nack(ssrc=media_ssrc, seqs=_nacked(body[8:]))] if fmt == NACK else []
    if fmt == PLI:
        return [KeyframeRequest(ssrc=media_ssrc)]
    if fmt == FIR:
        usable = len(body) - (len(body) - 8) % 8
        return [KeyframeRequest(ssrc=_FIR_ITEM.unpack_from(body, at)[0]) for at in range(8, usable, 8)]
    if fmt == APPLICATION and body[8:12] == b"REMB" and len(body) >= 16:
        exponent = body[13] >> 2
        mantissa = (body[13] & 0x03) << 16 | body[14] << 8 | body[15]
        return [ReceiverEstimate(bitrate_bps=mantissa << exponent)]
    return []


def _nacked(items: bytes) -> tuple[int, ...]:
    seqs: list[int] = []
    for at in range(0, len(items) - 3, 4):
        first, following = _NACK_ITEM.unpack_from(items, at)
        seqs.append(first)
        seqs.extend((first + bit + 1) & 0xFFFF for bit in range(16) if following >> bit & 1)
        if len(seqs) >= MAX_NACKED:
            break
    return tuple(seqs[:MAX_NACKED])


def _packet(count: int, kind: int, body: bytes) -> bytes:
    return _HEADER.pack(0x80 | count, kind, len(body) // 4) + body


def pack_sender_report(report: SenderReport) -> bytes:
    """A sender report without report blocks."""
    return _packet(0, SR, _SENDER.pack(report.ssrc, report.ntp, report.rtp_ts, report.packets, report.octets))


def pack_receiver_report(ssrc: int, blocks: Sequence[ReportBlock]) -> bytes:
    """A receiver report on at most 31 streams."""
    body = _WORD.pack(ssrc)
    for block in blocks[:31]:
        lost = max(-0x800000, min(0x7FFFFF, block.lost)) & 0xFFFFFF
        loss = block.fraction_lost << 24 | lost
        body += _BLOCK.pack(block.ssrc, loss, block.highest, block.jitter, block.last_sr, block.since_sr)
    return _packet(min(31, len(blocks)), RR, body)


def pack_cname(ssrcs: Sequence[int], cname: str) -> bytes:
    """Source descriptions that give these (at most 31) streams one canonical name: one clock."""
    body = b""
    name = cname.encode()[:255]
    for ssrc in ssrcs[:31]:
        chunk = _WORD.pack(ssrc) + bytes((1, len(name))) + name + b"\0"
        body += chunk + b"\0" * (-len(chunk) % 4)
    return _packet(min(31, len(ssrcs)), SDES, body)


def pack_pli(sender_ssrc: int, media_ssrc: int) -> bytes:
    """Ask for a keyframe: picture loss (RFC 4585 section 6.3.1)."""
    return _packet(PLI, PSFB, _FEEDBACK.pack(sender_ssrc, media_ssrc))


def pack_fir(sender_ssrc: int, media_ssrc: int, command: int) -> bytes:
    """Ask for a keyframe: full intra request (RFC 5104 section 4.3.1); `command` counts up."""
    return _packet(FIR, PSFB, _FEEDBACK.pack(sender_ssrc, 0) + _FIR_ITEM.pack(media_ssrc, command & 0xFF))


def pack_nack(sender_ssrc: int, media_ssrc: int, seqs: Sequence[int]) -> bytes:
    """Ask for these packets again (RFC 4585 section 6.2.1)."""
    items: list[list[int]] = []
    for seq in seqs:
        ahead = (seq - items[-1][0]) & 0xFFFF if items else 0
        if items and 0 < ahead <= 16:
            items[-1][1] |= 1 << (ahead - 1)
        elif not items or ahead != 0:
            items.append([seq, 0])
    body = b"".join(_NACK_ITEM.pack(first, following) for first, following in items)
    return _packet(NACK, RTPFB, _FEEDBACK.pack(sender_ssrc, media_ssrc) + body)


def pack_remb(sender_ssrc: int, media_ssrcs: Sequence[int], bitrate_bps: int) -> bytes:
    """Tell the sender of these streams what fits (draft-alvestrand-rmcat-remb-03)."""
    exponent = max(0, bitrate_bps.bit_length() - 18)
    mantissa = bitrate_bps >> exponent
    head = bytes(
        (len(media_ssrcs), exponent << 2 | mantissa >> 16, mantissa >> 8 & 0xFF, mantissa & 0xFF),
    )
    body = b"REMB" + head + b"".join(_WORD.pack(ssrc) for ssrc in media_ssrcs)
    return _packet(APPLICATION, PSFB, _FEEDBACK.pack(sender_ssrc, 0) + body)
