"""Which layer of a simulcast picture a slot should carry: the smallest that fills its place on the page."""

from collections.abc import Sequence
from dataclasses import dataclass

ENOUGH = 0.75  # of the wanted height: scaling up by a third is not seen on a tile
UNKNOWN_HEIGHT = 0  # of a place: the best there is


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulcast:
    """The layers that a publisher offers, and the header extension elements that tell them apart."""

    rids: tuple[str, ...]
    rid_id: int
    repaired_rid_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """What is known of one layer: `height` in pixels once a keyframe told it, `octets` received so far,
    `alive` while packets come.
    """

    height: int | None
    octets: int
    alive: bool


def order(layers: Sequence[Layer]) -> list[int]:
    """The indices of the layers that are alive (all, if none is), the smallest first: by height where all
    tell it, else by what they have sent.
    """
    alive = [index for index, layer in enumerate(layers) if layer.alive] or range(len(layers))
    if all(layer.height for layer in layers):
        return sorted(alive, key=lambda index: layers[index].height or 0)
    return sorted(alive, key=lambda index: layers[index].octets)


def choose(layers: Sequence[Layer], wanted_height: int) -> int:
    """The index of the layer for a place of that height; one that is not alive only if none is."""
    candidates = order(layers)
    if wanted_height == UNKNOWN_HEIGHT:
        return candidates[-1]
    for index in candidates:
        height = layers[index].height
        if height is not None and height >= ENOUGH * wanted_height:
            return index
    return candidates[-1]
