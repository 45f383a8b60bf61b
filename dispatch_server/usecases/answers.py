"""What departments answer, and what operators do with one department's assignment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import alerting
from alerting import AssignmentId
from alerting import PersonId as AlertingPerson
from dispatch_server.access import Action, require
from dispatch_server.caller import Caller
from dispatch_server.errors import BadInput, NotAllowed, NotFound
from dispatch_server.identity import Directory, Person, Role
from dispatch_server.store.reader import Reader
from dispatch_server.usecases.case import Case, Outcome
from dispatch_server.usecases.desk import Desk, Result
from dispatch_server.usecases.incidents import Incidents


class Answers:
    def __init__(
        self, *, desk: Desk, reader: Reader, incidents: Incidents, directory: Callable[[], Directory]
    ) -> None:
        self._desk = desk
        self._reader = reader
        self._incidents = incidents
        self._directory = directory

    async def acknowledge(self, caller: Caller, assignment_id: str) -> Result:
        """The department has accepted. Raises: AlreadyAnswered, InvalidTransition, NotFound, NotAllowed."""
        person, incident_id = await self._answering(caller, assignment_id)
        return await self._change(
            caller,
            incident_id,
            lambda case, now: alerting.acknowledge(
                case.response,
                assignment_id=AssignmentId(assignment_id),
                by=AlertingPerson(person.id),
                now=now,
            ),
        )

    async def decline(self, caller: Caller, assignment_id: str, reason: str) -> Result:
        person, incident_id = await self._answering(caller, assignment_id)
        return await self._change(
            caller,
            incident_id,
            lambda case, now: alerting.decline(
                case.response,
                assignment_id=AssignmentId(assignment_id),
                by=AlertingPerson(person.id),
                reason=reason,
                now=now,
            ),
        )

    async def depart(self, caller: Caller, assignment_id: str) -> Result:
        person, incident_id = await self._answering(caller, assignment_id)
        return await self._change(
            caller,
            incident_id,
            lambda case, now: alerting.depart(
                case.response,
                assignment_id=AssignmentId(assignment_id),
                by=AlertingPerson(person.id),
                now=now,
            ),
        )

    async def arrive(self, caller: Caller, assignment_id: str) -> Result:
        person, incident_id = await self._answering(caller, assignment_id)
        return await self._change(
            caller,
            incident_id,
            lambda case, now: alerting.arrive(
                case.response,
                assignment_id=AssignmentId(assignment_id),
                by=AlertingPerson(person.id),
                now=now,
            ),
        )

    async def record_delivery(self, caller: Caller, assignment_id: str, channel: str) -> Result:
        """The page arrived at one of the people who are being paged; anybody else's receipt counts for
        nothing.
        """
        case = await self._incidents.case_of_assignment(caller, assignment_id)
        person, incident_id = caller.require_person(), case.incident_id
        return await self.delivered(incident_id, assignment_id, person.id, channel)

    async def delivered(self, incident_id: str, assignment_id: str, person_id: str, channel: str) -> Result:
        def decide(case: Case, now: datetime) -> Outcome:
            assignment = case.response.assignment(AssignmentId(assignment_id))
            if person_id not in assignment.ringing:
                return Outcome()
            decision = alerting.record_delivery(
                case.response,
                assignment_id=AssignmentId(assignment_id),
                person_id=AlertingPerson(person_id),
                channel=channel,
                now=now,
            )
            return Outcome(decision=decision)

        return await self._desk.run(incident_id, decide, actor_id=None)

    async def release(self, caller: Caller, assignment_id: str) -> Result:
        """The department is no longer needed. Taking a required one off the list before it came is the
        commander's decision, for it keeps the promise by shortening it.

        Raises: NotAllowed (commander_needed), InvalidTransition.
        """
        person, incident_id = await self._directing(caller, assignment_id)

        def decide(case: Case, now: datetime) -> alerting.Decision:
            assignment = case.response.assignment(AssignmentId(assignment_id))
            if assignment.required and assignment.clock.running and person.role is not Role.COMMANDER:
                raise NotAllowed("commander_needed")
            return alerting.release(
                case.response,
                assignment_id=AssignmentId(assignment_id),
                by=AlertingPerson(person.id),
                now=now,
            )

        return await self._change(caller, incident_id, decide)

    async def resummon(self, caller: Caller, assignment_id: str) -> Result:
        person, incident_id = await self._directing(caller, assignment_id)
        return await self._change(
            caller,
            incident_id,
            lambda case, now: alerting.resummon(
                case.response,
                assignment_id=AssignmentId(assignment_id),
                by=AlertingPerson(person.id),
                now=now,
            ),
        )

    async def reassign(self, caller: Caller, assignment_id: str, person_id: str) -> Result:
        """Another member of the department is asked; the clock runs on. Raises: BadInput for a stranger."""
        person, incident_id = await self._directing(caller, assignment_id)
        members = self._directory().people

        def decide(case: Case, now: datetime) -> alerting.Decision:
            assignment = case.response.assignment(AssignmentId(assignment_id))
            candidate = members.get(person_id)
            if candidate is None or candidate.agency_id != assignment.department_id or not candidate.active:
                raise BadInput(field="person_id", problem="unknown", value=person_id)
            return alerting.reassign(
                case.response,
                assignment_id=AssignmentId(assignment_id),
                person_id=AlertingPerson(person_id),
                by=AlertingPerson(person.id),
                now=now,
            )

        return await self._change(caller, incident_id, decide)

    async def mine(self, caller: Caller) -> list[tuple[str, Case]]:
        """(assignment, case) of every open assignment of the caller's department."""
        person = caller.require_person()
        require(person, Action.ANSWER)
        pairs = await self._reader.open_assignments(person.agency_id)
        cases = {c.incident_id: c for c in await self._desk.load_many(sorted({i for _, i in pairs}))}
        return [
            (a, cases[i]) for a, i in pairs if i in cases and cases[i].response.incident.state != "closed"
        ]

    async def _answering(self, caller: Caller, assignment_id: str) -> tuple[Person, str]:
        """The caller, if the assignment is their own department's. Raises: NotFound, NotAllowed."""
        case = await self._incidents.case_of_assignment(caller, assignment_id)
        person = caller.require_person()
        require(person, Action.ANSWER)
        assignment = case.response.assignment(AssignmentId(assignment_id))
        if assignment.department_id != person.agency_id:
            raise NotFound()
        return person, case.incident_id

    async def _directing(self, caller: Caller, assignment_id: str) -> tuple[Person, str]:
        case = await self._incidents.case_of_assignment(caller, assignment_id)
        return self._incidents.require_oversight(caller, case.audience, Action.DIRECT), case.incident_id

    async def _change(
        self, caller: Caller, incident_id: str, decide: Callable[[Case, datetime], alerting.Decision]
    ) -> Result:
        return await self._desk.run(
            incident_id,
            lambda case, now: Outcome(decision=decide(case, now)),
            actor_id=caller.actor_id,
            command=caller.command,
        )
