"""Writes what `scripts/test --full` found into its own section of docs/benchmarks.md.

Called with pytest's JUnit file. The rest of docs/benchmarks.md is left as it is.
"""

import sys
from collections import Counter, defaultdict
from datetime import UTC, datetime
from xml.etree import ElementTree

from machine import ROOT, commit, machine

BENCHMARKS = ROOT / "docs" / "benchmarks.md"
BEGIN, END = "<!-- scripts/test --full: begin -->", "<!-- scripts/test --full: end -->"
SLOWEST = 10


def outcome(case: ElementTree.Element) -> str:
    for name in ("failure", "error", "skipped"):
        if case.find(name) is not None:
            return {"failure": "failed", "error": "failed", "skipped": "skipped"}[name]
    return "passed"


def section(results: ElementTree.Element) -> str:
    """Markdown: one row per folder of tests, the slowest tests, where and when."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    seconds: dict[str, float] = defaultdict(float)
    slowest: list[tuple[float, str]] = []
    for case in results.iter("testcase"):
        folder = ".".join(case.get("classname", "").split(".")[:2])
        took_s = float(case.get("time", "0"))
        counts[folder][outcome(case)] += 1
        seconds[folder] += took_s
        slowest.append((took_s, case.get("name", "")))
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    lines = [
        "## The long tests, whole",
        "",
        f"`scripts/test --full`, {today}, commit {commit()}, {machine()}.",
        "",
    ]
    lines += ["| Tests | Passed | Failed | Skipped | Seconds |", "|---|---:|---:|---:|---:|"]
    for folder in sorted(counts):
        row = [str(counts[folder][name]) for name in ("passed", "failed", "skipped")]
        lines.append(f"| {folder.replace('.', '/')} | {' | '.join(row)} | {seconds[folder]:.0f} |")
    lines += ["", "| Slowest | Seconds |", "|---|---:|"]
    for took_s, name in sorted(slowest, reverse=True)[:SLOWEST]:
        lines.append(f"| {name.replace('_', ' ').replace('|', '/')} | {took_s:.1f} |")
    return "\n".join(lines)


def main(junit_file: str) -> None:
    results = ElementTree.parse(junit_file).getroot()  # noqa: S314 (our own pytest wrote it)
    written = f"{BEGIN}\n{section(results)}\n{END}"
    text = BENCHMARKS.read_text(encoding="utf-8") if BENCHMARKS.exists() else "# Benchmarks\n"
    if BEGIN in text and END in text:
        text = text[: text.index(BEGIN)] + written + text[text.index(END) + len(END) :]
    else:
        text = f"{text.rstrip()}\n\n{written}\n"
    BENCHMARKS.write_text(text, encoding="utf-8")
    print(f"docs/{BENCHMARKS.name} holds the summary")


if __name__ == "__main__":
    main(sys.argv[1])
