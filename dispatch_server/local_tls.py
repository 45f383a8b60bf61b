"""Phones reach the hub over https with a certificate that an authority made here has signed.

A camera and a microphone open only on https, and a machine in a command hall has no public name for which
anyone else would sign. So the first start makes a certificate authority in DIR/tls. A phone trusts it once,
by installing `ca.pem`; the authority therefore never changes by itself: when it is damaged or over, the hub
says so and stops.

    ca.pem  ca.key            made once, 10 years
    server.pem  server.key    signed anew when an address changes or 30 days are left

The server's certificate lives 397 days, which every phone accepts (Apple's limits: 398 days under a public
authority, 825 under a private one). trustme is not used: its authorities end in the year 3000, carry
"Testing CA" in their name and may sign further authorities.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from dispatch_server.errors import StartError

AUTHORITY_LIFETIME = timedelta(days=3650)
SERVER_LIFETIME = timedelta(days=397)
RENEW_BEFORE = timedelta(days=30)
BACKDATED = timedelta(days=1)  # a phone's clock may be behind
ALWAYS_NAMED = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalTls:
    """What the https listener needs, and what a person installs on a phone."""

    context: ssl.SSLContext
    ca_pem: Path
    names: frozenset[str]
    renew_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    certificate: x509.Certificate
    key: EllipticCurvePrivateKey


def local_tls(
    folder: Path, *, names: Iterable[str], now: datetime, context: ssl.SSLContext | None = None
) -> LocalTls:
    """The certificate in `folder` is valid at `now` for `names` (addresses, hosts) and is in the context.

    Given the context of a running listener, new connections get the renewed certificate without a restart.

    Raises:
        StartError: the folder cannot be written, or the authority in it is damaged, incomplete or over.
    """
    named = frozenset(_subject_names((*ALWAYS_NAMED, *names)))
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        authority = _authority(folder, now)
        server = _load_server(folder)
        if server is None or not _still_good(server.certificate, authority, named, now):
            server = _sign_server(authority, named, now)
            _save(folder, "server", server)
        context = context or _server_context()
        context.load_cert_chain(folder / "server.pem", folder / "server.key")
    except OSError as error:
        raise StartError(
            f"cannot keep the https certificate in {folder}: {error.strerror or error}"
        ) from error
    return LocalTls(
        context=context,
        ca_pem=folder / "ca.pem",
        names=frozenset(str(name.value) for name in named),
        renew_at=server.certificate.not_valid_after_utc - RENEW_BEFORE,
    )


def _authority(folder: Path, now: datetime) -> _Pair:
    """The authority of earlier starts, or on the very first one a new one."""
    files = (folder / "ca.pem", folder / "ca.key")
    if not any(file.exists() for file in files):
        authority = _make_authority(now)
        _save(folder, "ca", authority)
        return authority
    way_out = f"restore it from a backup, or remove {folder} and let every phone trust the new authority"
    for file in files:
        if not file.exists():
            raise StartError(f"{file} is missing: {way_out}")
    kept = _load(folder, "ca")
    if kept is None:
        raise StartError(f"{files[0]} and {files[1]} are damaged or do not belong together: {way_out}")
    ends = kept.certificate.not_valid_after_utc
    if now >= ends:
        raise StartError(
            f"{files[0]} ended on {ends:%Y-%m-%d}: remove {folder}; phones must trust the new one"
        )
    return kept


def _make_authority(now: datetime) -> _Pair:
    key = generate_private_key(SECP256R1())
    name = _name(f"Liandong local authority {now:%Y-%m-%d}")
    since = now - BACKDATED
    builder = (
        _certificate(name, key, issuer=name, since=since, until=since + AUTHORITY_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
    )
    return _Pair(certificate=builder.sign(key, hashes.SHA256()), key=key)


def _sign_server(authority: _Pair, names: frozenset[x509.GeneralName], now: datetime) -> _Pair:
    key = generate_private_key(SECP256R1())
    since = now - BACKDATED
    signer = authority.certificate
    until = min(since + SERVER_LIFETIME, signer.not_valid_after_utc)
    signer_id = signer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    signed_by = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(signer_id)
    builder = (
        _certificate(_name("Liandong hub"), key, issuer=signer.subject, since=since, until=until)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(signed_by, critical=False)
        .add_extension(x509.SubjectAlternativeName(sorted(names, key=str)), critical=False)
    )
    return _Pair(certificate=builder.sign(authority.key, hashes.SHA256()), key=key)


def _certificate(
    subject: x509.Name, key: EllipticCurvePrivateKey, *, issuer: x509.Name, since: datetime, until: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Liandong"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _subject_names(names: Iterable[str]) -> Iterable[x509.DNSName | x509.IPAddress]:
    """One entry each; a host name that no certificate can carry (non-ASCII, a scope id) is left out."""
    for name in names:
        try:
            yield x509.IPAddress(ip_address(name))
        except ValueError:
            with suppress(ValueError):
                yield x509.DNSName(name.lower())


def _still_good(
    certificate: x509.Certificate, authority: _Pair, names: frozenset[x509.GeneralName], now: datetime
) -> bool:
    try:
        certificate.verify_directly_issued_by(authority.certificate)
    except (ValueError, TypeError, InvalidSignature):
        return False
    held = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    ends = min(certificate.not_valid_after_utc, certificate.not_valid_before_utc + SERVER_LIFETIME)
    return frozenset(held) == names and certificate.not_valid_before_utc <= now < ends - RENEW_BEFORE


def _load_server(folder: Path) -> _Pair | None:
    """None when it is not there, or is not what was saved: it is then simply signed again."""
    try:
        return _load(folder, "server")
    except FileNotFoundError:
        return None


def _load(folder: Path, stem: str) -> _Pair | None:
    """None when the two files are no certificate and its key. The key is closed to others if it was open."""
    key_file = folder / f"{stem}.key"
    if key_file.stat().st_mode & 0o077:
        key_file.chmod(0o600)
    try:
        certificate = x509.load_pem_x509_certificate((folder / f"{stem}.pem").read_bytes())
        key = load_pem_private_key(key_file.read_bytes(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    if not isinstance(key, EllipticCurvePrivateKey) or certificate.public_key() != key.public_key():
        return None
    return _Pair(certificate=certificate, key=key)


def _save(folder: Path, stem: str, pair: _Pair) -> None:
    """The key first: whoever sees the certificate finds its key beside it."""
    pem = pair.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    _write(folder / f"{stem}.key", pem, mode=0o600)
    _write(folder / f"{stem}.pem", pair.certificate.public_bytes(Encoding.PEM), mode=0o644)


def _write(file: Path, content: bytes, *, mode: int) -> None:
    """The whole content or none, with `mode` from the first byte on."""
    draft = file.with_name(f"{file.name}.new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(file)


def _server_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context
