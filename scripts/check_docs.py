"""Holds the documentation to the code: prints one line for each thing that is missing, and then fails.

    python scripts/check_docs.py

- docs/protocol.md has a section for every Socket.IO event, both ways, and names the fields that pages send;
- the generated tables are as the code says, and docs/config.md shows every option of the command line;
- docs/operations.md explains every log event and every metric;
- no relative link in any .md file is broken, anchors included.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from doc_tables import ROOT, python_files, stale_tables

SENDS = frozenset({"to_groups", "to_socket", "to_all", "emit"})  # the event comes first
LOGS = frozenset({"info", "warning", "error", "exception"})
NOT_OURS = frozenset({".venv", "node_modules", "dist", "data", "build"})


def main() -> int:
    wrong = [*events(), *stale_tables(write=False), *options(), *explained(), *links()]
    print("\n".join(wrong), file=sys.stderr)
    return 1 if wrong else 0


# ── the protocol ─────────────────────────────────────────────────────────────────────────────────


def events() -> Iterator[str]:
    """Events that are said but not described, or described but never said."""
    described = sections((ROOT / "docs/protocol.md").read_text(encoding="utf-8"))
    heard, told = browser_events(), set(hub_events())
    for name in sorted(heard.keys() | told):
        if name not in described:
            yield f"docs/protocol.md: no section `{name}`"
            continue
        for field in sorted(heard.get(name, ())):
            if f"`{field}`" not in described[name]:
                yield f"docs/protocol.md: the section of `{name}` does not name `{field}`"
    for name in sorted(described.keys() - heard.keys() - told):
        yield f"docs/protocol.md: `{name}` is described, and nothing says it"


def sections(page: str) -> dict[str, str]:
    """The text below each heading that is nothing but an event's name in backticks."""
    parts = re.split(r"^#+ (.*)$", page, flags=re.MULTILINE)
    return {
        heading.strip("`"): text
        for heading, text in zip(parts[1::2], parts[2::2], strict=True)
        if re.fullmatch(r"`[a-z_]+`", heading)
    }


def browser_events() -> dict[str, set[str]]:
    """What SocketEvents registers, with the fields of each message."""
    from dispatch_server.sockets import events as adapter

    found: dict[str, set[str]] = {}
    for node in ast.walk(ast.parse(Path(adapter.__file__).read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or len(node.args) < 2:
            continue
        name = constant(node.args[0])
        if name in {None, "*"} or node.func.attr not in {"_answer", "on"}:
            continue
        model = getattr(adapter, node.args[1].id, None) if isinstance(node.args[1], ast.Name) else None
        found[name] = set(getattr(model, "model_fields", ()))
    return found


def hub_events() -> Iterator[str]:
    """What the hub emits: the constant in a Broadcaster's call, or in the calls of what passes one on."""
    for file in sorted((ROOT / "dispatch_server").rglob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for function in ast.walk(tree):
            if not isinstance(function, ast.AsyncFunctionDef | ast.FunctionDef) or function.name in SENDS:
                continue
            for call in calls(function, SENDS):
                name = constant(call.args[0])
                if name is not None:
                    yield name
                    continue
                place = parameter(function, call.args[0])
                passed = [constant(each.args[place]) for each in calls(tree, {function.name})]
                if not passed or None in passed:
                    raise SystemExit(f"{file.name}:{call.lineno}: cannot see which event this sends")
                yield from (each for each in passed if each is not None)


def calls(tree: ast.AST, names: frozenset[str] | set[str]) -> list[ast.Call]:
    """Calls of methods of these names."""
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in names
    ]


def parameter(function: ast.AsyncFunctionDef | ast.FunctionDef, argument: ast.expr) -> int:
    """Which argument of a method's call reaches this expression; `self` is not counted."""
    names = [each.arg for each in function.args.args][1:]
    return names.index(argument.id) if isinstance(argument, ast.Name) and argument.id in names else 0


def constant(node: ast.AST) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


# ── the command line, the log, the metrics ───────────────────────────────────────────────────────


def options() -> Iterator[str]:
    """Options that `liandong` knows and docs/config.md does not."""
    page = (ROOT / "docs/config.md").read_text(encoding="utf-8")
    source = (ROOT / "dispatch_server/cli.py").read_text(encoding="utf-8")
    for option in sorted(set(re.findall(r'"(--[a-z-]+)"', source))):
        if f"`{option}" not in page:
            yield f"docs/config.md: does not explain {option}"


def explained() -> Iterator[str]:
    """Log events and metrics without a line in docs/operations.md, and lines about events that are gone."""
    page = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    logged: set[str] = set()
    for file in python_files():
        for call in calls(ast.parse(file.read_text(encoding="utf-8")), LOGS):
            name = constant(call.args[0]) if call.args else None
            if name is None:  # one event or another, by a condition
                logged |= {each for part in ast.walk(call.args[0]) if (each := constant(part))}
            else:
                logged.add(name)
    told = set(re.findall(r"^\| `([a-z_]+\.[a-z_]+)` \|", page, flags=re.MULTILINE))
    yield from (f"docs/operations.md: log event {each} is not explained" for each in sorted(logged - told))
    yield from (f"docs/operations.md: nothing logs {each}" for each in sorted(told - logged))
    files = sorted((ROOT / "dispatch_server").rglob("metrics.py"))
    metrics = "".join(file.read_text(encoding="utf-8") for file in files)
    for metric in sorted(set(re.findall(r'"(liandong_[a-z_]+)"', metrics))):
        if f"`{metric}`" not in page:
            yield f"docs/operations.md: metric {metric} is not explained"


# ── links ────────────────────────────────────────────────────────────────────────────────────────


def links() -> Iterator[str]:
    """Relative links of our own pages that lead nowhere."""
    for page in pages():
        for target in re.findall(r"!?\[[^\]]*\]\(([^)\s]+)\)", prose(page.read_text(encoding="utf-8"))):
            if re.match(r"[a-z][a-z0-9+.-]*:", target):
                continue
            path, _, anchor = target.partition("#")
            found = (page.parent / path).resolve() if path else page
            if not found.exists():
                yield f"{page.relative_to(ROOT)}: broken link {target}"
            elif anchor and found.suffix == ".md" and anchor not in anchors(found):
                yield f"{page.relative_to(ROOT)}: no heading for {target}"


def pages() -> list[Path]:
    """Every .md file that is, or could be, under version control."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        names = {ROOT / name for name in listed.stdout.splitlines()}
        return sorted(name for name in names if name.exists())
    return sorted(p for p in ROOT.rglob("*.md") if not NOT_OURS & set(p.relative_to(ROOT).parts))


def prose(text: str) -> str:
    """The page without its code."""
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))


def anchors(page: Path) -> set[str]:
    """The anchors that a forge gives to the headings of a page."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    found: set[str] = set()
    for heading in re.findall(r"^#+ (.+?)\s*$", text, flags=re.MULTILINE):
        slug = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        number = 1
        while slug in found:
            slug = f"{slug.removesuffix(f'-{number - 1}')}-{number}"
            number += 1
        found.add(slug)
    return found


if __name__ == "__main__":
    sys.exit(main())
