"""An incident comes in, and gets its right name later."""

from dataclasses import replace
from datetime import datetime, timedelta

from alerting.clock import RESPONSE_TARGET, SlaClock
from alerting.ids import AgencyId, IncidentId, PersonId
from alerting.incident import Incident, IncidentCommand, Level, Place
from alerting.incident_events import IncidentReceived, IncidentRelabelled
from alerting.response import Decision, Response

INCIDENT_CLOCK = "incident_response"


def receive(
    *,
    incident_id: IncidentId,
    number: str,
    agency_id: AgencyId,
    type: str,
    level: Level,
    title: str,
    place: Place,
    words: str = "",
    reporter_id: PersonId | None = None,
    reporter_name: str = "",
    target: timedelta = RESPONSE_TARGET,
    now: datetime,
) -> Decision:
    """The incident exists and its clock runs."""
    incident = Incident(
        id=incident_id,
        number=number,
        agency_id=agency_id,
        type=type,
        level=level,
        title=title,
        words=words,
        place=place,
        reporter_id=reporter_id,
        reporter_name=reporter_name,
        received_at=now,
    )
    clock = SlaClock(name=INCIDENT_CLOCK, started_at=now, target=target)
    received = IncidentReceived(
        incident_id=incident_id,
        number=number,
        agency_id=agency_id,
        type=type,
        level=level,
        title=title,
        words=words,
        place=place,
        reporter_id=reporter_id,
        reporter_name=reporter_name,
        due_at=clock.due_at,
    )
    return Decision(
        state=Response(incident=incident, clock=clock),
        events=(received,),
        schedule=clock.dues(incident_id=incident_id),
    )


def relabel(
    response: Response,
    *,
    type: str | None = None,
    level: Level | None = None,
    title: str | None = None,
    place: Place | None = None,
    by: PersonId,
    now: datetime,
) -> Decision:
    """The incident is called what it is; None leaves a label as it was. No deadline moves.

    Raises: InvalidTransition once the incident is closed.
    """
    del now  # every command takes the time; this one has no use for it
    incident = response.incident
    incident.after(IncidentCommand.RELABEL)
    relabelled = replace(
        incident,
        type=incident.type if type is None else type,
        level=incident.level if level is None else level,
        title=incident.title if title is None else title,
        place=incident.place if place is None else place,
    )
    if relabelled == incident:
        return Decision(state=response)
    event = IncidentRelabelled(
        by=by,
        type=relabelled.type if relabelled.type != incident.type else None,
        level=relabelled.level if relabelled.level != incident.level else None,
        title=relabelled.title if relabelled.title != incident.title else None,
        place=relabelled.place if relabelled.place != incident.place else None,
    )
    return Decision(state=replace(response, incident=relabelled), events=(event,))
