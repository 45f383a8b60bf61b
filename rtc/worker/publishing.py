"""Publishers of one worker: their offers answered, their packets handed to the forwarder."""

import asyncio
import secrets
import time

from rtc.downlink.fanout import LaneFanout
from rtc.errors import MalformedPacket
from rtc.forwarding.forwarder import Forwarder
from rtc.plane import Published
from rtc.rtp.rtcp import parse_rtcp
from rtc.sdp.answer import accepted_mids, publisher_answer, read_publisher_offer
from rtc.transport.connection import Connection, Reason
from rtc.uplink.source import Source
from rtc.worker.crossing import Crossings
from rtc.worker.peers import Peers

RELEASE_S = 0.004


class Publishing:
    """Connections that bring a source. Every method is called on the event loop."""

    def __init__(
        self,
        *,
        peers: Peers,
        forwarder: Forwarder,
        crossings: Crossings,
        fanout: LaneFanout[Connection],
    ) -> None:
        self._peers = peers
        self._crossings = crossings
        self._forwarder = forwarder
        self._fanout = fanout
        self._becoming: dict[str, Connection] = {}  # by source: its publisher before the handshake
        self._releasing = False

    def publish(self, source_id: str, offer_sdp: str, label: str = "") -> Published:
        """The publisher is answered; when its handshake is through it takes the place of an earlier one.

        Raises: MalformedSdp, NothingAcceptable, MediaFull.
        """
        offer = read_publisher_offer(offer_sdp)
        back = source_id in self._forwarder.sources or source_id in self._becoming
        connection_id, local = self._peers.new_identity(back=back)
        counters = self._peers.counters
        source: Source | None = None

        def on_rtp(data: bytes, now: float) -> None:
            counters["packets_in"] += 1
            if source is not None:
                try:
                    self._forwarder.receive_rtp(source, data, now)
                except MalformedPacket:
                    counters["malformed_rtp"] += 1
                if self._forwarder.holding and not self._releasing:
                    self._releasing = True
                    asyncio.get_running_loop().call_later(RELEASE_S, self._release)

        def on_rtcp(data: bytes, now: float) -> None:
            if source is not None:
                try:
                    source.receive_rtcp(parse_rtcp(data), now)
                except MalformedPacket:
                    counters["malformed_rtcp"] += 1
                else:
                    for tap in source.taps:
                        tap(data)

        connection = self._peers.make(connection_id, local, on_rtp, on_rtcp, label=label, source_id=source_id)

        def on_up() -> None:
            nonlocal source
            now = time.monotonic()
            self._becoming.pop(source_id, None)
            earlier = self._forwarder.sources.get(source_id)
            source = Source(
                source_id=source_id,
                connection_id=connection_id,
                plans=offer.plans,
                outlet=connection,
                fanout=self._fanout,
                on_start=self._forwarder.note_start,
                now=now,
            )
            self._forwarder.add_source(source, now)
            self._crossings.came_up(source, offer.plans)
            if earlier is not None and not earlier.crossed:
                self._peers.connections[earlier.connection_id].end(Reason.REPLACED)

        def on_down(reason: Reason) -> None:
            if self._becoming.get(source_id) is connection:
                del self._becoming[source_id]
            if source is not None:
                self._crossings.went_down(source)
                self._forwarder.remove_source(source, reason)

        if source_id in self._becoming:  # it asks again: the first try is given up
            self._becoming[source_id].end(Reason.REPLACED)
        self._becoming[source_id] = connection
        connection.describe(offer.remote)
        self._peers.start(connection, on_up, on_down)
        answer = publisher_answer(offer, local, secrets.randbits(62))
        self._peers.note_answered(connection_id, tuple(accepted_mids(offer)))
        return Published(connection_id=connection_id, answer_sdp=answer, ice_tag=local.ufrag)

    def _release(self) -> None:
        """What the pacers held and is due has left; as long as something is held this comes again."""
        self._forwarder.release(time.monotonic())
        self._releasing = self._forwarder.holding
        if self._releasing:
            asyncio.get_running_loop().call_later(RELEASE_S, self._release)
