"""Filters and orderings mean what MLflow's own parsers make of them, and what those refuse is refused."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.clients.talking import interpreter
from tests.mlops.search.written import THINGS, a_filter, an_order
from trivium.facts.problem import ProblemError
from trivium.mlops.search import experiments, logged_model_grammar, models, runs, versions
from trivium.mlops.search.grammar import Comparison, OrderBy, Vocabulary, parse_filter, parse_orders
from trivium.mlops.search.tokens import CODE
from trivium.mlops.trace_infos import search as traces

SCRIPT = Path(__file__).parent / "mlflow_parser.py"
Asked = tuple[str, str, str]
WORDS: dict[str, Vocabulary] = {"runs": runs.WORDS, "experiments": experiments.WORDS, "versions": versions.WORDS}
FILTERS: dict[str, Callable[[str], Sequence[Comparison]]] = {
    **{thing: lambda text, words=words: parse_filter(text, words) for thing, words in WORDS.items()},
    "models": lambda text: parse_filter(text, models.WORDS),
    "traces": traces.read_filter,
    "logged_models": logged_model_grammar.parse_filter,
}
ORDERS: dict[str, Callable[[str], Sequence[OrderBy]]] = {
    **{thing: lambda text, words=words: parse_orders([text], words) for thing, words in WORDS.items()},
    "models": lambda text: models.complete_orders([text])[:1],
    "traces": lambda text: traces.read_orders((text,))[:1],
}


def ours(asked: Asked) -> dict[str, Any]:
    """Say what our grammar makes of a text, in the form of mlflow_parser.py."""
    thing, what, text = asked
    try:
        if what == "filter":
            read: Sequence[Comparison | OrderBy] = FILTERS[thing](text)
        else:
            read = ORDERS[thing](text)
    except ProblemError as error:
        problem = error.problem
        complete = problem.status == 400 and problem.code == CODE and problem.title and problem.where and problem.fix
        return {"refused" if complete else "refused with half a sentence": problem.sentence()}
    return {"read": [list(each) for each in map(fields, read)]}


def fields(read: Comparison | OrderBy) -> list[Any]:
    """Give the fields as JSON has them."""
    if isinstance(read, OrderBy):
        return [read.entity, read.key, read.ascending]
    value = list(read.value) if isinstance(read.value, tuple) else read.value
    return [read.entity, read.key, read.operator, value]


def theirs(asked: Sequence[Asked]) -> list[dict[str, Any]]:
    """Ask MLflow's own parsers."""
    command = [str(interpreter("mlflow3")), str(SCRIPT)]
    environment = {"MLFLOW_DISABLE_TELEMETRY": "true", "PATH": "/usr/bin:/bin"}
    ended = subprocess.run(
        command, input=json.dumps(asked), capture_output=True, text=True, check=True, env=environment, timeout=600
    )
    answers: list[dict[str, Any]] = json.loads(ended.stdout)
    assert len(answers) == len(asked)
    return answers


def same(asked: Asked, mine: dict[str, Any], peer: dict[str, Any]) -> bool:
    """Say whether two answers agree: what MLflow's server refuses, or answers with a 500, is refused here.

    Only an alias of a logged model's time, before which `attributes.` or around which quotes stand, is understood here
    where MLflow's server answers with a 500.
    """
    if "beyond" in peer:
        return "read" in mine or "refused" in mine
    if "read" in peer:
        return json.dumps(mine.get("read")) == json.dumps(peer["read"])
    return "refused" in mine or ("crashed" in peer and asked[0] == "logged_models" and "_time" in asked[2])


def compare(count: int, seed: int) -> Counter[str]:
    """Compare `count` texts of each kind, and count how MLflow answered."""
    random = Random(seed)
    asked: list[Asked] = [(thing, "filter", a_filter(random, thing)) for thing in THINGS for _ in range(count)]
    asked += [(thing, "order", an_order(random, thing)) for thing in THINGS[:-1] for _ in range(count // 2)]
    answers = theirs(asked)
    different = [
        (one, ours(one), peer) for one, peer in zip(asked, answers, strict=True) if not same(one, ours(one), peer)
    ]
    assert not different, f"{len(different)} of {len(asked)} differ, the first: {different[:5]}"
    return Counter(f"{one[0]} {one[1]} {next(iter(peer))}" for one, peer in zip(asked, answers, strict=True))


def test_some_thousand_texts_mean_the_same() -> None:
    counts = compare(count=600, seed=3_017_002)
    for thing in THINGS:
        assert counts[f"{thing} filter read"] > 50, counts
        assert counts[f"{thing} filter refused"] > 50, counts


@pytest.mark.full
def test_a_hundred_thousand_texts_mean_the_same() -> None:
    compare(count=15_000, seed=20_261_123)
