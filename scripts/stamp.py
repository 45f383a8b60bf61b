"""Prints one hash over the named files and folders: it changes when anything in them does.

Used by scripts/install with the system's Python, before any package is there: standard library only.
"""

import hashlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

GENERATED = frozenset({"node_modules", "dist", "coverage", "__pycache__"})


def files_under(path: Path) -> Iterator[Path]:
    """Every source file below `path` (or `path` itself), in an order that is the same everywhere."""
    if path.is_file():
        yield path
    for folder, subfolders, names in os.walk(path):
        subfolders[:] = sorted(set(subfolders) - GENERATED)
        yield from (Path(folder, name) for name in sorted(names) if not name.endswith((".swp", "~")))


def stamp(paths: list[str]) -> str:
    """Hash of names and contents; a path that does not exist counts as absent, not as an error."""
    digest = hashlib.sha256()
    for path in paths:
        for file in files_under(Path(path)):
            content = file.read_bytes()
            digest.update(f"{file}\0{len(content)}\0".encode())
            digest.update(content)
    return digest.hexdigest()


if __name__ == "__main__":
    print(stamp(sys.argv[1:]))
