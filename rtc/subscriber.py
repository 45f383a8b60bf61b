"""A subscriber connection's slots, and what its browser says of them."""

from collections.abc import Mapping, Sequence

from rtc.audio_slots import choose
from rtc.budget import Budget
from rtc.downlink import Downlink, Quality
from rtc.fanout import Outlet
from rtc.plane import Kind
from rtc.rtcp import KeyframeRequest, Nack, ReportBlock, RtcpFact, pack_cname, pack_sender_report
from rtc.slot import Route, Slot
from rtc.subscriber_reports import STAGE, SubscriberReports

SMALLEST = 1  # as a wanted height
RESENDS_PER_S = 1000.0  # a browser that asks for more is not answered: the excess is dropped and counted
RESEND_BURST = 400.0
OWED = 64  # second copies that wait for the next tick; further ones are not sent
FRESH_S = 5.0  # a slot that started this lately has its clock told often: receivers average over reports
FRESH_REPORT_S = 0.25
REPORT_S = 2.0


class Subscriber:
    """The fixed slots of one connection."""

    __slots__ = (
        "_by_ssrc",
        "_reported_at",
        "audio",
        "audio_candidates",
        "audio_pinned",
        "audio_route",
        "connection_id",
        "downlink",
        "figures",
        "outlet",
        "owed",
        "resends",
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
        self.downlink = Downlink(now)
        self.owed: list[tuple[Slot, int]] = []
        """What was sent again and will be once more, a little later: an answer that gets lost costs a picture
        two round trips, and on a way that loses one packet in twenty a second copy costs as much as that.
        """
        self.figures = SubscriberReports(self.slots, now)
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

    def height_for(self, slot: Slot, now: float) -> int:
        """How high a picture the slot should get: what its place wants, as far as the downlink carries it."""
        quality = self.downlink.judge(now)
        if quality is Quality.FULL or (quality is Quality.STAGE and slot.index == STAGE):
            return slot.wanted_height
        return SMALLEST

    def receive_rtcp(self, facts: Sequence[RtcpFact], now: float, ntp: int) -> None:
        """What was asked for has been sent again, or requested from the publisher; what it says of its
        downlink is taken note of. `ntp` is now by the wall clock, 64 bits.
        """
        for fact in facts:
            if isinstance(fact, Nack):
                self._resend(fact, now)
            elif isinstance(fact, KeyframeRequest):
                slot = self._by_ssrc.get(fact.ssrc)
                if slot is not None and slot.attached is not None and slot.kind is Kind.VIDEO:
                    slot.attached.keyframe_wanted(slot, now)
            elif isinstance(fact, ReportBlock):
                slot = self._by_ssrc.get(fact.ssrc)
                if slot is not None:
                    self.downlink.note(self.figures.note(fact, slot, ntp))

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

    def _resend(self, nack: Nack, now: float) -> None:
        slot = self._by_ssrc.get(nack.ssrc)
        if slot is None or slot.track is None:
            return
        twice = slot.retransmission is not None and self.downlink.spotty
        for seq in nack.seqs:
            if self.resends.take(1, now) and slot.resend(seq):
                self.figures.resent += 1
                if twice and len(self.owed) < OWED:
                    self.owed.append((slot, seq))
