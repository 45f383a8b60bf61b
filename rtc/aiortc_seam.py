"""The one place that touches what aiortc and pylibsrtp do not promise to keep.

From aiortc come the DTLS handshake with its certificate and key export (`RTCDtlsTransport` over a transport
object of ours) and the reading of session descriptions; from pylibsrtp the libsrtp functions themselves,
called on our own buffers: no object and no copy per packet. Every name used here is pinned by
tests/contract/test_aiortc_seam.py.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from struct import Struct
from typing import Protocol

from aiortc import RTCCertificate
from aiortc.rtcdtlstransport import RTCDtlsFingerprint, RTCDtlsParameters, RTCDtlsTransport
from aiortc.rtcrtpparameters import RTCRtpCodecParameters as MediaCodec
from aiortc.sdp import MediaDescription, SessionDescription
from pylibsrtp._binding import ffi, lib

from rtc.errors import MalformedSdp, Undeliverable

__all__ = [
    "DtlsPeer",
    "MediaCodec",
    "MediaDescription",
    "Mirror",
    "SessionDescription",
    "SrtpReader",
    "SrtpWriter",
    "WorkerCertificate",
    "protect_address",
    "read_sdp",
]

MAX_DATAGRAM = 2048
MAX_PLAIN = 1460  # larger packets would not fit a datagram once encrypted: dropped
QUEUED_HANDSHAKE_DATAGRAMS = 32
SRTP_OVERHEAD = 160
_NUMBERS = Struct("!HII")  # sequence number, timestamp, SSRC: bytes 2 to 12 of every RTP packet


class WorkerCertificate:
    """One certificate for all handshakes of a worker, made anew before it expires."""

    def __init__(self) -> None:
        self._certificate = RTCCertificate.generateCertificate()

    def current(self) -> RTCCertificate:
        """A certificate that is valid for another day at least."""
        if self._certificate.expires < datetime.now(UTC) + timedelta(days=1):
            self._certificate = RTCCertificate.generateCertificate()
        return self._certificate

    def fingerprint(self) -> str:
        """Its SHA-256 fingerprint, as session descriptions have it."""
        prints = {each.algorithm: each.value for each in self.current().getFingerprints()}
        return prints["sha-256"]


class _Transport:
    """What RTCDtlsTransport takes for an ICE transport: `_recv`, `_send` and a role.

    Its queue holds 32 datagrams and drops the newest: DTLS sends its flights again.
    """

    role = "controlled"

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._out = send
        self._in: asyncio.Queue[bytes | None] = asyncio.Queue(QUEUED_HANDSHAKE_DATAGRAMS)

    def put(self, datagram: bytes | None) -> None:
        if not self._in.full():
            self._in.put_nowait(datagram)

    async def _recv(self) -> bytes:
        datagram = await self._in.get()
        if datagram is None:
            raise ConnectionError
        return datagram

    async def _send(self, data: bytes) -> None:
        self._out(data)


class DtlsPeer:
    """The DTLS side of one connection: handshake, keys, and the peer's farewell."""

    def __init__(
        self, certificate: WorkerCertificate, *, server: bool, send: Callable[[bytes], None]
    ) -> None:
        self._transport = _Transport(send)
        self._dtls = RTCDtlsTransport(self._transport, [certificate.current()])  # type: ignore[arg-type]
        self._dtls._set_role("server" if server else "client")

    def receive(self, datagram: bytes) -> None:
        """A DTLS datagram from the peer's proved address."""
        self._transport.put(datagram)

    async def handshake(self, fingerprints: tuple[tuple[str, str], ...]) -> bool:
        """Whether keys were agreed with the holder of one of these certificates. Set it a time limit."""
        prints = [RTCDtlsFingerprint(algorithm=name, value=value) for name, value in fingerprints]
        await self._dtls.start(RTCDtlsParameters(fingerprints=prints))
        return self._dtls.state == "connected"

    @property
    def profile(self) -> str:
        """The SRTP profile that was agreed, as OpenSSL names it."""
        return self._dtls._ssl.get_selected_srtp_profile().decode() if self._dtls._ssl else ""

    def on_farewell(self, callback: Callable[[], None]) -> None:
        """Call back once when the peer has closed the connection by DTLS."""

        def changed() -> None:
            if self._dtls.state == "closed":
                callback()

        self._dtls.on("statechange", changed)

    def reader(self) -> "SrtpReader":
        """What opens the peer's packets. Only after the handshake."""
        return SrtpReader(self._dtls._rx_srtp)

    def writer(self) -> "SrtpWriter":
        """What seals packets for the peer. Only after the handshake."""
        return SrtpWriter(self._dtls._tx_srtp)

    async def stop(self) -> None:
        """Say farewell and end the reading."""
        self._dtls.remove_all_listeners()
        await self._dtls.stop()
        self._transport.put(None)


# One buffer for all packets of the process: each is opened or sealed and gone before the next is touched.
_BUFFER = ffi.new("char[]", MAX_DATAGRAM + SRTP_OVERHEAD)
_VIEW = memoryview(ffi.buffer(_BUFFER)).cast("B")
_LENGTH = ffi.new("int *")


