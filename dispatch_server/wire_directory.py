"""What the hub sends of its directory: agencies, incident types, and people to address."""

from __future__ import annotations

from alerting import Level
from dispatch_server.identity import AgencyKind, Role
from dispatch_server.wire import View


class AgencyView(View):
    id: str
    parent_id: str | None
    kind: AgencyKind
    name: str
    name_en: str


class IncidentTypeView(View):
    code: str
    name: str
    name_en: str
    default_level: Level


class PersonEntry(View):
    id: str
    name: str
    role: Role
    agency_id: str


class DirectoryView(View):
    agencies: list[AgencyView]
    incident_types: list[IncidentTypeView]
    people: list[PersonEntry]
