"""Waiting for what a page or the hub comes to say, instead of for a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

Seen = TypeVar("Seen")
EVERY_S = 0.05


async def until(
    look: Callable[[], Awaitable[Seen]],
    test: Callable[[Seen], bool],
    *,
    what: str,
    within_s: float = 20,
    every_s: float = EVERY_S,
) -> Seen:
    """What was seen once it passed the test; otherwise the test fails with what was seen last."""
    deadline = time.monotonic() + within_s
    while True:
        seen = await look()
        if test(seen):
            return seen
        assert time.monotonic() < deadline, f"not within {within_s} s: {what}; seen last: {seen}"
        await asyncio.sleep(every_s)
