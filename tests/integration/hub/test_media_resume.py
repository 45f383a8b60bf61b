"""A page whose socket was away takes up its media connection; nobody else does, and nobody after the end."""

from __future__ import annotations

import asyncio
from typing import Any

from socketio import packet

from dispatch_server.media.away import Away
from rtc.plane import Held, HeldConnection, HeldSource, Kind, ScopeRoutes, VideoRoute
from tests.fakes import FakePlane
from tests.integration.hub.house import (
    LABOUR,
    OPERATOR,
    House,
    Listener,
    Visitor,
    config_in,
    open_house,
    until,
)


async def a_page(visitor: Visitor) -> tuple[Listener, str]:
    page = await visitor.listen()
    opened = await page.ask("media_open", {"profile": "console"})
    return page, opened["connection_id"]


async def lost(page: Listener) -> None:
    """The page's network is gone: nothing is said."""
    await page.client.eio.ws.close()
    await page.is_closed()


async def resume(visitor: Visitor, connection_id: str) -> Any:
    return await (await visitor.listen()).ask("media_resume", {"connection_id": connection_id})


async def test_a_page_that_comes_back_has_its_connection_and_is_told_every_slot(house: House) -> None:
    operator = await house.signed_in(OPERATOR)
    page, connection_id = await a_page(operator)
    await lost(page)
    assert connection_id in house.plane.subscribers

    assert await resume(operator, connection_id) == {"ok": True}

    assert house.plane.retold == [connection_id]
    assert connection_id in house.plane.subscribers


async def test_the_new_socket_may_be_faster_than_the_end_of_the_old_one(house: House) -> None:
    operator = await house.signed_in(OPERATOR)
    page, connection_id = await a_page(operator)

    assert (await resume(operator, connection_id))["ok"]
    await page.close()

    await asyncio.sleep(0.1)
    assert connection_id in house.plane.subscribers


async def test_another_session_is_told_that_there_is_no_such_connection(house: House) -> None:
    operator, colleague = await house.signed_in(OPERATOR), await house.signed_in(LABOUR)
    elsewhere = await house.signed_in(OPERATOR)
    page, connection_id = await a_page(operator)
    await lost(page)

    for other in (colleague, elsewhere):
        answer = await resume(other, connection_id)
        assert (answer["ok"], answer["code"]) == (False, "unknown_connection")
    assert house.plane.retold == []


async def test_a_page_that_says_goodbye_and_one_that_is_signed_out_lose_their_connections_at_once(
    house: House,
) -> None:
    operator = await house.signed_in(OPERATOR)
    page, closed = await a_page(operator)
    await page.client._send_packet(page.client.packet_class(packet.DISCONNECT, namespace="/"))
    await until(lambda: closed not in house.plane.subscribers, 2)

    page, away = await a_page(operator)
    await lost(page)
    await operator.post("/api/sign-out")
    assert away not in house.plane.subscribers


async def test_pages_that_were_reloaded_often_do_not_shut_their_own_person_out(house: House) -> None:
    operator = await house.signed_in(OPERATOR)
    opened = []
    for _ in range(12):
        page, connection_id = await a_page(operator)
        opened.append(connection_id)
        await lost(page)
    assert house.plane.subscribers == set(opened[-8:]), "the oldest made room"


async def test_what_an_earlier_hub_left_is_taken_over_except_what_is_nobodys(house: House, data: Any) -> None:
    operator = await house.signed_in(OPERATOR)
    _, connection_id = await a_page(operator)
    route = VideoRoute(connection_id=connection_id, slot=0, source_id="nobody-knows")
    held = Held(
        connections=(
            HeldConnection(
                connection_id=connection_id,
                label=house.plane.labels[connection_id],
                source_id=None,
                up=True,
            ),
            HeldConnection(connection_id="odd", label="?", source_id=None, up=True),
            HeldConnection(connection_id="sends", label="", source_id="camera", up=True),
        ),
        sources=(
            HeldSource(
                source_id="camera", connection_id="sends", kinds=(Kind.VIDEO,), codecs=("vp8",), up=True
            ),
        ),
        routes=(ScopeRoutes(scope_id="gone", epoch=10**9, video=(route,)),),
        epoch=10**9,
    )
    plane = FakePlane(found=held)
    plane.subscribers |= {connection_id, "odd"}
    plane.publishers["sends"] = "camera"
    plane.routes["gone"] = held.routes[0]

    (data / "next").mkdir()
    async with open_house(config_in(data / "next"), plane=plane) as following:
        await until(lambda: plane.routes["gone"].video == ())
        assert plane.routes["gone"].epoch == 10**9, "although this store has not come so far"
        await until(lambda: plane.subscribers == {connection_id} and not plane.publishers)
        assert following.hub.director.sid_of(connection_id) is None


async def test_a_connection_whose_page_stays_away_is_closed_and_one_that_is_back_is_not() -> None:
    closed: list[str] = []

    class Group:
        """Runs every job."""

        def __init__(self) -> None:
            self.jobs: list[asyncio.Task[None]] = []

        def start(self, job: Any, *, name: str) -> None:
            self.jobs.append(asyncio.create_task(job, name=name))

    async def close(connection_id: str) -> None:
        closed.append(connection_id)

    group: Any = Group()
    away = Away(tasks=group, close=close, grace_s=0.05)
    for connection_id in ("stays", "returns"):
        away.left(connection_id)
    assert away.longest() == ["stays", "returns"]
    away.is_back("returns")
    await asyncio.gather(*group.jobs)
    assert closed == ["stays"]
    assert away.longest() == []
