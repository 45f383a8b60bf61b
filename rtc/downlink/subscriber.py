"""A subscriber connection's slots, and what its browser says of them."""

from collections.abc import Mapping, Sequence

from rtc.budget import Budget
from rtc.downlink.audio_slots import choose
from rtc.downlink.bandwidth import HEADERS, Bandwidth
from rtc.downlink.fanout import Outlet
from rtc.downlink.probe import Prober
from rtc.downlink.slot import Flow, Route, Slot
from rtc.downlink.subscriber_reports import SubscriberReports
from rtc.plane import Kind
from rtc.rtp.rtcp import (
    KeyframeRequest,
    Nack,
    ReceiverEstimate,
    ReportBlock,
    RtcpFact,
    TransportReport,
    pack_cname,
    pack_sender_report,
)

RESENDS_PER_S = 1000.0  # a browser that asks for more is not answered: the excess is dropped and counted
RESEND_BURST = 400.0
OWED = 64  # second copies that wait for the next tick; further ones are not sent
MOST_PADDING = 64  # packets of a probe at once
FRESH_S = 5.0  # a slot that started this lately has its clock told often: receivers average over reports
FRESH_REPORT_S = 0.25
REPORT_S = 2.0


class Subscriber:
    """The fixed slots of one connection."""

    __slots__ = (
        "_by_ssrc",
        "_measured",
        "_numbers",
        "_reported_at",
        "audio",
        "audio_candidates",
        "audio_pinned",
        "audio_route",
        "bandwidth",
        "connection_id",
        "figures",
        "outlet",
        "owed",
        "prober",
        "resends",
        "sending_bps",
        "video",
    )

    def __init__(
        self,
        *,
        connection_id: str,
        outlet: Outlet,
        video: Sequence[Slot],
        audio: Sequence[Slot],
        now: float,
    ) -> None:
        self.connection_id = connection_id
        self.outlet = outlet
        self.video = tuple(video)
        self.audio = tuple(audio)
        self.audio_route: Route | None = None  # its source_id says nothing
        self.audio_candidates: tuple[str, ...] = ()
        self.audio_pinned: tuple[str, ...] = ()
        self.resends = Budget(per_s=RESENDS_PER_S, burst=RESEND_BURST, now=now)
        self.owed: list[tuple[Slot, int]] = []
        """What was sent again and will be once more, a little later: an answer that gets lost costs a picture
        two round trips, and on a way that loses one packet in twenty a second copy costs as much as that.
        """
        self.figures = SubscriberReports(self.slots, now)
        self.bandwidth = Bandwidth(now)
        self.prober = Prober(now)
        self.sending_bps = 0.0  # as of the last `measure`
        self._measured = (now, 0)
        self._numbers = next((slot.lane.numbers for slot in self.video if slot.lane.numbers), None)
        self._by_ssrc = {slot.ssrc: slot for slot in (*self.video, *self.audio)}
        self._reported_at = now

    @property
    def slots(self) -> tuple[Slot, ...]:
        """All of them, video first."""
        return self.video + self.audio

    @property
    def crowded(self) -> bool:
        """Whether more sources may be heard than there are audio slots."""
        return len({*self.audio_candidates, *self.audio_pinned}) > len(self.audio)

    def measure(self, now: float) -> None:
        """The rate at which media is sent is known as of now. To be called about once a second."""
        octets = sum(slot.lane.octets + HEADERS * slot.lane.packets for slot in self.slots)
        before_at, before = self._measured
        self._measured = (now, octets)
        if now > before_at:
            self.sending_bps = 8 * (octets - before) / (now - before_at)

    def receive_rtcp(self, facts: Sequence[RtcpFact], now: float, ntp: int) -> None:
        """What was asked for has been sent again, or requested from the publisher; what it says of its
        downlink is taken note of. `ntp` is now by the wall clock, 64 bits.
        """
        for fact in facts:
            if isinstance(fact, Nack):
                self._resend(fact, now)
            elif isinstance(fact, KeyframeRequest):
                slot = self._by_ssrc.get(fact.ssrc)
                if slot is not None and slot.kind is Kind.VIDEO:
                    self._want_keyframe(slot, now)
            elif isinstance(fact, ReportBlock):
                slot = self._by_ssrc.get(fact.ssrc)
                if slot is not None:
                    self.bandwidth.note_loss(self.figures.note(fact, slot, ntp), self.sending_bps, now)
            elif isinstance(fact, TransportReport):
                self._note_arrivals(fact.body, now)
            elif isinstance(fact, ReceiverEstimate):
                self.bandwidth.note_estimate(fact.bitrate_bps, self.sending_bps, now)

    def consider_probe(self, missing_bps: float, now: float) -> None:
        """The way is tried for more, if it has shown a limit and so much more was wanted."""
        available_bps = self.bandwidth.available_bps
        if available_bps is not None and self._numbers is not None:
            limited_at = self.bandwidth.limited_at
            self.prober.consider(
                available_bps=available_bps, missing_bps=missing_bps, limited_at=limited_at, now=now
            )

    def pad(self, now: float) -> None:
        """What the present probe needs beside the media has left: packets that were sent already."""
        live = [slot for slot in self.video if slot.flow is Flow.LIVE and slot.retransmission is not None]
        for slot in (live * MOST_PADDING)[:MOST_PADDING]:
            if not self.prober.due(sending_bps=self.sending_bps, now=now):
                return
            self.prober.padded(slot.repeat())

    def chosen_audio(self, dbov: Mapping[str, float], now: float) -> list[str | None]:
        """Who should hold each audio slot now."""
        return choose(
            holders=[slot.route.source_id if slot.route else None for slot in self.audio],
            since=[slot.started_at for slot in self.audio],
            candidates=self.audio_candidates,
            pinned=self.audio_pinned,
            dbov=dbov,
            now=now,
        )

    def reports(self, now: float, ntp: int) -> bytes:
        """Sender reports of the slots that carry something, when due; else empty."""
        live = [slot for slot in self.slots if slot.track is not None]
        if not live:
            return b""
        fresh = any(now - slot.started_at < FRESH_S for slot in live)
        if now - self._reported_at < (FRESH_REPORT_S if fresh else REPORT_S):
            return b""
        self._reported_at = now
        reports = [report for slot in live if (report := slot.sender_report(now, ntp)) is not None]
        if not reports:
            return b""
        packed = b"".join(pack_sender_report(report) for report in reports)
        return packed + pack_cname([report.ssrc for report in reports], "liandong")

    def pay(self, now: float) -> None:
        """The second copies have left, as far as their slots still carry what they belong to."""
        owed, self.owed = self.owed, []
        for slot, seq in owed:
            if self.resends.take(1, now):
                slot.resend(seq)

    def _note_arrivals(self, body: bytes, now: float) -> None:
        if self._numbers is None:
            return
        report = self._numbers.way_report(body)
        self.bandwidth.note_report(report, now, probing=self.prober.disturbs(now))
        if self.prober.running:
            rate_bps = self.prober.note(self._numbers.passages(body), now)
            if rate_bps is not None:
                self.bandwidth.proved(rate_bps, now)

    def _want_keyframe(self, slot: Slot, now: float) -> None:
        if slot.attached is not None and not slot.resting:  # the next still is a keyframe anyway
            slot.attached.keyframe_wanted(slot, now)

    def _resend(self, nack: Nack, now: float) -> None:
        slot = self._by_ssrc.get(nack.ssrc)
        if slot is None or slot.track is None:
            return
        twice = slot.retransmission is not None and self.bandwidth.spotty
        for seq in nack.seqs:
            if self.resends.take(1, now) and slot.resend(seq):
                self.figures.resent += 1
                if twice and len(self.owed) < OWED:
                    self.owed.append((slot, seq))
