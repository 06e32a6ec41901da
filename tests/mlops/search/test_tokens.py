"""Filters and orderings are taken apart as they are written, and what cannot be read is refused with a sentence."""

from __future__ import annotations

import re

import pytest

from trivium.facts.problem import ProblemError
from trivium.mlops.search import experiments, models, runs, versions
from trivium.mlops.search.grammar import Comparison, OrderBy, parse_filter, parse_orders
from trivium.mlops.search.logged_model_grammar import parse_filter as parse_logged
from trivium.mlops.search.tokens import CLAUSES_MAX, TEXT_MAX, clauses

RUNS, EXPERIMENTS, MODELS, VERSIONS = runs.WORDS, experiments.WORDS, models.WORDS, versions.WORDS


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        ("AND", ()),
        ("metrics.a > -1.5e3", (Comparison("metric", "a", ">", -1500.0),)),
        ("metric.`a b` <= .5", (Comparison("metric", "a b", "<=", 0.5),)),
        ('parameters."a.b" != "x"', (Comparison("param", "a.b", "!=", "x"),)),
        ("params.a.b like '%X_'", (Comparison("param", "a.b", "LIKE", "%X_"),)),
        ("tag.é = 'it''s'", (Comparison("tag", "é", "=", "it''s"),)),
        ("tags.`a` is not null", (Comparison("tag", "a", "IS NOT NULL", None),)),
        ("`Run name` ILIKE 'x'", (Comparison("attribute", "run_name", "ILIKE", "x"),)),
        ("Created >= 5 aNd end_time < 1.5", (
            Comparison("attribute", "start_time", ">=", 5), Comparison("attribute", "end_time", "<", 1.5))),
        ("run.run_id not in ('a', \"b\")", (Comparison("attribute", "run_id", "NOT IN", ("a", "b")),)),
        ("datasets.context IN ('train',)", (Comparison("dataset", "context", "IN", ("train",)),)),
        ("`params`.order = 'select'", (Comparison("param", "order", "=", "select"),)),
    ],
)  # fmt: skip
def test_filters_of_runs_mean(text: str, expected: tuple[Comparison, ...]) -> None:
    assert parse_filter(text, RUNS) == expected


def test_filters_of_others_mean() -> None:
    assert parse_filter("experiment_id IN ('1', ' 2')", EXPERIMENTS) == (
        Comparison("attribute", "experiment_id", "IN", (1, 2)),
    )
    assert parse_filter("attribute.name IN ('a')", MODELS) == (Comparison("attribute", "name", "IN", ("a",)),)
    assert parse_filter("version_number > '3' and tag.a='x'", VERSIONS) == (
        Comparison("attribute", "version_number", ">", 3),
        Comparison("tag", "a", "=", "x"),
    )
    assert parse_logged("attributes.creation_time > 3 AND params.lr = 0.01 AND name in ('a', 2)") == (
        Comparison("attribute", "creation_timestamp_ms", ">", 3.0),
        Comparison("param", "lr", "=", "0.01"),
        Comparison("attribute", "name", "IN", ("a", "2")),
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("metrics.a > 'x'", "The metric a is compared with \"'x'\", which is no number. (at filter) Write a number"),
        ("metrics.a > NaN", "which is no number"),
        ("metrics.a LIKE 1", "The filter compares 'metric.a' by 'LIKE'. (at filter) Use one of =, !=, >, >=, <, <=."),
        ("params.a = 5", "'a' is compared with '5', which is no quoted text. (at filter) Write the value in single"),
        ("parms.a = 'x'", "Runs have no 'parms', of which 'parms.a' speaks. (at filter) Begin with one of attr, "),
        ("foo = 'x'", "Runs have no attribute 'foo'. (at filter) Use one of Created, Run Name, Run name, artifact_uri"),
        ("datasets.source = 'x'", "Runs have no dataset 'source'. (at filter) Use one of context, digest, name."),
        (
            "status IN ('a')",
            "'status' is compared with the list \"('a')\". (at filter) Lists may be compared with run_id",
        ),
        ("run_id IN ()", "The filter's list '()' is no list of quoted texts."),
        ("run_id IN (1)", "is no list of quoted texts"),
        ("run_id IN (__import__('os'))", "is no list of quoted texts"),
        ("run_id = ('a')", "by =. (at filter) Use IN or NOT IN with a list"),
        ("status IS NULL", "The filter compares 'attribute.status' by 'IS NULL'."),
        ("start_time = " + "9" * 5000, "which is no whole number"),
        ("metrics.a > 1 OR metrics.b > 1", "The filter holds 'OR', which is no comparison."),
        ("metrics.a > 1; metrics.b > 1", "holds more than one statement"),
        (" ", "holds nothing"),
        ("params.a = 'x", "which is no comparison"),
        ("'x' = params.a", "The filter compares \"'x'\", which is no name."),
        ("tags.a = 'a\0b'", "holds NUL or half a character"),
        ("tags.a = '\ud800'", "holds NUL or half a character"),
        ("(" * 3000 + ")" * 3000, "is too long or nested too deep to be read"),
        ("a " * 20_000, "is too long or nested too deep to be read"),
        ("x" * (TEXT_MAX + 1), f"The text has {TEXT_MAX + 1} characters; at most {TEXT_MAX} are taken."),
        (" AND ".join(["metrics.a > 1"] * (CLAUSES_MAX + 1)), "The filter has 201 comparisons; at most 200 are taken."),
    ],
)
def test_filters_are_refused_with_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ProblemError, match=re.escape(sentence)) as refused:
        parse_filter(text, RUNS)
    assert (refused.value.problem.status, refused.value.problem.code) == (400, "invalid_parameter_value")


