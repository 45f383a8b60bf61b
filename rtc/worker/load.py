"""How busy a worker is, over the last seconds: its share of a core, and how late its event loop comes."""

from collections import deque
from dataclasses import dataclass
from statistics import median

WINDOW = 5  # measurements, one a second


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """`cpu` is the share of one core (0..1); `lag_s` the latest that the loop came in a typical second."""

    cpu: float
    lag_s: float


class LoadMeter:
    """Fed with how late each wake-up was and, once a second, the process's CPU time. Times are in seconds."""

    __slots__ = ("_cpu", "_cpu_s", "_lag", "_measured_at", "_worst_lag_s")

    def __init__(self, *, now: float, cpu_s: float) -> None:
        self._measured_at = now
        self._cpu_s = cpu_s
        self._worst_lag_s = 0.0
        self._cpu: deque[float] = deque(maxlen=WINDOW)
        self._lag: deque[float] = deque(maxlen=WINDOW)

    def late(self, lag_s: float) -> None:
        """The loop came so much later than it was asked to."""
        self._worst_lag_s = max(self._worst_lag_s, lag_s)

    def measure(self, *, now: float, cpu_s: float) -> Load:
        """The load over the last five measurements, this one included. One long pause among them is not yet
        lag: a garbage collection is no overload.
        """
        elapsed = max(1e-3, now - self._measured_at)
        self._cpu.append(max(0.0, cpu_s - self._cpu_s) / elapsed)
        self._lag.append(self._worst_lag_s)
        self._measured_at, self._cpu_s, self._worst_lag_s = now, cpu_s, 0.0
        return Load(cpu=sum(self._cpu) / len(self._cpu), lag_s=median(self._lag))
