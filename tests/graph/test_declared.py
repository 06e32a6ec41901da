from __future__ import annotations

import pytest

from tests.graph.graph_made import connection_with
from trivium.facts.fact import Fact, RecordedFact
from trivium.facts.kinds import Kind
from trivium.facts.problem import ProblemError
from trivium.facts.statements import Alias, Belongs, Life, Owned, Predicted, Rule, VersionRegistered, decode_statement
from trivium.graph.declared import Declare, DeclaredFold, declarations, declared_in
from trivium.intake.declaration.reader import plan_of

X = "dataset:s3://lake/x"


class Book:
    """Records what commands decide, one sequence after the other."""

    def __init__(self) -> None:
        self.fold = DeclaredFold()
        self.connection = connection_with(self.fold)
        self.facts: list[Fact] = []

    def declare(self, name: str, *statements) -> list[Fact]:
        facts = list(Declare(name, statements, actor="ada", at=5).decide(self.connection))
        first = len(self.facts) + 1
        self.facts += facts
        recorded = [RecordedFact(sequence=n, recorded_at=9, fact=fact) for n, fact in enumerate(facts, first)]
        self.fold.apply(self.connection, recorded)
        return facts


def test_a_declaration_states_changes_and_withdraws() -> None:
    book = Book()
    first = book.declare("a", Life(X, 30), Owned(X, "team:data"))
    assert [fact.kind for fact in first] == [Kind.DATASET_LIFE, Kind.ASSET_OWNED]
    assert {(fact.source, fact.actor, fact.subject, fact.happened_at) for fact in first} == {("declare:a", "ada", X, 5)}
    assert book.declare("a", Owned(X, "team:data"), Life(X, 30)) == []
    changed = book.declare("a", Life(X, 60))
    assert [fact.kind for fact in changed] == [Kind.DATASET_LIFE, Kind.DECLARATION_WITHDRAWN]
    assert declared_in(book.connection, "a") == [Life(X, 60)]


def test_declarations_of_other_names_are_left_alone() -> None:
    book = Book()
    book.declare("a", Life(X, 30))
    book.declare("b", Life(X, 30), Belongs(X, "product:p"))
    book.declare("a")
    assert [(one.name, one.statements, one.sequence) for one in declarations(book.connection)] == [
        ("a", 0, 4),
        ("b", 2, 3),
    ]
    assert declared_in(book.connection, "b") == [Life(X, 30), Belongs(X, "product:p")]


def test_what_was_withdrawn_can_be_stated_again_under_a_new_key() -> None:
    book = Book()
    keys = [
        fact.key for said in ([Life(X, 1)], [], [Life(X, 1)], [], [Life(X, 1)]) for fact in book.declare("a", *said)
    ]
    assert len(set(keys)) == len(keys) == 5


def test_a_command_tells_the_changes_that_it_really_makes() -> None:
    book = Book()
    command = Declare("a", [Life(X, 30), Owned(X, "team:data")])
    book.declare("a", Life(X, 30))
    assert [fact.kind for fact in command.decide(book.connection)] == [Kind.ASSET_OWNED]
    assert [(change.action, change.after) for change in command.changes] == [("add", Owned(X, "team:data"))]


def test_a_plan_is_carried_out_only_as_it_was_shown() -> None:
    book, wanted = Book(), [Life(X, 60)]
    book.declare("a", Life(X, 30))
    shown = Declare("a", wanted)
    shown.decide(book.connection)
    plan = plan_of("a", shown.changes)
    book.declare("b", Life(X, 1))
    assert len(Declare("a", wanted, plan=plan).decide(book.connection)) == 1
    book.declare("a", Life(X, 31))
    with pytest.raises(ProblemError) as refused:
        Declare("a", wanted, plan=plan).decide(book.connection)
    problem = refused.value.problem
    assert (problem.status, problem.code, problem.where) == (409, "plan_overtaken", "plan")
    assert plan_of("b", shown.changes) != plan


def test_facts_of_other_sources_are_not_the_declarations() -> None:
    book = Book()
    fact = Fact(
        kind=Kind.DATASET_LIFE,
        subject=X,
        happened_at=1,
        source="mlflow",
        key="k",
        body=book.declare("a", Life(X, 1))[0].body,
    )
    book.fold.apply(book.connection, [RecordedFact(sequence=7, recorded_at=1, fact=fact)])
    assert [one.name for one in declarations(book.connection)] == ["a"]


@pytest.mark.parametrize(
    ("statement", "subject", "happened_at"),
    [
        (Rule("r", {"ServiceName": "S3"}, to="product:p"), "product:p", 5),
        (Rule("r", {"ServiceName": "S3"}, to="shared"), "", 5),
        (Rule("r", {"ResourceId": "c7"}, to="shared"), "resource:c7", 5),
        (Alias(X, "dataset:s3://lake/y"), X, 5),
        (VersionRegistered(version="model:m/1", at=77), "model:m/1", 77),
        (Predicted("model:m/1", "endpoint:e", "1970-02", 3), "model:m/1", 31 * 86_400_000_000),
    ],
)
def test_a_fact_is_about_an_asset_and_claims_its_instant(statement, subject, happened_at) -> None:
    (fact,) = Book().declare("a", statement)
    assert (fact.subject, fact.happened_at) == (subject, happened_at)
    assert decode_statement(fact.body) == statement
