"""What alerting refuses to do, and why.

AlertingError               root; `code` is stable, `params` fill the message template of the hub
├── InvalidTransition       the state machine has no such step from here
├── RecallTooLate           the undo window of the summons is over
├── AlreadyAnswered         another person of the department was first
├── AlreadySummoned         the department has an open assignment already
├── FollowUpMissing         an incident closes only with its follow-up
├── ReasonMissing           a text that the journal needs is blank
├── NothingPlanned          the plan names no department
├── UnknownAssignment
├── UnknownDepartment
└── UnknownOrder
"""
# ruff: noqa: N818 - an error is named after what happened; the root carries the word

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from alerting.ids import AgencyId, AssignmentId, OrderId, PersonId


class AlertingError(Exception):
    """Root of the tree. `params` holds short JSON-able values only."""

    code: ClassVar[str] = "alerting"

    def __init__(self, **params: str | int | None) -> None:
        self.params: Mapping[str, str | int | None] = params
        super().__init__(f"{self.code} {params}" if params else self.code)


class InvalidTransition(AlertingError):
    """The machine stands in `state`, where `command` means nothing.

    `since` and `by` say what happened meanwhile: when this state was reached and who did it, where known.
    """

    code = "invalid_transition"

    def __init__(
        self,
        *,
        machine: str,
        id: str,  # the parameter is the message template's name
        state: str,
        command: str,
        since: datetime | None = None,
        by: PersonId | None = None,
    ) -> None:
        super().__init__(
            machine=machine,
            id=id,
            state=state,
            command=command,
            since=None if since is None else since.isoformat(),
            by=by,
        )


class RecallTooLate(AlertingError):
    """The departments are on their way: a summons can be taken back until `undo_until`, not later."""

    code = "recall_too_late"

    def __init__(self, *, undo_until: datetime) -> None:
        super().__init__(undo_until=undo_until.isoformat())


class AlreadyAnswered(AlertingError):
    """`by` has taken this assignment at `at`; nobody else needs to."""

    code = "already_answered"

    def __init__(self, *, assignment_id: AssignmentId, by: PersonId, at: datetime) -> None:
        super().__init__(assignment_id=assignment_id, by=by, at=at.isoformat())


class AlreadySummoned(AlertingError):
    """The department is being summoned or is here: re-summon it instead of adding it again."""

    code = "already_summoned"

    def __init__(self, *, department_id: AgencyId, assignment_id: AssignmentId) -> None:
        super().__init__(department_id=department_id, assignment_id=assignment_id)


class FollowUpMissing(AlertingError):
    """The reporter was not called back yet."""

    code = "follow_up_missing"


class ReasonMissing(AlertingError):
    """The journal needs words for `field`, and there are none."""

    code = "reason_missing"

    def __init__(self, *, field: str) -> None:
        super().__init__(field=field)


class NothingPlanned(AlertingError):
    """Pressing the key would summon nobody."""

    code = "nothing_planned"

    def __init__(self, *, plan_id: str) -> None:
        super().__init__(plan_id=plan_id)


class UnknownAssignment(AlertingError):
    code = "unknown_assignment"

    def __init__(self, *, assignment_id: AssignmentId) -> None:
        super().__init__(assignment_id=assignment_id)


class UnknownDepartment(AlertingError):
    """The department has no assignment here, or no id was provided for its new one."""

    code = "unknown_department"

    def __init__(self, *, department_id: AgencyId) -> None:
        super().__init__(department_id=department_id)


class UnknownOrder(AlertingError):
    code = "unknown_order"

    def __init__(self, *, order_id: OrderId) -> None:
        super().__init__(order_id=order_id)
