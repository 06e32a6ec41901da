"""The declarations that the documentation shows can be declared, and it names every table and key."""

from __future__ import annotations

import re
from pathlib import Path

from trivium.intake.declaration.names import CORRECT, SERVED, TABLES, VERSION
from trivium.intake.declaration.reader import read_declaration

DOCS = Path(__file__).parents[3] / "docs"


def test_every_example_can_be_read() -> None:
    examples = re.findall(r"```toml\n(.*?)```", (DOCS / "how-to/declare.md").read_text(), re.DOTALL)
    assert len(examples) == 4
    for example in examples:
        assert read_declaration(example.encode(), "example").statements


def test_the_reference_names_every_table_and_key_and_no_other() -> None:
    text = (DOCS / "reference/declaration.md").read_text()
    rows = re.findall(r"^\| `\[\[([a-z.]+)\]\]` \| (.*?) \|", text, re.MULTILINE)
    named = {table: set(re.findall(r"`([a-z_]+)`", re.sub(r"\([^()]*\)", "", keys))) for table, keys in rows}
    expected = {table: set(keys) - {"version"} if table == "model" else set(keys) for table, keys in TABLES.items()}
    assert named == expected | {"model.version": set(VERSION)}
    correct = re.search(r"^\| `\[product\.correct\]` \| (.*?) \| when", text, re.MULTILINE)
    assert correct
    assert set(re.findall(r"`([a-z_]+)`", re.sub(r"\([^()]*\)", "", correct[1]))) == set(CORRECT)
    assert set(SERVED) == {"version", "since", "until"}
