"""What a worker gives up for everyone while it is too busy: the tiles' size first, then their movement.

Sound and the stage stay. It acts before admission says full, one step at a time, and takes a step back only
after a while well below the limit.
"""

from rtc.forwarding.allocation import Pressure
from rtc.worker.load import Load

CPU_HIGH, CPU_LOW = 0.82, 0.60  # of one core
LAG_HIGH_S, LAG_LOW_S = 0.12, 0.05
STEP_S = 4.0  # between two steps down: the last one must show in the load first
BACK_S = 20.0


class Relief:
    """Fed with the load once a second. Times are monotonic seconds."""

    __slots__ = ("_calm_since", "_stepped_at", "pressure")

    def __init__(self, now: float) -> None:
        self.pressure = Pressure.NONE
        self._stepped_at = now
        self._calm_since = now

    def note(self, load: Load, now: float) -> None:
        """The load of the last seconds is known."""
        if load.cpu > CPU_HIGH or load.lag_s > LAG_HIGH_S:
            self._calm_since = now
            if self.pressure < Pressure.STILL_TILES and now - self._stepped_at >= STEP_S:
                self.pressure = Pressure(self.pressure + 1)
                self._stepped_at = now
        elif load.cpu > CPU_LOW or load.lag_s > LAG_LOW_S:
            self._calm_since = now
        elif self.pressure and now - max(self._calm_since, self._stepped_at) >= BACK_S:
            self.pressure = Pressure(self.pressure - 1)
            self._stepped_at = now
