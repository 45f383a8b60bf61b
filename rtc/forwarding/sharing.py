"""Every picture comes in the layer that fits its place, as far as the subscriber's way and the server go."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rtc.downlink.slot import Slot
from rtc.downlink.subscriber import Subscriber
from rtc.forwarding.allocation import Demand, Pressure, allocate, missing_bps
from rtc.plane import Kind
from rtc.uplink.source import Source
from rtc.uplink.track import Track

STAGE = 0  # the video slot of the main picture
VOICE_BPS = 40_000.0  # kept free for each audio slot
CALM_S = 5.0  # since the way showed its limit, before anything is given back
UNKNOWN_BPS = 500_000.0  # of a layer that has not been measured yet


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    slot: Slot
    ladder: list[Track]
    wanted: int

    @property
    def demand(self) -> Demand:
        held = None
        if not self.slot.resting:
            coming = self.slot.arriving if self.slot.arriving is not None else self.slot.attached
            held = next((index for index, track in enumerate(self.ladder) if track.slots is coming), None)
        return Demand(
            rates_bps=tuple(track.rate_bps or UNKNOWN_BPS for track in self.ladder),
            wanted=self.wanted,
            held=held,
            stage=self.slot.index == STAGE,
        )


class Sharing:
    """One round over some subscribers; a source's layers are looked at once for each height."""

    __slots__ = ("_ladders", "_layered", "_now", "_pressure", "_sources")

    def __init__(self, sources: Mapping[str, Source], pressure: Pressure, now: float) -> None:
        self._sources = sources
        self._layered = {each for each, source in sources.items() if len(source.layers(Kind.VIDEO)) > 1}
        self._ladders: dict[tuple[str, int], tuple[list[Track], int]] = {}
        self._pressure = pressure
        self._now = now

    def share_out(self, subscribers: Iterable[Subscriber]) -> None:
        """Every slot of theirs is on its way to the layer that it gets."""
        for subscriber in subscribers:
            if subscriber.bandwidth.available_bps is None and self._pressure is Pressure.NONE:
                self._give_all(subscriber)
            else:
                self._give_what_fits(subscriber)

    def _give_all(self, subscriber: Subscriber) -> None:
        for slot in subscriber.video:
            if slot.route is not None and (slot.resting or slot.route.source_id in self._layered):
                place = self._place(slot)
                if place is not None:
                    self._give(place, place.wanted)

    def _give_what_fits(self, subscriber: Subscriber) -> None:
        places = [place for slot in subscriber.video if (place := self._place(slot)) is not None]
        if not places:
            return
        available_bps = subscriber.bandwidth.available_bps
        heard = [slot for slot in subscriber.audio if slot.track is not None]
        voices = sum(1 if slot.red_from is None else 2 for slot in heard)
        left = None if available_bps is None else max(0.0, available_bps - VOICE_BPS * voices)
        demands = [place.demand for place in places]
        rising = self._now - subscriber.bandwidth.limited_at > CALM_S
        granted = allocate(left, demands, self._pressure, rising=rising)
        for place, layer in zip(places, granted, strict=True):
            self._give(place, layer)
        if self._pressure is Pressure.NONE:
            subscriber.consider_probe(missing_bps(demands, granted), self._now)

    def _place(self, slot: Slot) -> _Place | None:
        if slot.route is None or slot.attached is None:
            return None
        key = (slot.route.source_id, slot.wanted_height)
        if key not in self._ladders:
            source = self._sources.get(key[0])
            self._ladders[key] = source.ladder(Kind.VIDEO, key[1], self._now) if source else ([], 0)
        ladder, wanted = self._ladders[key]
        return _Place(slot=slot, ladder=ladder, wanted=wanted) if ladder else None

    def _give(self, place: _Place, layer: int | None) -> None:
        slot = place.slot
        slot.held_back = layer is None or layer < place.wanted
        if layer is None:
            if not slot.resting:
                place.ladder[0].slots.rest(slot)
            return
        slots = place.ladder[layer].slots
        if slot.resting:
            slots.wake(slot, self._now)
        elif slots is slot.attached:
            if slot.arriving is not None:
                slot.arriving.withdraw(slot)
        elif slots is not slot.arriving:
            slots.change_over(slot)
