"""Who asks: a signed-in person or a device with a token, in which language, under which idempotency key."""

from __future__ import annotations

from dataclasses import dataclass

from dispatch_server.errors import NotAllowed
from dispatch_server.identity import Person
from dispatch_server.store.accounts import Device
from dispatch_server.usecases.desk import CommandKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    person: Person | None = None
    device: Device | None = None
    language: str = "zh"
    command: CommandKey | None = None

    @property
    def actor_id(self) -> str | None:
        return self.person.id if self.person else None

    def require_person(self) -> Person:
        """The signed-in person. Raises: NotAllowed for a device."""
        if self.person is None:
            raise NotAllowed()
        return self.person
