"""Where the workers' sockets lie: a folder that is ours alone, so that nobody else may speak to a worker.

It outlives the hub, for the next hub finds the workers by it. A Unix socket's path may have some 107 bytes;
below a data folder whose path is long, a short one whose name follows from it is used instead.
"""

import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rtc.errors import MediaUnavailable

MAX_PATH_BYTES = 107
LONGEST_NAME = "worker-999.sock"


def worker_folder(data: Path) -> Path:
    """The folder exists below `data`, or in the system's place for such where that path is too long.

    Raises: MediaUnavailable when it cannot be made, or is somebody else's.
    """
    folder = data.absolute() / "media"
    if len(os.fsencode(folder / LONGEST_NAME)) > MAX_PATH_BYTES:
        name = hashlib.sha256(os.fsencode(data.resolve())).hexdigest()[:16]
        folder = Path(tempfile.gettempdir()) / f"liandong-{os.getuid()}-{name}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
            raise MediaUnavailable(f"{folder} is not a folder of ours")
        if found.st_mode & 0o077:
            folder.chmod(0o700)
    except OSError as error:
        raise MediaUnavailable(f"{folder} cannot be used: {error.strerror}") from error
    return folder


def crossing_path(folder: Path, index: int) -> Path:
    """Where other workers hand over sources to worker number `index`."""
    return folder / f"cross-{index}.sock"


@contextmanager
def own_folder() -> Iterator[Path]:
    """A folder for workers that nobody is to find later."""
    with tempfile.TemporaryDirectory(prefix="liandong-media-", ignore_cleanup_errors=True) as name:
        yield Path(name)  # its mode is 0700: only we may connect


def found_workers(folder: Path) -> list[int]:
    """The numbers of the workers that were there at some time."""
    names = (path.name.removeprefix("worker-").removesuffix(".sock") for path in folder.glob("worker-*.sock"))
    return sorted(int(name) for name in names if name.isdecimal())


def socket_path(folder: Path, index: int) -> Path:
    """Where worker number `index` is spoken to."""
    return folder / f"worker-{index}.sock"
