"""One department's part of a summons (任务单), with a state and a clock that no other department shares."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from alerting.clock import SlaClock
from alerting.errors import InvalidTransition
from alerting.escalation import DutyLine, EscalationPolicy
from alerting.ids import AgencyId, AssignmentId, PersonId, SummonsId


class AssignmentState(StrEnum):
    PENDING = "pending"
    NOTIFIED = "notified"
    ACKNOWLEDGED = "acknowledged"
    JOINED = "joined"
    EN_ROUTE = "en_route"
    ON_SCENE = "on_scene"
    RELEASED = "released"
    DECLINED = "declined"
    UNREACHABLE = "unreachable"
    RECALLED = "recalled"


class AssignmentMode(StrEnum):
    VIDEO = "video"
    SCENE = "scene"


class AssignmentCommand(StrEnum):
    NOTIFY = "notify"
    ACKNOWLEDGE = "acknowledge"
    JOIN = "join"
    DEPART = "depart"
    ARRIVE = "arrive"
    DECLINE = "decline"
    GIVE_UP = "give_up"
    RESUMMON = "resummon"
    REASSIGN = "reassign"
    RELEASE = "release"
    RECALL = "recall"


_S, _C = AssignmentState, AssignmentCommand

WAITING = frozenset({_S.PENDING, _S.NOTIFIED})
UNANSWERED = WAITING | {_S.DECLINED}
"""The ladder goes on: nobody has taken it yet."""
MOVING = frozenset({_S.JOINED, _S.EN_ROUTE, _S.ON_SCENE})
ANSWERED = MOVING | {_S.ACKNOWLEDGED}
OVER = frozenset({_S.RELEASED, _S.RECALLED})

_ANSWERS = {
    _C.ACKNOWLEDGE: _S.ACKNOWLEDGED,
    _C.JOIN: _S.JOINED,
    _C.DEPART: _S.EN_ROUTE,
    _C.ARRIVE: _S.ON_SCENE,
}
_ENDINGS = {_C.RELEASE: _S.RELEASED, _C.RECALL: _S.RECALLED}

_TABLE: Mapping[AssignmentState, Mapping[AssignmentCommand, AssignmentState]] = {
    _S.PENDING: {
        _C.NOTIFY: _S.NOTIFIED,
        **_ANSWERS,
        _C.DECLINE: _S.DECLINED,
        _C.GIVE_UP: _S.UNREACHABLE,
        _C.RESUMMON: _S.PENDING,
        _C.REASSIGN: _S.PENDING,
        **_ENDINGS,
    },
    _S.NOTIFIED: {
        _C.NOTIFY: _S.NOTIFIED,
        **_ANSWERS,
        _C.DECLINE: _S.DECLINED,
        _C.GIVE_UP: _S.UNREACHABLE,
        _C.RESUMMON: _S.NOTIFIED,
        _C.REASSIGN: _S.PENDING,
        **_ENDINGS,
    },
    _S.ACKNOWLEDGED: {
        _C.JOIN: _S.JOINED,
        _C.DEPART: _S.EN_ROUTE,
        _C.ARRIVE: _S.ON_SCENE,
        _C.DECLINE: _S.DECLINED,
        _C.RESUMMON: _S.ACKNOWLEDGED,
        _C.REASSIGN: _S.PENDING,
        **_ENDINGS,
    },
    _S.JOINED: {_C.JOIN: _S.JOINED, _C.DEPART: _S.EN_ROUTE, _C.ARRIVE: _S.ON_SCENE, **_ENDINGS},
    _S.EN_ROUTE: {_C.JOIN: _S.EN_ROUTE, _C.ARRIVE: _S.ON_SCENE, _C.REASSIGN: _S.PENDING, **_ENDINGS},
    _S.ON_SCENE: {_C.JOIN: _S.ON_SCENE, **_ENDINGS},
    _S.DECLINED: {
        **_ANSWERS,
        _C.DECLINE: _S.DECLINED,
        _C.RESUMMON: _S.PENDING,
        _C.REASSIGN: _S.PENDING,
        **_ENDINGS,
    },
    _S.UNREACHABLE: {**_ANSWERS, _C.RESUMMON: _S.PENDING, _C.REASSIGN: _S.PENDING, **_ENDINGS},
    _S.RELEASED: {},
    _S.RECALLED: {},
}

TRANSITIONS: Mapping[tuple[AssignmentState, AssignmentCommand], AssignmentState] = {
    (state, command): after for state, row in _TABLE.items() for command, after in row.items()
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """Where one department stands. The stamps are the first time each thing happened in the present
    attempt to get it into place; declining and reassigning take back the stamps of the person who will
    not come.
    """

    id: AssignmentId
    summons_id: SummonsId
    department_id: AgencyId
    required: bool
    lead: bool
    mode: AssignmentMode
    state: AssignmentState = AssignmentState.PENDING
    duty: DutyLine
    policy: EscalationPolicy
    clock: SlaClock
    issued_at: datetime
    attempt: int = 1
    """How often it was summoned; counts re-summons and reassignments."""
    step: int = 0
    """The highest escalation step that was fired or skipped."""
    person_id: PersonId | None = None
    """Who answered for the department."""
    ringing: tuple[PersonId, ...] = ()
    """Who was paged and was not yet told that it is over."""
    notified_at: datetime | None = None
    acknowledged_at: datetime | None = None
    joined_at: datetime | None = None
    en_route_at: datetime | None = None
    on_scene_at: datetime | None = None
    declined_at: datetime | None = None
    declined_by: tuple[PersonId, ...] = ()
    """Who said no since the last re-summons: the ladder passes them by."""
    decline_reason: str = ""
    unreachable_at: datetime | None = None
    released_at: datetime | None = None
    recalled_at: datetime | None = None
    added_later: bool = False

    @property
    def moving(self) -> bool:
        return self.state in MOVING

    @property
    def answered(self) -> bool:
        return self.state in ANSWERED

    @property
    def over(self) -> bool:
        """Released or recalled: nothing changes it any more."""
        return self.state in OVER

    @property
    def in_place(self) -> bool:
        """Acknowledged, and in the room or on the scene: what stops the clock."""
        return self.acknowledged_at is not None and (
            self.joined_at is not None or self.on_scene_at is not None
        )

    @property
    def waived(self) -> bool:
        """Taken off the list before it came; reported apart."""
        return self.state is AssignmentState.RELEASED and self.clock.running

    def after(self, command: AssignmentCommand) -> AssignmentState:
        """The state that `command` leads to. Raises: InvalidTransition, which says what happened
        meanwhile.
        """
        try:
            return TRANSITIONS[self.state, command]
        except KeyError:
            raise InvalidTransition(
                machine="assignment",
                id=self.id,
                state=self.state,
                command=command,
                since=self._since,
                by=self.person_id,
            ) from None

    @property
    def _since(self) -> datetime | None:
        return {
            AssignmentState.PENDING: self.issued_at,
            AssignmentState.NOTIFIED: self.notified_at,
            AssignmentState.ACKNOWLEDGED: self.acknowledged_at,
            AssignmentState.JOINED: self.joined_at,
            AssignmentState.EN_ROUTE: self.en_route_at,
            AssignmentState.ON_SCENE: self.on_scene_at,
            AssignmentState.DECLINED: self.declined_at,
            AssignmentState.UNREACHABLE: self.unreachable_at,
            AssignmentState.RELEASED: self.released_at,
            AssignmentState.RECALLED: self.recalled_at,
        }[self.state]
