"""What operators and commanders do with an incident between its report and its close."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import alerting
import rooms
from alerting import (
    AgencyId,
    OrderId,
    Place,
)
from alerting import PersonId as AlertingPerson
from dispatch_server import bodies
from dispatch_server.access import Action, IncidentAudience, oversees, require, require_sight
from dispatch_server.caller import Caller
from dispatch_server.errors import BadInput, NotAllowed, NotFound
from dispatch_server.identity import Directory, Person
from dispatch_server.ids import NewId
from dispatch_server.store.reader import Reader
from dispatch_server.usecases.case import Case, Outcome
from dispatch_server.usecases.desk import Desk, Result
from dispatch_server.usecases.room_opening import end_room


class Incidents:
    def __init__(
        self,
        *,
        desk: Desk,
        reader: Reader,
        directory: Callable[[], Directory],
        new_id: NewId,
    ) -> None:
        self._desk = desk
        self._reader = reader
        self._directory = directory
        self._new_id = new_id

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

    async def relabel(self, caller: Caller, incident_id: str, body: bodies.Relabel) -> Result:
        person = await self.directing(caller, incident_id)
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
                place=place_of(body.place) if body.place else None,
                by=AlertingPerson(person.id),
                now=now,
            ),
        )

    async def order(self, caller: Caller, incident_id: str, body: bodies.GiveOrder) -> Result:
        person = await self.directing(caller, incident_id)
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
        person = await self.directing(caller, incident_id, Action.CLOSE)

        def decide(case: Case, now: datetime) -> Outcome:
            decision = alerting.resolve(case.response, outcome=outcome, by=AlertingPerson(person.id), now=now)
            return end_room(case, decision, now=now)

        return await self._desk.run(incident_id, decide, actor_id=person.id, command=caller.command)

    async def close(self, caller: Caller, incident_id: str, body: bodies.Close) -> Result:
        """The incident is closed with its follow-up, and nothing is sent to it any more.

        Raises: FollowUpMissing, InvalidTransition."""
        person = await self.directing(caller, incident_id, Action.CLOSE)

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
        person = await self.directing(caller, incident_id, Action.CLOSE)
        return await self._change(
            caller,
            incident_id,
            lambda case, now: alerting.reopen(case.response, by=AlertingPerson(person.id), now=now),
        )

    async def directing(self, caller: Caller, incident_id: str, action: Action = Action.DIRECT) -> Person:
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


def place_of(body: bodies.PlaceBody) -> Place:
    """The place as it was entered."""
    return Place(text=body.text, lat=body.lat, lon=body.lon, accuracy_m=body.accuracy_m)
