"""Whether a worker takes another connection: "full" is said before quality falls for everyone.

Refused are new publishers and new subscribers, never a publisher that takes its own place again. It becomes
full when the last seconds were beyond a limit, and open again well below it, so that one who leaves does
not let in one too many. Right after its start a worker refuses nobody: everyone who was on the former one
comes at once, and handshakes are no load that stays.
"""

from dataclasses import dataclass

from rtc.worker.load import Load


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Beyond the first of each pair the worker is full, below the second it is open again."""

    cpu_full: float = 0.88  # of one core: forwarding is one thread, and a keyframe to everyone needs the rest
    cpu_open: float = 0.75
    lag_full_s: float = 0.25  # longer than any jitter buffer waits
    lag_open_s: float = 0.10
    welcome_s: float = 15.0  # after the start


class Admission:
    """Fed with the load once a second. Times are monotonic seconds."""

    __slots__ = ("_limits", "_open_at", "full")

    def __init__(self, *, now: float, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._open_at = now + self._limits.welcome_s
        self.full = False

    def note(self, load: Load, now: float) -> None:
        """The load of the last seconds is known."""
        limits = self._limits
        if load.cpu > limits.cpu_full or load.lag_s > limits.lag_full_s:
            self.full = now >= self._open_at
        elif load.cpu < limits.cpu_open and load.lag_s < limits.lag_open_s:
            self.full = False
