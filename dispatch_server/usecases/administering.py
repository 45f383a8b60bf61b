"""Agencies and people: added by an administrator, inside their own part of the tree."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

from sqlalchemy.exc import IntegrityError

from dispatch_server import bodies, wire_directory
from dispatch_server.access import Action, require
from dispatch_server.caller import Caller
from dispatch_server.clock import Clock
from dispatch_server.errors import BadInput, Conflict, NotAllowed, NotFound
from dispatch_server.identity import Agency, Directory, Person, Role
from dispatch_server.ids import NewId
from dispatch_server.store.reference import Reference
from dispatch_server.usecases.sign_in import SignInDesk


class Administering:
    """`reload` brings the directory in step with the store after a change."""

    def __init__(
        self,
        *,
        reference: Reference,
        sign_in: SignInDesk,
        directory: Callable[[], Directory],
        reload: Callable[[], Awaitable[None]],
        clock: Clock,
        new_id: NewId,
    ) -> None:
        self._reference = reference
        self._sign_in = sign_in
        self._directory = directory
        self._reload = reload
        self._clock = clock
        self._new_id = new_id

    def directory_for(self, caller: Caller) -> tuple[Directory, list[Person]]:
        """The directory, and the people whom the caller may address.

        Commanders, operators and administrators: everyone at or below their agency; others: their own agency.
        """
        person, directory = caller.require_person(), self._directory()
        if person.role in (Role.COMMANDER, Role.OPERATOR, Role.ADMINISTRATOR):
            people = [
                p for p in directory.people.values() if directory.is_within(p.agency_id, person.agency_id)
            ]
        else:
            people = list(directory.members(person.agency_id))
        return directory, [p for p in people if p.active]

    async def add_agency(self, caller: Caller, body: bodies.AddAgency) -> wire_directory.AgencyView:
        person = caller.require_person()
        require(person, Action.ADMINISTER)
        parent_id = body.parent_id or person.agency_id
        self._require_within(person, parent_id)
        parent = self._directory().agencies[parent_id]
        agency_id = self._new_id()
        agency = Agency(
            id=agency_id,
            parent_id=parent.id,
            kind=body.kind,
            name=body.name,
            name_en=body.name_en or body.name,
            path=f"{parent.path}{agency_id}/",
        )
        await self._reference.add_agencies([agency])
        await self._reload()
        return wire_directory.AgencyView(
            id=agency.id, parent_id=parent.id, kind=agency.kind, name=agency.name, name_en=agency.name_en
        )

    async def add_person(self, caller: Caller, body: bodies.AddPerson) -> Person:
        """The person can sign in, by password or by a link. Raises: Conflict when the user name is taken."""
        actor = caller.require_person()
        require(actor, Action.ADMINISTER)
        self._require_within(actor, body.agency_id)
        person = Person(
            id=self._new_id(),
            login=body.login,
            name=body.name,
            role=body.role,
            agency_id=body.agency_id,
            contacts=tuple(body.contacts),
        )
        password_hash = await self._sign_in.hash_password(body.password) if body.password else None
        try:
            await self._reference.add_people([(person, password_hash)])
        except IntegrityError:
            raise Conflict("login_taken", login=body.login) from None
        await self._reload()
        return person

    async def sign_in_link(self, caller: Caller, person_id: str) -> tuple[str, datetime]:
        """A one-time token for a person below the administrator, and until when it is good."""
        actor = caller.require_person()
        require(actor, Action.ADMINISTER)
        person = self._directory().people.get(person_id)
        if person is None or not self._directory().is_within(person.agency_id, actor.agency_id):
            raise NotFound()
        token, lifetime = await self._sign_in.make_link(person.id)
        return token, self._clock() + lifetime

    def _require_within(self, person: Person, agency_id: str) -> None:
        if agency_id not in self._directory().agencies:
            raise BadInput(field="agency_id", problem="unknown", value=agency_id)
        if not self._directory().is_within(agency_id, person.agency_id):
            raise NotAllowed()