def test_statements_without_end_are_read_no_further_than_the_second() -> None:
    with pytest.raises(ProblemError, match="holds more than one statement"):
        parse_filter(";" * TEXT_MAX, RUNS)


def test_patterns_that_sqlite_cannot_take_are_refused() -> None:
    asked = runs.RunSearch(experiments=(0,), filter=f"tags.a LIKE '{'*' * 20_000}'")
    with pytest.raises(ProblemError, match="is longer than 50000 bytes"):
        runs.select_runs(asked)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("metrics.a", OrderBy("metric", "a")),
        ("metrics.`a b` desc", OrderBy("metric", "a b", ascending=False)),
        ('params."a b"  ASC', OrderBy("param", "a b")),
        ("attribute.Created DESC", OrderBy("attribute", "start_time", ascending=False)),
        ("`start_time`", OrderBy("attribute", "start_time")),
    ],
)
def test_orderings_mean(text: str, expected: OrderBy) -> None:
    assert parse_orders([text], RUNS) == (expected,)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "'' holds nothing. (at order_by[0])"),
        ("1", "The ordering '1' names no field."),
        ("foo", "Runs have no ordering 'foo'. (at order_by[0]) Use one of Created, artifact_uri, "),
        ("metrics.a DESC NULLS LAST", "has more than a field and a direction"),
        ("metrics.a sideways", "has more than a field and a direction"),
        ("metrics.`a", "names no field"),
        ("datasets.name", "Runs have no 'datasets'"),
    ],
)
def test_orderings_are_refused_with_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ProblemError, match=re.escape(sentence)):
        parse_orders([text], RUNS)


def test_operators_of_experiments_are_written_in_capitals() -> None:
    with pytest.raises(ProblemError, match="by 'like'"):
        parse_filter("name like 'x'", EXPERIMENTS)
    assert parse_filter("name like 'x'", MODELS)[0].operator == "LIKE"


def test_a_timestamp_stands_bare_only_where_it_may() -> None:
    assert [clause.left.text for clause in clauses("timestamp > 5 AND a = 1", timestamps=True)] == ["timestamp", "a"]
    with pytest.raises(ProblemError, match="The filter holds 'timestamp'"):
        clauses("timestamp > 5")
