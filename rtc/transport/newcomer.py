"""A peer's new address, known by its media and not proved yet.

A phone that comes into another network, or whose NAT forgets it, sends on from another address long before
its next check. What it sends there is its own, for nobody else has the keys: it is taken in at once. Where it
is reached is another matter, because whoever carries packets can put any sender's address on them. So the
address is asked for proof: a check of ours, signed with the peer's password and answered by nobody else
(RFC 8445 section 7.3, RFC 7675). An address is never sent more bytes than came from it.
"""

from rtc.transport.ice_lite import Address

AGAIN_S = 0.1
MOST_CHECKS = 12


class Newcomer:
    """One such address. Times are monotonic seconds."""

    __slots__ = ("_asked_at", "_checks", "_owed", "place", "transaction")

    def __init__(self, *, place: tuple[int, Address], transaction: bytes) -> None:
        self.place = place
        self.transaction = transaction
        self._owed = 0  # bytes that came from there, less what was sent there
        self._asked_at = float("-inf")
        self._checks = 0

    def heard(self, octets: int) -> None:
        """So much of the peer's came from there."""
        self._owed += octets

    def ask(self, octets: int, now: float) -> bool:
        """Whether a check of that size is to be sent there now; it then counts as sent."""
        if self._owed < octets or now - self._asked_at < AGAIN_S or self._checks >= MOST_CHECKS:
            return False
        self._owed -= octets
        self._asked_at = now
        self._checks += 1
        return True
