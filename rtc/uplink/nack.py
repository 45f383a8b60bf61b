"""Which packets of a publisher are missing, and when to ask for them again: about every round trip.

A gap is asked for at once on a way that keeps packets in order, so that the answer is there one round trip
later; on a way that does not, packets are first given the time that they were seen to need.

Bounded: 256 missing packets, each asked for at most 10 times within a second; what is dropped is the request.
"""

from rtc.rtp.serial import SEQ_MASK, seq_delta

MAX_MISSING = 256
MAX_TRIES = 10
GIVE_UP_S = 1.0
PATIENCE_S = 0.01  # a packet that is merely out of order has this long to arrive, until the way is known
MAX_PATIENCE_S = 0.03
TRUSTED_AFTER = 16  # answers with nothing out of order in between: then half the patience
FIRST_RTT_S = 0.1  # until answers have told how long they take
MIN_RETRY_S, MAX_RETRY_S = 0.03, 0.4


class Missing:
    """The gaps in one stream of a publisher."""

    __slots__ = ("_gaps", "_in_order", "opened", "patience_s", "rtt_s")

    def __init__(self) -> None:
        self.opened = False
        """There are gaps that nobody has looked at yet; who has takes the mark away."""
        self.patience_s = PATIENCE_S
        self._in_order = 0
        self._gaps: dict[int, list[float]] = {}  # seq → [since, next request at, tries, first asked at]
        self.rtt_s: float | None = None  # from a request to its answer, smoothed

    def __len__(self) -> int:
        return len(self._gaps)

    def gap(self, before: int, after: int, now: float) -> bool:
        """Everything between the two is missing; False when that is too much to ask for."""
        count = seq_delta(after, before) - 1
        if count <= 0:
            return True
        if count + len(self._gaps) > MAX_MISSING:
            self._gaps.clear()
            return False
        for step in range(1, count + 1):
            self._gaps[(before + step) & SEQ_MASK] = [now, now + self.patience_s, 0, 0.0]
        self.opened = True
        return True

    def arrived(self, seq: int, now: float) -> None:
        """It is missing no longer."""
        gap = self._gaps.pop(seq, None)
        if gap is None:
            return
        if gap[2] == 0:
            self._out_of_order(now - gap[0])
            return
        took = now - gap[3]  # an answer to the first request, unless that was lost: hence the slow rise
        if self.rtt_s is not None and took < self.rtt_s / 2:  # no answer: it was on its way already
            self._out_of_order(now - gap[0])
            self.rtt_s *= 0.97  # … or the way has become that much shorter
            return
        self._in_order += 1
        if self._in_order >= TRUSTED_AFTER:
            self._in_order = 0
            self.patience_s = self.patience_s / 2 if self.patience_s > PATIENCE_S / 2 else 0.0
        if self.rtt_s is None or took < self.rtt_s:
            self.rtt_s = took
        else:
            self.rtt_s += 0.1 * (took - self.rtt_s)

    def due(self, now: float) -> list[int]:
        """The packets to ask for now, in order; those asked for in vain for long are given up."""
        rtt_s = FIRST_RTT_S if self.rtt_s is None else self.rtt_s
        retry_s = max(MIN_RETRY_S, min(MAX_RETRY_S, 1.1 * rtt_s))
        ask: list[int] = []
        for seq, gap in list(self._gaps.items()):
            if now - gap[0] > GIVE_UP_S or gap[2] >= MAX_TRIES:
                del self._gaps[seq]
            elif now >= gap[1]:
                gap[1] = now + retry_s
                gap[3] = gap[3] if gap[2] else now
                gap[2] += 1
                ask.append(seq)
        return ask

    def _out_of_order(self, came_after_s: float) -> None:
        """A packet had only been overtaken."""
        self._in_order = 0
        self.patience_s = min(MAX_PATIENCE_S, max(PATIENCE_S, self.patience_s, 1.2 * came_after_s))

    def clear(self) -> None:
        """Nothing is missing any more."""
        self._gaps.clear()
