"""Which role may do what in a room. What is not in the table is not allowed."""

from collections.abc import Mapping
from enum import StrEnum


class Role(StrEnum):
    COMMANDER = "commander"
    OPERATOR = "operator"
    RESPONDER = "responder"
    OFFICER = "officer"
    OBSERVER = "observer"
    """Sees and hears, and is neither seen nor heard."""


class Action(StrEnum):
    SPEAK = "speak"
    SHOW = "show"
    """One's own camera."""
    INVITE = "invite"
    MUTE_OTHERS = "mute_others"
    """Also lifts a mute, one's own too."""
    REMOVE = "remove"
    END = "end"


_HALL = frozenset(Action)
_GUEST = frozenset({Action.SPEAK, Action.SHOW})

PERMISSIONS: Mapping[Role, frozenset[Action]] = {
    Role.COMMANDER: _HALL,
    Role.OPERATOR: _HALL,
    Role.RESPONDER: _GUEST,
    Role.OFFICER: _GUEST,
    Role.OBSERVER: frozenset(),
}


def permitted(role: Role, action: Action) -> bool:
    return action in PERMISSIONS.get(role, frozenset())
