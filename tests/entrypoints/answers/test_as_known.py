"""Is every report given again as it was at an earlier sequence, though the ledger has learnt more since?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.entrypoints.tracked import given
from tests.entrypoints.worked import PREFIX, Caller, caller, worked_rooms
from trivium.entrypoints.answers import asset_show, declare
from trivium.entrypoints.answers.questions import QUESTIONS, Question
from trivium.entrypoints.answers.rooms import Rooms
from trivium.facts.problem import ProblemError
from trivium.intake.openlineage.reader import accept

FEATURES = "dataset:worked/features"
AS_OF = "2026-11-20T00:00:00Z"
REPORTS = [one for one in QUESTIONS if "known" in {field.name for field in msgspec.structs.fields(one.params)}]
FAILING = {
    "eventType": "COMPLETE", "eventTime": "2026-11-12T03:00:00Z", "producer": "https://example.com/tests",
    "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
    "run": {"runId": "01930000-0000-7000-8000-00000000f001"}, "job": {"namespace": "worked", "name": "late-check"},
    "inputs": [{"namespace": "worked", "name": "features", "inputFacets": {"dataQualityAssertions": {
        "_producer": "https://example.com/tests",
        "_schemaURL": "https://openlineage.io/spec/facets/1-0-1/DataQualityAssertionsDatasetFacet.json",
        "assertions": [{"assertion": "not_null", "success": False, "column": "age"}]}}}],
    "outputs": [],
}  # fmt: skip
LATER = '[[product]]\nname = "later"\ntitle = "Later"\nassets = ["dataset:worked/features"]\n'


@pytest.fixture(scope="module")
def told_more(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Rooms, int, dict[str, bytes]]]:
    """Give rooms that learnt of a failing check and a product late, the sequence before, and what was answered then."""
    with worked_rooms(tmp_path_factory.mktemp("known") / "home") as rooms:
        before = rooms.ledger.head().sequence
        first = {one.name: asked(rooms, one) for one in REPORTS}
        rooms.ledger.append([accept(msgspec.json.encode(FAILING))])
        declare.ask(rooms, declare.Params(toml=LATER, name="later"))
        yield rooms, before, first


def asked(rooms: Rooms, question: Question, known: int | None = None) -> bytes:
    """Answer a question about the features as of one instant."""
    return msgspec.json.encode(question.ask(rooms, question.params(**given(question, as_of=AS_OF), known=known)))


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda one: one.name)
def test_what_takes_an_instant_takes_a_sequence(question: Question) -> None:
    names = {field.name for field in msgspec.structs.fields(question.params)}
    assert "known" in names or "as_of" not in names


@pytest.mark.parametrize("question", REPORTS, ids=lambda one: one.name)
def test_a_report_is_what_it_was(question: Question, told_more: tuple[Rooms, int, dict[str, bytes]]) -> None:
    rooms, before, first = told_more
    assert asked(rooms, question, before) == first[question.name]


@pytest.mark.parametrize("name", ["asset_show", "blast", "overview", "graph_export", "declared"])
def test_what_came_later_is_in_the_report_of_today(name: str, told_more: tuple[Rooms, int, dict[str, bytes]]) -> None:
    rooms, _, first = told_more
    question = next(one for one in REPORTS if one.name == name)
    assert asked(rooms, question) != first[name]


def test_quality_is_what_was_known_of_it(told_more: tuple[Rooms, int, dict[str, bytes]]) -> None:
    rooms, before, _ = told_more
    now = asset_show.ask(rooms, asset_show.Params(key=FEATURES, as_of=AS_OF))
    then = asset_show.ask(rooms, asset_show.Params(key=FEATURES, as_of=AS_OF, known=before))
    assert now.quality is not None
    assert then.quality is not None
    assert (now.quality.state, then.quality.state) == ("failing", "unknown")
    assert (now.ground.bad, then.ground.bad) == ((FEATURES,), ())
    assert max(one.sequence for one in then.facts) <= before < max(one.sequence for one in now.facts)


@pytest.mark.parametrize("question", REPORTS, ids=lambda one: one.name)
def test_http_spells_it_alike(question: Question, told_more: tuple[Rooms, int, dict[str, bytes]]) -> None:
    rooms, before, first = told_more
    ask: Caller = caller(rooms)
    query = "&".join(f"{name}={value}" for name, value in given(question, as_of=AS_OF).items())
    answered = ask.ask(f"{PREFIX}{question.path}?{query}&known={before}")
    assert (answered.status, answered.body) == (200, first[question.name])


def test_a_sequence_that_is_not_there_is_refused(told_more: tuple[Rooms, int, dict[str, bytes]]) -> None:
    rooms, before, _ = told_more
    for question in REPORTS:
        with pytest.raises(ProblemError, match=r"There is no fact \d+; the newest is"):
            asked(rooms, question, before + 1000)


def test_a_home_with_nothing_known_answers(tmp_path: Path) -> None:
    with worked_rooms(tmp_path / "home") as rooms:
        for question in REPORTS:
            if given(question).keys().isdisjoint(("key", "version", "endpoint")):
                assert asked(rooms, question, 0)
