"""How more of a subscriber's way is tried before it is used: for a moment packets that it has already are
sent again beside the media, and it is looked at how fast all of it came through.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from rtc.downlink.way_report import Passage

LASTS_S = 0.25
PATIENCE_S, MAX_PATIENCE_S = 3.0, 60.0  # between probes: doubles with every one that failed
MOST = 2.0  # times what is known to fit
ANSWER_S = 1.5
AFTERMATH_S = 1.0  # until the queue that it made has drained
CAME_THROUGH = 0.9  # of the rate that was sent
MOST_LOST = 0.05
LEAST_PACKETS = 10


@dataclass(slots=True, kw_only=True)
class _Run:
    began_at: float
    target_bps: float
    padded: int = 0  # bytes
    passages: list[Passage]


class Prober:
    """One subscriber's probes. Times are monotonic seconds."""

    __slots__ = ("_ended_at", "_patience_s", "_run", "_tried", "failed", "succeeded")

    def __init__(self, now: float) -> None:
        self._run: _Run | None = None
        self._ended_at = now
        self._tried = False
        self._patience_s = PATIENCE_S
        self.succeeded = 0
        self.failed = 0

    @property
    def running(self) -> bool:
        """Whether packets are being sent for it, or its answer is awaited."""
        return self._run is not None

    def disturbs(self, now: float) -> bool:
        """Whether what is reported now may be a probe's doing."""
        return self._run is not None or (self._tried and now - self._ended_at < AFTERMATH_S)

    def consider(self, *, available_bps: float, missing_bps: float, limited_at: float, now: float) -> None:
        """A probe begins if something is missing and the way has been calm for long enough."""
        if self._run is not None or missing_bps <= 0:
            return
        if now - max(limited_at, self._ended_at) >= self._patience_s:
            target_bps = min(MOST * available_bps, available_bps + missing_bps)
            self._run = _Run(began_at=now, target_bps=target_bps, passages=[])

    def due(self, *, sending_bps: float, now: float) -> int:
        """How many bytes are due now, beside the media that is sent at that rate anyway; `padded` settles."""
        run = self._run
        if run is None:
            return 0
        elapsed = min(LASTS_S, now - run.began_at)
        return max(0, int(elapsed * max(0.0, run.target_bps - sending_bps) / 8) - run.padded)

    def padded(self, size: int) -> None:
        """So many bytes more have been sent for the probe."""
        if self._run is not None:
            self._run.padded += size

    def note(self, passages: Sequence[Passage], now: float) -> float | None:
        """The rate at which the probe came through, when that is known now."""
        run = self._run
        if run is None:
            return None
        end = run.began_at + LASTS_S
        run.passages += (each for each in passages if run.began_at <= each.left_at <= end)
        answered = bool(passages) and passages[-1].left_at > end
        if not answered and now - end < ANSWER_S:
            return None
        self._run = None
        self._tried = True
        self._ended_at = now
        rate_bps, good = _judged(run.passages)
        if good:
            self.succeeded += 1
            self._patience_s = PATIENCE_S
        else:
            self.failed += 1
            self._patience_s = min(MAX_PATIENCE_S, 2 * self._patience_s)
        return rate_bps


def _judged(passages: Sequence[Passage]) -> tuple[float | None, bool]:
    """At which rate they came through, None if that cannot be told; whether that was as fast as they left."""
    came = [each for each in passages if each.arrived_at is not None]
    if len(came) < LEAST_PACKETS:
        return None, False
    octets = sum(each.size for each in came[1:])
    arrivals = [each.arrived_at for each in came if each.arrived_at is not None]
    took_s = max(arrivals) - min(arrivals)
    left_s = came[-1].left_at - came[0].left_at
    if took_s <= 0 or left_s <= 0:
        return None, False
    lost = 1 - len(came) / len(passages)
    return 8 * octets / max(took_s, left_s), took_s * CAME_THROUGH <= left_s and lost <= MOST_LOST
