"""Names for the ids that alerting carries but never makes: the hub passes them in."""

from typing import NewType

IncidentId = NewType("IncidentId", str)
SummonsId = NewType("SummonsId", str)
AssignmentId = NewType("AssignmentId", str)
AgencyId = NewType("AgencyId", str)
PersonId = NewType("PersonId", str)
PlanId = NewType("PlanId", str)
RoomId = NewType("RoomId", str)
OrderId = NewType("OrderId", str)

DueKey = NewType("DueKey", str)
"""Names one row of the due-time table; see `alerting.due`."""
