"""Subscribers of one worker: offered their slots, which the forwarder fills."""

import secrets
import time

from rtc.connection import Connection, Reason
from rtc.errors import MalformedPacket, UnknownConnection, UnknownProfile, WrongStep
from rtc.fanout import LaneFanout
from rtc.forwarder import Forwarder
from rtc.peers import Peers
from rtc.plane import SLOT_COUNTS, Profile, Subscribed
from rtc.rtcp import parse_rtcp
from rtc.sdp_offer import SlotLine, SubscriberAnswer, read_subscriber_answer, slot_lines, subscriber_offer
from rtc.slot_making import distinct_ssrcs, make_slots
from rtc.subscriber import Subscriber


class Subscribing:
    """Connections that receive. Every method is called on the event loop."""

    def __init__(self, *, peers: Peers, forwarder: Forwarder, fanout: LaneFanout[Connection]) -> None:
        self._peers = peers
        self._forwarder = forwarder
        self._fanout = fanout
        self._offered: dict[str, tuple[SlotLine, ...]] = {}
        self._accepted: dict[str, SubscriberAnswer] = {}

    def subscribe(self, profile: str) -> Subscribed:
        """An offer with the profile's slots; it awaits its answer.

        Raises: UnknownProfile, MediaFull.
        """
        if profile not in SLOT_COUNTS:
            raise UnknownProfile(profile)
        video, audio = SLOT_COUNTS[Profile(profile)]
        connection_id, local = self._peers.new_identity()
        ssrcs = distinct_ssrcs(2 * video + audio)
        lines = slot_lines(video, audio, ssrcs)
        counters = self._peers.counters
        subscriber: Subscriber | None = None

        def on_rtcp(data: bytes, now: float) -> None:
            if subscriber is not None:
                try:
                    self._forwarder.receive_feedback(subscriber, parse_rtcp(data), now)
                except MalformedPacket:
                    counters["malformed_rtcp"] += 1

        connection = self._peers.make(connection_id, local, None, on_rtcp)

        def on_up() -> None:
            nonlocal subscriber
            now = time.monotonic()
            accepted = self._accepted[connection_id]
            slots = make_slots(lines, accepted, connection, self._fanout, now)
            subscriber = Subscriber(
                connection_id=connection_id,
                outlet=connection,
                video=slots[:video],
                audio=slots[video:],
                now=now,
            )
            self._forwarder.add_subscriber(subscriber, now)

        def on_down(_reason: Reason) -> None:
            if self._offered.pop(connection_id, None) is not None and subscriber is not None:
                counters["resends_refused"] += subscriber.resends.refused
            self._accepted.pop(connection_id, None)
            self._forwarder.remove_subscriber(connection_id)

        self._offered[connection_id] = lines
        self._peers.start(connection, on_up, on_down)
        offer = subscriber_offer(lines, local, secrets.randbits(62))
        return Subscribed(connection_id=connection_id, offer_sdp=offer)

    def accept(self, connection_id: str, answer_sdp: str) -> None:
        """The subscriber's answer is taken; its handshake may follow.

        Raises: UnknownConnection, WrongStep, MalformedSdp, NothingAcceptable.
        """
        connection = self._peers.connections.get(connection_id)
        if connection is None:
            raise UnknownConnection(connection_id)
        lines = self._offered.get(connection_id)
        if lines is None or not connection.awaits_answer:
            raise WrongStep(connection_id)
        answer = read_subscriber_answer(answer_sdp, lines)
        self._accepted[connection_id] = answer
        connection.describe(answer.remote)
