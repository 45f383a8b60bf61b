"""Who may see and do what: role and place in the tree decide together, and unknown means no.

An incident is seen by the commanders and operators at or above its agency, by the departments summoned to it,
and by the officer who reported it or streams to it. Administrators look after agencies and people, not
incidents.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from dispatch_server.errors import NotAllowed, NotFound
from dispatch_server.identity import Directory, Person, Role


class Action(StrEnum):
    REPORT = "report"
    SUMMON = "summon"
    DIRECT = "direct"  # orders, re-summons, replacing a person, releasing a department
    CLOSE = "close"
    ANSWER = "answer"
    STREAM = "stream"
    JOIN_ROOM = "join_room"
    MODERATE_ROOM = "moderate_room"
    SEE_INCIDENTS = "see_incidents"
    ADD_DEVICE = "add_device"
    ADD_PLAYER = "add_player"
    ADMINISTER = "administer"


_OVERSIGHT = frozenset({Role.COMMANDER, Role.OPERATOR})
ANSWERING = frozenset({Role.RESPONDER, Role.MEDIATOR})

MAY: dict[Role, frozenset[Action]] = {
    Role.ADMINISTRATOR: frozenset({Action.ADMINISTER, Action.ADD_DEVICE}),
    Role.COMMANDER: frozenset(Action) - {Action.ADMINISTER, Action.ANSWER},
    Role.OPERATOR: frozenset(Action) - {Action.ADMINISTER, Action.ANSWER},
    Role.RESPONDER: frozenset({Action.ANSWER, Action.JOIN_ROOM, Action.SEE_INCIDENTS}),
    Role.MEDIATOR: frozenset({Action.ANSWER, Action.JOIN_ROOM, Action.SEE_INCIDENTS}),
    Role.OFFICER: frozenset({Action.REPORT, Action.STREAM, Action.JOIN_ROOM, Action.SEE_INCIDENTS}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentAudience:
    """The facts about an incident that decide who sees it."""

    agency_id: str
    departments: frozenset[str] = frozenset()
    people: frozenset[str] = frozenset()  # reporter and owners of its feeds


def require(person: Person, action: Action) -> None:
    """Returns if the role allows the action. Raises: NotAllowed."""
    if action not in MAY[person.role]:
        raise NotAllowed(role=person.role.value)


def oversees(directory: Directory, person: Person, agency_id: str) -> bool:
    """Whether the person commands or operates at the agency or above it."""
    return person.role in _OVERSIGHT and directory.is_within(agency_id, person.agency_id)


def may_see(directory: Directory, person: Person, incident: IncidentAudience) -> bool:
    """Whether the person may know that the incident exists at all."""
    if not person.active:
        return False
    if oversees(directory, person, incident.agency_id):
        return True
    if person.role in ANSWERING and person.agency_id in incident.departments:
        return True
    return person.id in incident.people


def require_sight(directory: Directory, person: Person, incident: IncidentAudience) -> None:
    """Returns if the person may see the incident. Raises: NotFound, which does not tell whether it exists."""
    if not may_see(directory, person, incident):
        raise NotFound()


def principals(person: Person) -> tuple[str, ...]:
    """The names under which an incident's viewer list may mention this person, besides the tree."""
    if person.role in ANSWERING:
        return (f"dept:{person.agency_id}", f"person:{person.id}")
    return (f"person:{person.id}",)


def audience_groups(directory: Directory, incident: IncidentAudience) -> tuple[str, ...]:
    """The socket groups that together hold exactly the people for whom `may_see` is true."""
    return (
        *(f"scope:{agency_id}" for agency_id in directory.path_ids(incident.agency_id)),
        *(f"dept:{agency_id}" for agency_id in sorted(incident.departments)),
        *(f"person:{person_id}" for person_id in sorted(incident.people)),
    )


def socket_groups(person: Person) -> tuple[str, ...]:
    """The groups that a person's sockets enter."""
    groups = [f"person:{person.id}"]
    if person.role in _OVERSIGHT:
        groups.append(f"scope:{person.agency_id}")
    if person.role in ANSWERING:
        groups.append(f"dept:{person.agency_id}")
    return tuple(groups)
