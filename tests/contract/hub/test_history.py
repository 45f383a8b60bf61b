"""Random histories of the real use cases on a real store.

After every command: each page that follows the broadcasts shows what a fresh fetch would show, nobody heard
of what they may not see, the deadlines in the store are those that the response calls for, media flows only
to those who may have it, and every refusal has a code and a sentence. At the end the journal verifies.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Awaitable, Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from alerting import (
    AlertingError,
    AssignmentMode,
    AssignmentState,
    DueTime,
    FollowUpResult,
    IncidentState,
    Level,
)
from alerting.assignment import UNANSWERED
from dispatch_server import bodies, seeding, views
from dispatch_server.access import oversees
from dispatch_server.caller import Caller
from dispatch_server.errors import HubError
from dispatch_server.http.error_status import status_of
from dispatch_server.media.viewers import Want, WantedVideo
from dispatch_server.messages import SENTENCES
from dispatch_server.store.accounts import Device
from dispatch_server.store.engine import sqlite_url
from dispatch_server.usecases.case import DUE, Case
from dispatch_server.usecases.desk import Result
from rooms import FeedKind, Presence, RoomError
from rtc.errors import RtcError
from tests.contract.hub.conftest import empty
from tests.contract.hub.console import comparable
from tests.contract.hub.rig import Page, Rig, assembled
from tests.contract.hub.steps import assert_chained
from tests.searching import share
from tests.unit.alerting.ledger import OPEN, meaningful, time_of

OPERATOR, LEADER, CITY = "op-chengnan", "lead-chengnan", "commander"
OFFICER, OTHER_OFFICER = "off-chengnan-jinxiu", "off-chengnan-shiqiao"
DEPARTMENTS = ("police", "labour", "housing", "justice", "petition", "urban")
RESPONDERS = tuple(f"chengnan-{slug}-{number}" for slug in DEPARTMENTS for number in (1, 2))
OUTSIDERS = ("op-hexi", "hexi-police-1", "off-hexi-guihua", "admin")
WATCHED = (OPERATOR, LEADER, CITY, OFFICER, "med-chengnan", *RESPONDERS[::2], *OUTSIDERS)
HALL = st.sampled_from([OPERATOR, OPERATOR, OPERATOR, LEADER, CITY, "op-hexi", RESPONDERS[0]])
ANYBODY = st.sampled_from([OPERATOR, OFFICER, LEADER, *RESPONDERS[:8], "hexi-police-1"])
DAY_S = st.sampled_from([0.5, 2, 4.5, 6, 15, 25, 75, 180, 460, 1000])

Command = Callable[[Rig], Awaitable[Any]]


class HubHistory(RuleBasedStateMachine):
    """`fresh` gives the URL of a migrated store that holds the demonstration city, or `seed` is sown."""

    def __init__(self, fresh: Callable[[], str], seed: seeding.Seed | None = None) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        self._context = assembled(fresh(), seed)
        self.rig: Rig = self.run(self._context.__aenter__())
        self.pages: list[Page] = [self.rig.open_page(person) for person in WATCHED]
        self.incidents: list[str] = []
        self.devices: list[Device] = []
        self.connections: dict[str, str] = {}
        self.cases: list[Case] = []
        """Every case, as it was after the last command."""
        self.keys = count(1)

    def run(self, command: Awaitable[Any]) -> Any:
        async def within() -> Any:
            return await command

        return self._runner.run(within())

    def teardown(self) -> None:
        try:
            self.run(self._at_the_end())
        finally:
            self.run(self._context.__aexit__(None, None, None))
            self._runner.close()

    # ── one command, and what holds after it ─────────────────────────────────────────────────────

    def do(self, command: Command) -> Any:
        return self.run(self._do(command))

    async def _do(self, command: Command) -> Any:
        heads = await self.rig.hub.reader.heads()
        reply, refusal = None, None
        try:
            reply = await command(self.rig)
        except (HubError, AlertingError, RoomError, RtcError) as error:
            refusal = error
        await self.rig.settled()
        self.cases = await self.rig.cases()
        if isinstance(reply, Result):
            await self._answered(reply)
        if refusal is not None:
            assert refusal.code in SENTENCES
            assert 400 <= status_of(refusal) < 500
            assert await self.rig.hub.reader.heads() == heads, f"{refusal} left something behind"
        for page in self.pages:
            await self._heard_only_what_they_may(page, self.cases)
            await self._shows_what_a_fetch_would(page, self.cases)
        await self._deadlines_are_those_called_for(self.cases)
        self._media_flows_only_to_those_who_may(self.cases)
        return reply

    async def _answered(self, result: Result) -> None:
        """Two pages sent it: one that hears the broadcast too, and one whose socket is down."""
        view = (await self.rig.hub.looking.incident_view(result.case)).model_dump(mode="json")
        for page in [self.rig.pages[OPERATOR], *(p for p in self.pages if not p.connected)]:
            if self.rig.may_see(page.person, result.case):
                page.picture.put(view)

    async def _heard_only_what_they_may(self, page: Page, cases: list[Case]) -> None:
        by_id = {case.incident_id: case for case in cases}
        by_room = {case.room.id: case for case in cases if case.room}
        for event, data in page.inbox:
            if event in ("stream_gone", "beat", "media_back", "ring_stopped"):
                continue
            if event == "stream_advanced" and data["stream"].startswith("room:"):
                case = by_room.get(data["stream"].removeprefix("room:"))
            elif event == "stream_advanced":
                case = by_id[data["stream"].removeprefix("incident:")]
            else:
                case = by_id[data["incident_id"]]
            assert case is None or self.rig.may_see(page.person, case), (page.person.id, event)
            self._assert_closed(event, data)
        page.inbox.clear()

    def _assert_closed(self, event: str, data: Any) -> None:
        """A broadcast says nothing that JSON does not carry, and no address of anybody."""
        assert "contacts" not in json.dumps(data), event

    async def _shows_what_a_fetch_would(self, page: Page, cases: list[Case]) -> None:
        if not page.connected:
            return
        picture = page.picture
        if picture.gap:
            await self.rig.sync(page)
        visible = {case.incident_id: case for case in cases if self.rig.may_see(page.person, case)}
        assert set(picture.incidents) <= set(visible), f"{page.person.id} shows what is not theirs"
        for key, case in visible.items():
            shown = picture.incidents.get(key)
            if shown is None:
                assert case.response.incident.state is IncidentState.CLOSED, f"{page.person.id} lacks {key}"
                continue
            view = await self.rig.hub.looking.incident_view(case)
            assert comparable(shown) == comparable(view.model_dump(mode="json")), page.person.id
            if case.room is not None:
                room = views.room_view(case.room, case.room_seq).model_dump(mode="json")
                assert picture.rooms.get(case.room.id) == room, page.person.id
        hidden = {room["incident_id"] for room in picture.rooms.values()} - set(visible)
        assert not hidden, f"{page.person.id} still shows the room of an incident that is not theirs"

    async def _deadlines_are_those_called_for(self, cases: list[Case]) -> None:
        rows: dict[str, DueTime] = {}
        for key, incident_id, doc in await self.rig.hub.reader.due_before(2**53, limit=10_000):
            rows[key] = DUE.validate_json(doc)
            assert (key, incident_id) == (rows[key].key, rows[key].incident_id)
        by_id = {case.incident_id: case.response for case in cases}
        for due in rows.values():
            response = by_id[due.incident_id]
            assert meaningful(response, due), f"{due.key} should have been cancelled"
            assert due.at == time_of(response, due), f"{due.key} was moved"
        for response in by_id.values():
            if response.incident.state not in OPEN:
                continue
            owners: list[tuple[str, Any]] = [(str(response.incident.id), response.clock)]
            owners += [(str(a.id), a.clock) for a in response.assignments if not a.over]
            for owner, clock in owners:
                if clock.running:
                    marks = {f"{owner}:clock:{pct}" for pct in (50, 80, 100) if pct > clock.announced_pct}
                    assert marks <= rows.keys(), f"a mark of {owner} is forgotten"
            for a in response.assignments:
                if not a.over and a.state in UNANSWERED and a.attempt == 1:
                    steps = {f"{a.id}:step:{n}" for n in range(a.step + 1, len(a.policy.steps))}
                    assert steps <= rows.keys(), f"a step of {a.id} is forgotten"

    def _media_flows_only_to_those_who_may(self, cases: list[Case]) -> None:
        by_id = {case.incident_id: case for case in cases}
        owner = {connection: person for person, connection in self.connections.items()}
        for scope_id, routes in self.rig.plane.routes.items():
            flows = [(r.connection_id, r.source_id, "video") for r in routes.video]
            flows += [(r.connection_id, s, "audio") for r in routes.audio for s in r.source_ids]
            for connection, source, kind in flows:
                self._may_flow(by_id[scope_id], owner[connection], source, kind)

    def _may_flow(self, case: Case, person_id: str, source_id: str, kind: str) -> None:
        """Told again, without the rule's own code: from DESIGN, promise one."""
        person = self.rig.directory.people[person_id]
        room = case.room if case.room and case.room.state == "open" else None
        seats = {seat.person_id: seat for seat in room.participants} if room else {}
        seat = seats.get(person_id)
        present = seat is not None and seat.presence is Presence.PRESENT
        assert present or oversees(self.rig.directory, person, case.response.incident.agency_id)
        assert seat is None or seat.presence not in (Presence.REMOVED, Presence.AWAY)
        feed = case.feed(source_id)
        if feed is not None:
            assert feed.state == "live"
            assert feed.owner_id != person_id
            sender = seats.get(feed.owner_id or "")
        else:
            sender = next(s for s in seats.values() if s.source_id == source_id)
            assert present
            assert sender.presence is Presence.PRESENT
            assert sender.person_id != person_id
        assert kind == "video" or sender is None or not sender.muted

    async def _at_the_end(self) -> None:
        await assert_chained(self.rig.hub.reader)
        cases = await self.rig.cases()
        for page in self.pages:
            page.connected = True
            await self.rig.sync(page)
            await self._shows_what_a_fetch_would(page, cases)
            fresh = await self.rig.hub.looking.sync(Caller(person=page.person), {})
            mine = [c for c in cases if self.rig.may_see(page.person, c)]
            still_open = {c.incident_id for c in mine if c.response.incident.state != "closed"}
            assert {view.id for view in fresh.incidents} == still_open
            for stream, events in page.picture.events.items():
                seqs = sorted(events)
                whole = list(range(seqs[0], page.picture.seqs[stream] + 1)) if seqs else []
                assert seqs == whole, f"{page.person.id} lacks events of {stream}"

    # ── choosing ─────────────────────────────────────────────────────────────────────────────────

    def an_incident(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from([self.incidents[0], *self.incidents[-2:]]))

    def the_case(self, incident_id: str) -> Case:
        return next(case for case in self.cases if case.incident_id == incident_id)

    def an_assignment(self, data: st.DataObject) -> tuple[str, str]:
        """(assignment, somebody of its department), or ids that nobody has."""
        case = self.the_case(self.an_incident(data))
        assignments = case.response.assignments
        if not assignments:
            return "nobody's", RESPONDERS[0]
        assignment = assignments[data.draw(st.integers(0, len(assignments) - 1))]
        members = [p.id for p in self.rig.directory.members(assignment.department_id)]
        return assignment.id, data.draw(st.sampled_from([*members[:1] * 3, *members, OUTSIDERS[1]]))

    def on_assignment(self, data: st.DataObject, verb: str, *more: str) -> None:
        assignment_id, person = self.an_assignment(data)
        key = data.draw(st.sampled_from([None, None, None, f"key{next(self.keys)}"]))

        async def twice(rig: Rig) -> None:
            command = getattr(rig.hub.answers, verb)
            await command(rig.caller(person, key=key), assignment_id, *more)
            if key is not None:  # the reply was lost, and the client says it again
                await command(rig.caller(person, key=key), assignment_id, *more)

        self.do(twice)

    # ── what people do ───────────────────────────────────────────────────────────────────────────

    @initialize(begun=st.sampled_from(["reported", "pressed", "pressed", "in the room", "in the room"]))
    def the_first_report(self, begun: str) -> None:
        self.report(OFFICER, "wage_dispute", None)
        incident_id = self.incidents[0]
        if begun == "reported":
            return
        self.do(lambda rig: rig.hub.summoning.press(rig.caller(OPERATOR), incident_id, None))
        if begun == "in the room":
            self.rig.clock.pass_by(9)
            case = self.the_case(incident_id)
            self.do(lambda rig: rig.hub.room_life.join(rig.caller(RESPONDERS[0]), case.room.id))
            feed = bodies.CreateFeed(incident_id=incident_id)
            self.do(lambda rig: rig.hub.feeds.create(rig.caller(OFFICER), feed))
            self.do(lambda rig: arrive(rig, self.the_feeds()[0]))

    def the_feeds(self) -> list[str]:
        return [feed.id for case in self.cases for feed in case.feeds]

    @rule(
        who=st.sampled_from([OFFICER, OPERATOR, CITY, "off-hexi-guihua", RESPONDERS[0]]),
        kind=st.sampled_from(["wage_dispute", "noise", "burst_pipe", "traffic", "no_such_type"]),
        level=st.sampled_from([None, Level.DIFFICULT, Level.SIMPLE]),
    )
    def report(self, who: str, kind: str, level: Level | None) -> None:
        if len(self.incidents) >= 4:
            return
        body = bodies.Report(type=kind, level=level, words="x", place=bodies.PlaceBody(text="东门", lat=41.8))
        result = self.do(lambda rig: rig.hub.reporting.report(rig.caller(who), body))
        if result is not None:
            self.incidents.append(result.case.incident_id)

    @rule(data=st.data(), who=HALL, plan=st.sampled_from([None, None, "chengnan.noise", "hexi.noise"]))
    def press(self, data: st.DataObject, who: str, plan: str | None) -> None:
        incident_id = self.an_incident(data)
        self.do(lambda rig: rig.hub.summoning.press(rig.caller(who), incident_id, plan))

    @rule(data=st.data())
    def two_press_at_once(self, data: st.DataObject) -> None:
        incident_id = self.an_incident(data)
        before = self.the_case(incident_id)

        async def both(rig: Rig) -> list[Any]:
            press = rig.hub.summoning.press
            return await asyncio.gather(
                press(rig.caller(OPERATOR), incident_id, None),
                press(rig.caller(LEADER), incident_id, None),
                return_exceptions=True,
            )

        results = self.do(both)
        issued = [r for r in results if getattr(r, "note", {}).get("pressed") == "issued"]
        assert len(issued) <= (0 if before.response.open else 1)

    @rule(data=st.data(), who=HALL)
    def recall(self, data: st.DataObject, who: str) -> None:
        incident_id = self.an_incident(data)
        self.do(lambda rig: rig.hub.summoning.recall(rig.caller(who), incident_id))

    @rule(data=st.data(), what=st.sampled_from(["acknowledge", "acknowledge", "depart", "arrive"]))
    def answer(self, data: st.DataObject, what: str) -> None:
        self.on_assignment(data, what)

    @rule(data=st.data(), reason=st.sampled_from(["人手不足", "人手不足", "  "]))
    def decline(self, data: st.DataObject, reason: str) -> None:
        self.on_assignment(data, "decline", reason)

    @rule(data=st.data())
    def a_page_arrives(self, data: st.DataObject) -> None:
        self.on_assignment(data, "record_delivery", "console")

    @rule(data=st.data(), verb=st.sampled_from(["release", "resummon"]), who=HALL)
    def direct_one(self, data: st.DataObject, verb: str, who: str) -> None:
        assignment_id, _ = self.an_assignment(data)
        self.do(lambda rig: getattr(rig.hub.answers, verb)(rig.caller(who), assignment_id))

    @rule(data=st.data())
    def reassign(self, data: st.DataObject) -> None:
        assignment_id, person = self.an_assignment(data)
        self.do(lambda rig: rig.hub.answers.reassign(rig.caller(OPERATOR), assignment_id, person))

    @rule(
        data=st.data(),
        slug=st.sampled_from(["health", "police", "jinxiu", "nowhere"]),
        required=st.booleans(),
        mode=st.sampled_from(AssignmentMode),
    )
    def add_department(self, data: st.DataObject, slug: str, required: bool, mode: AssignmentMode) -> None:
        incident_id = self.an_incident(data)
        body = bodies.AddDepartment(department_id=f"chengnan.{slug}", required=required, mode=mode)
        self.do(lambda rig: rig.hub.summoning.add_department(rig.caller(OPERATOR), incident_id, body))

    @rule(data=st.data(), to=st.sampled_from([[], ["chengnan.police"], ["chengnan.nowhere"]]))
    def order(self, data: st.DataObject, to: list[str]) -> None:
        incident_id = self.an_incident(data)
        body = bodies.GiveOrder(text="先关阀门", department_ids=to)
        self.do(lambda rig: rig.hub.incidents.order(rig.caller(OPERATOR), incident_id, body))

    @rule(data=st.data(), who=ANYBODY)
    def acknowledge_order(self, data: st.DataObject, who: str) -> None:
        orders = [order.id for order in self.the_case(self.an_incident(data)).response.orders]
        order_id = data.draw(st.sampled_from([*orders, "nobody's"]))
        self.do(lambda rig: rig.hub.incidents.acknowledge_order(rig.caller(who), order_id))

    @rule(data=st.data(), level=st.sampled_from(Level), title=st.sampled_from([None, "漏水"]))
    def relabel(self, data: st.DataObject, level: Level, title: str | None) -> None:
        incident_id = self.an_incident(data)
        body = bodies.Relabel(level=level, title=title)
        self.do(lambda rig: rig.hub.incidents.relabel(rig.caller(OPERATOR), incident_id, body))

    @rule(data=st.data(), sure=st.sampled_from([False, False, True]))
    def resolve(self, data: st.DataObject, sure: bool) -> None:
        incident_id = self.an_incident(data)
        if sure:
            self.do(lambda rig: rig.hub.incidents.resolve(rig.caller(OPERATOR), incident_id, "已修复"))

    @rule(data=st.data(), called=st.booleans())
    def close(self, data: st.DataObject, called: bool) -> None:
        incident_id = self.an_incident(data)
        follow_up = bodies.FollowUpBody(result=FollowUpResult.REACHED, satisfaction=5) if called else None
        body = bodies.Close(follow_up=follow_up)
        self.do(lambda rig: rig.hub.incidents.close(rig.caller(OPERATOR), incident_id, body))

    @rule(data=st.data())
    def reopen(self, data: st.DataObject) -> None:
        incident_id = self.an_incident(data)
        self.do(lambda rig: rig.hub.incidents.reopen(rig.caller(OPERATOR), incident_id))

    # ── in the room ──────────────────────────────────────────────────────────────────────────────

    def a_room(self, data: st.DataObject) -> str:
        case = self.the_case(self.an_incident(data))
        return case.room.id if case.room else "nobody's"

    def a_seat(self, data: st.DataObject) -> tuple[str, str]:
        case = self.the_case(self.an_incident(data))
        seats = case.room.participants if case.room else ()
        if not seats:
            return "nobody's", "nobody"
        seat = seats[data.draw(st.integers(0, len(seats) - 1))]
        return (case.room.id if case.room else ""), seat.id

    @rule(data=st.data(), who=ANYBODY)
    def join(self, data: st.DataObject, who: str) -> None:
        room_id = self.a_room(data)
        self.do(lambda rig: rig.hub.room_life.join(rig.caller(who), room_id))

    @rule(data=st.data(), who=ANYBODY)
    def leave(self, data: st.DataObject, who: str) -> None:
        room_id = self.a_room(data)
        self.do(lambda rig: rig.hub.room_life.leave(rig.caller(who), room_id))

    @rule(data=st.data(), who=ANYBODY, muted=st.booleans())
    def mute(self, data: st.DataObject, who: str, muted: bool) -> None:
        room_id, seat_id = self.a_seat(data)
        self.do(lambda rig: rig.hub.room_life.mute(rig.caller(who), room_id, seat_id, muted))

    @rule(data=st.data(), who=HALL)
    def remove(self, data: st.DataObject, who: str) -> None:
        room_id, seat_id = self.a_seat(data)
        self.do(lambda rig: rig.hub.room_life.remove(rig.caller(who), room_id, seat_id))

    @rule(who=st.sampled_from([OPERATOR, RESPONDERS[0], OFFICER]))
    def a_socket_closes(self, who: str) -> None:
        async def close(rig: Rig) -> None:
            rig.hub.presence.disconnected(who, f"sid-{who}")

        self.do(close)

    @rule(who=st.sampled_from([OPERATOR, RESPONDERS[0], OFFICER]))
    def a_socket_opens(self, who: str) -> None:
        async def connect(rig: Rig) -> None:
            if rig.hub.presence.connected(who, f"sid-{who}"):
                await rig.hub.room_life.connection_back(who)

        self.do(connect)

    @rule()
    def housekeeping(self) -> None:
        self.do(lambda rig: rig.hub.housekeeping.round(1))

    # ── pictures ─────────────────────────────────────────────────────────────────────────────────

    @rule(data=st.data(), who=st.sampled_from([OFFICER, OTHER_OFFICER, OPERATOR, RESPONDERS[0]]))
    def bring_a_feed(self, data: st.DataObject, who: str) -> None:
        incident_id = self.an_incident(data)
        body = bodies.CreateFeed(incident_id=incident_id)
        self.do(lambda rig: rig.hub.feeds.create(rig.caller(who), body))

    @rule()
    def register_a_device(self) -> None:
        if len(self.devices) < 2:
            body = bodies.AddDevice(
                name="执法仪", kind=FeedKind.BODYCAM, agency_id="chengnan.jinxiu", default_type="burst_pipe"
            )
            made = self.do(lambda rig: rig.hub.feeds.add_device(rig.caller(OPERATOR), body))
            device = Device(feed_id=made.feed.id, agency_id="chengnan.jinxiu", default_type="burst_pipe")
            self.devices.append(device)

    @precondition(lambda self: self.devices)
    @rule(data=st.data(), at_once=st.booleans())
    def a_device_publishes(self, data: st.DataObject, at_once: bool) -> None:
        device = self.devices[data.draw(st.integers(0, len(self.devices) - 1))]
        caller = Caller(device=device)
        before = len(self.cases)

        async def publish(rig: Rig) -> None:
            posts = [rig.hub.feeds.ready_to_publish(caller, device.feed_id) for _ in range(1 + at_once)]
            feeds = await asyncio.gather(*posts)
            assert len({feed.scope_id for feed in feeds}) == 1
            rig.plane.packets_arrive(device.feed_id)

        self.do(publish)
        assert len(self.cases) <= before + 1, "one body-cam opened two incidents"
        self.incidents += [c.incident_id for c in self.cases if c.incident_id not in self.incidents]

    def a_feed(self, data: st.DataObject) -> str:
        feeds = self.the_case(self.an_incident(data)).feeds
        return data.draw(st.sampled_from([*(feed.id for feed in feeds), "nobody's"]))

    @rule(data=st.data(), audio=st.booleans(), video=st.booleans())
    def packets_arrive(self, data: st.DataObject, audio: bool, video: bool) -> None:
        feed_id = self.a_feed(data)
        self.do(lambda rig: arrive(rig, feed_id, audio=audio, video=video))

    @rule(data=st.data())
    def packets_stop(self, data: st.DataObject) -> None:
        feed_id = self.a_feed(data)

        async def stop(rig: Rig) -> None:
            rig.plane.packets_stop(feed_id)

        self.do(stop)

    @rule(data=st.data(), who=st.sampled_from([OFFICER, OPERATOR, RESPONDERS[0]]))
    def end_a_feed(self, data: st.DataObject, who: str) -> None:
        feed_id = self.a_feed(data)
        self.do(lambda rig: rig.hub.feeds.end(rig.caller(who), feed_id))

    @rule(data=st.data(), lat=st.floats(-90, 90), ahead_s=st.sampled_from([-30, 0, 3, 3600]))
    def a_feed_moves(self, data: st.DataObject, lat: float, ahead_s: int) -> None:
        feed_id = self.a_feed(data)
        at = self.rig.clock.now.timestamp() + ahead_s
        body = bodies.PositionBody.model_validate({"lat": lat, "lon": 1, "at": at})
        self.do(lambda rig: rig.hub.locating.locate(rig.caller(OFFICER), feed_id, body))

    @rule(data=st.data(), who=st.sampled_from([OPERATOR, RESPONDERS[0], RESPONDERS[2], "op-hexi", OFFICER]))
    def watch(self, data: st.DataObject, who: str) -> None:
        """A page wants everything there is, whether it may have it or not."""
        incident_id = self.an_incident(data)
        case = self.the_case(incident_id)
        sources = [feed.id for feed in case.feeds]
        sources += [seat.source_id for seat in case.room.participants] if case.room else []
        want = Want(
            incident_id=incident_id,
            video=tuple(WantedVideo(slot=n, source_id=source) for n, source in enumerate(sources)),
            audio=True,
        )

        async def open_and_watch(rig: Rig) -> None:
            if who not in self.connections:
                opened = await rig.hub.director.subscribe(
                    sid=f"sid-{who}", person_id=who, session=f"session-{who}", profile="console"
                )
                self.connections[who] = opened.connection_id
            await rig.hub.director.watch(sid=f"sid-{who}", connection_id=self.connections[who], want=want)

        self.do(open_and_watch)

    # ── time and losses ──────────────────────────────────────────────────────────────────────────

    @rule(seconds=DAY_S, awake=st.sampled_from([True, True, False]))
    def time_passes(self, seconds: float, awake: bool) -> None:
        """Without the timekeeper it passes unnoticed, as while the hub is down."""
        self.rig.clock.pass_by(seconds)
        if awake:
            self.do(lambda rig: rig.hub.timekeeper.cycle_once())
            assert not self.run(
                self.rig.hub.reader.due_before(round(self.rig.clock().timestamp() * 1000), limit=1)
            ), "something is due and was not fired"

    @rule(who=st.sampled_from(WATCHED))
    def a_page_loses_its_socket(self, who: str) -> None:
        self.rig.pages[who].connected = False

    @rule(who=st.sampled_from(WATCHED))
    def a_page_comes_back(self, who: str) -> None:
        page = self.rig.pages[who]
        if not page.connected:
            page.connected = True
            self.do(lambda rig: rig.sync(page))


