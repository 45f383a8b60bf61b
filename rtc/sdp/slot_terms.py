"""What both sides agreed on for one slot."""

from collections.abc import Mapping
from dataclasses import dataclass

from rtc.codecs import Codec


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotTerms:
    """Payload types are those of whoever made the offer: ours for a page, its own for a player."""

    codecs: Mapping[Codec, int]  # what is decoded, and under which payload type
    retransmitted: Mapping[Codec, int]  # whose retransmissions are taken, and under which
    redundant: bool = False  # sound may come with repetitions (RED), under the one number that we use
    transport_cc_id: int | None = None  # the element that may number packets transport-wide
