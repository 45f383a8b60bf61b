"""What a page is told of its slots."""

from __future__ import annotations

from typing import Any

from rtc.plane import SlotsChanged


def slot_map(event: SlotsChanged) -> dict[str, Any]:
    """The event `media_slots`: the slots that changed, or all of them."""
    slots = [
        {
            "slot": each.slot,
            "kind": each.kind.value,
            "mid": each.mid,
            "source_id": each.source_id,
            "epoch": each.epoch,
            "first_rtp_ts": each.first_rtp_ts,
            "undecodable": each.undecodable,
            "still": each.still,
        }
        for each in event.slots
    ]
    return {"connection_id": event.connection_id, "epoch": event.epoch, "slots": slots}
