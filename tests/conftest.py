"""Fixtures for every test, and `--full`: without it the tests marked `full` are left out."""

from __future__ import annotations

import pytest

pytest_plugins = ("tests.services", "tests.searching")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="run the tests marked `full`, whole and unsampled")
    parser.addoption("--soak-minutes", type=float, default=30.0, help="how long the soak takes (with --full)")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--full"):
        return
    long_ones = [item for item in items if item.get_closest_marker("full")]
    if long_ones:
        config.hook.pytest_deselected(items=long_ones)
        items[:] = [item for item in items if item not in set(long_ones)]


@pytest.fixture(scope="session")
def full(request: pytest.FixtureRequest) -> bool:
    """Whether long tests run whole; otherwise they take a seeded sample."""
    return bool(request.config.getoption("--full"))


@pytest.fixture(scope="session")
def soak_minutes(request: pytest.FixtureRequest) -> float:
    """How long the soak takes."""
    return float(request.config.getoption("--soak-minutes"))
