"""Esc: a summons pressed by mistake is taken back, within a breath."""

from dataclasses import replace
from datetime import datetime

from alerting.assignment import Assignment, AssignmentCommand
from alerting.clock import clock_keys
from alerting.errors import (
    InvalidTransition,
    RecallTooLate,
)
from alerting.ids import DueKey, PersonId
from alerting.incident import IncidentCommand
from alerting.notice import Notice, StopReason
from alerting.paging import hush, paging_keys
from alerting.response import Decision, Response, SummonsState
from alerting.summons_events import SummonsRecalled


def recall(response: Response, *, by: PersonId, now: datetime) -> Decision:
    """The summons never mattered: its assignments are recalled, everyone paged is told, the incident
    waits again. The incident's clock runs on.

    Raises: InvalidTransition when no summons stands, RecallTooLate after the undo window.
    """
    received = response.incident.after(IncidentCommand.RECALL)
    summons = response.summons
    if summons is None or summons.state is not SummonsState.ISSUED:
        raise InvalidTransition(
            machine="incident", id=response.incident.id, state=response.incident.state, command="recall"
        )
    if now > summons.undo_until:
        raise RecallTooLate(undo_until=summons.undo_until)
    state = response
    notices: tuple[Notice, ...] = ()
    cancel: list[DueKey] = []
    for assignment in response.open:
        over = replace(assignment, state=assignment.after(AssignmentCommand.RECALL), recalled_at=now)
        told = tuple(dict.fromkeys((*assignment.ringing, *_answerer(assignment))))
        silent, stopped = hush(
            replace(over, ringing=told), incident_id=response.incident.id, reason=StopReason.RECALLED, by=by
        )
        state = state.having(silent)
        notices += stopped
        cancel += [*paging_keys(assignment), *clock_keys(assignment.id)]
    event = SummonsRecalled(summons_id=summons.id, room_id=response.room_id, by=by)
    return Decision(
        state=replace(
            state,
            incident=replace(response.incident, state=received),
            summons=replace(summons, state=SummonsState.RECALLED),
            room_id=None,
        ),
        events=(event,),
        cancel=tuple(cancel),
        notices=notices,
    )


def _answerer(assignment: Assignment) -> tuple[PersonId, ...]:
    return () if assignment.person_id is None else (assignment.person_id,)
