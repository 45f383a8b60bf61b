"""When to ask a publisher for a keyframe, and whether it ever listens.

Requests of many subscribers become one. A publisher that answers is asked at most every 0.3 s; one that
does not (FFmpeg's whip muxer) ever more seldom, and its slots start from the packets kept since its last
keyframe.
"""

INTERVAL_S = 0.3
MAX_INTERVAL_S = 5.0
ANSWER_WITHIN_S = 0.5
ANSWERS_AFTER = 2  # once may be chance
DEAF_AFTER = 3  # this many requests in vain


class KeyframeRequests:
    """The asking for keyframes of one video track. Times are monotonic seconds."""

    __slots__ = ("_answered", "_asked_at", "_in_vain", "_pending", "_wanted", "sent")

    def __init__(self) -> None:
        self._answered = 0
        self._asked_at: float | None = None
        self._in_vain = 0
        self._pending = False
        self._wanted = False
        self.sent = 0

    @property
    def answers(self) -> bool:
        """Whether a keyframe can be counted on soon after asking."""
        return self._answered >= ANSWERS_AFTER

    @property
    def deaf(self) -> bool:
        """Whether asking has proved useless so far."""
        return self._in_vain >= DEAF_AFTER

    @property
    def unknown(self) -> bool:
        """Whether it has yet to be found out if the publisher answers: a few requests will tell."""
        return not self.answers and not self.deaf

    def want(self) -> None:
        """Somebody cannot go on without a keyframe."""
        self._wanted = True

    def arrived(self, now: float) -> None:
        """A keyframe is here: nobody waits any more."""
        if self._pending and self._asked_at is not None and now - self._asked_at <= ANSWER_WITHIN_S:
            self._answered += 1
            self._in_vain = 0
        self._pending = False
        self._wanted = False

    def due(self, now: float) -> bool:
        """Whether to send a request now; when so, it counts as sent."""
        if not self._wanted:
            return False
        if self._asked_at is not None and now - self._asked_at < self._interval_s():
            return False
        if self._pending:
            self._in_vain += 1
            if self.deaf:
                self._answered = 0
        self._pending = True
        self._asked_at = now
        self.sent += 1
        return True

    def _interval_s(self) -> float:
        return min(MAX_INTERVAL_S, INTERVAL_S * 2.0 ** max(0, self._in_vain - 1))
