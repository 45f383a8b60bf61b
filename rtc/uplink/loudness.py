"""How loud a source is, from its packets' levels (RFC 6464): smoothed, so that a cough takes no slot."""

SILENCE_DBOV = 127.0
SPEAKING_DBOV = 50.0  # louder (a smaller number) than this counts as speech
ATTACK = 0.2  # per packet of 20 ms: up in about 100 ms
RELEASE = 0.04  # down in about 500 ms
STALE_S = 0.5  # without packets for this long (DTX) a source is silent
UNTOLD_DBOV = 55.0  # of a source that tells no levels: worth a slot, not known to speak


class Loudness:
    """The level of one source in -dBov: 0 is the loudest, 127 silence."""

    __slots__ = ("_at", "_dbov")

    def __init__(self) -> None:
        self._dbov = SILENCE_DBOV
        self._at = -STALE_S

    def note(self, dbov: int | None, now: float) -> None:
        """A packet of that level arrived (None: its publisher tells none)."""
        sample = UNTOLD_DBOV if dbov is None else float(dbov)
        rate = ATTACK if sample < self._dbov else RELEASE
        self._dbov += (sample - self._dbov) * rate
        self._at = now

    def dbov(self, now: float) -> float:
        """The level now."""
        return SILENCE_DBOV if now - self._at > STALE_S else self._dbov

    def speaking(self, now: float) -> bool:
        """Whether somebody speaks."""
        return self.dbov(now) < SPEAKING_DBOV
