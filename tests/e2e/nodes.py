"""Node programs: packages of npm as scripts for pages, and peers that run in Node itself."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

from tests.e2e.hub import ROOT
from tests.services import not_here

WEB_CONSOLE = ROOT / "web_console"
BUNDLER = Path(__file__).with_name("bundle_package.mjs")
_FIND = 'root="$PWD"; . scripts/node_env && use_node && command -v node'


@cache
def node() -> str:
    """A Node that the console is built with."""
    found = subprocess.run(["bash", "-c", _FIND], cwd=ROOT, capture_output=True, text=True, check=False)
    if found.returncode:
        not_here("there is no Node (scripts/install brings one)")
    return found.stdout.strip()


@cache
def page_script(package: str, name: str) -> str:
    """The package as a script that sets `window.<name>` to its exports."""
    _require(package)
    command = [node(), str(BUNDLER), str(WEB_CONSOLE), package, name]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


@asynccontextmanager
async def running(script: Path, *arguments: str, needs: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """The script, which needs that package, runs in Node; what it prints can be read line by line.

    It is gone after the block.
    """
    _require(needs)
    process = await asyncio.create_subprocess_exec(
        *(node(), str(script), str(WEB_CONSOLE), *arguments),
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 20,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def _require(package: str) -> None:
    if not (WEB_CONSOLE / "node_modules" / package).is_dir():
        not_here(f"npm {package} is not installed (scripts/install does that)")
