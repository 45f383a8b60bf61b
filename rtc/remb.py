"""How much a publisher may send: told to it as REMB (draft-alvestrand-rmcat-remb), by loss alone.

A browser trusts the first two seconds' REMB outright, so the opening figure decides how soon the picture is
good. After that the figure grows by a twelfth a second while nothing is lost, and follows what arrives when
much is.
"""

START_BPS = 2_500_000
MIN_BPS = 150_000
MAX_BPS = 6_000_000
GROWTH_PER_S = 0.08
CALM_LOSS = 0.02
HEAVY_LOSS = 0.10


class UplinkEstimate:
    """What one publisher's uplink is believed to carry."""

    __slots__ = ("_at", "bitrate_bps")

    def __init__(self, now: float) -> None:
        self.bitrate_bps = START_BPS
        self._at = now

    def update(self, *, received_bps: float, loss: float, now: float) -> int:
        """The new figure, from what arrived and the share (0..1) that was lost since the last call."""
        elapsed = min(5.0, max(0.0, now - self._at))
        self._at = now
        figure = float(self.bitrate_bps)
        if loss > HEAVY_LOSS:
            figure = min(figure, max(received_bps, MIN_BPS) * (1 - loss / 2))
        elif loss < CALM_LOSS:
            # Never far above what is sent: an encoder that sends little proves nothing about the rest.
            figure = max(
                figure, min(figure * (1 + GROWTH_PER_S * elapsed), max(2.5 * received_bps, START_BPS))
            )
        self.bitrate_bps = int(max(MIN_BPS, min(MAX_BPS, figure)))
        return self.bitrate_bps
