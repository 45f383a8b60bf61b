"""Proving the journal from outside the running hub: chains, heads, signed checkpoints."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from sqlalchemy.exc import SQLAlchemyError

from dispatch_server.clock import system_clock
from dispatch_server.config import Config
from dispatch_server.errors import StartError
from dispatch_server.journal import Break, first_break, heads_text, instant
from dispatch_server.running import database_url
from dispatch_server.store.engine import open_engine
from dispatch_server.store.reader import Reader

PAGE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    whole: bool
    text: str


async def verify_journal(config: Config, checkpoint: Path | None) -> Report:
    """Every chain from its first link to its head, and the checkpoint's heads if one is given.

    Raises: StartError when the store or the checkpoint cannot be read.
    """
    engine = open_engine(_existing(config), writer=False)
    try:
        async with Reader(engine).snapshot() as reader:  # the hub may be running: all of one moment
            return await _verify(reader, config, checkpoint)
    except SQLAlchemyError as error:
        raise StartError(f"The store cannot be read: {error}".splitlines()[0]) from error
    finally:
        await engine.dispose()


async def _verify(reader: Reader, config: Config, checkpoint: Path | None) -> Report:
    heads = {stream: (seq, digest) for stream, seq, digest in await reader.heads()}
    links = 0
    for stream in sorted(await reader.journal_streams() | set(heads)):
        seq, digest = heads.get(stream, (0, ""))
        broken = await _check(reader, stream, seq, digest)
        if broken is not None:
            return Report(whole=False, text=f"BROKEN {broken.stream} at seq {broken.seq}: {broken.reason}")
        links += seq
    if checkpoint is not None and (problem := await _against(reader, config, checkpoint)):
        return Report(whole=False, text=problem)
    return Report(whole=True, text=f"whole: {len(heads)} streams, {links} links")


async def _check(reader: Reader, stream: str, head_seq: int, head_hash: str) -> Break | None:
    links = []
    after = 0
    while page := await reader.events(stream, after=after, limit=PAGE):
        links += page
        after = page[-1].seq
    return first_break(links, stream=stream, head_seq=head_seq, head_hash=head_hash)


def _read_checkpoint(path: Path) -> tuple[str, list[tuple[str, int, str]], bytes]:
    """When it was signed, the heads, and the signature. Raises: StartError."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        heads = [(str(s), int(n), str(d)) for s, n, d in document["heads"]]
        return str(document["at"]), heads, bytes.fromhex(document["signature"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StartError(f"The checkpoint {path} cannot be read: {error}") from error


async def _against(reader: Reader, config: Config, path: Path) -> str | None:
    """Why the journal no longer holds what the checkpoint signed, None if it does."""
    at, heads, signature = _read_checkpoint(path)
    try:
        _public_key(config).verify(signature, _signed_text(at, heads))
    except InvalidSignature:
        return f"BROKEN checkpoint {path}: the signature does not fit"
    for stream, seq, digest in heads:
        found = await reader.events(stream, after=seq - 1, limit=1)
        if not found or found[0].hash != digest:
            return f"BROKEN {stream} at seq {seq}: not what the checkpoint of {at} signed"
    return None


async def write_checkpoint(config: Config, out: Path) -> str:
    """The heads of all streams, signed with the hub's own key, are in the file."""
    engine = open_engine(_existing(config), writer=False)
    try:
        heads = sorted(await Reader(engine).heads())
    except SQLAlchemyError as error:
        raise StartError(f"The store cannot be read: {error}".splitlines()[0]) from error
    finally:
        await engine.dispose()
    at = instant(system_clock())
    signature = _private_key(config).sign(_signed_text(at, heads)).hex()
    _write(out, json.dumps({"at": at, "heads": heads, "signature": signature}, indent=1))
    return f"{len(heads)} heads signed at {at}"


def _write(out: Path, text: str) -> None:
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StartError(f"{out} cannot be written: {error.strerror}.") from error


def _signed_text(at: str, heads: list[tuple[str, int, str]]) -> bytes:
    return f"liandong checkpoint {at}\n{heads_text(heads)}".encode()


def _existing(config: Config) -> str:
    url = database_url(config)
    if config.database_url is None and not (config.data / "liandong.db").exists():
        raise StartError(f"There is no database in {config.data}.")
    return url


def _private_key(config: Config) -> Ed25519PrivateKey:
    """The hub's signing key, made on first use with mode 0600. Raises: StartError."""
    path = config.data / "journal.key"
    try:
        if path.exists():
            return Ed25519PrivateKey.from_private_bytes(path.read_bytes())
        key = Ed25519PrivateKey.generate()
        path.touch(mode=0o600)
        path.write_bytes(key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()))
        public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
        (config.data / "journal.pub").write_text(public, encoding="ascii")
    except (OSError, ValueError) as error:
        raise StartError(f"The signing key {path} cannot be used: {error}") from error
    return key


def _public_key(config: Config) -> Ed25519PublicKey:
    try:
        return Ed25519PublicKey.from_public_bytes(
            bytes.fromhex((config.data / "journal.pub").read_text(encoding="ascii"))
        )
    except (OSError, ValueError) as error:
        raise StartError(f"The public key {config.data / 'journal.pub'} cannot be read.") from error
