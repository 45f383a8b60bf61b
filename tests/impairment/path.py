"""One direction of a bad network, without sockets: when each datagram arrives, or that it does not.

Chance is drawn five times for every datagram, whatever the conditions are. The n-th datagram therefore meets
the same luck for one seed, on every server, and also when the conditions change on the way.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

REORDERED_BY_S = 0.02  # a datagram that is overtaken comes so much later


@dataclass(frozen=True, slots=True, kw_only=True)
class Bursts:
    """Spells in which nearly everything is lost (Gilbert-Elliott): chances for each datagram."""

    begin: float
    end: float
    loss: float = 1.0  # within a spell

    @classmethod
    def of(cls, *, loss: float, length: float) -> Bursts:
        """Spells of so many datagrams on average, which lose that share of all."""
        end = 1 / length
        return cls(begin=end * loss / (1 - loss), end=end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What one direction does to datagrams. Jitter keeps their order, reordering does not."""

    loss: float = 0.0
    bursts: Bursts | None = None
    delay_s: float = 0.0
    jitter_s: float = 0.0
    reorder: float = 0.0
    duplicate: float = 0.0
    rate_bps: float | None = None
    queue_bytes: int = 48_000  # before the narrow place: what does not fit is dropped


CLEAN = Conditions()


class Path:
    """One direction. Times are seconds on the caller's clock."""

    def __init__(self, conditions: Conditions = CLEAN, *, seed: int = 1) -> None:
        self.conditions = conditions
        self.passed = 0
        self.lost = 0
        self.overflowed = 0  # of these: before the narrow place
        self._random = random.Random(seed)
        self._bad = False
        self._closed_until = float("-inf")
        self._free_at = float("-inf")
        self._last_at = float("-inf")

    def close(self, until: float) -> None:
        """Nothing passes before that moment."""
        self._closed_until = until

    def arrivals(self, size: int, now: float) -> tuple[float, ...]:
        """When a datagram that is sent now arrives: never, once, or twice."""
        spell, luck, jitter, order, copy = (self._random.random() for _ in range(5))
        here = self.conditions
        if here.bursts is not None:
            self._bad = spell >= here.bursts.end if self._bad else spell < here.bursts.begin
        bad = self._bad and here.bursts is not None
        loss = here.bursts.loss if bad and here.bursts is not None else here.loss
        if luck < loss or now < self._closed_until:
            self.lost += 1
            return ()
        leaves = now
        if here.rate_bps is not None:
            waiting = max(0.0, self._free_at - now) * here.rate_bps / 8
            if waiting + size > here.queue_bytes:
                self.lost += 1
                self.overflowed += 1
                return ()
            self._free_at = leaves = max(now, self._free_at) + 8 * size / here.rate_bps
        at = leaves + here.delay_s + jitter * here.jitter_s
        self.passed += 1
        if order < here.reorder:
            at += REORDERED_BY_S
        else:
            at = self._last_at = max(at, self._last_at)
        return (at, at + REORDERED_BY_S) if copy < here.duplicate else (at,)
