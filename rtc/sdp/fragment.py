"""Trickled candidates and ICE restarts as fragments of descriptions (RFC 8840)."""

from collections.abc import Sequence

from rtc.errors import MalformedSdp
from rtc.sdp.lines import LocalTransport, candidate_lines, joined

MAX_FRAGMENT_LENGTH = 20_000


def read_fragment(text: str) -> str | None:
    """The user name fragment that the peer uses from now on; None when it does not say.

    Its candidates are not needed: the lite side answers whoever checks it.

    Raises: MalformedSdp.
    """
    if len(text) > MAX_FRAGMENT_LENGTH:
        raise MalformedSdp("the fragment is too long")
    ufrags: set[str] = set()
    for line in text.splitlines():
        if line and (len(line) < 2 or line[1] != "="):
            raise MalformedSdp("a line without a type")
        if line.startswith("a=ice-ufrag:"):
            ufrags.add(line.removeprefix("a=ice-ufrag:").strip())
    if len(ufrags) > 1 or "" in ufrags:
        raise MalformedSdp("one ICE user name is needed")
    return next(iter(ufrags), None)


def read_password(text: str) -> str:
    """The password that goes with the fragment's user name; empty when it has none."""
    lines = (line for line in text.splitlines() if line.startswith("a=ice-pwd:"))
    return next(lines, "a=ice-pwd:").removeprefix("a=ice-pwd:").strip()


def restart_fragment(local: LocalTransport, mids: Sequence[str]) -> str:
    """What answers an ICE restart of these bundled m-lines: where and as whom we are reached from now on."""
    lines = [f"a=group:BUNDLE {' '.join(mids)}", "a=ice-lite"]
    lines += [f"a=ice-ufrag:{local.ufrag}", f"a=ice-pwd:{local.password}"]
    for index, mid in enumerate(mids):
        lines += ["m=audio 9 UDP/TLS/RTP/SAVPF 0", f"a=mid:{mid}"]
        if index == 0:
            lines += candidate_lines(local)
    return joined(lines)
