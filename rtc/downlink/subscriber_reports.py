"""What a viewer's receiver reports say of its downlink, and the figures that the world is told."""

from collections.abc import Sequence

from rtc.downlink.opinion import picture_score, sound_score
from rtc.downlink.slot import Slot
from rtc.downlink.slot_reports import SlotReports
from rtc.figures import SlotStats, SubscriberStats
from rtc.kind import Kind
from rtc.rtp.round_trip import round_trip_s
from rtc.rtp.rtcp import ReportBlock

HEADER = 12  # octets that a lane does not count
WEIGHT = 0.25  # of the newest round trip
BUFFER_MS = 40.0  # what a receiver waits beside twice the jitter, when its sound is judged


class SubscriberReports:
    """The figures of one connection. Times are monotonic seconds."""

    __slots__ = ("_by_ssrc", "_resent", "_sent", "_slots", "_taken_at", "resent", "rtt_s")

    def __init__(self, slots: Sequence[Slot], now: float) -> None:
        self._slots = tuple(slots)
        self._by_ssrc = {slot.ssrc: SlotReports(clock_rate=slot.clock_rate) for slot in slots}
        self._sent = {slot.ssrc: 0 for slot in slots}
        self._taken_at = now
        self._resent = 0
        self.resent = 0  # packets sent again, since the start
        self.rtt_s: float | None = None

    def note(self, block: ReportBlock, slot: Slot, ntp: int) -> float:
        """The share (0..1) that was lost on the way down, as this report on the slot has it."""
        took = round_trip_s(ntp=ntp, last_sr=block.last_sr, since_sr=block.since_sr)
        if took is not None:
            self.rtt_s = took if self.rtt_s is None else self.rtt_s + WEIGHT * (took - self.rtt_s)
        holes = slot.track.holes if slot.track is not None else 0
        return self._by_ssrc[slot.ssrc].note(block, holes=holes, stretch=slot.rewrite)

    def stats(self, connection_id: str, available_bps: float | None, now: float) -> SubscriberStats:
        """How the downlink did since the last call. Slots that carry nothing are left out."""
        elapsed = max(0.001, now - self._taken_at)
        self._taken_at = now
        slots = []
        expected = lost = total_bps = 0
        jitter_ms: float | None = None
        for slot in self._slots:
            octets = slot.lane.octets + HEADER * slot.lane.packets
            sent_bps = int(8 * (octets - self._sent[slot.ssrc]) / elapsed)
            self._sent[slot.ssrc] = octets
            total_bps += sent_bps
            reports = self._by_ssrc[slot.ssrc]
            taken = reports.take()
            if slot.route is None or slot.track is None:
                continue
            if taken is not None:
                expected, lost = expected + taken[0], lost + taken[1]
            if reports.jitter_ms is not None:
                jitter_ms = max(jitter_ms or 0.0, reports.jitter_ms)
            slots.append(self._slot_stats(slot, sent_bps, taken, reports.jitter_ms))
        resent, self._resent = self.resent - self._resent, self.resent
        return SubscriberStats(
            connection_id=connection_id,
            sent_bps=total_bps,
            resent=resent,
            loss_pct=round(100 * lost / expected, 2) if expected else None,
            rtt_ms=round(1000 * self.rtt_s, 1) if self.rtt_s is not None else None,
            jitter_ms=round(jitter_ms, 1) if jitter_ms is not None else None,
            available_bps=int(available_bps) if available_bps is not None else None,
            slots=tuple(slots),
        )

    def _slot_stats(
        self,
        slot: Slot,
        sent_bps: int,
        taken: tuple[int, int] | None,
        jitter_ms: float | None,
    ) -> SlotStats:
        track, route = slot.track, slot.route
        size = track.picture_size() if track is not None and slot.kind is Kind.VIDEO else None
        height = size[1] if size else None
        rid = track.rid if track is not None else ""
        loss_pct = round(100 * taken[1] / taken[0], 2) if taken is not None else None
        score: float | None = None
        if slot.kind is Kind.AUDIO and loss_pct is not None:
            delay_ms = 500 * (self.rtt_s or 0.0) + BUFFER_MS + 2 * (jitter_ms or 0.0)
            score = sound_score(delay_ms=delay_ms, loss_pct=loss_pct)
        elif height is not None:  # what was lost has mostly been sent again: the page knows the rest
            score = picture_score(bitrate_bps=sent_bps, height=height, loss_pct=0.0, place=slot.wanted_height)
        return SlotStats(
            slot=slot.index,
            kind=slot.kind,
            source_id=route.source_id if route is not None else "",
            sent_bps=sent_bps,
            loss_pct=loss_pct,
            jitter_ms=round(jitter_ms, 1) if jitter_ms is not None else None,
            rid=rid,
            height=height,
            wanted_height=slot.wanted_height,
            held=slot.held_back,
            score=score,
        )
