"""Writes the tables in docs/ that the code knows better: settings, refusals, journal events.

    python scripts/doc_tables.py [--check]

Each table stands between `<!-- NAME: begin -->` and `<!-- NAME: end -->`; the text around it is written by
hand. With --check nothing is written, and a stale table fails.
"""

import argparse
import ast
import dataclasses
import importlib
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import get_args

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from pydantic_core import PydanticUndefined  # noqa: E402 - the code is found from the project's root

import alerting  # noqa: E402
import rooms  # noqa: E402
from dispatch_server.config import Config  # noqa: E402
from dispatch_server.errors import HubError  # noqa: E402
from dispatch_server.http.error_status import status_of  # noqa: E402
from dispatch_server.messages import SENTENCES  # noqa: E402
from rtc.errors import RtcError  # noqa: E402

CODE = ("alerting", "dispatch_server", "rooms", "rtc")
ROOTS = (HubError, alerting.AlertingError, rooms.RoomError, RtcError)
ERROR_MODULES = ("alerting.errors", "dispatch_server.errors", "rooms.errors", "rtc.errors")
NEVER_SENT = frozenset({"malformed_packet"})  # caught inside the media worker


def settings() -> str:
    """One row per field of Config."""
    rows = ["| Setting | Variable | Default | Meaning |", "|---|---|---|---|"]
    for name, field in Config.model_fields.items():
        default = field.default
        if default is PydanticUndefined or default is None or default == ():
            shown = "none"
        else:
            shown = f"`{str(default).lower() if isinstance(default, bool) else default}`"
        limits = _limits(field.metadata)
        meaning = f"{field.description} {limits}".strip()
        rows.append(f"| `{name}` | `LIANDONG_{name.upper()}` | {shown} | {meaning} |")
    return "\n".join(rows)


def _limits(metadata: list[object]) -> str:
    found = {
        name: getattr(each, name)
        for each in metadata
        for name in ("ge", "le", "min_length", "max_length", "pattern")
        if getattr(each, name, None) is not None
    }
    if "pattern" in found:
        return "One of: " + ", ".join(f"`{word}`" for word in found["pattern"].strip("^$()").split("|")) + "."
    if "ge" in found:
        return f"{found['ge']} to {found['le']}."
    if "max_length" in found:
        return f"{found['min_length']} to {found['max_length']} characters."
    return ""


def refusals() -> str:
    """One row per code that some part of the code raises, with its HTTP status and both sentences."""
    statuses: dict[str, set[int]] = {}
    for code, kind in _raised():
        statuses.setdefault(code, set()).add(_status(code, kind))
    statuses["internal_error"] = {500}
    rows = ["| Code | HTTP | 中文 | English |", "|---|---|---|---|"]
    for code in sorted(statuses):
        zh, en = SENTENCES.get(code, ("—", "—"))
        known = sorted(statuses[code] - {500}) or [500]  # a refusal that only sockets see has no status
        shown = ", ".join(str(status) for status in known)
        rows.append(f"| `{code}` | {shown} | {zh} | {en} |")
    return "\n".join(rows)


def _status(code: str, kind: type[Exception]) -> int:
    """What `status_of` says of such a refusal; its parameters play no part, so none are invented."""
    refusal = kind.__new__(kind)
    refusal.code = code  # type: ignore[attr-defined]
    return status_of(refusal)


def _raised() -> Iterator[tuple[str, type[Exception]]]:
    """(code, class) of every refusal that is made anywhere in the code."""
    modules = [importlib.import_module(name) for name in ERROR_MODULES]
    for file in python_files():
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            made = node.func if isinstance(node, ast.Call) else getattr(node, "exc", None)
            if not isinstance(made, ast.Name):
                continue
            kinds = [getattr(module, made.id, None) for module in modules if belongs(file, module.__name__)]
            kind = next((each for each in kinds if isinstance(each, type)), None)
            if kind is None or not issubclass(kind, ROOTS):
                continue
            given = node.args[0] if isinstance(node, ast.Call) and node.args else None
            literal = given.value if isinstance(given, ast.Constant) and issubclass(kind, HubError) else None
            code = str(literal or getattr(kind, "code", ""))
            if code not in NEVER_SENT and (literal or kind not in ROOTS):
                yield code, kind


def belongs(file: Path, module: str) -> bool:
    """Whether names in the file can be those of the error module: its own package's, or any in the hub."""
    package = file.relative_to(ROOT).parts[0]
    return package == "dispatch_server" or module.startswith(f"{package}.")


def journal_events() -> str:
    """One row per kind of journal event."""
    feed_events = get_args(rooms.FeedEvent)
    rows = ["| Kind | Stream | Payload |", "|---|---|---|"]
    kinds: Mapping[str, type] = {**alerting.EVENT_TYPES, **rooms.EVENT_TYPES}
    for kind, event in kinds.items():
        in_room = kind in rooms.EVENT_TYPES and event not in feed_events
        fields = ", ".join(f"`{field.name}`" for field in dataclasses.fields(event))
        rows.append(f"| `{kind}` | {'room' if in_room else 'incident'} | {fields} |")
    return "\n".join(rows)


def python_files() -> Iterator[Path]:
    """Every Python file of the four packages."""
    for package in CODE:
        yield from sorted((ROOT / package).rglob("*.py"))


TABLES = {
    "settings": ("docs/config.md", settings),
    "refusals": ("docs/protocol.md", refusals),
    "journal events": ("docs/protocol.md", journal_events),
}


def with_table(text: str, name: str, table: str) -> str:
    """The page with this table in its place. Raises: ValueError when the page has no place for it."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"there is no {begin} … {end}")
    return f"{before}{begin}\n\n{table}\n\n{end}{after}"


def stale_tables(*, write: bool) -> list[str]:
    """One line for each page whose table was not as the code says; with `write` it is now."""
    stale = []
    for name, (page, make) in TABLES.items():
        path = ROOT / page
        text = path.read_text(encoding="utf-8")
        renewed = with_table(text, name, make())
        if renewed != text:
            stale.append(f"{page}: the table of {name} is stale: run python scripts/doc_tables.py")
            if write:
                path.write_text(renewed, encoding="utf-8")
    return stale


def main() -> int:
    parser = argparse.ArgumentParser(description="Write the generated tables of docs/.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a table is stale")
    arguments = parser.parse_args()
    stale = stale_tables(write=not arguments.check)
    if arguments.check:
        print("\n".join(stale), file=sys.stderr)
    return 1 if arguments.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
