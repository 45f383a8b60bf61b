"""One peer's connection: its way from the first check to keys, and its end."""

import asyncio
import secrets
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from enum import StrEnum

from rtc.aiortc_seam import DtlsPeer, SrtpReader, SrtpWriter, WorkerCertificate
from rtc.budget import Budget
from rtc.rtp.rtp_packet import is_rtcp
from rtc.sdp.lines import RemoteTransport
from rtc.transport.ice_lite import Address, IceLite
from rtc.transport.media_port import GONE, MediaPort
from rtc.transport.newcomer import Newcomer
from rtc.transport.stun import BindingRequest, is_success, pack_binding_request

SETUP_S = 30.0  # from the description to the first check
HANDSHAKE_S = 10.0
FAREWELL_S = 1.0
MEDIA_PER_S, MEDIA_BURST = 3_000.0, 3_000.0  # packets of a publisher: about 28 Mbps
CONTROL_PER_S, CONTROL_BURST = 300.0, 600.0  # RTCP datagrams: a console with 20 slots sends about 40 a second
EARLY_HANDSHAKE = 8
EARLY_MEDIA = 256  # the first keyframe comes right behind the peer's last handshake datagram


class Reason(StrEnum):
    """Why a connection ended."""

    CLOSED = "closed"
    CLOSED_BY_PEER = "closed_by_peer"
    CONSENT_LOST = "consent_lost"
    HANDSHAKE_FAILED = "handshake_failed"
    HANDSHAKE_TIMEOUT = "handshake_timeout"
    UNANSWERED = "unanswered"
    REPLACED = "replaced"
    FAULT = "fault"


