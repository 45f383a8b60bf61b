"""How one track's numbers become a slot's numbers: sequence and timestamp, continuous over every switch.

A slot's stream has one SSRC for its whole life. Each time a track starts in it, a `Rewrite` is made; it is a
pure function of the packet, so that a packet sent again is the same packet, byte for byte (SRTP must never
encrypt two texts under one index).

A slot that starts from the packets kept since the last keyframe must reach the present quickly: until then
its timestamps run `COMPRESSION` times as dense, and the receiver shows the frames as fast as it decodes them.
"""

from rtc.rtp.serial import SEQ_MASK, TS_MASK, seq_delta

COMPRESSION = 64  # a frame of 33 ms becomes 0.5 ms: frames stay apart, ten seconds become 156 ms


class Rewrite:
    """Numbers of a track → numbers of a slot, from the track's packet `first_seq` on."""

    __slots__ = (
        "_boundary_seq",
        "_dense",
        "_dense_base",
        "first_rtp_ts",
        "first_seq",
        "first_ts",
        "seq_off",
        "ts_off",
    )

    def __init__(
        self, *, first_seq: int, first_ts: int, out_seq: int, out_ts: int, dense: bool = False
    ) -> None:
        self.first_seq = first_seq
        self.first_ts = first_ts
        self.first_rtp_ts = out_ts
        self.seq_off = (out_seq - first_seq) & SEQ_MASK
        self.ts_off = (out_ts - first_ts) & TS_MASK
        self._dense = dense
        self._dense_base = out_ts
        self._boundary_seq: int | None = None

    @property
    def dense(self) -> bool:
        """Whether the present has not been reached yet."""
        return self._dense and self._boundary_seq is None

    def reach_present(self, seq: int, ts: int, out_ts: int) -> None:
        """From packet `seq` on, time runs as the publisher's does, its frame's `ts` at `out_ts`.

        The number decides, not the timestamp: what has left under one number never gets another time,
        whatever timestamps a publisher makes up.
        """
        self._boundary_seq = seq
        self.ts_off = (out_ts - ts) & TS_MASK

    def out_seq(self, seq: int) -> int:
        """The slot's sequence number for the track's."""
        return (seq + self.seq_off) & SEQ_MASK

    def out_ts(self, seq: int, ts: int) -> int:
        """The slot's timestamp for the track's packet of that number and timestamp."""
        if self._dense and (self._boundary_seq is None or seq_delta(seq, self._boundary_seq) < 0):
            since_first = (ts - self.first_ts) & TS_MASK
            if since_first >= 0x80000000:  # older than the first: a stray within the first frames
                since_first = 0
            return (self._dense_base + since_first // COMPRESSION) & TS_MASK
        return (ts + self.ts_off) & TS_MASK

    def track_seq(self, out_seq: int) -> int | None:
        """The track's number of a packet that the slot has sent; None for packets before this start."""
        seq = (out_seq - self.seq_off) & SEQ_MASK
        return seq if seq_delta(seq, self.first_seq) >= 0 else None
