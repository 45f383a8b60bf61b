"""scripts/install builds anew exactly when a source has changed."""

from pathlib import Path

import pytest
from stamp import stamp


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "console" / "src").mkdir(parents=True)
    (tmp_path / "console" / "src" / "main.ts").write_text("one")
    return tmp_path / "console"


def test_the_same_sources_have_the_same_stamp(sources: Path) -> None:
    assert stamp([sources.name]) == stamp([sources.name])


def test_a_changed_a_new_and_a_renamed_file_each_change_it(sources: Path) -> None:
    seen = {stamp([sources.name])}

    (sources / "src" / "main.ts").write_text("two")
    seen.add(stamp([sources.name]))
    (sources / "src" / "more.ts").write_text("")
    seen.add(stamp([sources.name]))
    (sources / "src" / "more.ts").rename(sources / "src" / "other.ts")
    seen.add(stamp([sources.name]))

    assert len(seen) == 4


@pytest.mark.parametrize("generated", ["node_modules/vue/index.js", "dist/index.html"])
def test_what_is_generated_does_not_count(sources: Path, generated: str) -> None:
    before = stamp([sources.name])

    file = sources / generated
    file.parent.mkdir(parents=True)
    file.write_text("built")

    assert stamp([sources.name]) == before


def test_a_missing_path_counts_as_absent(sources: Path) -> None:
    assert stamp([sources.name, "no such file"]) == stamp([sources.name])
