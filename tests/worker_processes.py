"""Which process serves as a hub's media worker: an earlier hub may have started it, or it stood by before."""

from __future__ import annotations

import socket
import struct
from pathlib import Path

from rtc.link.worker_folder import socket_path, worker_folder

CREDENTIALS = struct.Struct("3i")


def worker_pid(data: Path, index: int = 0) -> int | None:
    """The process that listens on the worker's socket below that data folder; None while there is none."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(socket_path(worker_folder(data), index)))
        except OSError:
            return None
        told = probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
    pid = int(CREDENTIALS.unpack(told)[0])
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return None
    return pid if b"rtc.worker" in words else None  # else the hub listens for one that is just being started
