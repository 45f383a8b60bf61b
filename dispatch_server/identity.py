"""Who and where: the tree of agencies and the people placed in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person may do; where they may do it follows from their agency's place in the tree."""

    ADMINISTRATOR = "administrator"
    COMMANDER = "commander"
    OPERATOR = "operator"
    RESPONDER = "responder"
    OFFICER = "officer"
    MEDIATOR = "mediator"


class AgencyKind(StrEnum):
    CITY = "city"
    DISTRICT = "district"
    STREET = "street"
    VILLAGE = "village"
    GRID = "grid"
    DEPARTMENT = "department"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agency:
    """A node of the tree 市→区县→街道乡镇→村社区→网格, or a department of one.

    `path` is `/root/…/own id/`, so that "at or below" is a prefix test.
    """

    id: str
    parent_id: str | None
    kind: AgencyKind
    name: str
    name_en: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Someone who can sign in; `contacts` are apprise addresses and never leave the hub."""

    id: str
    login: str
    name: str
    role: Role
    agency_id: str
    contacts: tuple[str, ...] = ()
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentType:
    code: str
    name: str
    name_en: str
    default_level: str


class Directory:
    """One consistent picture of agencies, people and incident types, as last loaded from the store."""

    def __init__(
        self, agencies: Iterable[Agency], people: Iterable[Person], types: Iterable[IncidentType]
    ) -> None:
        self.agencies = {agency.id: agency for agency in agencies}
        self.people = {person.id: person for person in people}
        self.types = {kind.code: kind for kind in types}

    def path_ids(self, agency_id: str) -> tuple[str, ...]:
        """The ids from the root down to the agency itself; empty when it is unknown."""
        agency = self.agencies.get(agency_id)
        return tuple(part for part in agency.path.split("/") if part) if agency else ()

    def is_within(self, agency_id: str, ancestor_id: str) -> bool:
        """Whether the agency is the ancestor or lies below it."""
        return ancestor_id in self.path_ids(agency_id)

    def centre_of(self, agency_id: str) -> Agency | None:
        """The district or city whose governance centre answers for a place in the tree."""
        for part in reversed(self.path_ids(agency_id)):
            agency = self.agencies[part]
            if agency.kind in (AgencyKind.DISTRICT, AgencyKind.CITY):
                return agency
        return None

    def departments_of(self, agency_id: str) -> tuple[Agency, ...]:
        """The departments placed directly below an agency, in the order they were entered."""
        return tuple(
            agency
            for agency in self.agencies.values()
            if agency.parent_id == agency_id and agency.kind is AgencyKind.DEPARTMENT
        )

    def members(self, agency_id: str) -> tuple[Person, ...]:
        return tuple(p for p in self.people.values() if p.agency_id == agency_id and p.active)

    def person_name(self, person_id: str | None) -> str:
        person = self.people.get(person_id) if person_id else None
        return person.name if person else ""
