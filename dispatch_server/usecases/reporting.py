"""How an incident begins: a person reports it, or a device that streams makes one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import tzinfo

import alerting
import rooms
from alerting import AgencyId, IncidentId, Level, Place
from alerting import PersonId as AlertingPerson
from dispatch_server import bodies
from dispatch_server.access import Action, oversees, require
from dispatch_server.caller import Caller
from dispatch_server.clock import Clock
from dispatch_server.errors import BadInput, Conflict, NotAllowed
from dispatch_server.identity import Directory, Person
from dispatch_server.ids import NewId
from dispatch_server.store.accounts import Device
from dispatch_server.store.reference import Reference
from dispatch_server.usecases.case import Outcome
from dispatch_server.usecases.desk import Desk, Result
from dispatch_server.usecases.incidents import place_of
from rooms import Feed, ScopeId


class Reporting:
    def __init__(
        self,
        *,
        desk: Desk,
        reference: Reference,
        directory: Callable[[], Directory],
        clock: Clock,
        new_id: NewId,
        zone: tzinfo,
    ) -> None:
        self._desk = desk
        self._reference = reference
        self._directory = directory
        self._clock = clock
        self._new_id = new_id
        self._zone = zone

    async def report(self, caller: Caller, body: bodies.Report) -> Result:
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

    async def _report(self, caller: Caller, person: Person, agency_id: str, body: bodies.Report) -> Result:
        return await self._receive(
            agency_id,
            kind=body.type,
            level=body.level,
            title=body.title,
            words=body.words,
            place=place_of(body.place),
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
