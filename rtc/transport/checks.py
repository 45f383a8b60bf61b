"""Whose a check is: the peer that its STUN user name belongs to, by whatever socket it came."""

from typing import Protocol

from rtc.budget import Budget
from rtc.errors import MalformedPacket
from rtc.transport.ice_lite import Address
from rtc.transport.stun import BindingRequest, parse_binding_request

TRIALS_PER_S = 20.0  # packets of strangers that every peer's keys are tried on: else the flood would cost us
LEAST_MEDIA = 12 + 16  # bytes of a packet with its tag


class Peer(Protocol):
    """What a port hands packets to."""

    def receive_check(self, request: BindingRequest, path: int, address: Address, now: float) -> bytes | None:
        """A binding request for this peer; the answer, if it is genuine."""

    def receive_handshake(self, data: bytes, path: int, address: Address) -> None:
        """A DTLS datagram from an address that the peer has proved."""

    def receive_media(self, data: bytes, path: int, address: Address, now: float) -> None:
        """An SRTP or SRTCP datagram from an address that the peer has proved."""

    def receive_moved(self, data: bytes, path: int, address: Address, now: float) -> bool:
        """Media from an address that nobody has proved: whether it is the peer's own."""

    def receive_proof(self, data: bytes, path: int, address: Address, now: float) -> bool:
        """What may be the answer to a check that was sent to an address of the peer's."""

    def lose(self, path: int) -> None:
        """That path is gone for good, and every address on it."""


class Checks:
    """Peers by the user names under which they are checked, or by their keys."""

    def __init__(self) -> None:
        self._trials = Budget(per_s=TRIALS_PER_S, burst=TRIALS_PER_S, now=0.0)
        self._by_ufrag: dict[str, Peer] = {}
        self.strays = 0  # checks for nobody, or not signed by whom they claim
        self.malformed = 0

    def expect(self, ufrag: str, peer: Peer) -> None:
        """Checks for that user name are the peer's."""
        self._by_ufrag[ufrag] = peer

    def unexpect(self, ufrag: str) -> None:
        """Checks for that user name are nobody's."""
        self._by_ufrag.pop(ufrag, None)

    def whose(self, data: bytes, path: int, address: Address, now: float) -> Peer | None:
        """Whose media this is, from an address that nobody has proved; mostly nobody's."""
        if len(data) < LEAST_MEDIA or not self._trials.take(1, now):
            return None
        for peer in dict.fromkeys(self._by_ufrag.values()):
            if peer.receive_moved(data, path, address, now):
                return peer
        return None

    def take(
        self, data: bytes, path: int, address: Address, now: float, only: Peer | None = None
    ) -> tuple[Peer, bytes] | None:
        """Whose genuine check this is, and the answer; None for anything else, which is never answered.

        `only`: the one whose it may be.
        """
        try:
            request = parse_binding_request(data)
        except MalformedPacket:
            self.malformed += 1
            return None
        peer = self._by_ufrag.get(request.local_ufrag)
        if only is not None and peer is not only:
            peer = None
        answer = peer.receive_check(request, path, address, now) if peer else None
        if peer is None or answer is None:
            self.strays += 1
            return None
        return peer, answer
