"""Does every word have one meaning, and does the code know the words that the glossary says it knows?"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import msgspec
import pytest

import trivium.facts
from trivium.facts.kinds import Kind
from trivium.finops.allocation import BASES

DOCS = Path(__file__).resolve().parents[2] / "docs"
GLOSSARY = (DOCS / "glossary.md").read_text(encoding="utf-8")
REFERENCE = "".join(path.read_text(encoding="utf-8") for path in sorted((DOCS / "reference").glob("*.md")))

DESIGN_WORDS = frozenset({
    "fact", "asset", "asset key", "flow", "charge", "allocation", "attribution", "statement", "loaded cost", "contract",
    "check", "check result", "gate", "waiver", "indicator", "identity", "symlink", "alias", "namespace",
    "unmatched report",
})  # fmt: skip
"""Every term of design.md §4, and the key words of its §8."""


def rows(text: str) -> list[tuple[str, str, str]]:
    """Give term, meaning and place of each row of each table."""
    lines = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| term")]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    assert all(len(row) == 3 for row in cells), [row for row in cells if len(row) != 3]
    return [(term, meaning, place.strip(" |`")) for term, meaning, place in cells]


def resolve(place: str) -> bool:
    """Say whether a dotted place below trivium is a module, a class, a value, or a field of a class."""
    module: ModuleType | None = None
    parts = place.split(".")
    for count in range(len(parts), 0, -1):
        name = ".".join(["trivium", *parts[:count]])
        try:
            module = importlib.import_module(name)
        except ModuleNotFoundError as fault:
            if fault.name is None or not name.startswith(fault.name):
                raise
            continue
        return has(module, parts[count:])
    return False


def has(owner: object, names: list[str]) -> bool:
    if not names:
        return True
    fields = (*getattr(owner, "__struct_fields__", ()), *getattr(owner, "__annotations__", ()))
    if hasattr(owner, names[0]):
        return has(getattr(owner, names[0]), names[1:])
    return names[0] in fields and len(names) == 1


def public_structs() -> Iterator[type[msgspec.Struct]]:
    for info in pkgutil.iter_modules(trivium.facts.__path__, "trivium.facts."):
        module = importlib.import_module(info.name)
        for name, found in inspect.getmembers(module, inspect.isclass):
            if issubclass(found, msgspec.Struct) and found.__module__ == info.name and not name.startswith("_"):
                yield found


ROWS = rows(GLOSSARY)


def test_each_word_has_one_meaning() -> None:
    terms = [term for term, _, _ in ROWS]
    assert sorted(terms) == sorted(set(terms))
    meanings = [meaning for _, meaning, _ in ROWS]
    assert sorted(meanings) == sorted(set(meanings))


def test_each_section_is_sorted() -> None:
    for section in GLOSSARY.split("\n## ")[1:]:
        terms = [term for term, _, _ in rows(section)]
        assert terms == sorted(terms), section.splitlines()[0]


def test_the_design_s_words_are_there() -> None:
    assert {term for term, _, _ in ROWS} >= DESIGN_WORDS


@pytest.mark.parametrize(("term", "meaning", "place"), ROWS, ids=[row[0] for row in ROWS])
def test_a_word_means_a_whole_sentence_and_the_code_knows_it(term: str, meaning: str, place: str) -> None:
    assert meaning.endswith(".")
    assert term == term.strip("`*")
    assert place == "—" or resolve(place), f"docs/glossary.md: {term} names {place}, which does not exist"


def test_only_reserved_words_have_no_code() -> None:
    section = GLOSSARY.split("\n## Reserved words\n")[1]
    reserved = {term for term, _, _ in rows(section)}
    assert {term for term, _, place in ROWS if place == "—"} == reserved


def test_what_does_not_exist_is_seen() -> None:
    assert resolve("facts.fact.Fact.subject")
    assert resolve("facts.protocols.Fold.name")
    assert not resolve("facts.fact.Fact.colour")
    assert not resolve("facts.fact.Opinion")
    assert not resolve("attic")


@pytest.mark.parametrize("kind", [str(kind) for kind in Kind])
def test_each_kind_is_explained(kind: str) -> None:
    assert re.search(rf"`{re.escape(kind)}`", GLOSSARY + REFERENCE), f"{kind} is in no reference: run make docs"


@pytest.mark.parametrize("struct", list(public_structs()), ids=lambda struct: struct.__name__)
def test_each_record_is_explained(struct: type[msgspec.Struct]) -> None:
    assert re.search(rf"\b{struct.__name__}\b", GLOSSARY + REFERENCE), f"{struct} is in no reference: run make docs"


def test_the_glossary_lists_every_basis() -> None:
    meaning = next(meaning for term, meaning, _ in rows(GLOSSARY) if term == "basis")
    assert [basis for basis in BASES if basis not in meaning] == []
