"""Builds the C helper beside its source: `python -m rtc.downlink.build_fanout`.

Without a compiler nothing is built, which is no error: the worker then forwards in Python. The library
carries the hash of the source that it was built from, so that one left over from another version is never
loaded.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).with_name("fanout.c")
LIBRARY = Path(__file__).with_name("_fanout.so")
COMPILERS = ("cc", "gcc", "clang")


def stamp() -> str:
    """What a library built from the present source answers."""
    return hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:16]


def find_compiler() -> str | None:
    """The C compiler that `CC` names, or the first of those that are usual."""
    return next(
        (found for name in (os.environ.get("CC", ""), *COMPILERS) if (found := shutil.which(name))), None
    )


def build(compiler: str, library: Path = LIBRARY) -> None:
    """The library is there, whole, built from the present source.

    Raises: subprocess.CalledProcessError with what the compiler said; OSError.
    """
    unfinished = library.with_name(f"{library.name}.{os.getpid()}")
    flags = ["-O2", "-Wall", "-Wextra", "-fPIC", "-shared", f'-DFANOUT_STAMP="{stamp()}"']
    try:
        command = [compiler, *flags, "-o", str(unfinished), str(SOURCE)]
        subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - a fixed command
        unfinished.replace(library)
    finally:
        unfinished.unlink(missing_ok=True)


def main() -> int:
    """Build, and say what was done; 0 also where there is no compiler or it cannot build."""
    compiler = find_compiler()
    if compiler is None:
        print("No C compiler: media is forwarded in Python.")
        return 0
    try:
        build(compiler)
    except subprocess.CalledProcessError as error:
        print(f"{compiler} could not build the packet helper; media is forwarded in Python.\n{error.stderr}")
        return 0
    print(f"Built {LIBRARY.name} with {compiler}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
