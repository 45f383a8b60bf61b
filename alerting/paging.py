"""Climbing the ladder of one assignment, and stepping off it.

Rules kept here, for every command that pages: a step with nobody behind it is skipped at once; who
declined is passed by; whoever was paged is told when it is over; an answer takes every paging row out of
the due-time table.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from alerting.assignment import Assignment
from alerting.deadline_events import EscalationFired, EscalationSkipped
from alerting.due import DueKind, DueTime, give_up_key, step_key
from alerting.events import AlertingEvent
from alerting.ids import DueKey, IncidentId, PersonId
from alerting.notice import Notice, NoticeKind, StopReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Climb:
    """Where the ladder was taken to. `fired` is None when nobody is left on it."""

    assignment: Assignment
    fired: EscalationFired | None
    skipped: tuple[EscalationSkipped, ...]

    @property
    def events(self) -> tuple[AlertingEvent, ...]:
        return self.skipped if self.fired is None else (*self.skipped, self.fired)

    @property
    def persons(self) -> tuple[PersonId, ...]:
        return () if self.fired is None else self.fired.person_ids


def climb(assignment: Assignment, *, start: int) -> Climb:
    """Take the first step from `start` on that has somebody behind it. The persons found are ringing then."""
    skipped: list[EscalationSkipped] = []
    for number in range(start, len(assignment.policy.steps)):
        target = assignment.policy.steps[number].target
        persons = tuple(p for p in assignment.duty.persons(target) if p not in assignment.declined_by)
        if persons:
            return Climb(
                assignment=ringing(replace(assignment, step=number), persons),
                fired=EscalationFired(
                    assignment_id=assignment.id, step=number, target=target, person_ids=persons
                ),
                skipped=tuple(skipped),
            )
        skipped.append(EscalationSkipped(assignment_id=assignment.id, step=number, target=target))
    last = max(assignment.step, len(assignment.policy.steps) - 1)
    return Climb(assignment=replace(assignment, step=last), fired=None, skipped=tuple(skipped))


def ringing(assignment: Assignment, persons: tuple[PersonId, ...]) -> Assignment:
    """The assignment with these persons among the ringing ones."""
    return replace(assignment, ringing=tuple(dict.fromkeys(assignment.ringing + persons)))


def page(
    assignment: Assignment, kind: NoticeKind, persons: tuple[PersonId, ...], incident_id: IncidentId
) -> Notice:
    """A message about this assignment as it stands. One per kind, step and attempt."""
    return Notice(
        key=f"{assignment.id}:{kind}:{assignment.step}:{assignment.attempt}",
        kind=kind,
        incident_id=incident_id,
        assignment_id=assignment.id,
        person_ids=persons,
        step=assignment.step,
        attempt=assignment.attempt,
    )


def hush(
    assignment: Assignment, *, incident_id: IncidentId, reason: StopReason, by: PersonId
) -> tuple[Assignment, tuple[Notice, ...]]:
    """Nobody is ringing any more; everyone but `by`, who knows, is told so."""
    others = tuple(person for person in assignment.ringing if person != by)
    silent = replace(assignment, ringing=())
    if not others:
        return silent, ()
    kind = NoticeKind.RECALL if reason is StopReason.RECALLED else NoticeKind.RING_STOPPED
    told = page(assignment, kind, others, incident_id)
    return silent, (replace(told, key=f"{told.key}:{reason}", reason=reason, by=by),)


def paging_dues(assignment: Assignment, *, incident_id: IncidentId, now: datetime) -> tuple[DueTime, ...]:
    """The rest of the ladder, at the times it always had, and giving up at its end.

    Steps that would have been due by now are included, to fire at once. Giving up is not made up for: whoever
    asks again after its time is not to be told a moment later that nobody could be reached.
    """
    steps = tuple(
        DueTime(
            key=step_key(assignment.id, number),
            at=assignment.issued_at + step.after,
            kind=DueKind.ESCALATION,
            incident_id=incident_id,
            assignment_id=assignment.id,
            step=number,
        )
        for number, step in enumerate(assignment.policy.steps)
        if number > assignment.step
    )
    give_up = DueTime(
        key=give_up_key(assignment.id),
        at=assignment.issued_at + assignment.policy.give_up_after,
        kind=DueKind.GIVE_UP,
        incident_id=incident_id,
        assignment_id=assignment.id,
    )
    return (*steps, give_up) if give_up.at > now else steps


def paging_keys(assignment: Assignment) -> tuple[DueKey, ...]:
    """Every key the ladder of this assignment may have in the due-time table."""
    steps = (step_key(assignment.id, number) for number in range(1, len(assignment.policy.steps)))
    return (*steps, give_up_key(assignment.id))