class Connection:
    """ICE, DTLS and SRTP of one peer; what its packets mean is the owner's matter.

    As an outlet it sends nothing before the handshake and nothing after the end.
    """

    def __init__(
        self,
        *,
        connection_id: str,
        ice: IceLite,
        port: MediaPort,
        certificate: WorkerCertificate,
        on_rtp: Callable[[bytes, float], None] | None,
        on_rtcp: Callable[[bytes, float], None],
        now: float,
    ) -> None:
        """`on_rtp` is None for a peer that has no media to send: what it sends all the same is not opened."""
        self.connection_id = connection_id
        self.ice = ice
        self.forged = 0
        self.unasked = 0  # media of a peer that has none to send
        self._media = Budget(per_s=MEDIA_PER_S, burst=MEDIA_BURST, now=now)
        self._control = Budget(per_s=CONTROL_PER_S, burst=CONTROL_BURST, now=now)
        self._port = port
        self._certificate = certificate
        self._on_rtp = on_rtp
        self._on_rtcp = on_rtcp
        self._remote: RemoteTransport | None = None
        self._dtls: DtlsPeer | None = None
        self._early: list[bytes] = []  # handshake datagrams before the answer: later ones are dropped
        self._early_media: list[tuple[bytes, int, Address, float]] = []  # before the keys: likewise
        self._reader: SrtpReader | None = None
        self._writer: SrtpWriter | None = None
        self._newcomer: Newcomer | None = None
        self._described = asyncio.Event()
        self._placed = asyncio.Event()
        self._ended: asyncio.Future[Reason] = asyncio.get_running_loop().create_future()

    @property
    def awaits_answer(self) -> bool:
        """Whether the peer's description is still to come."""
        return self._remote is None

    @property
    def refused(self) -> int:
        """Packets beyond what one peer may send: dropped unread."""
        return self._media.refused + self._control.refused

    @property
    def writer(self) -> SrtpWriter | None:
        """The outlet's counters; None before the handshake and after the end."""
        return self._writer

    def describe(self, remote: RemoteTransport) -> None:
        """The peer's description is known: it may shake hands."""
        self._remote = remote
        self._dtls = DtlsPeer(self._certificate, server=remote.peer_is_client, send=self._send_handshake)
        for datagram in self._early:
            self._dtls.receive(datagram)
        self._early.clear()
        self._described.set()

    async def run(self, on_up: Callable[[], None]) -> Reason:
        """From the first check to the end; why it ended. `on_up` is called when there are keys."""
        self._port.expect(self.ice.ufrag, self)
        try:
            reason = await self._set_up()
            if reason is None:
                on_up()
                early, self._early_media = self._early_media, []
                for data, path, address, now in early:
                    self.receive_media(data, path, address, now)
                reason = await self._ended
            return reason
        finally:
            self._port.forget(self.ice.ufrag, self)
            if self.ice.former is not None:
                self._port.unexpect(self.ice.former[0])
            self._reader = None
            self._early_media.clear()
            if self._writer is not None:
                self._writer.silence()
            if self._dtls is not None:
                with suppress(TimeoutError):
                    async with asyncio.timeout(FAREWELL_S):
                        await self._dtls.stop()

    def receive_moved(self, data: bytes, path: int, address: Address, now: float) -> bool:
        """Media from an address that nobody has proved is taken in if it is the peer's own, and the address
        asked for proof. Only a peer that has just been heard elsewhere cannot have moved.
        """
        if self._reader is None or not self.ice.quiet(now):
            return False
        if not self._take_in(data, path, address, now, trial=True):
            return False
        if self._newcomer is not None and self._newcomer.place not in self.ice.addresses:
            self._port.release(*self._newcomer.place, self)
        self._newcomer = Newcomer(place=(path, address), transaction=secrets.token_bytes(12))
        self._ask_for_proof(self._newcomer, len(data), now)
        return True

    def receive_proof(self, data: bytes, path: int, address: Address, now: float) -> bool:
        """Whether this answers the check that was sent to that address: media goes there from now on."""
        newcomer, remote = self._newcomer, self._remote
        if newcomer is None or remote is None or newcomer.place != (path, address):
            return False
        if not is_success(data, newcomer.transaction, remote.ice_password):
            return False
        self._newcomer = None
        before = set(self.ice.addresses)
        self.ice.prove((path, address), now)
        self._release(before)
        self._follow()
        return True

    @property
    def remote_ufrag(self) -> str:
        """As the peer last described itself; empty before it has."""
        return self._remote.ice_ufrag if self._remote is not None else ""

    def restart_ice(self, ufrag: str, password: str) -> None:
        """The peer may check with these from now on; keys and media stay as they are. Its names follow."""
        if self.ice.former is not None:  # another restart, before the last one was used
            self._port.unexpect(self.ice.ufrag)
        self.ice.restart(ufrag, password)
        self._port.expect(ufrag, self)

    def rename(self, ufrag: str, password: str) -> None:
        """The peer goes by these since the ICE session began anew."""
        if self._remote is not None:
            self._remote = replace(self._remote, ice_ufrag=ufrag, ice_password=password)

    def end(self, reason: Reason) -> None:
        """The connection ends, if it has not yet."""
        if not self._ended.done():
            self._ended.set_result(reason)

    def check_consent(self, now: float) -> None:
        """The connection ends if the peer has not been heard of for too long."""
        if self._reader is not None and self.ice.lost(now):
            self.end(Reason.CONSENT_LOST)

    def send(self, plain: bytes, seq: int, timestamp: int, ssrc: int) -> None:
        """As an outlet: the packet has left, if there are keys."""
        if self._writer is not None:
            self._writer.send(plain, seq, timestamp, ssrc)

    def send_rtcp(self, data: bytes) -> None:
        """As an outlet: the compound packet has left, if there are keys."""
        if self._writer is not None:
            self._writer.send_rtcp(data)

    def receive_check(self, request: BindingRequest, path: int, address: Address, now: float) -> bytes | None:
        """The answer, if the request is genuine; media follows the address that is selected."""
        before = set(self.ice.addresses)
        selected = self.ice.selected
        former = self.ice.former
        answer = self.ice.check(request, path, address, now)
        if answer is None:
            return None
        if former is not None and self.ice.former is None:
            self._port.unexpect(former[0])
        self._release(before)
        if self.ice.selected != selected:
            self._follow()
        self._placed.set()
        return answer

    def lose(self, path: int) -> None:
        """The path is gone: what went by it goes another way at once, or nowhere until there is one."""
        selected = self.ice.selected
        self.ice.lose(path)
        if self.ice.selected != selected:
            self._follow()

    def receive_handshake(self, data: bytes, path: int, address: Address) -> None:
        """A DTLS datagram goes to the handshake, or waits for the peer's description."""
        if self._dtls is not None:
            self._dtls.receive(data)
        elif len(self._early) < EARLY_HANDSHAKE:
            self._early.append(data)

    def receive_media(self, data: bytes, path: int, address: Address, now: float) -> None:
        """A genuine packet goes to the owner; it proves that the peer lives."""
        if self._reader is None:
            if self._dtls is not None and len(self._early_media) < EARLY_MEDIA:
                self._early_media.append((data, path, address, now))
            return
        taken = self._take_in(data, path, address, now)
        newcomer = self._newcomer
        if taken and newcomer is not None and newcomer.place == (path, address):
            self._ask_for_proof(newcomer, len(data), now)

    def _take_in(self, data: bytes, path: int, address: Address, now: float, *, trial: bool = False) -> bool:
        """Whether the packet was the peer's; in a trial it is no fault of the peer's that it was not."""
        reader = self._reader
        if reader is None:
            return False
        if is_rtcp(data):
            open_it, handler, budget = reader.open_rtcp, self._on_rtcp, self._control
        elif self._on_rtp is None:
            self.unasked += not trial
            return False
        else:
            open_it, handler, budget = reader.open_rtp, self._on_rtp, self._media
        if not trial and not budget.take(1, now):
            return False
        clear = open_it(data)
        if clear is None:
            self.forged += not trial
            return False
        self.ice.heard((path, address), now)
        handler(clear, now)
        return True

    def _ask_for_proof(self, newcomer: Newcomer, octets: int, now: float) -> None:
        newcomer.heard(octets)
        remote = self._remote
        if newcomer.place in self.ice.addresses or remote is None or not remote.ice_password:
            self._newcomer = None  # it has checked meanwhile, or cannot be checked
            return
        check = pack_binding_request(
            username=f"{remote.ice_ufrag}:{self.ice.ufrag}",
            password=remote.ice_password,
            transaction=newcomer.transaction,
            use_candidate=False,
            controlling=False,
        )
        if newcomer.ask(len(check), now):
            path, address = newcomer.place
            with suppress(OSError):
                self._port.sender(path)(check, address)

    def _release(self, before: Iterable[tuple[int, Address]]) -> None:
        """Of the places that the peer had, those that it has no more are nobody's."""
        for path, address in set(before) - self.ice.addresses.keys():
            self._port.release(path, address, self)

    async def _set_up(self) -> Reason | None:
        """Check, description and handshake; None when all went well."""
        try:
            async with asyncio.timeout(SETUP_S):
                await self._or_ended(self._described)
                await self._or_ended(self._placed)
        except TimeoutError:
            return Reason.UNANSWERED
        dtls, remote = self._dtls, self._remote
        if self._ended.done() or dtls is None or remote is None:
            return await self._ended
        try:
            async with asyncio.timeout(HANDSHAKE_S):
                agreed = await dtls.handshake(remote.fingerprints)
        except TimeoutError:
            return Reason.HANDSHAKE_TIMEOUT
        if not agreed:
            return Reason.HANDSHAKE_FAILED
        self._reader = dtls.reader()
        self._writer = dtls.writer()
        self._follow()
        dtls.on_farewell(lambda: self.end(Reason.CLOSED_BY_PEER))
        return None

    async def _or_ended(self, event: asyncio.Event) -> None:
        waiter = asyncio.ensure_future(event.wait())
        try:
            await asyncio.wait((waiter, self._ended), return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiter.cancel()

    def _follow(self) -> None:
        """Media goes to the selected address from now on."""
        if self._writer is None:
            return
        path, address = self.ice.selected or (GONE, ("", 0))
        self._writer.aim(self._port.sender(path), self._port.fileno(path), address)

    def _send_handshake(self, data: bytes) -> None:
        if self.ice.selected is not None:
            path, address = self.ice.selected
            with suppress(OSError):
                self._port.sender(path)(data, address)