class SrtpReader:
    """Opens what the peer encrypted."""

    __slots__ = ("_session", "_srtp")

    def __init__(self, session: object) -> None:
        self._session = session  # keeps the keys alive
        self._srtp = session._srtp[0]  # type: ignore[attr-defined]

    def open_rtp(self, data: bytes) -> bytes | None:
        """The packet in clear; None if it is forged, replayed or too long."""
        return self._open(data, lib.srtp_unprotect)

    def open_rtcp(self, data: bytes) -> bytes | None:
        """The RTCP packet in clear; None if it is forged, replayed or too long."""
        return self._open(data, lib.srtp_unprotect_rtcp)

    def _open(self, data: bytes, function: Callable[[object, object, object], int]) -> bytes | None:
        length = len(data)
        if length > MAX_DATAGRAM:
            return None
        _VIEW[:length] = data
        _LENGTH[0] = length
        if function(self._srtp, _BUFFER, _LENGTH):
            return None
        return bytes(_VIEW[: _LENGTH[0]])


class Mirror(Protocol):
    """Another that sends with the same keys to the same place."""

    def aim(self, fd: int, address: tuple[str, int]) -> None:
        """What leaves goes there, by that datagram socket; -1 when it goes by something else."""

    def silence(self) -> None:
        """Nothing leaves any more."""

    def counted(self) -> tuple[int, int, int, int]:
        """Packets sent, their bytes, packets dropped and packets refused."""


class SrtpWriter:
    """Encrypts for the peer and sends to where it was last proved to be."""

    __slots__ = (
        "_address",
        "_fd",
        "_send_to",
        "_session",
        "_srtp",
        "dropped",
        "mirror",
        "refused",
        "sent",
        "sent_bytes",
    )

    def __init__(self, session: object) -> None:
        self._session = session
        self._srtp = session._srtp[0]  # type: ignore[attr-defined]
        self._send_to: Callable[[memoryview, tuple[str, int]], int] | None = None
        self._address: tuple[str, int] = ("", 0)
        self._fd = -1
        self.mirror: Mirror | None = None
        self.sent = 0
        self.sent_bytes = 0
        self.dropped = 0  # the socket's buffer was full
        self.refused = 0  # libsrtp would not: too old to be sent again, or too long

    @property
    def session_address(self) -> int:
        """Where libsrtp's session lies, for code that calls it by `protect_address`."""
        return int(ffi.cast("uintptr_t", self._srtp))

    def aim(
        self, send_to: Callable[[memoryview, tuple[str, int]], int], fd: int, address: tuple[str, int]
    ) -> None:
        """What leaves goes there. `fd` is the datagram socket that `send_to` uses; -1 when it uses none."""
        self._send_to = send_to
        self._fd = fd
        self._address = address
        if self.mirror is not None:
            self.mirror.aim(fd, address)

    def silence(self) -> None:
        """Not one packet leaves any more, whoever still forwards."""
        self._send_to = None
        if self.mirror is not None:
            self.mirror.silence()

    def reflect(self, mirror: Mirror) -> None:
        """The mirror sends where this does, and stops when this does."""
        self.mirror = mirror
        if self._send_to is None:
            mirror.silence()
        else:
            mirror.aim(self._fd, self._address)

    def counted(self) -> tuple[int, int, int, int]:
        """Packets sent, their bytes, packets dropped and packets refused, the mirror's among them."""
        own = (self.sent, self.sent_bytes, self.dropped, self.refused)
        if self.mirror is None:
            return own
        sent, sent_bytes, dropped, refused = self.mirror.counted()
        return own[0] + sent, own[1] + sent_bytes, own[2] + dropped, own[3] + refused

    def send(self, plain: bytes, seq: int, timestamp: int, ssrc: int) -> None:
        """The plain packet has left with these numbers in its header."""
        length = len(plain)
        if self._send_to is None or length > MAX_PLAIN:
            self.refused += 1
            return
        _VIEW[:length] = plain
        _NUMBERS.pack_into(_VIEW, 2, seq, timestamp, ssrc)
        _LENGTH[0] = length
        if lib.srtp_protect(self._srtp, _BUFFER, _LENGTH):
            self.refused += 1
            return
        try:
            self.sent_bytes += self._send_to(_VIEW[: _LENGTH[0]], self._address)
            self.sent += 1
        except Undeliverable:
            pass  # the stream's matter, not the system's: its port counts it
        except OSError:
            self.dropped += 1

    def send_rtcp(self, data: bytes) -> None:
        """The compound packet has left."""
        length = len(data)
        if self._send_to is None or length > MAX_PLAIN:
            self.refused += 1
            return
        _VIEW[:length] = data
        _LENGTH[0] = length
        if lib.srtp_protect_rtcp(self._srtp, _BUFFER, _LENGTH):
            self.refused += 1
            return
        try:
            self._send_to(_VIEW[: _LENGTH[0]], self._address)
        except Undeliverable:
            pass
        except OSError:
            self.dropped += 1


def protect_address() -> int:
    """Where libsrtp's `srtp_protect(session, packet, length)` lies."""
    return int(ffi.cast("uintptr_t", ffi.addressof(lib, "srtp_protect")))


def read_sdp(text: str) -> SessionDescription:
    """The description in this text.

    aiortc asserts, indexes and unpacks as it reads: whatever that raises means that the text is malformed.

    Raises: MalformedSdp.
    """
    try:
        return SessionDescription.parse(text)
    except (AssertionError, AttributeError, LookupError, StopIteration, TypeError, ValueError) as error:
        raise MalformedSdp(type(error).__name__) from error
