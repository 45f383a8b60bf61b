"""What media are."""

from enum import StrEnum


class Kind(StrEnum):
    """What a track or a slot carries."""

    VIDEO = "video"
    AUDIO = "audio"
