"""Does docs/reference say what the code says today?"""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
import typer

from tools import reference


def test_the_committed_reference_is_what_the_code_says() -> None:
    assert reference.stale(reference.FOLDER, reference.pages()) == [], "run make docs and commit docs/reference"


def test_writing_again_changes_nothing(tmp_path: Path) -> None:
    made = reference.pages()
    reference.write(tmp_path, made)
    assert reference.stale(tmp_path, made) == []
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    reference.write(tmp_path, reference.pages())
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


def test_a_page_that_differs_is_missing_or_has_no_source_is_stale(tmp_path: Path) -> None:
    gone = reference.MADE_BY + "c"
    (tmp_path / "by-hand.md").write_text("# Written by a person", encoding="utf-8")
    reference.write(tmp_path, {"a.md": "a", "b.md": "b", "c.md": gone})
    assert reference.stale(tmp_path, {"a.md": "a", "b.md": "changed", "d.md": "d"}) == ["b.md", "c.md", "d.md"]
    reference.write(tmp_path, {"a.md": "a", "b.md": "b"})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.md", "b.md", "by-hand.md"]


class Sample(msgspec.Struct, tag="sample.seen"):
    """A sample | with a bar."""

    name: str
    """What it is called."""
    parts: tuple[str, ...] = ()
    words: dict[str, str] = {}


def test_a_record_is_described_with_its_fields_and_their_meanings() -> None:
    text = reference.record(Sample)
    assert "#### Sample (`sample.seen`)" in text
    assert "| `name` | `str` |  | What it is called. |" in text
    assert "| `parts` | `tuple[str, ...]` | `()` |  |" in text
    assert "| `words` | `dict[str, str]` | `{}` |  |" in text


def test_a_cell_stays_in_its_table() -> None:
    assert reference.cell("a | b\n  c") == "a \\| b c"


def test_the_help_of_every_command_is_written_without_boxes(monkeypatch: pytest.MonkeyPatch) -> None:
    application = typer.Typer()
    cost = typer.Typer(help="What things cost.")
    application.add_typer(cost, name="cost")

    @cost.command()
    def show(key: str, period: str = "2026-10") -> None:
        """Show what an asset cost."""

    @application.command(hidden=True)
    def secret() -> None:
        """Do not show this."""

    commands = dict(reference.walk(typer.main.get_command(application), "trivium"))
    assert list(commands) == ["trivium", "trivium cost", "trivium cost show"]
    monkeypatch.setenv("COLUMNS", "20")
    text = reference.help_of("trivium cost show", commands["trivium cost show"])
    assert "Usage: trivium cost show" in text
    assert "Show what an asset cost." in text
    assert "--period <str>" in text
    assert text.isascii()
    assert "show" in reference.help_of("trivium cost", commands["trivium cost"])


def test_what_does_not_exist_yet_is_left_out() -> None:
    assert reference.found("trivium.attic", "application") is None
    assert reference.found("trivium.facts.keys", "nothing") is None
    assert reference.found("trivium.facts.keys", "nothing", "MAX_LENGTH") == 4096
