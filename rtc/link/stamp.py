"""Which code this is: a hub goes on with a worker that runs the same, and replaces any other."""

import hashlib
from pathlib import Path

KINDS = (".py", ".c", ".so")


def package_stamp() -> str:
    """A digest of all code of this package as it lies on the disk."""
    digest = hashlib.sha256()
    package = Path(__file__).parents[1]
    for path in sorted(package.rglob("*")):
        if path.suffix in KINDS:
            content = path.read_bytes()
            digest.update(f"{path.relative_to(package)}\n{len(content)}\n".encode())
            digest.update(content)
    return digest.hexdigest()[:16]
