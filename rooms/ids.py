"""Names for the ids that rooms carry but never make; foreign ones are opaque here."""

from typing import NewType

RoomId = NewType("RoomId", str)
ParticipantId = NewType("ParticipantId", str)
PersonId = NewType("PersonId", str)
AgencyId = NewType("AgencyId", str)
PlayerId = NewType("PlayerId", str)
SourceId = NewType("SourceId", str)
"""Something that can be watched or heard: a feed's id, or `p:` and a participant's id."""
ScopeId = NewType("ScopeId", str)
"""What the pictures and voices belong to: an incident, for rooms that have one."""
