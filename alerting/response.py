"""One incident with everything done about it: the unit that is loaded, changed and saved as a whole.

The hub loads a `Response`, calls one command, and saves the `Decision` in one transaction: `cancel` is
applied to the due-times first, `schedule` second, and `notices` leave after the commit.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from alerting.assignment import Assignment, AssignmentState
from alerting.clock import SlaClock
from alerting.due import DueTime
from alerting.errors import UnknownAssignment, UnknownOrder
from alerting.escalation import EscalationPolicy
from alerting.events import AlertingEvent
from alerting.ids import AgencyId, AssignmentId, DueKey, OrderId, PersonId, PlanId, RoomId, SummonsId
from alerting.incident import Incident
from alerting.notice import Notice


class SummonsState(StrEnum):
    ISSUED = "issued"
    RECALLED = "recalled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Summons:
    """One press of the key. Target and policy are kept for the departments that are added later."""

    id: SummonsId
    plan_id: PlanId
    plan_name: str
    plan_name_en: str = ""
    issued_at: datetime
    issued_by: PersonId
    undo_until: datetime
    state: SummonsState = SummonsState.ISSUED
    response_target: timedelta
    policy: EscalationPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderReceipt:
    person_id: PersonId
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Words from the command hall. `department_ids` empty: to those at the scene."""

    id: OrderId
    text: str
    department_ids: tuple[AgencyId, ...] = ()
    by: PersonId
    at: datetime
    acknowledged: tuple[OrderReceipt, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """`clock` is the incident's own; each assignment has another. `assignments` keeps the recalled ones
    too, in the order of issue: `current` leaves those of past summonses out.
    """

    incident: Incident
    clock: SlaClock
    summons: Summons | None = None
    past_summonses: tuple[Summons, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    orders: tuple[Order, ...] = ()
    room_id: RoomId | None = None

    @property
    def current(self) -> tuple[Assignment, ...]:
        """The assignments of the present summons, recalled or not."""
        return tuple(
            a for a in self.assignments if self.summons is not None and a.summons_id == self.summons.id
        )

    @property
    def open(self) -> tuple[Assignment, ...]:
        """Those neither released nor recalled."""
        return tuple(a for a in self.assignments if not a.over)

    @property
    def awaited(self) -> tuple[Assignment, ...]:
        """Those that the promise counts: required, and neither recalled nor waived. Without any required
        department the first one in place keeps the promise, so only those in place count then.
        """
        listed = [a for a in self.assignments if a.state is not AssignmentState.RECALLED and not a.waived]
        if any(a.required for a in self.assignments if a.state is not AssignmentState.RECALLED):
            return tuple(a for a in listed if a.required)
        return tuple(a for a in listed if not a.clock.running)

    @property
    def in_place(self) -> bool:
        """Every awaited department has been in place, and there is at least one."""
        return bool(self.awaited) and all(not a.clock.running for a in self.awaited)

    def assignment(self, assignment_id: AssignmentId) -> Assignment:
        """Raises: UnknownAssignment."""
        for assignment in self.assignments:
            if assignment.id == assignment_id:
                return assignment
        raise UnknownAssignment(assignment_id=assignment_id)

    def open_of(self, department_id: AgencyId) -> Assignment | None:
        """The department's open assignment; there is never more than one."""
        return next((a for a in self.open if a.department_id == department_id), None)

    def order(self, order_id: OrderId) -> Order:
        """Raises: UnknownOrder."""
        for order in self.orders:
            if order.id == order_id:
                return order
        raise UnknownOrder(order_id=order_id)

    def having(self, changed: Assignment) -> Self:
        """The same response with this one assignment in its new state."""
        return replace(
            self, assignments=tuple(changed if a.id == changed.id else a for a in self.assignments)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a command leads to. Without events nothing changed and there is nothing to save."""

    state: Response
    events: tuple[AlertingEvent, ...] = ()
    schedule: tuple[DueTime, ...] = ()
    """Rows to insert; none of their keys is present."""
    cancel: tuple[DueKey, ...] = ()
    """Rows to delete where present."""
    notices: tuple[Notice, ...] = ()

    def then(self, following: "Decision") -> "Decision":
        """Both as one, where `following` was decided on the state this one leads to."""
        cancelled = set(following.cancel)
        return Decision(
            state=following.state,
            events=self.events + following.events,
            schedule=tuple(due for due in self.schedule if due.key not in cancelled) + following.schedule,
            cancel=tuple(dict.fromkeys(self.cancel + following.cancel)),
            notices=self.notices + following.notices,
        )
