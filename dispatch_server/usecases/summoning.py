"""一键扩群: which plan applies, whom it would summon, and summoning them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import alerting
from alerting import AgencyId, AssignmentId, DutyLine, PlanId, ResponsePlan, SummonsId
from alerting import PersonId as AlertingPerson
from alerting import RoomId as AlertingRoom
from dispatch_server import bodies
from dispatch_server.access import Action
from dispatch_server.caller import Caller
from dispatch_server.errors import BadInput, NotFound
from dispatch_server.identity import Directory
from dispatch_server.ids import NewId
from dispatch_server.store.reference import Reference
from dispatch_server.usecases.case import Case, Outcome
from dispatch_server.usecases.desk import Desk, Result
from dispatch_server.usecases.incidents import Incidents
from dispatch_server.usecases.room_opening import end_room, open_room_for


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """Whom the key would summon now."""

    plan: ResponsePlan | None
    reason: str
    duty: Mapping[str, DutyLine]

    def on_duty(self, department_id: str) -> tuple[str, ...]:
        line = self.duty.get(department_id)
        return line.on_duty if line else ()


class Summoning:
    def __init__(
        self,
        *,
        desk: Desk,
        incidents: Incidents,
        reference: Reference,
        directory: Callable[[], Directory],
        new_id: NewId,
    ) -> None:
        self._desk = desk
        self._incidents = incidents
        self._reference = reference
        self._directory = directory
        self._new_id = new_id

    async def plans(self, caller: Caller, incident_id: str) -> tuple[ResponsePlan, ...]:
        """The plans that apply to an incident: its own agency's first, then those above it."""
        case = await self._incidents.case(caller, incident_id)
        return await self._plans_for(case)

    async def _plans_for(self, case: Case) -> tuple[ResponsePlan, ...]:
        path = list(reversed(self._directory().path_ids(case.response.incident.agency_id)))
        plans = await self._reference.plans(path)
        return tuple(sorted(plans, key=lambda plan: path.index(plan.agency_id)))

    async def preview(self, caller: Caller, incident_id: str, plan_id: str | None = None) -> Preview:
        """Whom the key will summon. Raises: NotFound for an unknown plan."""
        case = await self._incidents.case(caller, incident_id)
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
        person = await self._incidents.directing(caller, incident_id, Action.SUMMON)
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
        person = await self._incidents.directing(caller, incident_id, Action.SUMMON)

        def decide(case: Case, now: datetime) -> Outcome:
            decision = alerting.recall(case.response, by=AlertingPerson(person.id), now=now)
            return end_room(case, decision, now=now)

        return await self._desk.run(incident_id, decide, actor_id=person.id, command=caller.command)

    async def add_department(self, caller: Caller, incident_id: str, body: bodies.AddDepartment) -> Result:
        person = await self._incidents.directing(caller, incident_id, Action.SUMMON)
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
