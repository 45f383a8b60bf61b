"""Who is heard: which sources hold a subscriber's audio slots.

Pinned sources come first, the first of them in slot 0. When there is room for all candidates, each simply
has a slot and keeps it. Otherwise the loudest have them; a holder gives way only to somebody clearly louder,
and not in the first moments, so that voices do not flutter.
"""

from collections.abc import Mapping, Sequence

HYSTERESIS_DB = 6.0
HOLD_S = 1.5
AUDIBLE_DBOV = 60.0  # a candidate quieter than this takes nobody's slot


def choose(
    *,
    holders: Sequence[str | None],
    since: Sequence[float],
    candidates: Sequence[str],
    pinned: Sequence[str],
    dbov: Mapping[str, float],
    now: float,
) -> list[str | None]:
    """The source for each slot. `holders` and `since` are as it is now; `dbov` as `Loudness` has it.

    A source that is absent from candidates and pinned holds no slot in the answer.
    """
    count = len(holders)
    allowed = set(candidates) | set(pinned)
    slots: list[str | None] = [holder if holder in allowed else None for holder in holders]
    fixed = _place_pinned(slots, pinned)
    waiting = [source for source in dict.fromkeys(candidates) if source not in slots]
    waiting.sort(key=lambda source: dbov.get(source, 127.0))
    # Slot 0 is kept for a pinned source as long as there is another free one.
    free = [index for index in (*range(1, count), 0)[:count] if slots[index] is None]
    while waiting and free:
        slots[free.pop(0)] = waiting.pop(0)
    for source in waiting:
        level = dbov.get(source, 127.0)
        if level > AUDIBLE_DBOV:
            break
        quietest = max(
            (index for index in range(count) if index not in fixed and now - since[index] >= HOLD_S),
            key=lambda index: dbov.get(slots[index] or "", 127.0),
            default=None,
        )
        if quietest is None or dbov.get(slots[quietest] or "", 127.0) - level < HYSTERESIS_DB:
            break
        slots[quietest] = source
    return slots


def _place_pinned(slots: list[str | None], pinned: Sequence[str]) -> set[int]:
    """Give the pinned their slots in place; the slots they hold."""
    fixed: set[int] = set()
    for order, source in enumerate(dict.fromkeys(pinned)):
        if len(fixed) == len(slots):
            break
        at = slots.index(source) if source in slots else None
        if order == 0 and at != 0:
            if at is not None:
                slots[at] = None
            slots[0] = source
            at = 0
        elif at is None:
            empty = [index for index in range(1, len(slots)) if slots[index] is None and index not in fixed]
            other = [index for index in range(len(slots)) if index not in fixed]
            at = empty[0] if empty else other[-1]
            slots[at] = source
        fixed.add(at if at is not None else 0)
    return fixed
