"""Events as others see them: wire names, JSON, the documents drawn from the tables."""

import subprocess
import sys
from dataclasses import fields, is_dataclass
from pathlib import Path

from pydantic import TypeAdapter

from alerting import EVENT_TYPES, Decision, join, kind_of, recall, resolve
from tests.unit.alerting.cases import (
    OPERATOR,
    WATER,
    after,
    assignment_of,
    person,
    pressed,
    received,
    summoned,
)

ROOT = Path(__file__).resolve().parents[3]


def test_every_event_has_a_snake_case_name_of_its_own() -> None:
    assert "summons_issued" in EVENT_TYPES
    assert all(kind == kind_of(event) and kind.islower() for kind, event in EVENT_TYPES.items())


def test_every_event_is_frozen_and_known_to_pydantic() -> None:
    for event in EVENT_TYPES.values():
        assert is_dataclass(event)
        assert event.__dataclass_params__.frozen
        TypeAdapter(event)


def test_events_survive_the_journal() -> None:
    decisions: list[Decision] = [
        received(),
        pressed(received().state, at=10),
        join(summoned(), assignment_id=assignment_of(WATER), by=person(WATER, "first"), now=after(20)),
        recall(summoned(), by=OPERATOR, now=after(12)),
        resolve(summoned(), outcome="已修复", by=OPERATOR, now=after(950)),
    ]
    for event in (event for decision in decisions for event in decision.events):
        adapter = TypeAdapter(type(event))
        assert adapter.validate_json(adapter.dump_json(event)) == event
        assert fields(event)


def test_the_drawn_state_machines_are_those_of_the_code() -> None:
    check = [sys.executable, str(ROOT / "scripts" / "state_diagrams.py"), "--check"]
    done = subprocess.run(check, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
