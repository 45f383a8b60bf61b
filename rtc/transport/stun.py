"""STUN binding requests and responses as bytes (RFC 8489), as much as ICE-lite needs.

A request that is not signed correctly is answered by nothing at all: nobody is sent a byte before they have
shown that they know the password.
"""

import hmac
import ipaddress
import zlib
from dataclasses import dataclass
from struct import Struct

from rtc.errors import MalformedPacket

COOKIE = 0x2112A442
BINDING_REQUEST = 0x0001
BINDING_SUCCESS = 0x0101
BINDING_ERROR = 0x0111

USERNAME = 0x0006
MESSAGE_INTEGRITY = 0x0008
ERROR_CODE = 0x0009
XOR_MAPPED_ADDRESS = 0x0020
USE_CANDIDATE = 0x0025
FINGERPRINT = 0x8028
ICE_CONTROLLED = 0x8029
ICE_CONTROLLING = 0x802A

_HEADER = Struct("!HHI12s")
_ATTRIBUTE = Struct("!HH")
_FINGERPRINT_XOR = 0x5354554E
_SIGNATURE_LENGTH = 24  # the MESSAGE-INTEGRITY attribute with its header
MAX_LENGTH = 1200


@dataclass(frozen=True, slots=True, kw_only=True)
class BindingRequest:
    """A binding request as it came; nothing in it is to be believed before `signed_by` says so."""

    transaction: bytes
    username: str
    use_candidate: bool
    controlled: bool
    signed: bytes  # what the signature covers
    signature: bytes

    @property
    def local_ufrag(self) -> str:
        """Our part of the user name: before the colon (RFC 8445 section 7.2.2)."""
        return self.username.partition(":")[0]

    def signed_by(self, password: str) -> bool:
        """Whether the sender knows the password."""
        return hmac.compare_digest(self.signature, _sign(self.signed, password))


def parse_binding_request(data: bytes) -> BindingRequest:
    """The request in these bytes, signature not yet checked.

    Raises: MalformedPacket, also for other STUN messages and for requests without signature or user name.
    """
    if not 20 <= len(data) <= MAX_LENGTH or len(data) % 4:
        raise MalformedPacket("STUN length is wrong")
    kind, length, cookie, transaction = _HEADER.unpack_from(data)
    if kind != BINDING_REQUEST or cookie != COOKIE or length + 20 != len(data):
        raise MalformedPacket("not a STUN binding request")
    username: str | None = None
    use_candidate = controlled = False
    at = 20
    while at + 4 <= len(data):
        attribute, size = _ATTRIBUTE.unpack_from(data, at)
        value = data[at + 4 : at + 4 + size]
        if len(value) != size:
            raise MalformedPacket("STUN attribute is cut off")
        if attribute == MESSAGE_INTEGRITY:
            if size != 20 or username is None:
                break
            _check_fingerprint(data, at + _SIGNATURE_LENGTH)
            return BindingRequest(
                transaction=transaction,
                username=username,
                use_candidate=use_candidate,
                controlled=controlled,
                signed=_with_length(data[:at], at - 20 + _SIGNATURE_LENGTH),
                signature=value,
            )
        if attribute == USERNAME:
            username = value.decode("ascii", "replace")
        elif attribute == USE_CANDIDATE:
            use_candidate = True
        elif attribute == ICE_CONTROLLED:
            controlled = True
        at += 4 + size + (-size % 4)
    raise MalformedPacket("STUN request without signature or user name")


def binding_success(request: BindingRequest, address: tuple[str, int], password: str) -> bytes:
    """The signed answer: the address that the request came from."""
    family, packed = _packed_address(address[0])
    port = address[1] ^ COOKIE >> 16
    mask = COOKIE.to_bytes(4, "big") + request.transaction
    value = bytes((0, family)) + port.to_bytes(2, "big")
    value += bytes(one ^ other for one, other in zip(packed, mask, strict=False))
    return _finish(BINDING_SUCCESS, request.transaction, _attribute(XOR_MAPPED_ADDRESS, value), password)


def is_success(data: bytes, transaction: bytes, password: str) -> bool:
    """Whether this is the signed answer to our own request of that transaction."""
    if not 20 <= len(data) <= MAX_LENGTH or len(data) % 4:
        return False
    kind, length, cookie, answered = _HEADER.unpack_from(data)
    if (kind, cookie, answered) != (BINDING_SUCCESS, COOKIE, transaction) or length + 20 != len(data):
        return False
    at = 20
    while at + 4 <= len(data):
        attribute, size = _ATTRIBUTE.unpack_from(data, at)
        if attribute == MESSAGE_INTEGRITY:
            signed = _with_length(data[:at], at - 20 + _SIGNATURE_LENGTH)
            return hmac.compare_digest(data[at + 4 : at + 4 + size], _sign(signed, password))
        at += 4 + size + (-size % 4)
    return False


def role_conflict(request: BindingRequest, password: str) -> bytes:
    """The signed answer to a peer that believes itself controlled (RFC 8445 section 7.3.1.1)."""
    value = bytes((0, 0, 4, 87)) + b"Role Conflict"
    return _finish(BINDING_ERROR, request.transaction, _attribute(ERROR_CODE, value), password)


def pack_binding_request(
    *, username: str, password: str, transaction: bytes, use_candidate: bool = True, controlling: bool = True
) -> bytes:
    """A signed check, as a full ICE peer sends it; ours is neither controlling nor nominating."""
    body = _attribute(USERNAME, username.encode())
    body += _attribute(ICE_CONTROLLING if controlling else ICE_CONTROLLED, b"\0" * 8)
    if use_candidate:
        body += _attribute(USE_CANDIDATE, b"")
    return _finish(BINDING_REQUEST, transaction, body, password)


def _finish(kind: int, transaction: bytes, body: bytes, password: str) -> bytes:
    message = _HEADER.pack(kind, len(body) + _SIGNATURE_LENGTH, COOKIE, transaction) + body
    message += _attribute(MESSAGE_INTEGRITY, _sign(message, password))
    message = _with_length(message, len(message) - 20 + 8)
    return message + _attribute(FINGERPRINT, (zlib.crc32(message) ^ _FINGERPRINT_XOR).to_bytes(4, "big"))


def _check_fingerprint(data: bytes, at: int) -> None:
    if at == len(data):
        return
    if at + 8 != len(data) or _ATTRIBUTE.unpack_from(data, at) != (FINGERPRINT, 4):
        return  # other attributes after the signature are not ours to read
    if int.from_bytes(data[at + 4 :], "big") != zlib.crc32(data[:at]) ^ _FINGERPRINT_XOR:
        raise MalformedPacket("STUN fingerprint is wrong")


def _sign(message: bytes, password: str) -> bytes:
    return hmac.digest(password.encode(), message, "sha1")


def _with_length(message: bytes, length: int) -> bytes:
    return message[:2] + length.to_bytes(2, "big") + message[4:]


def _attribute(kind: int, value: bytes) -> bytes:
    return _ATTRIBUTE.pack(kind, len(value)) + value + b"\0" * (-len(value) % 4)


def _packed_address(host: str) -> tuple[int, bytes]:
    address = ipaddress.ip_address(host.partition("%")[0])
    return (1 if address.version == 4 else 2), address.packed
