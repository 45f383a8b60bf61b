"""The documentation's check notices what it is there for."""

from __future__ import annotations

from pathlib import Path

import check_docs
import doc_tables
import pytest


def test_every_event_that_the_hub_says_is_found_also_through_a_function_that_passes_it_on() -> None:
    told = set(check_docs.hub_events())
    assert {"stream_advanced", "beat", "session_ended", "speaking"} <= told
    assert "sync" in check_docs.browser_events()


def test_an_event_without_a_section_and_a_section_without_an_event_are_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(check_docs, "hub_events", lambda: iter(["unheard_of"]))
    monkeypatch.setattr(check_docs, "browser_events", lambda: {"sync": {"a_new_field"}})
    found = list(check_docs.events())
    assert "docs/protocol.md: no section `unheard_of`" in found
    assert "docs/protocol.md: the section of `sync` does not name `a_new_field`" in found
    assert "docs/protocol.md: `beat` is described, and nothing says it" in found


def test_broken_links_and_missing_headings_are_named_and_code_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# One `name`\n\n[a](gone.md) [b](#one-name) [c](#two) `[d](no)` [e](https://x.example)\n"
    )
    monkeypatch.setattr(check_docs, "ROOT", tmp_path)
    monkeypatch.setattr(check_docs, "pages", lambda: [page])
    assert list(check_docs.links()) == ["page.md: broken link gone.md", "page.md: no heading for #two"]


def test_a_table_is_put_between_its_marks_and_nowhere_else() -> None:
    page = "before\n<!-- x: begin -->\nold\n<!-- x: end -->\nafter\n"
    assert doc_tables.with_table(page, "x", "new") == (
        "before\n<!-- x: begin -->\n\nnew\n\n<!-- x: end -->\nafter\n"
    )
    with pytest.raises(ValueError, match="there is no"):
        doc_tables.with_table(page, "y", "new")


def test_an_event_that_cannot_be_seen_stops_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = "class A:\n    async def f(self, x):\n        await self.b.to_all(self.name, x)\n"
    package = tmp_path / "dispatch_server"
    package.mkdir()
    (package / "a.py").write_text(code)
    monkeypatch.setattr(check_docs, "ROOT", tmp_path)
    with pytest.raises(SystemExit, match=r"a.py:3"):
        list(check_docs.hub_events())
