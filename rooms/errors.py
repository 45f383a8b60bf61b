"""What rooms refuse to do, and why.

RoomError                   root; `code` is stable, `params` fill the message template of the hub
├── InvalidTransition       the participant or the feed has no such step from here
├── RoomOver                the room has ended
├── NotPermitted            the role does not allow the action
└── UnknownParticipant      nobody of that id, or that person, is on the list
"""
# ruff: noqa: N818 - an error is named after what happened; the root carries the word

from collections.abc import Mapping
from typing import ClassVar

from rooms.ids import RoomId


class RoomError(Exception):
    """Root of the tree. `params` holds short JSON-able values only."""

    code: ClassVar[str] = "room"

    def __init__(self, **params: str | None) -> None:
        self.params: Mapping[str, str | None] = params
        super().__init__(f"{self.code} {params}" if params else self.code)


class InvalidTransition(RoomError):
    """`machine` is participant or feed; it stands in `state`, where `command` means nothing."""

    code = "invalid_transition"

    def __init__(self, *, machine: str, id: str, state: str, command: str) -> None:
        super().__init__(machine=machine, id=id, state=state, command=command)


class RoomOver(RoomError):
    """Nobody joins, speaks or is moderated after the end."""

    code = "room_over"

    def __init__(self, *, room_id: RoomId) -> None:
        super().__init__(room_id=room_id)


class NotPermitted(RoomError):
    """`role` is None for somebody who is not in the room at all."""

    code = "not_permitted_in_room"

    def __init__(self, *, action: str, role: str | None) -> None:
        super().__init__(action=action, role=role)


class UnknownParticipant(RoomError):
    """`id` is a participant's or a person's."""

    code = "unknown_participant"

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
