"""What a department said and did."""

from dataclasses import dataclass

from alerting.ids import AssignmentId, PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentNotified:
    """The first sign that a page arrived at somebody. It is not an answer."""

    assignment_id: AssignmentId
    person_id: PersonId
    channel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentAcknowledged:
    assignment_id: AssignmentId
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentDeclined:
    assignment_id: AssignmentId
    by: PersonId
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentDeparted:
    assignment_id: AssignmentId
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentArrived:
    assignment_id: AssignmentId
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentJoined:
    assignment_id: AssignmentId
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentReleased:
    """`waived`: it was taken off the list before it came."""

    assignment_id: AssignmentId
    by: PersonId
    reason: str
    waived: bool
