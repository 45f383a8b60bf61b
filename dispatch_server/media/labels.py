"""What the hub writes on a connection, so that after a restart it knows whose it is: the worker keeps it."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

_Label = TypeVar("_Label", bound=BaseModel)


class SenderLabel(BaseModel):
    """Of a publisher: the person, or the device by its feed, and the incident that its source belongs to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sender_id: str
    incident_id: str


class ViewerLabel(BaseModel):
    """Of a page: the person, and the session (its hash) under which it was opened."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    person_id: str
    session: str


class PlayerLabel(BaseModel):
    """Of a player: its link, the feed that it watches, on behalf of which agency, and where the feed was."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    link_id: str
    feed_id: str
    agency_id: str
    incident_id: str | None


def read_label(kind: type[_Label], text: str) -> _Label | None:
    """What was written; None when it is not that kind of label."""
    try:
        return kind.model_validate_json(text)
    except ValidationError:
        return None
