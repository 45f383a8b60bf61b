"""A hub of the run's own, and what the people of a scene look and sound like."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.hub import ROOT, Hub
from tests.services import not_here


@pytest.fixture(scope="session")
def console_built() -> None:
    """The pages that the hub serves are there."""
    if not (ROOT / "web_console" / "dist" / "index.html").is_file():
        not_here("the console is not built (scripts/install builds it)")


@pytest.fixture
def hub(tmp_path: Path, console_built: None) -> Iterator[Hub]:
    """A running hub with the demonstration city, whose departments are tried again every 8 s."""
    with Hub(tmp_path / "hub", every_s=8) as running:
        yield running
