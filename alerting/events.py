"""What happened, in the past tense: the payloads of the journal.

When it happened and in which stream stand in the journal's own columns. `by` is repeated here because a
payload must be readable alone; it is absent where the clock acted.
"""

import re
from collections.abc import Mapping
from typing import get_args

from alerting.assignment_events import (
    AssignmentAcknowledged,
    AssignmentArrived,
    AssignmentDeclined,
    AssignmentDeparted,
    AssignmentJoined,
    AssignmentNotified,
    AssignmentReleased,
)
from alerting.deadline_events import (
    AssignmentUnreachable,
    ClockBreached,
    ClockStopped,
    ClockUrgent,
    ClockWarned,
    EscalationFired,
    EscalationSkipped,
    ResponseComplete,
)
from alerting.incident_events import (
    IncidentClosed,
    IncidentReceived,
    IncidentRelabelled,
    IncidentReopened,
    IncidentResolved,
    OrderAcknowledged,
    OrderGiven,
)
from alerting.summons_events import (
    AssignmentReassigned,
    AssignmentsResummoned,
    DepartmentAdded,
    SummonsIssued,
    SummonsRecalled,
)

AlertingEvent = (
    IncidentReceived
    | IncidentRelabelled
    | SummonsIssued
    | SummonsRecalled
    | AssignmentsResummoned
    | DepartmentAdded
    | AssignmentReassigned
    | AssignmentNotified
    | AssignmentAcknowledged
    | AssignmentDeclined
    | AssignmentDeparted
    | AssignmentArrived
    | AssignmentJoined
    | AssignmentReleased
    | AssignmentUnreachable
    | EscalationFired
    | EscalationSkipped
    | ClockWarned
    | ClockUrgent
    | ClockBreached
    | ClockStopped
    | ResponseComplete
    | OrderGiven
    | OrderAcknowledged
    | IncidentResolved
    | IncidentReopened
    | IncidentClosed
)


def kind_of(event_type: type) -> str:
    """The wire name: `SummonsIssued` becomes `summons_issued`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", event_type.__name__).lower()


EVENT_TYPES: Mapping[str, type[AlertingEvent]] = {kind_of(event): event for event in get_args(AlertingEvent)}
"""Every event type by its wire name."""
