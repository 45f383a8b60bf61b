"""One frozen Config from defaults, `liandong.toml` in the data folder, `LIANDONG_*` variables and the
command line.

Later sources win. A key that nobody knows is an error, so that a typing mistake never passes as a default.
docs/config.md is generated from these fields.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from dispatch_server.errors import StartError

FILE_NAME = "liandong.toml"
_PREFIX = "LIANDONG_"
_DATABASES = ("postgresql+asyncpg", "sqlite+aiosqlite")


class Config(BaseModel):
    """Every setting of the hub. A section of the hub is handed only the values that it uses."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: Annotated[Path, Field(description="Folder of the database, keys and certificates.")] = Path("data")
    port: Annotated[
        int,
        Field(
            ge=1,
            le=65533,
            description="Port N: http on this machine only. https for phones uses N+1, media (UDP, TCP) N+2.",
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
    media_tcp: Annotated[
        bool, Field(description="Take media by TCP too, on the same port, where a network bars UDP.")
    ] = True
    media_workers: Annotated[
        int | None,
        Field(
            ge=1,
            le=64,
            description="Media worker processes, each on a port of its own from N+2 on. Without it one for "
            "each core but one.",
        ),
    ] = None
    media_outlives_hub_s: Annotated[
        int,
        Field(
            ge=1, le=3600, description="How many seconds media goes on without the hub after it was killed."
        ),
    ] = 60
    turn_urls: Annotated[tuple[str, ...], Field(description="coturn URLs handed to browsers.")] = ()
    turn_secret: Annotated[
        str | None, Field(repr=False, description="coturn's static-auth-secret for time-limited credentials.")
    ] = None
    session_hours: Annotated[int, Field(ge=1, le=720, description="How long a sign-in lasts.")] = 12
    log_format: Annotated[
        str, Field(pattern="^(json|console)$", description="json for machines, console for people.")
    ] = "json"

    @field_validator("timezone")
    @classmethod
    def _is_a_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ValueError, OSError, LookupError):
            raise ValueError(f"there is no time zone {name!r}") from None
        return name

    @field_validator("database_url")
    @classmethod
    def _is_a_database(cls, url: str | None) -> str | None:
        if url is None:
            return None
        try:
            driver = make_url(url).drivername
        except ArgumentError:
            driver = ""
        if driver not in _DATABASES:
            raise ValueError(f"expected a URL that begins with {' or '.join(f'{d}://' for d in _DATABASES)}")
        return url

    @field_validator("redis_url")
    @classmethod
    def _is_a_redis(cls, url: str | None) -> str | None:
        if url is not None and urlsplit(url).scheme not in ("redis", "rediss", "unix"):
            raise ValueError("expected a URL that begins with redis:// or rediss:// or unix://")
        return url

    @field_validator("origins")
    @classmethod
    def _are_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for origin in origins:
            parts = urlsplit(origin)
            if parts.scheme not in ("http", "https") or not parts.netloc or parts.path or parts.query:
                raise ValueError(f"{origin!r} is no origin; one looks like https://console.example")
        return origins

    @field_validator("media_addresses")
    @classmethod
    def _are_addresses(cls, addresses: tuple[str, ...]) -> tuple[str, ...]:
        for address in addresses:
            try:
                ip_address(address)
            except ValueError:
                raise ValueError(f"{address!r} is no IP address") from None
        return addresses

    @model_validator(mode="after")
    def _ports_exist(self) -> Config:
        if self.port + 1 + self.worker_count > 65535:
            raise ValueError(
                f"{self.worker_count} media workers from port {self.port + 2} on go beyond 65535"
            )
        return self

    @property
    def worker_count(self) -> int:
        """How many media workers run: as set, else one for each core that the hub leaves, at least one."""
        return self.media_workers or max(1, len(os.sched_getaffinity(0)) - 1)


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
        words = first["msg"].removeprefix("Value error, ")
        reason = "there is no such setting" if first["type"] == "extra_forbidden" else words
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
