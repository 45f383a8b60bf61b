"""A small WebRTC peer without codecs, for measurements and for tests that need every packet in hand.

It checks (full ICE), shakes hands and encrypts like a browser, and counts or shows what arrives.
"""

import asyncio
import secrets
import socket
from collections.abc import Callable
from contextlib import suppress

from rtc.aiortc_seam import DtlsPeer, SrtpReader, SrtpWriter, WorkerCertificate, read_sdp
from rtc.errors import MalformedPacket
from rtc.sdp.lines import LEVEL_URI, TRANSPORT_CC_URI, LocalTransport, joined
from rtc.transport.stun import binding_success, pack_binding_request, parse_binding_request

VIDEO_PT, AUDIO_PT = 96, 111
CHECK_S = 0.05
CONSENT_S = 2.0


class SyntheticPeer:
    """One peer on its own socket. `on_media` is given each SRTP or SRTCP datagram, still encrypted."""

    def __init__(self, certificate: WorkerCertificate, *, host: str = "127.0.0.1") -> None:
        self._certificate = certificate
        self._host = host
        self._ufrag = secrets.token_hex(4)
        self._password = secrets.token_hex(16)
        self._remote: tuple[str, str, tuple[str, int]] = ("", "", ("", 0))
        self._dtls: DtlsPeer | None = None
        self._valid = asyncio.Event()
        self._controlling = True
        self._checking: asyncio.Task[None] | None = None
        self._socket = self._open()
        self.on_media: Callable[[bytes], None] = lambda _data: None
        self.reader: SrtpReader | None = None
        self.writer: SrtpWriter | None = None
        self.checks_answered = 0

    @property
    def local(self) -> LocalTransport:
        """Where it is reached."""
        return LocalTransport(
            ufrag=self._ufrag,
            password=self._password,
            fingerprint=self._certificate.fingerprint(),
            candidates=(self._socket.getsockname()[:2],),
        )

    @property
    def profile(self) -> str:
        """The SRTP profile that was agreed."""
        return self._dtls.profile if self._dtls is not None else ""

    def offer(self, video_ssrc: int, audio_ssrc: int, codec: str = "VP8") -> str:
        """An offer to publish picture and sound."""
        lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE v a"]
        lines += [f"m=video 9 UDP/TLS/RTP/SAVPF {VIDEO_PT}", "c=IN IP4 127.0.0.1", "a=mid:v"]
        lines += ["a=sendonly", "a=rtcp-mux", f"a=rtpmap:{VIDEO_PT} {codec}/90000"]
        if codec == "H264":
            lines.append(f"a=fmtp:{VIDEO_PT} packetization-mode=1;profile-level-id=42e01f")
        lines += [f"a=rtcp-fb:{VIDEO_PT} {each}" for each in ("nack", "nack pli", "goog-remb")]
        lines += [f"a=ssrc:{video_ssrc} cname:synthetic", *self._transport_lines("actpass")]
        lines += [f"m=audio 9 UDP/TLS/RTP/SAVPF {AUDIO_PT}", "c=IN IP4 127.0.0.1", "a=mid:a"]
        lines += ["a=sendonly", "a=rtcp-mux", f"a=rtpmap:{AUDIO_PT} opus/48000/2", f"a=extmap:1 {LEVEL_URI}"]
        lines += [f"a=ssrc:{audio_ssrc} cname:synthetic", *self._transport_lines("actpass")]
        return joined(lines)

    def answer(self, offer: str, *, retransmissions: bool = False, numbered: bool = False) -> str:
        """An answer that receives everything; if wanted, what is sent again in a stream of its own, and
        packets that are numbered transport-wide.
        """
        session = read_sdp(offer)
        self._controlling = "a=ice-lite" in offer  # else who offers controls (RFC 8445 section 6.1.1)
        mids = " ".join(description.rtp.muxId for description in session.media)
        lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", f"a=group:BUNDLE {mids}"]
        for description in session.media:
            codecs = [each for each in description.rtp.codecs if retransmissions or each.name != "rtx"]
            numbers = " ".join(str(codec.payloadType) for codec in codecs)
            lines += [f"m={description.kind} 9 UDP/TLS/RTP/SAVPF {numbers}", "c=IN IP4 127.0.0.1"]
            lines += [f"a=mid:{description.rtp.muxId}", "a=recvonly", "a=rtcp-mux"]
            lines += [f"a=rtpmap:{codec.payloadType} {codec}" for codec in codecs]
            if numbered and description.kind == "video":
                ids = {each.uri: each.id for each in description.rtp.headerExtensions}
                lines.append(f"a=extmap:{ids[TRANSPORT_CC_URI]} {TRANSPORT_CC_URI}")
                lines.append(f"a=rtcp-fb:{codecs[0].payloadType} transport-cc")
            lines += self._transport_lines("active")
        return joined(lines)

    async def connect(self, description: str) -> None:
        """Checked, shaken hands and ready to send; `description` is the other side's.

        Raises: ConnectionError, TimeoutError.
        """
        media = next(each for each in read_sdp(description).media if each.port)
        candidate = next(each for each in media.ice_candidates if (":" in each.ip) == (":" in self._host))
        ice, dtls = media.ice, media.dtls
        if ice is None or dtls is None or ice.usernameFragment is None or ice.password is None:
            raise ConnectionError("the description says nothing of ICE or DTLS")
        self._remote = (ice.usernameFragment, ice.password, (candidate.ip, candidate.port))
        self._dtls = DtlsPeer(self._certificate, server=dtls.role == "client", send=self._send_unmeasured)
        self._checking = asyncio.create_task(self._check())
        async with asyncio.timeout(15):
            await self._valid.wait()
            prints = tuple((each.algorithm, each.value) for each in dtls.fingerprints)
            if not await self._dtls.handshake(prints):
                raise ConnectionError("no keys were agreed")
        self.reader = self._dtls.reader()
        self.writer = self._dtls.writer()
        self._aim(self.writer)

    def send(self, packet: bytes) -> None:
        """A plain RTP packet has left, encrypted."""
        if self.writer is not None:
            self.writer.send(
                packet,
                int.from_bytes(packet[2:4], "big"),
                int.from_bytes(packet[4:8], "big"),
                int.from_bytes(packet[8:12], "big"),
            )

    def send_raw(self, data: bytes) -> None:
        """These bytes have left as they are."""
        self._send(data)

    def move(self) -> None:
        """From now on it is at another address, as a phone that changed networks."""
        asyncio.get_running_loop().remove_reader(self._socket.fileno())
        self._socket.close()
        self._socket = self._open()
        if self.writer is not None:
            self._aim(self.writer)

    def _aim(self, writer: SrtpWriter) -> None:
        writer.aim(self._socket.sendto, self._socket.fileno(), self._remote[2])

    def read(self, wanted: bool) -> None:
        """What arrives is read, or left to the kernel, which drops it when there is too much."""
        loop = asyncio.get_running_loop()
        if wanted:
            loop.add_reader(self._socket.fileno(), self._drain)
        else:
            loop.remove_reader(self._socket.fileno())

    def stop_checking(self) -> None:
        """It says no more by ICE."""
        if self._checking is not None:
            self._checking.cancel()

    def vanish(self) -> None:
        """It is gone without a word."""
        self.stop_checking()
        if self._socket.fileno() >= 0:
            asyncio.get_running_loop().remove_reader(self._socket.fileno())
            self._socket.close()

    async def close(self) -> None:
        """It has said farewell and is gone."""
        if self._dtls is not None:
            await self._dtls.stop()
        self.vanish()

    def _open(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        sock.bind((self._host, 0))
        sock.setblocking(False)
        asyncio.get_running_loop().add_reader(sock.fileno(), self._drain)
        return sock

    def _transport_lines(self, setup: str) -> list[str]:
        local = self.local
        host, port = local.candidates[0]
        return [
            f"a=ice-ufrag:{local.ufrag}",
            f"a=ice-pwd:{local.password}",
            f"a=fingerprint:sha-256 {local.fingerprint}",
            f"a=setup:{setup}",
            f"a=candidate:1 1 udp 2130706431 {host} {port} typ host",
            "a=end-of-candidates",
        ]

    async def _check(self) -> None:
        """Checks until one is answered, then to keep the other side's consent."""
        while True:
            ufrag, password, _ = self._remote
            self._send(
                pack_binding_request(
                    username=f"{ufrag}:{self._ufrag}",
                    password=password,
                    transaction=secrets.token_bytes(12),
                    use_candidate=self._controlling,
                    controlling=self._controlling,
                )
            )
            await asyncio.sleep(CONSENT_S if self._valid.is_set() else CHECK_S)

    def _send_unmeasured(self, data: bytes) -> None:
        self._send(data)

    def _send(self, data: bytes) -> int:
        with suppress(OSError):
            return self._socket.sendto(data, self._remote[2])
        return 0

    def _drain(self) -> None:
        receive = self._socket.recvfrom
        try:
            for _ in range(64):
                data, address = receive(2048)
                first = data[0]
                if 127 < first < 192:
                    self.on_media(data)
                elif first < 4:
                    self._take_stun(data, address)
                elif self._dtls is not None:
                    self._dtls.receive(data)
        except OSError:
            return

    def _take_stun(self, data: bytes, address: tuple[str, int]) -> None:
        if data[:2] == b"\x01\x01":
            self.checks_answered += 1
            self._valid.set()
            return
        with suppress(MalformedPacket, OSError):
            request = parse_binding_request(data)
            if request.signed_by(self._password):
                self._socket.sendto(binding_success(request, address, self._password), address)
