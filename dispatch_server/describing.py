"""The OpenAPI document without a running hub, for the console's build and the docs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from dispatch_server.clock import system_clock
from dispatch_server.config import Config
from dispatch_server.ids import random_id, random_token
from dispatch_server.notifying import AppriseNotifier
from dispatch_server.ports import MediaPlane
from dispatch_server.store.engine import open_engine, sqlite_url
from dispatch_server.tasks import Tasks
from dispatch_server.wiring import assemble


def describe() -> Mapping[str, Any]:
    """The document exactly as `/api/openapi.json` serves it: the hub is put together and never started."""
    engine = open_engine(sqlite_url(Path("never-opened.db")), writer=False)
    hub, _ = assemble(
        Config(),
        clock=system_clock,
        new_id=random_id,
        new_token=random_token,
        plane=cast("MediaPlane", None),
        notifier=AppriseNotifier(),
        ca_path=None,
        engines=(engine, engine),
        tasks=Tasks(asyncio.TaskGroup()),
    )
    return hub.description
