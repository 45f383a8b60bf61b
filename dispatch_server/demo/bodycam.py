"""A simulated body-cam: FFmpeg's own WHIP sender publishes the clip in a loop; positions go over HTTP as
from a device.
"""

from __future__ import annotations

import asyncio
import math
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import av
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from dispatch_server.demo.clip import make_clip
from dispatch_server.demo.visitor import facts_from_stdin

POSITION_EVERY_S = 2.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 8.0
PLACE = (41.7993, 123.4289)


def publish_for_ever(facts: Mapping[str, Any], folder: Path) -> None:
    """Publishes the clip; whenever the connection ends, starts again after a pause that grows."""
    clip = folder / "demo-clip-2.mkv"  # the number changes with the drawing
    if not clip.exists():
        make_clip(clip)
    certificate = _certificate(folder)
    pause_s = FIRST_PAUSE_S
    while True:
        began = time.monotonic()
        try:
            publish(facts, clip, certificate)
        except (OSError, av.FFmpegError) as error:
            print(f"body-cam: {error}", file=sys.stderr, flush=True)
        pause_s = FIRST_PAUSE_S if time.monotonic() - began > 10 else min(pause_s * 2, LONGEST_PAUSE_S)
        time.sleep(pause_s)


def publish(facts: Mapping[str, Any], clip: Path, certificate: tuple[Path, Path]) -> None:
    """The clip goes out over WHIP, packet by packet as recorded, in real time, round and round."""
    options = {
        "authorization": str(facts["token"]),
        "cert_file": str(certificate[0]),
        "key_file": str(certificate[1]),
    }
    with av.open(f"{facts['url']}/whip/{facts['feed_id']}", "w", format="whip", options=options) as out:
        with av.open(str(clip)) as source:
            streams = {stream.index: out.add_stream_from_template(stream) for stream in source.streams}
        began, offset_s = time.monotonic(), 0.0
        while True:
            last_s = 0.0
            with av.open(str(clip)) as source:
                for packet in source.demux():
                    if packet.dts is None or packet.time_base is None:
                        continue
                    last_s = float(packet.dts * packet.time_base)
                    shift = round(offset_s / packet.time_base)
                    packet.dts += shift
                    packet.pts = packet.dts if packet.pts is None else packet.pts + shift
                    ahead_s = offset_s + last_s - (time.monotonic() - began)
                    if ahead_s > 0:
                        time.sleep(ahead_s)
                    packet.stream = streams[packet.stream.index]
                    out.mux_one(packet)
            offset_s += last_s + 0.04


def _certificate(folder: Path) -> tuple[Path, Path]:
    """DTLS identity of the device (P-256), as files because FFmpeg reads files."""
    paths = folder / "demo-bodycam.crt", folder / "demo-bodycam.key"
    if all(path.exists() for path in paths):
        return paths
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bodycam")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
    signed = builder.not_valid_after(now + timedelta(days=3650)).sign(key, hashes.SHA256())
    paths[0].write_bytes(signed.public_bytes(Encoding.PEM))
    paths[1].touch(mode=0o600)
    paths[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return paths


async def report_positions(facts: Mapping[str, Any]) -> None:
    """Every 2 s where the body-cam is: it paces to and fro along the street."""
    url = f"{facts['url']}/api/feeds/{facts['feed_id']}/position"
    headers = {"Authorization": f"Bearer {facts['token']}"}
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5), headers=headers) as session:
        for step in range(10**9):
            lat = PLACE[0] + 0.0002 * math.sin(step / 20)
            lon = PLACE[1] + 0.0003 * math.cos(step / 25)
            body = {"lat": lat, "lon": lon, "accuracy_m": 8.0, "at": datetime.now(UTC).isoformat()}
            try:
                async with session.post(url, json=body):
                    pass
            except (aiohttp.ClientError, TimeoutError):
                pass
            await asyncio.sleep(POSITION_EVERY_S)


def main() -> None:
    facts = facts_from_stdin()
    folder = Path(facts["folder"])
    threading.Thread(target=publish_for_ever, args=(facts, folder), daemon=True).start()
    asyncio.run(report_positions(facts))


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main()
