"""From the report to the close: what operators and officers do with an incident."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

import alerting
import rooms
from alerting import (
    AgencyId,
    AssignmentId,
    DutyLine,
    IncidentId,
    Level,
    OrderId,
    Place,
    PlanId,
    ResponsePlan,
    SummonsId,
)
from alerting import PersonId as AlertingPerson
from alerting import RoomId as AlertingRoom
from dispatch_server import wire
from dispatch_server.access import Action, IncidentAudience, oversees, require, require_sight
from dispatch_server.caller import Caller
from dispatch_server.clock import Clock
from dispatch_server.errors import BadInput, Conflict, NotAllowed, NotFound
from dispatch_server.identity import Directory, Person
from dispatch_server.ids import NewId
from dispatch_server.store.accounts import Device
from dispatch_server.store.reader import Reader
from dispatch_server.store.reference import Reference
from dispatch_server.usecases.case import Case, Outcome
from dispatch_server.usecases.desk import Desk, Result
from dispatch_server.usecases.room_opening import end_room, open_room_for
from rooms import Feed, ScopeId


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """Whom the key would summon now."""

    plan: ResponsePlan | None
    reason: str
    duty: Mapping[str, DutyLine]

    def on_duty(self, department_id: str) -> tuple[str, ...]:
        line = self.duty.get(department_id)
        return line.on_duty if line else ()


class Incidents:
    def __init__(
        self,
        *,
        desk: Desk,
        reader: Reader,
        reference: Reference,
        directory: Callable[[], Directory],
        clock: Clock,
        new_id: NewId,
        zone: tzinfo,
    ) -> None:
        self._desk = desk
        self._reader = reader
        self._reference = reference
        self._directory = directory
        self._clock = clock
        self._new_id = new_id
        self._zone = zone

    async def case(self, caller: Caller, incident_id: str) -> Case:
        """The case, if the caller may see it. Raises: NotFound."""
        person = caller.require_person()
        case = await self._desk.load(incident_id)
        require_sight(self._directory(), person, case.audience)
        return case

    async def case_of_assignment(self, caller: Caller, assignment_id: str) -> Case:
        incident_id = await self._reader.incident_of_assignment(assignment_id)
        if incident_id is None:
            raise NotFound()
        return await self.case(caller, incident_id)

    async def report(self, caller: Caller, body: wire.Report) -> Result:
        """The incident is received, numbered, and its clock runs. Raises: BadInput, NotAllowed."""
        person = caller.require_person()
        require(person, Action.REPORT)
        if (again := await self._reported(caller)) is not None:
            return again
        directory = self._directory()
        agency_id = body.agency_id or person.agency_id
        if agency_id not in directory.agencies:
            raise BadInput(field="agency_id", problem="unknown", value=agency_id)
        if agency_id != person.agency_id and not oversees(directory, person, agency_id):
            raise NotAllowed()
        try:
            return await self._report(caller, person, agency_id, body)
        except Conflict as error:
            again = await self._reported(caller) if error.code == "already_done" else None
            if again is None:
                raise
            return again  # the same report came twice at once

    async def _reported(self, caller: Caller) -> Result | None:
        """What this report led to when it came before under the same key."""
        known = await self._desk.known(caller.command) if caller.command else None
        if known is None:
            return None
        return Result(case=await self._desk.load(str(known["incident_id"])), note=known, replayed=True)

    async def _report(self, caller: Caller, person: Person, agency_id: str, body: wire.Report) -> Result:
        return await self._receive(
            agency_id,
            kind=body.type,
            level=body.level,
            title=body.title,
            words=body.words,
            place=_place(body.place),
            reporter=person,
            reporter_name=person.name,
            caller=caller,
        )

    async def report_by_device(self, device: Device, *, feed: Feed, version: int, place: Place) -> Result:
        """A body-cam that starts streaming without an incident makes one, of its default type, in the same
        transaction that takes its feed in. Raises: StaleVersion when the feed has changed meanwhile.
        """
        return await self._receive(
            device.agency_id,
            kind=device.default_type,
            level=None,
            title=None,
            words="",
            place=place,
            reporter=None,
            reporter_name=feed.name,
            caller=Caller(device=device),
            feed=feed,
            feed_version=version,
        )

    async def _receive(
        self,
        agency_id: str,
        *,
        kind: str,
        level: Level | None,
        title: str | None,
        words: str,
        place: Place,
        reporter: Person | None,
        reporter_name: str,
        caller: Caller,
        feed: Feed | None = None,
        feed_version: int = 0,
    ) -> Result:
        directory = self._directory()
        incident_type = directory.types.get(kind)
        if incident_type is None:
            raise BadInput("unknown_type", field="type")
        centre = directory.centre_of(agency_id)
        if centre is None:
            raise BadInput(field="agency_id", problem="unknown", value=agency_id)
        if not place.text:  # better a street than nothing, for whoever must be told where to go
            place = replace(place, text=directory.agencies[agency_id].name)
        incident_id = self._new_id()
        number, now = await self._number(centre.id), self._clock()
        decision = alerting.receive(
            incident_id=IncidentId(incident_id),
            number=number,
            agency_id=AgencyId(centre.id),
            type=kind,
            level=level or Level(incident_type.default_level),
            title=title or incident_type.name,
            words=words,
            place=place,
            reporter_id=AlertingPerson(reporter.id) if reporter else None,
            reporter_name=reporter_name,
            now=now,
        )
        feeds = (rooms.attach(feed, scope_id=ScopeId(incident_id), now=now),) if feed else ()
        return await self._desk.open(
            Outcome(decision=decision, feeds=feeds),
            actor_id=caller.actor_id,
            command=caller.command,
            note={"incident_id": incident_id},
            feed_versions={feed.id: feed_version} if feed else {},
        )

    async def _number(self, centre_id: str) -> str:
        """MMDD-NNNN in the centre's local day: short enough to say over the phone."""
        day = self._clock().astimezone(self._zone)
        value = await self._reference.next_number(f"{centre_id}:{day:%Y%m%d}")
        return f"{day:%m%d}-{value:04d}"

    async def relabel(self, caller: Caller, incident_id: str, body: wire.Relabel) -> Result:
        person = await self._directing(caller, incident_id)
        if body.type is not None and body.type not in self._directory().types:
            raise BadInput("unknown_type", field="type")
        return await self._change(
            caller,
            incident_id,
            lambda case, now: alerting.relabel(
                case.response,
                type=body.type,
                level=body.level,
                title=body.title,
                place=_place(body.place) if body.place else None,
                by=AlertingPerson(person.id),
                now=now,
            ),
        )

    async def plans(self, caller: Caller, incident_id: str) -> tuple[ResponsePlan, ...]:
        """The plans that apply to an incident: its own agency's first, then those above it."""
        case = await self.case(caller, incident_id)
        return await self._plans_for(case)

    async def _plans_for(self, case: Case) -> tuple[ResponsePlan, ...]:
        path = list(reversed(self._directory().path_ids(case.response.incident.agency_id)))
        plans = await self._reference.plans(path)
        return tuple(sorted(plans, key=lambda plan: path.index(plan.agency_id)))

    async def preview(self, caller: Caller, incident_id: str, plan_id: str | None = None) -> Preview:
        """Whom the key will summon. Raises: NotFound for an unknown plan."""
        case = await self.case(caller, incident_id)
        return await self._preview(case, plan_id)

    async def _preview(self, case: Case, plan_id: str | None) -> Preview:
        plans = await self._plans_for(case)
        incident = case.response.incident
        if plan_id is None:
            proposal = alerting.propose(plans, incident.type, incident.level)
            plan, reason = proposal.plan, proposal.reason.value
        else:
            plan, reason = next((p for p in plans if p.id == plan_id), None), "chosen"
            if plan is None:
                raise NotFound()
        departments = [d.department_id for d in plan.departments] if plan else []
        return Preview(plan=plan, reason=reason, duty=await self._reference.duty_lines(departments))

    async def press(self, caller: Caller, incident_id: str, plan_id: str | None) -> Result:
        """一键扩群: the room is open and every planned department is being summoned, once.

        `note` holds `pressed` (issued, resummoned, unchanged) and `resummoned` (how many).
        Raises: NotFound, NotAllowed, NothingPlanned, InvalidTransition.
        """
        person = await self._directing(caller, incident_id, Action.SUMMON)
        preview = await self._preview(await self._desk.load(incident_id), plan_id)
        plan = preview.plan or _empty_plan(incident_id)
        assignment_ids = {d.department_id: AssignmentId(self._new_id()) for d in plan.departments}
        summons_id, room_id = SummonsId(self._new_id()), AlertingRoom(self._new_id())

        def decide(case: Case, now: datetime) -> Outcome:
            decision = alerting.press(
                case.response,
                plan=plan,
                summons_id=summons_id,
                assignment_ids=assignment_ids,
                duty={AgencyId(key): line for key, line in preview.duty.items()},
                room_id=AlertingRoom(case.room.id) if case.room and case.room.state == "open" else room_id,
                by=AlertingPerson(person.id),
                now=now,
            )
            if not any(isinstance(event, alerting.SummonsIssued) for event in decision.events):
                return Outcome(decision=decision)
            return open_room_for(case, decision, person, self._directory(), new_id=self._new_id, now=now)

        return await self._desk.run(
            incident_id, decide, actor_id=person.id, command=caller.command, note=_pressed
        )

    async def recall(self, caller: Caller, incident_id: str) -> Result:
        """The summons is taken back within its 5 s: nobody rings any more and the room is ended."""
        person = await self._directing(caller, incident_id, Action.SUMMON)

        def decide(case: Case, now: datetime) -> Outcome:
            decision = alerting.recall(case.response, by=AlertingPerson(person.id), now=now)
            return end_room(case, decision, now=now)

        return await self._desk.run(incident_id, decide, actor_id=person.id, command=caller.command)

    async def add_department(self, caller: Caller, incident_id: str, body: wire.AddDepartment) -> Result:
        person = await self._directing(caller, incident_id, Action.SUMMON)
        department = self._directory().agencies.get(body.department_id)
        if department is None or department.kind != "department":
            raise BadInput("unknown_department", field="department_id")
        duty = (await self._reference.duty_lines([department.id])).get(department.id, DutyLine())
        assignment_id, room_id = AssignmentId(self._new_id()), AlertingRoom(self._new_id())

        def decide(case: Case, now: datetime) -> Outcome:
            decision = alerting.add_department(
                case.response,
                department_id=AgencyId(department.id),
                assignment_id=assignment_id,
                duty=duty,
                required=body.required,
                mode=body.mode,
                by=AlertingPerson(person.id),
                now=now,
            )
            if case.room is None or case.room.state != "open":  # it ended with a resolution since taken back
                decision = replace(decision, state=replace(decision.state, room_id=room_id))
            return open_room_for(case, decision, person, self._directory(), new_id=self._new_id, now=now)

        return await self._desk.run(incident_id, decide, actor_id=person.id, command=caller.command)

    async def order(self, caller: Caller, incident_id: str, body: wire.GiveOrder) -> Result:
        person = await self._directing(caller, incident_id)
        order_id = OrderId(self._new_id())
        return await self._change(
            caller,
            incident_id,
            lambda case, now: alerting.order(
                case.response,
                order_id=order_id,
                text=body.text,
                department_ids=tuple(AgencyId(d) for d in body.department_ids),
                by=AlertingPerson(person.id),
                now=now,
            ),
        )

    async def acknowledge_order(self, caller: Caller, order_id: str) -> Result:
        person = caller.require_person()
        incident_id = await self._reader.incident_of_order(order_id)
        if incident_id is None:
            raise NotFound()
        await self.case(caller, incident_id)
        return await self._change(
            caller,
            incident_id,
            lambda case, now: alerting.acknowledge_order(
                case.response, order_id=OrderId(order_id), by=AlertingPerson(person.id), now=now
            ),
        )

    async def resolve(self, caller: Caller, incident_id: str, outcome: str) -> Result:
        """The matter is dealt with: nobody is paged any more and the room is ended."""
        person = await self._directing(caller, incident_id, Action.CLOSE)

        def decide(case: Case, now: datetime) -> Outcome:
            decision = alerting.resolve(case.response, outcome=outcome, by=AlertingPerson(person.id), now=now)
            return end_room(case, decision, now=now)

        return await self._desk.run(incident_id, decide, actor_id=person.id, command=caller.command)

    async def close(self, caller: Caller, incident_id: str, body: wire.Close) -> Result:
        """The incident is closed with its follow-up, and nothing is sent to it any more.

        Raises: FollowUpMissing, InvalidTransition."""
        person = await self._directing(caller, incident_id, Action.CLOSE)

        def decide(case: Case, now: datetime) -> Outcome:
            follow_up = None
            if body.follow_up is not None:
                follow_up = alerting.FollowUp(
                    result=body.follow_up.result,
                    satisfaction=body.follow_up.satisfaction,
                    note=body.follow_up.note,
                    by=AlertingPerson(person.id),
                    at=now,
                )
            by = AlertingPerson(person.id)
            decision = alerting.close(case.response, follow_up=follow_up, by=by, now=now)
            stopped = (rooms.stop(feed, now=now) for feed in case.feeds)
            return Outcome(decision=decision, feeds=tuple(change for change in stopped if change[1]))

        return await self._desk.run(incident_id, decide, actor_id=person.id, command=caller.command)

    async def reopen(self, caller: Caller, incident_id: str) -> Result:
        person = await self._directing(caller, incident_id, Action.CLOSE)
        return await self._change(
            caller,
            incident_id,
            lambda case, now: alerting.reopen(case.response, by=AlertingPerson(person.id), now=now),
        )

    async def _directing(self, caller: Caller, incident_id: str, action: Action = Action.DIRECT) -> Person:
        """The caller, who may see the incident, direct it, and oversees its agency. Raises: NotFound,
        NotAllowed.
        """
        case = await self.case(caller, incident_id)
        return self.require_oversight(caller, case.audience, action)

    def require_oversight(self, caller: Caller, audience: IncidentAudience, action: Action) -> Person:
        person = caller.require_person()
        require(person, action)
        if not oversees(self._directory(), person, audience.agency_id):
            raise NotAllowed()
        return person

    async def _change(
        self, caller: Caller, incident_id: str, decide: Callable[[Case, datetime], alerting.Decision]
    ) -> Result:
        return await self._desk.run(
            incident_id,
            lambda case, now: Outcome(decision=decide(case, now)),
            actor_id=caller.actor_id,
            command=caller.command,
        )


def _place(body: wire.PlaceBody) -> Place:
    return Place(text=body.text, lat=body.lat, lon=body.lon, accuracy_m=body.accuracy_m)


def _empty_plan(incident_id: str) -> ResponsePlan:
    """No plan fits: pressing then says so, unless departments are already summoned and only need another
    call.
    """
    return ResponsePlan(
        id=PlanId(f"none-{incident_id}"[:64]),
        name="",
        name_en="",
        agency_id=AgencyId(""),
        type="",
        level=None,
        departments=(),
        policy=alerting.default_policy(),
    )


def _pressed(outcome: Outcome) -> dict[str, object]:
    events = outcome.decision.events if outcome.decision else ()
    for event in events:
        if isinstance(event, alerting.SummonsIssued):
            return {"pressed": "issued", "resummoned": 0}
        if isinstance(event, alerting.AssignmentsResummoned):
            return {"pressed": "resummoned", "resummoned": len(event.assignment_ids)}
    return {"pressed": "unchanged", "resummoned": 0}
