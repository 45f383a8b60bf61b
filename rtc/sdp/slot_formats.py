"""The formats in which a page is offered each slot: their payload types are ours, and the same for all.

Nothing travels in H.264's High profile. Who takes it decodes Main as well, and some browsers (Safari) name
only the highest profile that they decode.
"""

from dataclasses import dataclass

from rtc.aiortc_seam import MediaDescription
from rtc.codecs import CLOCK_RATES, ENCODING_NAMES, KINDS, PAYLOAD_TYPES, RTX_PAYLOAD_TYPES, Codec
from rtc.plane import Kind
from rtc.rtp.red import RED_PAYLOAD_TYPE
from rtc.sdp.codec_order import FMTP, H264_FMTP, red_lines, red_number
from rtc.sdp.lines import VIDEO_FEEDBACK

FEEDBACK = (*VIDEO_FEEDBACK, "transport-cc", "goog-remb")


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotFormat:
    """One payload type of the offer; `codec` is what leaves under it."""

    codec: Codec
    number: int
    again: int | None  # that of its retransmissions
    parameters: str | None

    @property
    def kind(self) -> Kind:
        """In which m-lines it stands."""
        return KINDS[self.codec]

    @property
    def lines(self) -> list[str]:
        """What describes it."""
        channels = "/2" if self.kind is Kind.AUDIO else ""
        name = f"{ENCODING_NAMES[self.codec]}/{CLOCK_RATES[self.codec]}{channels}"
        lines = [f"a=rtpmap:{self.number} {name}"]
        if self.parameters is not None:
            lines.append(f"a=fmtp:{self.number} {self.parameters}")
        if self.kind is Kind.VIDEO:
            lines += [f"a=rtcp-fb:{self.number} {feedback}" for feedback in FEEDBACK]
        if self.codec is Codec.OPUS:
            lines += red_lines(RED_PAYLOAD_TYPE, self.number)
        if self.again is not None:
            lines += [f"a=rtpmap:{self.again} rtx/90000", f"a=fmtp:{self.again} apt={self.number}"]
        return lines


# Where a browser takes several formats of one codec, the first of them is used.
FORMATS = (
    *(
        SlotFormat(
            codec=codec,
            number=PAYLOAD_TYPES[codec],
            again=RTX_PAYLOAD_TYPES.get(codec),
            parameters=FMTP.get(codec),
        )
        for codec in Codec
    ),
    SlotFormat(codec=Codec.H264_MAIN, number=106, again=107, parameters=f"{H264_FMTP}640c1f"),
)


def formats_of(kind: Kind) -> list[SlotFormat]:
    """All that are offered for a slot of that kind, in order of preference."""
    return [each for each in FORMATS if each.kind is kind]


def numbers_of(kind: Kind) -> list[int]:
    """All payload types of such an m-line."""
    formats = formats_of(kind)
    beside = [each.again for each in formats if each.again is not None]
    return [each.number for each in formats] + (beside if kind is Kind.VIDEO else [RED_PAYLOAD_TYPE])


def takes_repetitions(description: MediaDescription) -> bool:
    """Whether the answer's m-line takes sound as RED."""
    return red_number(description, PAYLOAD_TYPES[Codec.OPUS]) == RED_PAYLOAD_TYPE


def accepted_formats(description: MediaDescription) -> dict[Codec, SlotFormat]:
    """What of it the answer's m-line takes: for each codec the format under which that leaves."""
    if description.port == 0 or description.direction not in ("recvonly", "sendrecv"):
        return {}
    named = {(codec.name.lower(), codec.payloadType) for codec in description.rtp.codecs}
    taken: dict[Codec, SlotFormat] = {}
    for each in formats_of(Kind(description.kind)):
        if (ENCODING_NAMES[each.codec].lower(), each.number) in named:
            taken.setdefault(each.codec, each)
    return taken


def retransmitted_formats(description: MediaDescription, taken: dict[Codec, SlotFormat]) -> dict[Codec, int]:
    """Under which payload types the retransmissions of these are taken."""
    again = {codec.payloadType for codec in description.rtp.codecs if codec.name.lower() == "rtx"}
    return {codec: each.again for codec, each in taken.items() if each.again in again and each.again}
