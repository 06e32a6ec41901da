"""Each sentence of the rule has its case, computed by hand, and the oracle answers it so."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.oracle.cases import CASES
from tests.oracle.cases.telling import Case, at
from tests.oracle.rules import AS_WRITTEN
from tests.oracle.sentences import SENTENCES
from tests.shared_data import shared

SENTENCE_ENDS = re.compile(r"\.\*{0,2} +[*`A-Z]")


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.number}: {case.name}")
def test_the_oracle_answers_by_hand(case: Case) -> None:
    for figure in case.figures:
        assert figure.asked(case.history, at(case.as_of), AS_WRITTEN) == figure.expected


def test_the_oracle_imports_nothing_of_the_product() -> None:
    for file in Path(__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not [name for name in names if name.split(".")[0] == "trivium"], file


def test_every_sentence_has_a_case() -> None:
    assert [case.number for case in CASES] == list(SENTENCES)
    assert all(case.figures for case in CASES)


def test_every_sentence_still_stands() -> None:
    """The table quotes all of §1–§4: each piece between two quotes holds at most one end of a sentence."""
    text = re.sub(r"\s+", " ", shared("attribution.md").read_text())
    end, places = text.index("## 5. "), []
    for number, words in SENTENCES.items():
        places.append(text.find(words, places[-1] if places else text.index("## 1. ")))
        assert 0 <= places[-1] < end, f"{number} is no longer in the text, or not there: {words}"
    for number, since, until in zip(SENTENCES, places, [*places[1:], end], strict=True):
        ends = SENTENCE_ENDS.findall(text[since : until + 2])
        assert len(ends) <= 1, f"{number} is followed by a sentence without a number: {text[since:until]}"
