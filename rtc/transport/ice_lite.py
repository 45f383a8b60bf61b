"""The lite side of ICE (RFC 8445): the peer checks, we answer; where the peer was last proved to be, media
goes.

An address is proved by a request signed with the password that only the session descriptions carried. The
peer controls: the address it nominates is used. A change of address is followed at once when nominated;
otherwise when the present one has been silent for a while (a phone that went from Wi-Fi to 4G).
"""

from rtc.transport.stun import BindingRequest, binding_success, role_conflict

CONSENT_S = 15.0  # without any sign of the peer (RFC 7675 has 30; a frozen picture is noticed sooner)
SILENT_S = 3.0
QUIET_S = 0.05  # two packets of sound
MAX_ADDRESSES = 8  # proved addresses of one peer; the oldest is dropped

Address = tuple[str, int]


class IceLite:
    """What is proved about one peer. Times are monotonic seconds; `path`: the socket or stream it came by."""

    __slots__ = (
        "_heard_at",
        "_selected_heard_at",
        "addresses",
        "former",
        "nominated",
        "password",
        "selected",
        "ufrag",
    )

    def __init__(self, *, ufrag: str, password: str, now: float) -> None:
        self.ufrag = ufrag
        self.password = password
        self.former: tuple[str, str] | None = None
        """User name and password before a restart: good until the first check with the new ones."""
        self.addresses: dict[tuple[int, Address], float] = {}  # (path, address) → when last proved
        self.selected: tuple[int, Address] | None = None
        self.nominated = False
        self._heard_at = now
        self._selected_heard_at = now

    def check(self, request: BindingRequest, path: int, address: Address, now: float) -> bytes | None:
        """The answer to a request, None if the peer did not sign it; its address may be selected now."""
        password = self._password_of(request)
        if not request.signed_by(password):
            return None
        if request.controlled:
            return role_conflict(request, password)
        if request.local_ufrag == self.ufrag:
            self.former = None
        place = (path, address)
        self.addresses.pop(place, None)
        self.addresses[place] = now
        if self._follows(request, place, now):
            self.selected = place
            self.nominated = self.nominated or request.use_candidate
        self._drop_oldest()
        self.heard(place, now)
        return binding_success(request, address, password)

    def prove(self, place: tuple[int, Address], now: float) -> None:
        """The peer answered a check of ours at that place, where its media comes from: media goes there."""
        self.addresses.pop(place, None)
        self.addresses[place] = now
        self.selected = place
        self._drop_oldest()
        self.heard(place, now)

    def restart(self, ufrag: str, password: str) -> None:
        """The peer will check with these; until it has, those that it used last hold, and media goes where it
        went (RFC 8445 section 2.4).
        """
        if self.former is None:
            self.former = (self.ufrag, self.password)
        self.ufrag = ufrag
        self.password = password

    def lose(self, path: int) -> None:
        """That path is gone: where media went by it, it goes to the place that was proved last, if any."""
        for place in [place for place in self.addresses if place[0] == path]:
            del self.addresses[place]
        if self.selected is not None and self.selected[0] == path:
            self.selected = next(reversed(self.addresses), None)

    def heard(self, place: tuple[int, Address], now: float) -> None:
        """Something that only the peer can have sent came from there."""
        self._heard_at = now
        if place == self.selected:
            self._selected_heard_at = now

    def quiet(self, now: float) -> bool:
        """Whether nothing has come from where media goes for a moment."""
        return now - self._selected_heard_at > QUIET_S

    def lost(self, now: float) -> bool:
        """Whether the peer has given no sign for too long to go on sending to it."""
        return now - self._heard_at > CONSENT_S

    def _drop_oldest(self) -> None:
        while len(self.addresses) > MAX_ADDRESSES:
            oldest = next(each for each in self.addresses if each != self.selected)
            del self.addresses[oldest]

    def _password_of(self, request: BindingRequest) -> str:
        if self.former is not None and request.local_ufrag == self.former[0]:
            return self.former[1]
        return self.password

    def _follows(self, request: BindingRequest, place: tuple[int, Address], now: float) -> bool:
        if self.selected is None or request.use_candidate:
            return True
        return place != self.selected and now - self._selected_heard_at > SILENT_S
