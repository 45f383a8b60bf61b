"""The slots of a subscriber whose answer is known: numbers of chance, codecs as accepted."""

import secrets
import time
from collections.abc import Sequence

from rtc.codecs import PAYLOAD_TYPES, RTX_PAYLOAD_TYPES, Codec
from rtc.connection import Connection
from rtc.fanout import LaneFanout
from rtc.sdp_offer import SlotLine, SubscriberAnswer
from rtc.slot import Retransmission, Slot


def distinct_ssrcs(count: int) -> list[int]:
    """So many, none of them 0."""
    ssrcs: set[int] = set()
    while len(ssrcs) < count:
        ssrcs.add(secrets.randbelow(0xFFFFFFFE) + 1)
    return list(ssrcs)


def make_slots(
    lines: Sequence[SlotLine],
    accepted: SubscriberAnswer,
    connection: Connection,
    fanout: LaneFanout[Connection],
    now: float,
) -> list[Slot]:
    """A slot for each line. Only after the connection's handshake."""
    element_id = accepted.transport_cc_id
    numbers = fanout.numbers(connection, element_id, time.monotonic) if element_id is not None else None
    return [
        Slot(
            connection_id=connection.connection_id,
            kind=line.kind,
            index=line.index,
            mid=line.mid,
            lane=fanout.lane(connection, line.ssrc, numbers if line.mid in accepted.numbered else None),
            codecs=accepted.codecs[line.mid],
            retransmission=_retransmission(line, accepted.retransmitted[line.mid]),
            first_seq=secrets.randbits(15),
            first_ts=secrets.randbits(31),
            now=now,
        )
        for line in lines
    ]


def _retransmission(line: SlotLine, codecs: frozenset[Codec]) -> Retransmission | None:
    if line.rtx_ssrc is None or not codecs:
        return None
    return Retransmission(
        ssrc=line.rtx_ssrc,
        payload_types={PAYLOAD_TYPES[codec]: RTX_PAYLOAD_TYPES[codec] for codec in codecs},
        first_seq=secrets.randbits(15),
    )
