"""How busy a worker is: measured every second, told every other, and the reason to take nobody else."""

from rtc.figures import WorkerLoad
from rtc.forwarding.allocation import Pressure
from rtc.plane import WorkerStats
from rtc.worker.admission import Admission, Limits
from rtc.worker.load import LoadMeter
from rtc.worker.relief import Relief

LOAD_EVERY_S = 1.0
TOLD_EVERY = 2  # measurements


class Busyness:
    """Load, relief and admission of one worker. Times are monotonic seconds, `cpu_s` is the process's own."""

    __slots__ = ("_admission", "_dropped", "_measured", "_meter", "_relief")

    def __init__(self, *, now: float, cpu_s: float, limits: Limits | None = None) -> None:
        self._meter = LoadMeter(now=now, cpu_s=cpu_s)
        self._admission = Admission(now=now, limits=limits)
        self._relief = Relief(now)
        self._measured = 0
        self._dropped = 0  # when the load was last told

    @property
    def full(self) -> bool:
        """Whether new connections are refused."""
        return self._admission.full

    @property
    def pressure(self) -> Pressure:
        """What is given up for everyone."""
        return self._relief.pressure

    def late(self, lag_s: float) -> None:
        """The event loop came so much later than it was asked to."""
        self._meter.late(lag_s)

    def measure(self, *, now: float, cpu_s: float, held: WorkerStats) -> WorkerLoad | None:
        """To be called every second; what is to be told of it, every other time."""
        load = self._meter.measure(now=now, cpu_s=cpu_s)
        self._admission.note(load, now)
        self._relief.note(load, now)
        self._measured += 1
        if self._measured % TOLD_EVERY:
            return None
        before, self._dropped = self._dropped, held.counters.get("packets_dropped", 0)
        return WorkerLoad(
            cpu=round(load.cpu, 3),
            lag_ms=round(1000 * load.lag_s, 1),
            dropped=max(0, self._dropped - before),
            saving=self.pressure is not Pressure.NONE,
            full=self.full,
            connections=held.connections,
            sources=held.sources,
            counters=held.counters,
        )
