"""The end of an incident: resolved, called back, closed; or opened again."""

from dataclasses import replace
from datetime import datetime

from alerting.answering import release
from alerting.assignment import AssignmentState
from alerting.clock import MARKS_PCT, clock_keys
from alerting.errors import FollowUpMissing, ReasonMissing
from alerting.events import AlertingEvent
from alerting.firing import announce
from alerting.ids import PersonId
from alerting.incident import FollowUp, IncidentCommand
from alerting.incident_events import IncidentClosed, IncidentReopened, IncidentResolved
from alerting.response import Decision, Response


def resolve(response: Response, *, outcome: str, by: PersonId, now: datetime) -> Decision:
    """It is dealt with: every open department is released, and no deadline is left. A clock that was
    still running is not stopped, for nothing kept its promise; a mark passed unannounced is announced
    first.

    Raises: InvalidTransition, ReasonMissing (blank outcome).
    """
    resolved = response.incident.after(IncidentCommand.RESOLVE)
    if not outcome.strip():
        raise ReasonMissing(field="outcome")
    decision = _announce_passed(response, now=now)
    incident = replace(response.incident, state=resolved, resolved_at=now, outcome=outcome.strip())
    decision = decision.then(
        Decision(
            state=replace(decision.state, incident=incident),
            events=(IncidentResolved(outcome=outcome.strip(), by=by),),
            cancel=clock_keys(incident.id),
        )
    )
    for assignment in response.open:
        decision = decision.then(release(decision.state, assignment_id=assignment.id, by=by, now=now))
    return decision


def close(response: Response, *, follow_up: FollowUp | None, by: PersonId, now: datetime) -> Decision:
    """Nothing more happens to it. Raises: InvalidTransition, FollowUpMissing."""
    closed = response.incident.after(IncidentCommand.CLOSE)
    if follow_up is None:
        raise FollowUpMissing
    event = IncidentClosed(
        by=by, result=follow_up.result, satisfaction=follow_up.satisfaction, note=follow_up.note
    )
    incident = replace(response.incident, state=closed, closed_at=now, follow_up=follow_up)
    return Decision(state=replace(response, incident=incident), events=(event,))


def reopen(response: Response, *, by: PersonId, now: datetime) -> Decision:
    """It was not over. A clock that never stopped runs on from its first start, as if never resolved;
    departments stay released, and pressing the key summons anew.

    Raises: InvalidTransition.
    """
    del now  # the clock knows its start
    summoned = any(a.state is not AssignmentState.RECALLED for a in response.assignments)
    command = IncidentCommand.REOPEN_DISPATCHED if summoned else IncidentCommand.REOPEN
    incident = replace(
        response.incident, state=response.incident.after(command), resolved_at=None, outcome=""
    )
    return Decision(
        state=replace(response, incident=incident),
        events=(IncidentReopened(state=incident.state, by=by),),
        schedule=response.clock.dues(incident_id=incident.id),
    )


def _announce_passed(response: Response, *, now: datetime) -> Decision:
    """No breach goes unrecorded because the timekeeper came a moment later than the resolution."""
    state = response
    events: tuple[AlertingEvent, ...] = ()
    for pct in MARKS_PCT:
        if now >= state.clock.mark_at(pct):
            clock, announced = announce(state.clock, pct, assignment_id=None)
            state, events = replace(state, clock=clock), events + announced
        for assignment in state.open:
            if now >= assignment.clock.mark_at(pct):
                clock, announced = announce(assignment.clock, pct, assignment_id=assignment.id)
                state, events = state.having(replace(assignment, clock=clock)), events + announced
    return Decision(state=state, events=events)
