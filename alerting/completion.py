"""When the clocks stop: a department's when it is first in place, the incident's when the last awaited
one is.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from alerting.clock import clock_keys
from alerting.deadline_events import ClockStopped, ResponseComplete
from alerting.ids import AssignmentId
from alerting.incident import IncidentState
from alerting.response import Decision, Response


def settle(response: Response, assignment_id: AssignmentId, *, now: datetime) -> Decision:
    """Stop what this assignment's new stamps let stop. The first stop stands; nothing restarts."""
    assignment = response.assignment(assignment_id)
    if not assignment.in_place or not assignment.clock.running:
        return Decision(state=response)
    clock = assignment.clock.stop(now)
    stopped = ClockStopped(
        assignment_id=assignment_id,
        clock=clock.name,
        stopped_at=now,
        elapsed_ms=whole_ms(clock.elapsed(now)),
        late=clock.late,
    )
    decision = Decision(
        state=response.having(replace(assignment, clock=clock)),
        events=(stopped,),
        cancel=clock_keys(assignment_id),
    )
    return decision.then(complete(decision.state, now=now))


def complete(response: Response, *, now: datetime) -> Decision:
    """Stop the incident's clock if nobody is awaited any more. Resolving it releases everyone, and is no way
    to keep the promise: nothing is completed then.
    """
    being_dealt_with = response.incident.state is IncidentState.DISPATCHED
    if not being_dealt_with or not response.clock.running or not response.in_place:
        return Decision(state=response)
    clock = response.clock.stop(now)
    event = ResponseComplete(
        stopped_at=now,
        elapsed_ms=whole_ms(clock.elapsed(now)),
        late=clock.late,
        waived=tuple(a.id for a in response.assignments if a.required and a.waived),
    )
    return Decision(
        state=replace(response, clock=clock), events=(event,), cancel=clock_keys(response.incident.id)
    )


def whole_ms(span: timedelta) -> int:
    return span // timedelta(milliseconds=1)
