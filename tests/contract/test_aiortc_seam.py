"""Every private name that rtc/aiortc_seam.py uses of aiortc and pylibsrtp is where it was and as it was.

When this fails after an upgrade, read the new source, mend the seam, and only then raise the versions here.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pylibsrtp
import pytest
from aiortc import RTCCertificate, rtcdtlstransport, sdp
from pylibsrtp._binding import ffi, lib

from rtc.aiortc_seam import MAX_PLAIN, DtlsPeer, SrtpReader, SrtpWriter, WorkerCertificate, read_sdp
from rtc.errors import MalformedSdp
from rtc.rtp.rtcp import pack_pli
from tests.unit.rtc.offers import CHROMIUM
from tests.unit.rtc.packets import video

ROOT = Path(__file__).parents[2]


def test_the_seam_was_written_against_these_versions() -> None:
    assert version("aiortc").startswith("1.16.")
    assert version("pylibsrtp").startswith("1.0.")


def test_only_the_seam_touches_aiortc_and_pylibsrtp() -> None:
    guilty = []
    for path in (ROOT / "rtc").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if any(name.partition(".")[0] in ("aiortc", "aioice", "pylibsrtp") for name in names):
                guilty.append(path.name)
    assert set(guilty) == {"aiortc_seam.py"}


def test_the_private_names_are_there() -> None:
    transport = rtcdtlstransport.RTCDtlsTransport
    assert list(inspect.signature(transport.__init__).parameters) == ["self", "transport", "certificates"]
    assert inspect.iscoroutinefunction(transport.start)
    assert inspect.iscoroutinefunction(transport.stop)
    assert list(inspect.signature(transport._set_role).parameters) == ["self", "role"]
    source = inspect.getsource(transport)
    for name in ("self._rx_srtp", "self._tx_srtp", "self.transport._recv()", "self.transport._send("):
        assert name in source
    assert {each.name for each in rtcdtlstransport.State} >= {"CONNECTED", "CLOSED", "FAILED"}
    session = pylibsrtp.Session()
    assert ffi.typeof(session._srtp[0]).cname.startswith("struct")
    for name in ("srtp_protect", "srtp_unprotect", "srtp_protect_rtcp", "srtp_unprotect_rtcp"):
        assert "int *" in ffi.typeof(ffi.addressof(lib, name)).cname


def test_a_certificate_has_a_sha_256_fingerprint_and_an_end() -> None:
    certificate = RTCCertificate.generateCertificate()
    assert "sha-256" in {each.algorithm for each in certificate.getFingerprints()}
    assert certificate.expires.tzinfo is not None


def test_what_the_sdp_parser_yields_is_what_is_read_from_it() -> None:
    session = read_sdp(CHROMIUM)
    assert isinstance(session, sdp.SessionDescription)
    video_line = session.media[0]
    assert (video_line.kind, video_line.port, video_line.direction) == ("video", 9, "sendonly")
    assert video_line.rtp.muxId == "0"
    assert video_line.fmt == [96, 97, 103, 104]
    assert [codec.name for codec in video_line.rtp.codecs] == ["VP8", "rtx", "H264", "rtx"]
    assert video_line.rtp.codecs[2].parameters["packetization-mode"] == "1"
    assert video_line.ssrc_group[0].items == [1001, 1002]
    assert video_line.dtls is not None
    assert video_line.dtls.role == "auto"
    with pytest.raises(MalformedSdp):
        read_sdp("m=nonsense")


def _pair(server: WorkerCertificate, client: WorkerCertificate) -> tuple[DtlsPeer, DtlsPeer]:
    """Two ends that reach each other through memory."""
    loop = asyncio.get_running_loop()
    ends: list[DtlsPeer] = []

    def to(index: int) -> Callable[[bytes], None]:
        def send(data: bytes) -> None:
            loop.call_soon(ends[index].receive, data)

        return send

    ends.append(DtlsPeer(server, server=True, send=to(1)))
    ends.append(DtlsPeer(client, server=False, send=to(0)))
    return ends[0], ends[1]


async def _keys() -> tuple[DtlsPeer, DtlsPeer]:
    """Two ends after their handshake."""
    certificate = WorkerCertificate()
    ends = _pair(certificate, certificate)
    fingerprint = (("sha-256", certificate.fingerprint()),)
    async with asyncio.timeout(10):
        agreed = await asyncio.gather(*(end.handshake(fingerprint) for end in ends))
    assert agreed == [True, True]
    return ends


def _wire(writer: SrtpWriter) -> list[bytes]:
    left: list[bytes] = []

    def send_to(data: memoryview, _address: tuple[str, int]) -> int:
        left.append(bytes(data))
        return len(data)

    writer.aim(send_to, -1, ("", 0))
    return left


async def test_packets_sealed_on_one_side_open_on_the_other_with_their_new_numbers() -> None:
    server, client = await _keys()
    writer, reader = server.writer(), client.reader()
    left = _wire(writer)
    plain = video(1, 2, b"picture" * 100)
    writer.send(plain, 777, 888, 999)
    opened = reader.open_rtp(left[0])
    assert opened is not None
    assert opened[2:12] == (777).to_bytes(2, "big") + (888).to_bytes(4, "big") + (999).to_bytes(4, "big")
    assert opened[12:] == plain[12:]
    writer.send_rtcp(pack_pli(1, 2))
    assert reader.open_rtcp(left[1]) == pack_pli(1, 2)
    await server.stop()
    await client.stop()


async def test_a_packet_sent_again_is_the_same_to_the_last_byte() -> None:
    server, client = await _keys()
    writer = server.writer()
    left = _wire(writer)
    plain = video(1, 2, b"picture")
    for seq in (10, 11, 12, 10):
        writer.send(plain, seq, 888, 999)
    assert left[0] == left[3]
    writer.send(plain, 9, 888, 999)
    assert writer.refused == 0
    writer.send(plain, 2000, 888, 999)
    writer.send(plain, 500, 888, 999)
    assert writer.refused == 1, "too old to be sent again"
    await server.stop()
    await client.stop()


async def test_forged_replayed_short_and_long_packets_do_not_open() -> None:
    server, client = await _keys()
    writer, reader = server.writer(), client.reader()
    left = _wire(writer)
    writer.send(video(1, 2, b"picture"), 10, 888, 999)
    forged = bytearray(left[0])
    forged[-1] ^= 1
    assert isinstance(reader, SrtpReader)
    assert reader.open_rtp(bytes(forged)) is None
    assert reader.open_rtp(left[0]) is not None
    assert reader.open_rtp(left[0]) is None
    for length in (0, 1, 11, 12, 20, 2048, 2049, 9000):
        assert reader.open_rtp(b"\x80" * length) is None
        assert reader.open_rtcp(b"\x80\xc8" * (length // 2)) is None
    writer.send(bytes(MAX_PLAIN + 1), 11, 888, 999)
    assert len(left) == 1
    assert writer.refused == 1
    await server.stop()
    await client.stop()


async def test_a_stranger_with_another_certificate_is_refused() -> None:
    certificate, stranger = WorkerCertificate(), WorkerCertificate()
    ends = _pair(certificate, stranger)
    expected = (("sha-256", certificate.fingerprint()),)
    async with asyncio.timeout(10):
        agreed = await asyncio.gather(ends[0].handshake(expected), ends[1].handshake(expected))
    assert agreed == [False, True]
    for end in ends:
        await end.stop()


async def test_a_farewell_is_noticed() -> None:
    server, client = await _keys()
    gone = asyncio.Event()
    server.on_farewell(gone.set)
    await client.stop()
    async with asyncio.timeout(5):
        await gone.wait()
    await server.stop()
