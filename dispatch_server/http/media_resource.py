"""What WHIP and WHEP have in common: an offer comes by POST, its session is a resource that is patched.

Every candidate is in the answer already, so trickled ones are accepted and not needed. An ICE restart keeps
keys and media; its ETag names the ICE session (RFC 9725 section 4.3.1).
"""

from __future__ import annotations

from collections.abc import Iterable

from aiohttp import web

from dispatch_server.errors import BadInput, HubError
from dispatch_server.http.adapter import read_body
from rtc.plane import Patched

SDP_LIMIT = 100 * 1024
SDP = "application/sdp"
SDP_FRAGMENT = "application/trickle-ice-sdpfrag"


async def offer_of(request: web.Request) -> str:
    """The session description in the body. Raises: BadInput."""
    if request.content_type != SDP:
        raise BadInput("wrong_content_type", expected=SDP)
    try:
        return (await read_body(request, SDP_LIMIT)).decode("utf-8")
    except UnicodeDecodeError:
        raise BadInput("malformed_sdp") from None


async def fragment_of(request: web.Request) -> tuple[str, str]:
    """The ICE session that a PATCH means (`*`: the present one), and its fragment. Raises: HubError."""
    if request.content_type != SDP_FRAGMENT:
        raise BadInput("wrong_content_type", expected=SDP_FRAGMENT)
    tag = request.headers.get("If-Match", "").strip().removeprefix("W/").strip('"')
    if not tag:
        raise HubError("precondition_required")
    return tag, (await read_body(request, SDP_LIMIT)).decode("utf-8", "replace")


def created(*, answer_sdp: str, ice_tag: str, location: str, links: Iterable[str]) -> web.Response:
    """The answer to an offer; `links` name TURN servers."""
    response = web.Response(
        status=201,
        text=answer_sdp,
        content_type=SDP,
        headers={"Location": location, "ETag": f'"{ice_tag}"', "Accept-Patch": SDP_FRAGMENT},
    )
    for link in links:
        response.headers.add("Link", link)
    return response


def patched_response(patched: Patched) -> web.Response:
    """Candidates were taken (204), or the ICE session began anew (200 with our side of it)."""
    headers = {"ETag": f'"{patched.ice_tag}"'}
    if patched.fragment is None:
        return web.Response(status=204, headers=headers)
    return web.Response(status=200, text=patched.fragment, content_type=SDP_FRAGMENT, headers=headers)


def options_response(allow: str, **headers: str) -> web.Response:
    """What may be posted here."""
    return web.Response(status=204, headers={"Accept-Post": SDP, "Allow": allow, **headers})
