"""One frozen Config from defaults, `liandong.toml` in the data folder, `LIANDONG_*` variables and the
command line.

Later sources win. A key that nobody knows is an error, so that a typing mistake never passes as a default.
docs/config.md is generated from these fields.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dispatch_server.errors import StartError

FILE_NAME = "liandong.toml"
_PREFIX = "LIANDONG_"


class Config(BaseModel):
    """Every setting of the hub. A section of the hub is handed only the values that it uses."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: Annotated[Path, Field(description="Folder of the database, keys and certificates.")] = Path("data")
    port: Annotated[
        int,
        Field(
            ge=1,
            le=65533,
            description="Port N: http on this machine only. https for phones uses N+1, media (UDP) N+2.",
        ),
    ] = 8080
    host: Annotated[str, Field(description="Address on which https and media listen.")] = "0.0.0.0"  # noqa: S104
    https: Annotated[
        bool, Field(description="Serve https for phones, with the local certificate authority.")
    ] = True
    site_name: Annotated[
        str, Field(min_length=1, max_length=40, description="Name shown on every screen.")
    ] = "综治中心"
    timezone: Annotated[str, Field(description="Local time of case numbers and messages.")] = "Asia/Shanghai"
    database_url: Annotated[
        str | None, Field(description="SQLAlchemy URL of PostgreSQL; without it SQLite in the data folder.")
    ] = None
    redis_url: Annotated[
        str | None,
        Field(description="Redis that links the sockets of several hubs; without it one hub stands alone."),
    ] = None
    origins: Annotated[
        tuple[str, ...],
        Field(description="Further origins that may open the console, behind a reverse proxy."),
    ] = ()
    media_addresses: Annotated[
        tuple[str, ...],
        Field(description="Addresses told to browsers for media; without them every local one."),
    ] = ()
    turn_urls: Annotated[tuple[str, ...], Field(description="coturn URLs handed to browsers.")] = ()
    turn_secret: Annotated[
        str | None, Field(repr=False, description="coturn's static-auth-secret for time-limited credentials.")
    ] = None
    session_hours: Annotated[int, Field(ge=1, le=720, description="How long a sign-in lasts.")] = 12
    log_format: Annotated[
        str, Field(pattern="^(json|console)$", description="json for machines, console for people.")
    ] = "json"


def load(arguments: Mapping[str, object], environ: Mapping[str, str] | None = None) -> Config:
    """The configuration in force. Raises: StartError with one line that names the key and what is wrong."""
    environ = os.environ if environ is None else environ
    from_environ = {
        key.removeprefix(_PREFIX).lower(): value for key, value in environ.items() if key.startswith(_PREFIX)
    }
    given = {key: value for key, value in arguments.items() if value is not None}
    data = Path(str(given.get("data") or from_environ.get("data") or Config.model_fields["data"].default))
    values: dict[str, object] = {
        **_from_file(data / FILE_NAME),
        **_split_lists(from_environ),
        **given,
        "data": data,
    }
    try:
        return Config.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        reason = "there is no such setting" if first["type"] == "extra_forbidden" else first["msg"]
        raise StartError(f"Setting {key!r}: {reason}.") from error


def _from_file(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StartError(f"{path} cannot be read: {error}") from error


def _split_lists(values: Mapping[str, str]) -> dict[str, object]:
    """Variables hold lists as comma-separated text."""
    lists = {name for name, field in Config.model_fields.items() if field.annotation == tuple[str, ...]}
    return {
        key: tuple(part.strip() for part in value.split(",") if part.strip()) if key in lists else value
        for key, value in values.items()
    }
