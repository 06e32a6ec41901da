from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.graph.graph_made import event, graph_of
from trivium.facts.keys import dataset
from trivium.facts.statements import Alias
from trivium.graph.flows_reader import read_flows
from trivium.graph.identity import Merge, canonical_key, canonical_names, evidence_of, names_of
from trivium.graph.spelling import model_uri, spell, why

A, B, C = (f"dataset:s3://lake/{name}" for name in "abc")


@pytest.mark.parametrize(
    ("namespace", "name", "one"),
    [
        ("s3a://b", "/a/c/", "s3://b/a/c"),
        ("s3n://b/", "a/c", "s3://b/a/c"),
        ("s3", "b/a/c", "s3://b/a/c"),
        ("file", "s3://b/a/c", "s3://b/a/c"),
        ("S3://b", "a/day=2026-10-01/hour=3", "s3://b/a"),
        ("gcs://b", "a", "gs://b/a"),
        ("wasbs://c@acc.blob.core.windows.net", "/p/x", "abfss://c@acc.dfs.core.windows.net/p/x"),
        ("abfs://c@Acc.dfs.core.windows.net", "p/x", "abfss://c@acc.dfs.core.windows.net/p/x"),
        ("postgresql://ada:secret@HOST/db", "s.t", "postgres://host:5432/db.s.t"),
        ("postgres://host", "db.s.t", "postgres://host:5432/db.s.t"),
        ("postgres://host:6543/db", "db.s.t", "postgres://host:6543/db.s.t"),
        ("mysql://h", "db.t", "mysql://h:3306/db.t"),
        ("redshift://c.eu-west-1", "db.s.t", "redshift://c.eu-west-1:5439/db.s.t"),
        ("bigquery://p", "d.t", "bigquery/p.d.t"),
        ("bigquery", "`p:d.t$20261001`", "bigquery/p.d.t"),
        ("snowflake://ORG-acc.snowflakecomputing.com/DB", "s.t", "snowflake://org-acc/DB.S.T"),
        ("snowflake://org-acc", 'db.s."t"', 'snowflake://org-acc/db.s."t"'),
        ("file://", "/a/b/", "file//a/b"),
        ("file:///", "/a/b", "file//a/b"),
        ("file", "file:///a/b", "file//a/b"),
        ("duckdb://jaffle.duckdb", "m.t", "duckdb://jaffle.duckdb/m.t"),
    ],
)
def test_many_spellings_are_one_key(namespace: str, name: str, one: str) -> None:
    assert spell(dataset(namespace, name)) == f"dataset:{one}"


@pytest.mark.parametrize(
    ("namespace", "name"),
    [
        ("s3://b", "A/c"), ("s3://b", "a//c"), ("s3://b", "a_20261001"), ("postgres://h:5432", "Db.S.T"), ("n", "x"),
        ("kafka://h:9092", "topic"), ("file://host", "a"), ("s3://b", "a.b=c/d"),
    ],
)  # fmt: skip
def test_what_may_differ_is_left_as_it_is(namespace: str, name: str) -> None:
    assert spell(dataset(namespace, name)) == dataset(namespace, name)


def test_model_uris() -> None:
    assert model_uri("models:/m/3") == "model:m/3"
    assert model_uri("models:/m-0123abc") == "model:m-0123abc"
    assert model_uri("runs:/4f/model/path") == "run:4f"
    assert [model_uri(text) for text in ("models:/m@champion", "models:/m/Production", "s3://b/x", "")] == [
        "",
        "",
        "",
        "",
    ]
    assert spell("dataset:mlflow/models:/m/3") == "model:m/3"
    assert (why("dataset:mlflow/models:/m/3"), why("dataset:s3a://b/x"), why("dataset:s3://b/x/d=1")) == (
        "model uri",
        "spelling",
        "partition",
    )


pieces = st.sampled_from(
    [
        "models:", "abfss", "s3", "s3a", "://", "/", "file:", "a", "B.c", ":", "%", "3", "snowflake", "bigquery",
        "postgres", "@", "x=1", "$20260101", "`", '"', ".",
    ]
)  # fmt: skip
texts = st.lists(pieces, max_size=8).map("".join)


@settings(max_examples=1500, deadline=None, database=None)
@given(texts, texts.filter(bool))
def test_the_one_spelling_is_its_own(namespace: str, name: str) -> None:
    one = spell(dataset(namespace, name))
    assert spell(one) == one


def test_the_least_name_stands_for_the_others_unless_people_say_so() -> None:
    links = [Merge(B, C, "symlink", 1), Merge(A, B, "symlink", 2)]
    assert canonical_names(links) == {A: A, B: A, C: A}
    assert canonical_names([*links, Merge(A, C, "alias", 3)]) == {A: C, B: C, C: C}
    assert canonical_names([*links, Merge(A, B, "alias", 3), Merge(B, C, "alias", 4)])[A] == C
    assert set(canonical_names([Merge(A, B, "alias", 3), Merge(B, A, "alias", 4)]).values()) == {A}


def test_an_alias_to_itself_cuts_a_name_loose_from_what_was_observed() -> None:
    links = [Merge(A, B, "symlink", 1), Merge(B, C, "symlink", 2), Merge(B, B, "alias", 3)]
    assert canonical_names(links) == {B: B}


merges = st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef")), max_size=8)


@given(merges, st.randoms())
def test_names_do_not_depend_on_the_order_of_evidence(pairs: list[tuple[str, str]], random) -> None:
    evidence = [Merge(f"run:{a}", f"run:{b}", "same run", 1) for a, b in pairs]
    mixed = [*evidence]
    random.shuffle(mixed)
    names = canonical_names(evidence)
    assert canonical_names(mixed) == names
    assert all(names[f"run:{a}"] == names[f"run:{b}"] for a, b in pairs)


def test_every_merge_keeps_its_evidence_and_its_fact() -> None:
    linked = {
        "namespace": "s3a://lake",
        "name": "a",
        "facets": {"symlinks": {"identifiers": [{"namespace": "hive", "name": "t"}]}},
    }
    connection = graph_of(
        event("r", "START", "2026-10-01"), event("r", "COMPLETE", "2026-10-02", reads=[linked]), Alias(C, A)
    )
    assert {(m.name, m.means, m.reason, m.sequence) for m in evidence_of(connection, C)} == {
        (C, A, "alias", 3),
        ("dataset:hive/t", A, "symlink", 2),
        ("dataset:s3a://lake/a", A, "spelling", 2),
    }
    assert names_of(connection, "dataset:s3n://lake/c") == sorted(["dataset:hive/t", "dataset:s3a://lake/a", A, C])
    assert canonical_key(connection, "dataset:hive/t") == A
    assert canonical_key(connection, "dataset:s3n://lake/new") == "dataset:s3://lake/new"
    assert read_flows(connection).names["dataset:hive/t"] == A