async def arrive(rig: Rig, feed_id: str, *, audio: bool = True, video: bool = True) -> None:
    rig.plane.packets_arrive(feed_id, audio=audio, video=video)


async def sow(url: str) -> None:
    async with assembled(url, seeding.demo_city()):
        pass


@pytest.mark.timeout(1800)
def test_random_histories_on_sqlite(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("histories")
    sown = folder / "sown.db"
    shutil.copy(migrated_sqlite, sown)
    asyncio.run(sow(sqlite_url(sown)))
    numbers = count(1)

    def fresh() -> str:
        path = folder / f"{next(numbers)}.db"
        shutil.copy(sown, path)
        return sqlite_url(path)

    run_state_machine_as_test(lambda: HubHistory(fresh), settings=share(0.1, steps=45))


@pytest.mark.timeout(1800)
def test_random_histories_on_postgresql(migrated_postgres: str, postgres_server: Any) -> None:
    def fresh() -> str:
        empty(postgres_server)
        return migrated_postgres

    seed = seeding.demo_city()
    run_state_machine_as_test(lambda: HubHistory(fresh, seed), settings=share(0.02, steps=30))


def test_every_state_of_an_assignment_can_be_shown() -> None:
    assert {state.value for state in AssignmentState} >= {"pending", "recalled"}
