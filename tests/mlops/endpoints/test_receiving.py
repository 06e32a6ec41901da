"""A delivery of predictions or labels is entered once, whole, in any order, and leaves nothing behind when refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trivium.facts.instants import parse_instant
from trivium.facts.kinds import Kind
from trivium.facts.predictions import decode_predictions
from trivium.facts.problem import ProblemError, refuse
from trivium.facts.statements import ACCEPTED, EQUAL, TOLERANCE, Correct
from trivium.intake.predictions.rows import Given
from trivium.lake.compaction import compact
from trivium.lake.lake import Lake
from trivium.lake.manifest import current_files
from trivium.ledger.book import Ledger
from trivium.mlops.endpoints.outcomes import Outcome, outcomes
from trivium.mlops.endpoints.receiving import Received, given_of, receive_batch, receive_files

EVER = parse_instant("2100-01-01")


class Home:
    """A ledger and its lake, and short ways to send."""

    def __init__(self, ledger: Ledger, lake: Lake) -> None:
        self.ledger, self.lake = ledger, lake

    def enter(self, facts: Any, told: Any) -> Received:
        found: Received = told(self.ledger.append(facts) if facts else [])
        return found

    def send(self, table: str, *rows: dict[str, Any], enter: Any = None) -> Received:
        head = lambda: self.ledger.head().sequence  # noqa: E731
        return receive_batch(
            table, rows, given=Given(endpoint="endpoint:e"), head=head, lake=self.lake, enter=enter or self.enter
        )

    def files(self, table: str, *paths: Path) -> Received:
        head = lambda: self.ledger.head().sequence  # noqa: E731
        return receive_files(table, paths, given=Given(), head=head, lake=self.lake, enter=self.enter)

    def judged(self, rule: Correct | None, names: tuple[str, ...] = ("model:m/1",)) -> list[Outcome]:
        return outcomes(self.lake, "version", names, rule, EVER, EVER)


@pytest.fixture
def home(ledger: Ledger, lake: Lake) -> Home:
    return Home(ledger, lake)


def one(name: str = "a", prediction: Any = "x", **more: Any) -> dict[str, Any]:
    return {"id": name, "at": "2026-10-05T08:00:00Z", "version": "m/1", "prediction": prediction, **more}


def label(name: str = "a", text: Any = "x", at: str = "2026-10-06", **more: Any) -> dict[str, Any]:
    return {"id": name, "label": text, "at": f"{at}T00:00:00Z", **more}


def test_a_delivery_is_one_fact_without_what_was_in_its_rows(home: Home) -> None:
    report = home.send("predictions", one(prediction="secret person", latency_ms=3, site="secret"), one("b", at="bad"))
    assert (report.received, report.refused, report.sequence) == (1, 1, 1)
    [fact] = home.ledger.read()
    assert fact.fact.kind == Kind.PREDICTIONS_RECEIVED
    assert b"secret" not in fact.fact.body
    assert b'bad"' not in fact.fact.body
    [day] = decode_predictions(fact.fact.body).traffic
    assert (day.endpoint, day.version, day.requests, sum(day.latency.values())) == ("endpoint:e", "model:m/1", 1, 1)
    assert report.problems[0].example == "bad"


def test_a_repeat_adds_nothing_and_another_content_is_refused(home: Home) -> None:
    home.send("predictions", one(), one("b"))
    again = home.send("predictions", one("b"), one("c"), one("c"), one("a", prediction="y"))
    assert (again.received, again.repeated, again.refused) == (1, 2, 1)
    assert home.lake.query("SELECT count(*) FROM predictions") == [(3,)]
    assert home.send("predictions", one(), one("b"), one("c")).sequence is None
    assert home.ledger.head().sequence == 2


def test_an_id_counts_for_each_endpoint(home: Home) -> None:
    report = home.send("predictions", one(), one(endpoint="other"))
    assert (report.received, len(report.traffic)) == (2, 2)


def test_refused_by_the_ledger_nothing_is_left(home: Home) -> None:
    def refusing(facts: Any, told: Any) -> Received:
        raise refuse("read_only", "The disk is full.", status=503)

    with pytest.raises(ProblemError):
        home.send("predictions", one(), enter=refusing)
    assert home.ledger.head().sequence == 0
    assert list((home.lake.folder / "staging").iterdir()) == []
    assert list((home.lake.folder / "predictions").iterdir()) == []
    assert home.send("predictions", one()).received == 1


def test_files_that_share_a_delivery_are_told_apart(home: Home, tmp_path: Path) -> None:
    head = "id,at,endpoint,version,prediction\n"
    for name, ids in (("a", "12"), ("b", "23")):
        rows = "".join(f"{number},2026-10-05T08:00:00Z,e,m/1,x\n" for number in ids)
        (tmp_path / name).write_text(head + rows, encoding="utf-8")
    report = home.files("predictions", tmp_path / "a", tmp_path / "b")
    assert (report.received, report.repeated) == (3, 1)
    assert [(source.name, source.imported) for source in report.sources] == [("a", 2), ("b", 1)]
    assert [(one.source, one.reason, one.lines) for one in report.problems] == [("b", "repeat", (2,))]
    with pytest.raises(ProblemError) as fault:
        home.files("predictions", tmp_path / "absent")
    assert fault.value.problem.code == "unreadable_file"


@pytest.mark.parametrize(("endpoint", "version"), [("dataset:a/b", ""), ("", "7"), ("", "dataset:a/b")])
def test_what_is_given_must_name_something(endpoint: str, version: str) -> None:
    with pytest.raises(ProblemError) as fault:
        given_of(endpoint, version)
    assert fault.value.problem.where == ("endpoint" if endpoint else "version")


def test_an_empty_batch_and_one_without_end_are_refused(home: Home) -> None:
    for rows, code in (((), "no_rows"), ((one(),) * 100_001, "too_many_rows")):
        with pytest.raises(ProblemError) as fault:
            home.send("predictions", *rows)
        assert fault.value.problem.code == code


RIGHT = Correct("product:p", EQUAL, "", "x")


def counts(judged: list[Outcome]) -> tuple[int, ...]:
    fields = ("predictions", "labelled", "unclear", "correct", "found")
    return tuple(sum(getattr(day, field) for day in judged) for field in fields)


def test_equal_is_the_same_class_or_the_same_number(home: Home) -> None:
    home.send("predictions", one("a"), one("b", "y"), one("c", 1), one("d", None, error="timeout"), one("e"))
    home.send("labels", label("a"), label("b"), label("c", "1.0"), label("d"))
    assert counts(home.judged(RIGHT)) == (4, 3, 0, 2, 1)
    assert counts(home.judged(None)) == (4, 3, 0, 0, 0)


def test_a_tolerance_is_exact(home: Home) -> None:
    pairs = [("1.05", "1.00"), ("1.0500000001", "1"), ("-3", "3"), ("1e400", "1"), ("2", "soon"), ("nan", "1")]
    home.send("predictions", *(one(str(number), made) for number, (made, _) in enumerate(pairs)))
    home.send("labels", *(label(str(number), text) for number, (_, text) in enumerate(pairs)))
    assert counts(home.judged(Correct("product:p", TOLERANCE, "0.05"))) == (6, 5, 1, 1, 0)


def test_accepted_is_what_the_label_says(home: Home) -> None:
    said = ["accepted", "TRUE", " yes ", "1", "rejected", "no", "perhaps"]
    home.send("predictions", *(one(str(number)) for number in range(len(said))))
    home.send("labels", *(label(str(number), text) for number, text in enumerate(said)))
    assert counts(home.judged(Correct("product:p", ACCEPTED))) == (7, 6, 1, 4, 0)


def test_the_latest_label_counts_then_the_one_received_later(home: Home) -> None:
    home.send("labels", label("a", "x", "2026-10-09"))
    home.send("labels", label("a", "y", "2026-10-07"))
    home.send("predictions", one("a"))
    assert counts(home.judged(RIGHT))[3] == 1
    home.send("labels", label("a", "z", "2026-10-09"))
    assert counts(home.judged(RIGHT))[3] == 0
    assert counts(outcomes(home.lake, "version", ["model:m/1"], RIGHT, EVER, EVER, as_of=3))[3] == 1


def test_a_label_of_one_endpoint_is_not_that_of_another(home: Home) -> None:
    home.send("predictions", one("a"), one("a", endpoint="other"))
    home.send("labels", label("a", "x", endpoint="other"))
    assert [(day.endpoint, day.correct) for day in home.judged(RIGHT)] == [("endpoint:e", 0), ("endpoint:other", 1)]


def test_many_small_files_become_one_and_nothing_else_changes(home: Home) -> None:
    """Files with other features stay apart; what was repeated is still known, and the past is as it was."""
    for number in range(6):
        home.send("predictions", one(f"p{number}", **({"site": "left"} if number == 5 else {"age": number})))
        home.send("labels", label(f"p{number}", "x" if number else "y"))
    before, head = counts(home.judged(RIGHT)), home.ledger.head().sequence
    assert [compact(home.lake, home.ledger, table, many=4) for table in ("predictions", "labels")] == [5, 6]
    with home.lake.reading() as connection:
        files = [len(current_files(connection, table)) for table in ("predictions", "labels")]
    assert files == [2, 1]
    assert counts(home.judged(RIGHT)) == before
    assert counts(outcomes(home.lake, "version", ["model:m/1"], RIGHT, EVER, EVER, as_of=head)) == before
    assert home.send("predictions", one("p3", age=3)).repeated == 1
    assert home.send("labels", label("p3")).repeated == 1
    assert compact(home.lake, home.ledger, "predictions", many=4) == 0


answers = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from("xy")), min_size=1, max_size=4, unique_by=lambda p: p[0]
)
labels = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xy"), st.integers(1, 28)), max_size=5,
                  unique_by=lambda one: (one[0], one[2]))  # fmt: skip


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(answers, labels, st.data())
def test_any_order_and_repetition_gives_the_same_outcomes(
    tmp_path_factory: pytest.TempPathFactory, made: Any, said: Any, data: st.DataObject
) -> None:
    sent: list[tuple[str, dict[str, Any]]] = [("predictions", one(name, text)) for name, text in made]
    sent += [("labels", label(name, text, f"2026-10-{day:02}")) for name, text, day in said]
    order = data.draw(st.permutations(sent + data.draw(st.lists(st.sampled_from(sent), max_size=2))))
    found = [outcomes_of(tmp_path_factory.mktemp("order"), deliveries) for deliveries in (sent, order)]
    assert found[0] == found[1]
    latest = {name: max((day, text) for other, text, day in said if other == name)[1] for name, _, _ in said}
    assert found[0][0] == len(made)
    assert found[0][1] == sum(name in latest for name, _ in made)
    assert found[0][3] == sum(latest.get(name) == text for name, text in made)


def outcomes_of(folder: Path, sent: list[tuple[str, dict[str, Any]]]) -> tuple[int, ...]:
    from trivium.lake.manifest import Manifest

    with Ledger.open(folder / "home", folds=[Manifest()]) as ledger:
        lake = Lake(folder / "home" / "lake", ledger.reading)
        try:
            home = Home(ledger, lake)
            for table, row in sent:
                home.send(table, row)
            return counts(home.judged(RIGHT))
        finally:
            lake.close()
