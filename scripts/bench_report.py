"""One form for every measurement: a table for people and, on request, one JSON object on stdout's last line.

A `scripts/bench_<name>.py` measures and ends with `sys.exit(report(...))`.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from machine import commit, machine
from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured number. The key carries its unit (`ring_p95_ms`) or names a plain ratio."""

    key: str
    meaning: str
    value: float
    at_most: float | None = None
    at_least: float | None = None

    @property
    def met(self) -> bool | None:
        """Whether the aim is reached; None when there is none."""
        if self.at_most is None and self.at_least is None:
            return None
        return (self.at_most is None or self.value <= self.at_most) and (
            self.at_least is None or self.value >= self.at_least
        )

    @property
    def aim(self) -> str:
        bounds = (("≤", self.at_most), ("≥", self.at_least))
        return " ".join(f"{sign} {bound:g}" for sign, bound in bounds if bound is not None)


def report(
    title: str,
    figures: Sequence[Figure],
    *,
    as_json: bool,
    conditions: Mapping[str, object] | None = None,
) -> int:
    """Everything measured has been printed. 0 when every aim is met, else 1: it is also the exit code.

    `conditions` say under what it was measured (runs, size of the store, subscribers).
    """
    when = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    conditions = dict(conditions or {})
    # With --json, stdout is for the program that reads it; people read stderr.
    console = Console(stderr=as_json)
    table = Table(title=title, title_justify="left")
    for heading in ("Figure", "Measured", "Aim", ""):
        table.add_column(heading, justify="right" if heading == "Measured" else "left")
    for figure in figures:
        verdict = {True: "[green]met[/]", False: "[red]missed[/]", None: ""}[figure.met]
        table.add_row(f"{figure.meaning} [dim]{figure.key}[/]", f"{figure.value:,.4g}", figure.aim, verdict)
    console.print(table)
    if conditions:
        console.print(
            ", ".join(f"{key} {value}" for key, value in conditions.items()), highlight=False, soft_wrap=True
        )
    console.print(f"{machine()}; commit {commit()}; {when}", highlight=False, soft_wrap=True)
    if as_json:
        aims = {figure.key: _bounds(figure) for figure in figures if figure.met is not None}
        figures_by_key = {figure.key: round(figure.value, 4) for figure in figures}
        met = all(figure.met is not False for figure in figures)
        where = {"commit": commit(), "machine": machine(), "measured_at": when}
        print(json.dumps({**figures_by_key, "aims": aims, "met": met, **conditions, **where}), flush=True)
    return 0 if all(figure.met is not False for figure in figures) else 1


def _bounds(figure: Figure) -> dict[str, float]:
    bounds = {"at_most": figure.at_most, "at_least": figure.at_least}
    return {name: bound for name, bound in bounds.items() if bound is not None}


if __name__ == "__main__":
    sys.exit("This is a part of the measurements; run scripts/bench NAME.")
