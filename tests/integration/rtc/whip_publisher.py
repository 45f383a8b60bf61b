"""Publishes a clip by WHIP with FFmpeg's own muxer, in its own time, over and over: `URL CLIP SECONDS`.

A program of its own, so that what publishes shares nothing with what is tested. WHIP_TOKEN is the bearer
token, if one is asked for.
"""

from __future__ import annotations

import datetime
import os
import sys
import tempfile
import time
from pathlib import Path

import av
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


def certificate(folder: Path) -> dict[str, str]:
    """A P-256 key and certificate on disk, without which the muxer does not shake hands."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "publisher")])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=2))
    (folder / "cert.pem").write_bytes(
        builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    )
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
    )
    return {"cert_file": str(folder / "cert.pem"), "key_file": str(folder / "key.pem")}


def main(url: str, clip: str, seconds: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source = av.open(clip)
        token = os.environ.get("WHIP_TOKEN")
        options = certificate(Path(folder)) | ({"authorization": token} if token else {})
        out = av.open(url, "w", format="whip", options=options)
        streams = {each: out.add_stream_from_template(each) for each in source.streams}
        packets = [packet for packet in source.demux() if packet.pts is not None]
        packets.sort(key=lambda packet: packet.dts * packet.time_base)
        length = max(float(packet.dts * packet.time_base) for packet in packets) + 0.06
        began = time.monotonic()
        turn = 0
        while time.monotonic() - began < seconds:
            for packet in packets:
                at = float(packet.dts * packet.time_base) + turn * length
                time.sleep(max(0.0, began + at - time.monotonic()))
                copy = av.Packet(bytes(packet))
                shift = round(turn * length / packet.time_base)
                copy.pts, copy.dts, copy.time_base = packet.pts + shift, packet.dts + shift, packet.time_base
                copy.is_keyframe, copy.duration = packet.is_keyframe, packet.duration
                copy.stream = streams[packet.stream]
                out.mux(copy)
                if time.monotonic() - began > seconds:
                    break
            turn += 1
        out.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]))
