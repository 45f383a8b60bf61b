"""What measurements and long tests leave behind can be read by people, by machines, and a year later."""

import json
from pathlib import Path
from xml.etree import ElementTree

import full_summary
import pytest
from bench_report import Figure, report

JUNIT = """<testsuites><testsuite>
<testcase classname="tests.unit.test_clock" name="test_a_clock_never_restarts" time="0.2"/>
<testcase classname="tests.e2e.test_way" name="test_the_whole_way" time="61.0"><failure/></testcase>
<testcase classname="tests.e2e.test_way" name="test_in_the_dark[a|b]" time="2.0"><skipped/></testcase>
</testsuite></testsuites>"""


def test_json_is_one_object_on_the_last_line_of_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    figures = [
        Figure(key="ring_p95_ms", meaning="press → last console", value=101.23456, at_most=150),
        Figure(key="subscribers", meaning="at once", value=50),
    ]

    code = report("join", figures, as_json=True, conditions={"runs": 30})

    (line,) = capsys.readouterr().out.splitlines()
    printed = json.loads(line)
    assert code == 0
    assert printed["ring_p95_ms"] == 101.2346
    assert printed["aims"] == {"ring_p95_ms": {"at_most": 150}}
    assert (printed["met"], printed["runs"]) == (True, 30)
    assert {"commit", "machine", "measured_at"} <= printed.keys()


@pytest.mark.parametrize(("value", "code"), [(150.0, 0), (150.1, 1)])
def test_a_missed_aim_is_the_exit_code(value: float, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert report("join", [Figure(key="a_ms", meaning="a", value=value, at_most=150)], as_json=False) == code
    assert ("missed" in capsys.readouterr().out) is bool(code)


def test_the_summary_counts_by_folder_and_names_the_slowest() -> None:
    text = full_summary.section(ElementTree.fromstring(JUNIT))

    assert "| tests/e2e | 0 | 1 | 1 | 63 |" in text
    assert "| tests/unit | 1 | 0 | 0 | 0 |" in text
    assert text.index("test the whole way") < text.index("test a clock never restarts")
    assert "test in the dark[a/b]" in text


def test_a_new_summary_replaces_only_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    benchmarks = tmp_path / "benchmarks.md"
    benchmarks.write_text("# Benchmarks\n\n## Join\n\nby hand\n", encoding="utf-8")
    monkeypatch.setattr(full_summary, "BENCHMARKS", benchmarks)
    junit = tmp_path / "junit.xml"
    junit.write_text(JUNIT, encoding="utf-8")

    full_summary.main(str(junit))
    benchmarks.write_text(benchmarks.read_text(encoding="utf-8") + "\n## After\n", encoding="utf-8")
    full_summary.main(str(junit))

    text = benchmarks.read_text(encoding="utf-8")
    assert text.count(full_summary.BEGIN) == text.count("## The long tests, whole") == 1
    assert text.startswith("# Benchmarks\n\n## Join\n\nby hand\n")
    assert text.endswith("\n## After\n")
