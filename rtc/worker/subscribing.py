"""Subscribers of one worker: pages, which are offered their slots, and players, which offer theirs (WHEP).

The forwarder fills the slots of both alike.
"""

import secrets
import time
from collections.abc import Callable, Mapping, Sequence

from rtc.downlink.fanout import LaneFanout
from rtc.downlink.subscriber import Subscriber
from rtc.errors import MalformedPacket, UnknownConnection, UnknownProfile, WrongStep
from rtc.forwarding.forwarder import Forwarder
from rtc.plane import SLOT_COUNTS, Kind, Patched, Played, Profile, Subscribed
from rtc.rtp.rtcp import parse_rtcp
from rtc.sdp.lines import LocalTransport
from rtc.sdp.offer import SlotLine, SubscriberAnswer, read_subscriber_answer, slot_lines, subscriber_offer
from rtc.sdp.player import player_answer, read_player_offer, slots_of
from rtc.sdp.slot_terms import SlotTerms
from rtc.transport.connection import Connection, Reason
from rtc.worker.peers import Peers
from rtc.worker.slot_making import distinct_ssrcs, make_slots


class Subscribing:
    """Connections that receive. Every method is called on the event loop."""

    def __init__(self, *, peers: Peers, forwarder: Forwarder, fanout: LaneFanout[Connection]) -> None:
        self._peers = peers
        self._forwarder = forwarder
        self._fanout = fanout
        self._offered: dict[str, tuple[SlotLine, ...]] = {}
        self._accepted: dict[str, SubscriberAnswer] = {}
        self._restarting: set[str] = set()  # their ICE has new names, the page's are still to come

    def subscribe(self, profile: str, label: str = "") -> Subscribed:
        """An offer with the profile's slots; it awaits its answer.

        Raises: UnknownProfile, MediaFull.
        """
        if profile not in SLOT_COUNTS:
            raise UnknownProfile(profile)
        video, audio = SLOT_COUNTS[Profile(profile)]
        connection_id, local = self._peers.new_identity()
        lines = slot_lines(video, audio, distinct_ssrcs(2 * video + audio))

        def terms() -> dict[str, SlotTerms]:
            return {line.mid: self._accepted[connection_id].terms(line.mid) for line in lines}

        def on_end() -> None:
            self._offered.pop(connection_id, None)
            self._accepted.pop(connection_id, None)
            self._restarting.discard(connection_id)

        self._offered[connection_id] = lines
        self._open(connection_id, local, lines, terms, on_end, label=label)
        offer = subscriber_offer(lines, local, secrets.randbits(62))
        return Subscribed(connection_id=connection_id, offer_sdp=offer)

    def play(self, offer_sdp: str, label: str = "") -> Played:
        """The player is answered with one slot for each kind of media that it takes.

        Raises: MalformedSdp, NothingAcceptable, MediaFull.
        """
        offer = read_player_offer(offer_sdp)
        connection_id, local = self._peers.new_identity()
        slots = slots_of(offer, distinct_ssrcs(2 * len(offer.lines)))
        terms = {line.mid: line.terms for line in offer.lines}
        connection = self._open(connection_id, local, slots, lambda: terms, lambda: None, label=label)
        connection.describe(offer.remote)
        self._peers.note_answered(connection_id, tuple(line.mid for line in offer.lines))
        answer = player_answer(offer, slots, local, secrets.randbits(62))
        return Played(connection_id=connection_id, answer_sdp=answer, ice_tag=local.ufrag)

    def _open(
        self,
        connection_id: str,
        local: LocalTransport,
        lines: Sequence[SlotLine],
        terms: Callable[[], Mapping[str, SlotTerms]],
        on_end: Callable[[], None],
        *,
        label: str,
    ) -> Connection:
        """A connection whose slots are there once it is up, on the terms that are known by then."""
        counters = self._peers.counters
        subscriber: Subscriber | None = None

        def on_rtcp(data: bytes, now: float) -> None:
            if subscriber is not None:
                try:
                    self._forwarder.receive_feedback(subscriber, parse_rtcp(data), now)
                except MalformedPacket:
                    counters["malformed_rtcp"] += 1

        connection = self._peers.make(connection_id, local, None, on_rtcp, label=label)

        def on_up() -> None:
            nonlocal subscriber
            now = time.monotonic()
            slots = make_slots(lines, terms(), connection, self._fanout, now)
            subscriber = Subscriber(
                connection_id=connection_id,
                outlet=connection,
                video=[slot for slot in slots if slot.kind is Kind.VIDEO],
                audio=[slot for slot in slots if slot.kind is Kind.AUDIO],
                now=now,
            )
            self._forwarder.add_subscriber(subscriber, now)

        def on_down(_reason: Reason) -> None:
            nonlocal subscriber
            if subscriber is not None:
                counters["resends_refused"] += subscriber.resends.refused
                subscriber = None
            on_end()
            self._forwarder.remove_subscriber(connection_id)

        self._peers.start(connection, on_up, on_down)
        return connection

    def restart(self, connection_id: str) -> Patched:
        """The page's ICE session begins anew under the names in the fragment, which it puts into the offer
        that it has; keys and slots stay, and media goes where it went until the page is found elsewhere.

        Raises: UnknownConnection, WrongStep.
        """
        if connection_id not in self._peers.connections:
            raise UnknownConnection(connection_id)
        lines = self._offered.get(connection_id)
        if lines is None or connection_id not in self._accepted:
            raise WrongStep(connection_id)
        self._restarting.add(connection_id)
        return self._peers.restart(connection_id, tuple(line.mid for line in lines))

    def accept(self, connection_id: str, answer_sdp: str) -> None:
        """The subscriber's answer is taken; its handshake may follow. After a restart it says no more than
        the page's own names.

        Raises: UnknownConnection, WrongStep, MalformedSdp, NothingAcceptable.
        """
        connection = self._peers.connections.get(connection_id)
        if connection is None:
            raise UnknownConnection(connection_id)
        lines = self._offered.get(connection_id)
        restarted = connection_id in self._restarting
        if lines is None or not (connection.awaits_answer or restarted):
            raise WrongStep(connection_id)
        answer = read_subscriber_answer(answer_sdp, lines)
        if restarted:
            self._restarting.discard(connection_id)
            connection.rename(answer.remote.ice_ufrag, answer.remote.ice_password)
        else:
            self._accepted[connection_id] = answer
            connection.describe(answer.remote)
