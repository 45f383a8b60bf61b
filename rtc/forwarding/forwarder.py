"""What flows from whom to whom: sources, subscribers and the routes between them.

The routes are desired state. A slot carries a source when a route says so *and* both ends exist; either end
may come later, or go and come again. Whatever is removed is silenced before anything new begins.
"""

from collections.abc import Callable, Iterable

from rtc.downlink.slot import Flow, Route, Slot
from rtc.downlink.subscriber import Subscriber
from rtc.forwarding.allocation import Pressure
from rtc.forwarding.routes import RouteTable
from rtc.forwarding.sharing import Sharing
from rtc.forwarding.turns import Turns
from rtc.plane import (
    HeldSource,
    Kind,
    LevelsChanged,
    MediaEvent,
    ScopeRoutes,
    SlotsChanged,
    SourceDown,
    SourceUp,
)
from rtc.rtp.rtcp import RtcpFact
from rtc.uplink.source import Source
from rtc.uplink.source_reports import SourceReports

CATCH_UP_PACKETS = 400  # from the history, in one tick, for all slots together
AUDIO_EVERY_S = 0.1
TRANSPORT_FEEDBACK_EVERY_S = 0.05  # at most; a tick later otherwise
LEVELS_EVERY_S = 0.3
SOURCE_REPORT_EVERY_S = 1.0
STATS_EVERY_S = 2.0
SUBSCRIBERS_AT_ONCE = 8  # whose figures are told in one tick
MEASURE_EVERY_S = 1.0
SHARE_EVERY_S = 0.25
SILENT_S = 10.0
NTP_EPOCH_S = 2_208_988_800  # from 1900 to 1970


