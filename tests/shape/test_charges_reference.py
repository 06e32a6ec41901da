"""Does docs/reference/charges.md name every column, rule, tag and refusal of the import?"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from trivium.facts.charges import ADDED, FOCUS
from trivium.intake.focus.report import SENTENCES
from trivium.intake.focus.tags import PREFIXES, SPELLINGS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "reference" / "charges.md").read_text(encoding="utf-8")
CODES = {
    code
    for path in [
        *(ROOT / "src/trivium/intake/focus").glob("*.py"),
        *(ROOT / "src/trivium/intake/files").glob("*.py"),
        ROOT / "src/trivium/finops/imports.py",
    ]
    for code in re.findall(r'(?<!_)(?:\brefuse\(\s*|code=)"([a-z_]+)"', path.read_text(encoding="utf-8"))
}


@pytest.mark.parametrize("name", [name for name, _ in ADDED])
def test_each_added_column_is_named(name: str) -> None:
    assert f"`{name}`" in PAGE


@pytest.mark.parametrize("reason", sorted(SENTENCES))
def test_each_rule_stands_with_its_sentence(reason: str) -> None:
    assert re.search(rf"^\| \w+ \| `{reason}` \| {re.escape(SENTENCES[reason][0])} \|$", PAGE, re.MULTILINE)


def test_no_rule_is_named_that_is_none() -> None:
    rules = PAGE.split("## What is refused, repaired and noted")[1].split("## ")[0]
    assert set(re.findall(r"^\| \w+ \| `([a-z_]+)`", rules, re.MULTILINE)) == set(SENTENCES)


@pytest.mark.parametrize("prefix", PREFIXES)
def test_each_prefix_is_named(prefix: str) -> None:
    assert f"`{prefix}`" in PAGE


@pytest.mark.parametrize("tag", sorted(SPELLINGS))
def test_each_join_tag_is_named_with_its_keys(tag: str) -> None:
    [keys] = re.findall(rf"^\| `{tag}` \| (.*) \|$", PAGE, re.MULTILINE)
    spoken = [key for key in SPELLINGS[tag] if not re.match(r"(?:trivium|mlflow|openlineage)[a-z]", key)]
    assert re.findall(r"`([^`]+)`", keys) == spoken


@pytest.mark.parametrize("code", sorted(CODES))
def test_each_refusal_is_named(code: str) -> None:
    assert f"`{code}`" in PAGE


def test_the_number_of_focus_columns_is_right() -> None:
    assert f"{len(FOCUS)} columns of FOCUS" in PAGE
