"""The simulcast lines of an m-line (RFC 8851, RFC 8853), which aiortc's reader does not keep."""

import re

from rtc.downlink.layers import Simulcast

RID_URI = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
REPAIRED_RID_URI = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
MAX_LAYERS = 3

_RID = re.compile(r"^a=rid:([A-Za-z0-9_-]{1,16}) send\b", re.MULTILINE)
_SIMULCAST = re.compile(r"^a=simulcast:(?:recv \S+ )?send (\S+)", re.MULTILINE)


def sections(text: str) -> list[str]:
    """The text of each m-line's section, in order."""
    lines = text.replace("\r\n", "\n")
    starts = [match.start() for match in re.finditer(r"^m=", lines, re.MULTILINE)]
    return [lines[start:end] for start, end in zip(starts, [*starts[1:], len(lines)], strict=True)]


def read_simulcast(section: str, rid_id: int | None, repaired_rid_id: int | None) -> Simulcast | None:
    """What the section offers; None when it is no simulcast, or one whose layers nothing would tell apart.

    Of alternatives (`a,b`) the first is meant; paused layers (`~a`) are as good as others.
    """
    found = _SIMULCAST.search(section)
    if found is None or rid_id is None:
        return None
    described = set(_RID.findall(section))
    listed = [alternatives.split(",")[0].removeprefix("~") for alternatives in found[1].split(";")]
    rids = tuple(dict.fromkeys(rid for rid in listed if rid in described))[:MAX_LAYERS]
    return Simulcast(rids=rids, rid_id=rid_id, repaired_rid_id=repaired_rid_id) if len(rids) > 1 else None


def simulcast_lines(simulcast: Simulcast) -> list[str]:
    """What accepts these layers."""
    lines = [f"a=extmap:{simulcast.rid_id} {RID_URI}"]
    if simulcast.repaired_rid_id is not None:
        lines.append(f"a=extmap:{simulcast.repaired_rid_id} {REPAIRED_RID_URI}")
    lines += [f"a=rid:{rid} recv" for rid in simulcast.rids]
    return [*lines, f"a=simulcast:recv {';'.join(simulcast.rids)}"]
