"""The slots of a subscriber whose answer is known: numbers of chance, codecs as accepted."""

import secrets
import time
from collections.abc import Mapping, Sequence

from rtc.codecs import PAYLOAD_TYPES
from rtc.downlink.fanout import LaneFanout
from rtc.downlink.slot import Retransmission, Slot
from rtc.sdp.offer import SlotLine
from rtc.sdp.slot_terms import SlotTerms
from rtc.transport.connection import Connection


def distinct_ssrcs(count: int) -> list[int]:
    """So many, none of them 0."""
    ssrcs: set[int] = set()
    while len(ssrcs) < count:
        ssrcs.add(secrets.randbelow(0xFFFFFFFE) + 1)
    return list(ssrcs)


def make_slots(
    lines: Sequence[SlotLine],
    terms: Mapping[str, SlotTerms],
    connection: Connection,
    fanout: LaneFanout[Connection],
    now: float,
) -> list[Slot]:
    """A slot for each line, on the terms for its mid. Only after the connection's handshake."""
    element_ids = (each.transport_cc_id for each in terms.values())
    element_id = next((each for each in element_ids if each is not None), None)
    numbers = fanout.numbers(connection, element_id, time.monotonic) if element_id is not None else None
    return [
        Slot(
            connection_id=connection.connection_id,
            kind=line.kind,
            index=line.index,
            mid=line.mid,
            lane=fanout.lane(connection, line.ssrc, numbers if terms[line.mid].transport_cc_id else None),
            codecs=terms[line.mid].codecs,
            redundant=terms[line.mid].redundant,
            retransmission=_retransmission(line, terms[line.mid]),
            first_seq=secrets.randbits(15),
            first_ts=secrets.randbits(31),
            now=now,
        )
        for line in lines
    ]


def _retransmission(line: SlotLine, terms: SlotTerms) -> Retransmission | None:
    if line.rtx_ssrc is None or not terms.retransmitted:
        return None
    return Retransmission(
        ssrc=line.rtx_ssrc,
        payload_types={PAYLOAD_TYPES[codec]: number for codec, number in terms.retransmitted.items()},
        first_seq=secrets.randbits(15),
    )
