"""What a subscriber's own network carries, judged by what it reports lost, and what is given up for it.

Sound is never given up. First the tiles come in their smallest layer, then the stage too. Going back is tried
after a while of calm, and ever more seldom when it failed.
"""

from enum import IntEnum

HEAVY_LOSS, CALM_LOSS = 0.10, 0.02
WEIGHT = 0.3  # of the newest report
SETTLE_S = 3.0  # between two steps down: the last one must show first
FIRST_PATIENCE_S, MAX_PATIENCE_S = 10.0, 120.0
FAILED_WITHIN_S = 15.0  # a step up that is taken back this soon was a mistake


class Quality(IntEnum):
    """How much of the picture is sent."""

    SMALL = 0  # everything in its smallest layer
    STAGE = 1  # the stage as large as it is shown, the tiles in their smallest layer
    FULL = 2


class Downlink:
    """The judgement on one subscriber. Times are monotonic seconds."""

    __slots__ = ("_changed_at", "_loss", "_patience_s", "_raised_at", "quality")

    def __init__(self, now: float) -> None:
        self.quality = Quality.FULL
        self._loss = 0.0
        self._changed_at = now
        self._raised_at = -1e9
        self._patience_s = FIRST_PATIENCE_S

    def note(self, loss: float) -> None:
        """A report says that this share (0..1) was lost."""
        self._loss += WEIGHT * (loss - self._loss)

    @property
    def spotty(self) -> bool:
        """Whether it loses so much that answers get lost too, and not so much that it is simply full."""
        return CALM_LOSS < self._loss < HEAVY_LOSS

    def judge(self, now: float) -> Quality:
        """What may be sent from now on."""
        since = now - self._changed_at
        if self._loss > HEAVY_LOSS and self.quality > Quality.SMALL and since > SETTLE_S:
            if now - self._raised_at < FAILED_WITHIN_S:
                self._patience_s = min(MAX_PATIENCE_S, 2 * self._patience_s)
            self.quality = Quality(self.quality - 1)
            self._changed_at = now
        elif self._loss < CALM_LOSS and self.quality < Quality.FULL and since > self._patience_s:
            self.quality = Quality(self.quality + 1)
            self._changed_at = self._raised_at = now
        elif self.quality is Quality.FULL and since > MAX_PATIENCE_S:
            self._patience_s = FIRST_PATIENCE_S
        return self.quality