class Forwarder:
    """All sources and subscribers of one worker. Times are monotonic seconds."""

    def __init__(self, *, emit: Callable[[MediaEvent], None], unix_offset_s: float) -> None:
        self._emit = emit
        self._ntp_offset_s = unix_offset_s + NTP_EPOCH_S
        self.routes = RouteTable()
        self._changed: dict[str, dict[Slot, None]] = {}
        self._transport_at = self._audio_at = self._levels_at = self._source_report_at = self._stats_at = 0.0
        self._measured_at = self._shared_at = 0.0
        self.pressure = Pressure.NONE  # what the worker itself must give up at present
        self._speaking: tuple[str, ...] = ()
        self.sources: dict[str, Source] = {}
        self._reports: dict[str, SourceReports] = {}
        self.subscribers: dict[str, Subscriber] = {}
        self._holding: dict[str, Source] = {}
        self._owing: dict[str, Subscriber] = {}  # they get second copies in the next tick
        self.stale_reconciles = 0
        self._turns = Turns(every_s=STATS_EVERY_S, at_once=SUBSCRIBERS_AT_ONCE)

    def add_source(self, source: Source, now: float) -> None:
        """The source is routed; an earlier one of the same id is not any more."""
        earlier = self.sources.get(source.source_id)
        if earlier is not None:
            self._detach_source(earlier)
            source.up = earlier.up
        self.sources[source.source_id] = source
        self._reports[source.source_id] = SourceReports(source, now)
        self._start_all(source, now)
        self._flush()

    def remove_source(self, source: Source, reason: str) -> None:
        """Nothing of the source flows any more."""
        if self.sources.get(source.source_id) is not source:
            return
        del self.sources[source.source_id]
        del self._reports[source.source_id]
        self._detach_source(source)
        if source.up and not source.crossed:
            self._emit(SourceDown(source_id=source.source_id, reason=reason))
        self._flush()

    def add_subscriber(self, subscriber: Subscriber, now: float) -> None:
        """The subscriber receives what the routes say."""
        self.subscribers[subscriber.connection_id] = subscriber
        self._turns.add(subscriber.connection_id, now)
        self._settle((subscriber.connection_id,), now)
        self._flush()

    def remove_subscriber(self, connection_id: str) -> None:
        """Nothing flows to the connection any more."""
        subscriber = self.subscribers.pop(connection_id, None)
        if subscriber is not None:
            for slot in subscriber.slots:
                slot.route = None
                if slot.attached is not None:
                    slot.attached.detach(slot)
        self._changed.pop(connection_id, None)

    def reconcile(self, routes: ScopeRoutes, now: float) -> None:
        """The scope's slots are as the routes say. What was removed is silent when this returns."""
        concerned = self.routes.replace(routes)
        if concerned is None:
            self.stale_reconciles += 1
            return
        self._settle(concerned, now, epoch=routes.epoch)
        self._flush()

    def retell(self, connection_id: str) -> None:
        """Every slot of the connection is told again, as if it had changed."""
        subscriber = self.subscribers.get(connection_id)
        if subscriber is not None:
            for slot in subscriber.slots:
                self._note(slot)
            self._flush()

    def held_sources(self) -> tuple[HeldSource, ...]:
        """Every source as the world was last told."""
        return tuple(
            HeldSource(
                source_id=source.source_id,
                connection_id=source.connection_id,
                kinds=source.kinds,
                codecs=tuple(codec.value for codec in source.codecs),
                up=source.up,
            )
            for source in self.sources.values()
            if not source.crossed
        )

    def receive_rtp(self, source: Source, data: bytes, now: float) -> None:
        """A publisher's packet has left to everyone it belongs to, or is held until `release`; it has crossed
        to other workers that need it.

        Raises: MalformedPacket.
        """
        self._follow(source, source.receive_rtp(data, now), now)
        for tap in source.taps:
            tap(data)
        if source.pacer.holding:
            self._holding[source.source_id] = source

    @property
    def holding(self) -> bool:
        """Whether packets are held that `release` should let go in a few milliseconds."""
        return bool(self._holding)

    def release(self, now: float) -> None:
        """Held packets whose time has come have left to everyone they belong to now."""
        for source_id, source in list(self._holding.items()):
            if self.sources.get(source_id) is source:
                self._follow(source, source.release(now), now)
            if self.sources.get(source_id) is not source or not source.pacer.holding:
                del self._holding[source_id]

    def _follow(self, source: Source, taken: bool, now: float) -> None:
        """What the source has let through has consequences."""
        if taken and not source.announced and self.sources.get(source.source_id) is source:
            self._announce(source, now)
        if source.recoded:
            source.recoded = False
            if self.sources.get(source.source_id) is source:
                self._start_all(source, now)
        if source.gap_opened:  # at once: every millisecond here is one that a picture stands still
            source.gap_opened = False
            self._ask(source, now)
        if self._changed:
            self._flush()

    def receive_feedback(self, subscriber: Subscriber, facts: list[RtcpFact], now: float) -> None:
        """A subscriber's reports and requests were served."""
        subscriber.receive_rtcp(facts, now, self._ntp(now))
        if subscriber.owed:
            self._owing[subscriber.connection_id] = subscriber
        if self._changed:
            self._flush()

    def tick(self, now: float) -> bool:
        """Everything that was due has been done. True while something is pressing (tick again in 10 ms)."""
        budget = CATCH_UP_PACKETS
        pressing = self.holding
        self.release(now)  # also of what another worker brought, for which no publisher's timer runs
        for source in self.sources.values():
            for track in source.layers(Kind.VIDEO):
                if track.ssrc:
                    budget -= track.slots.pump(budget, now)
                    pressing = pressing or track.slots.pressing or len(track.missing) > 0
            self._ask(source, now)
        while self._owing:
            self._owing.popitem()[1].pay(now)
        for subscriber in self.subscribers.values():
            if subscriber.prober.running:
                subscriber.pad(now)
                pressing = True
        if now - self._transport_at >= TRANSPORT_FEEDBACK_EVERY_S:
            self._transport_at = now
            self._report_to_publishers(now)
        if now - self._audio_at >= AUDIO_EVERY_S:
            self._audio_at = now
            self._choose_voices(now)
            self._measure(now)
            self._report_to_subscribers(now)
        if now - self._shared_at >= SHARE_EVERY_S:
            self._shared_at = now
            self._share_out(self.subscribers.values(), now)
        if now - self._stats_at >= STATS_EVERY_S:
            self._stats_at = now
            for source in self.sources.values():
                self._note_silence(source, now)
                if source.announced and not source.crossed:
                    self._emit(self._reports[source.source_id].stats(now))
        self._tell_of_subscribers(now)
        self._flush()
        return pressing

    def _ask(self, source: Source, now: float) -> None:
        """What is missing of the source, and keyframes, have been asked for as far as that is due."""
        reports = self._reports.get(source.source_id)
        requests = reports.requests(now) if reports is not None else b""
        if requests:
            source.outlet.send_rtcp(requests)

    def _measure(self, now: float) -> None:
        if now - self._measured_at >= MEASURE_EVERY_S:
            self._measured_at = now
            for source in self.sources.values():
                source.measure(now)
            for subscriber in self.subscribers.values():
                subscriber.measure(now)

    def _announce(self, source: Source, now: float) -> None:
        source.announced = True
        if not source.crossed:  # else its own worker tells of it
            source.up = True
            self._emit(
                SourceUp(
                    source_id=source.source_id,
                    kinds=source.kinds,
                    codecs=tuple(codec.value for codec in source.codecs),
                )
            )
        source.outlet.send_rtcp(self._reports[source.source_id].report(now))

    def _note_silence(self, source: Source, now: float) -> None:
        """A source that has sent nothing for long is down, although its connection is there; its next packet
        brings it up again.
        """
        if source.up and now - source.heard_at > SILENT_S:
            source.up = source.announced = False
            self._emit(SourceDown(source_id=source.source_id, reason="silent"))

    def _detach_source(self, source: Source) -> None:
        for track in source.tracks:
            for slot in track.slots.all:
                track.slots.detach(slot)
                self._note(slot)
        for subscriber in self.subscribers.values():
            for slot in subscriber.slots:
                if slot.undecodable and slot.route and slot.route.source_id == source.source_id:
                    slot.undecodable = None
                    self._note(slot)

    def _settle(self, connection_ids: Iterable[str], now: float, epoch: int | None = None) -> None:
        """Stop what should not flow, on all these connections; only then start what should."""
        subscribers = [self.subscribers[each] for each in connection_ids if each in self.subscribers]
        plans = []
        levels = self._levels(now)
        for subscriber in subscribers:
            desired = self.routes.desired(subscriber.connection_id)
            subscriber.audio_route = desired.audio
            subscriber.audio_candidates = desired.candidates
            subscriber.audio_pinned = desired.pinned
            voices = subscriber.chosen_audio(levels, now)
            for slot in subscriber.video:
                slot.wanted_height = desired.heights.get(slot.index, 0)
            wanted = [(slot, desired.video.get(slot.index)) for slot in subscriber.video]
            for slot, voice in zip(subscriber.audio, voices, strict=True):
                wanted.append((slot, _voice_route(desired.audio, voice)))
            plans.append(wanted)
        for wanted in plans:
            for slot, route in wanted:
                self._stop_unless(slot, route, epoch)
        for wanted in plans:
            for slot, route in wanted:
                self._start(slot, route, now)
        self._share_out(subscribers, now)

    def _stop_unless(self, slot: Slot, route: Route | None, epoch: int | None) -> None:
        """The slot is silent unless it already has this route."""
        if slot.route is None or (route is not None and _same(slot.route, route)):
            return
        slot.emptied_epoch = epoch if epoch is not None else slot.route.epoch
        slot.route = None
        slot.undecodable = None
        if slot.attached is not None:
            slot.attached.detach(slot)
        slot.flow = Flow.EMPTY
        self._note(slot)

    def _start_all(self, source: Source, now: float) -> None:
        """Every slot that has a route to the source carries it, if it can."""
        for subscriber in self.subscribers.values():
            for slot in subscriber.slots:
                if slot.route is not None and slot.route.source_id == source.source_id:
                    self._start(slot, slot.route, now)

    def _start(self, slot: Slot, route: Route | None, now: float) -> None:
        """The slot carries the route's source, as soon as that is there."""
        if route is None:
            return
        if slot.route is None:
            slot.route = route
            slot.flow = Flow.WAITING
            self._note(slot)
        if slot.attached is None:
            source = self.sources.get(route.source_id)
            track = source.track_for(slot.kind, slot.wanted_height, now) if source else None
            undecodable = track.codec if track is not None and track.codec not in slot.codecs else None
            if undecodable is not slot.undecodable:
                slot.undecodable = undecodable
                self._note(slot)
            if track is not None and undecodable is None:
                track.slots.attach(slot, now)

    def _choose_voices(self, now: float) -> None:
        levels = self._levels(now)
        for subscriber in self.subscribers.values():
            if subscriber.crowded:
                voices = subscriber.chosen_audio(levels, now)
                routes = [_voice_route(subscriber.audio_route, voice) for voice in voices]
                for slot, route in zip(subscriber.audio, routes, strict=True):
                    self._stop_unless(slot, route, None)
                for slot, route in zip(subscriber.audio, routes, strict=True):
                    self._start(slot, route, now)
        if now - self._levels_at >= LEVELS_EVERY_S:
            own = ((each, source) for each, source in self.sources.items() if not source.crossed)
            speaking = [each for each, source in own if source.loudness.speaking(now)]
            speaking.sort(key=lambda each: levels[each])
            if set(speaking) != set(self._speaking):
                self._levels_at = now
                self._speaking = tuple(speaking)
                self._emit(LevelsChanged(source_ids=self._speaking))

    def _share_out(self, subscribers: Iterable[Subscriber], now: float) -> None:
        Sharing(self.sources, self.pressure, now).share_out(subscribers)

    def _levels(self, now: float) -> dict[str, float]:
        return {each: source.loudness.dbov(now) for each, source in self.sources.items()}

    def _report_to_publishers(self, now: float) -> None:
        report = now - self._source_report_at >= SOURCE_REPORT_EVERY_S
        if report:
            self._source_report_at = now
        for source in self.sources.values():
            reports = self._reports[source.source_id]
            data = (reports.report(now) if report else b"") + reports.transport_feedback()
            if data:
                source.outlet.send_rtcp(data)

    def _report_to_subscribers(self, now: float) -> None:
        ntp = self._ntp(now)
        for subscriber in self.subscribers.values():
            reports = subscriber.reports(now, ntp)
            if reports:
                subscriber.outlet.send_rtcp(reports)

    def _tell_of_subscribers(self, now: float) -> None:
        for connection_id in self._turns.due(now, self.subscribers):
            subscriber = self.subscribers[connection_id]
            available_bps = subscriber.bandwidth.available_bps
            self._emit(subscriber.figures.stats(connection_id, available_bps, now))

    def _ntp(self, now: float) -> int:
        return int((now + self._ntp_offset_s) * 2**32) & 0xFFFFFFFFFFFFFFFF

    def note_start(self, slot: Slot) -> None:
        """The slot's track has begun: its subscriber will be told."""
        self._note(slot)

    def _note(self, slot: Slot) -> None:
        self._changed.setdefault(slot.connection_id, {})[slot] = None

    def _flush(self) -> None:
        """Tell what changed since the last time."""
        changed, self._changed = self._changed, {}
        for connection_id, slots in changed.items():
            states = tuple(slot.state() for slot in slots)
            epoch = max(state.epoch for state in states)
            self._emit(SlotsChanged(connection_id=connection_id, epoch=epoch, slots=states))


def _same(one: Route, other: Route) -> bool:
    return one.source_id == other.source_id and one.scope_id == other.scope_id


def _voice_route(audio: Route | None, source_id: str | None) -> Route | None:
    if audio is None or source_id is None:
        return None
    return Route(scope_id=audio.scope_id, epoch=audio.epoch, source_id=source_id)
