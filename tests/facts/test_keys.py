"""Is the text form of an asset key its identity, whatever names strangers choose?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trivium.facts import keys
from trivium.facts.keys import AssetKey, parse
from trivium.facts.problem import ProblemError

BIDI = "\u202ereversed\u202c"
HOSTILE = [
    "a", "/", "//", "a/b/c", "/leading", "trailing/", "%", "%2F", "%2f", "%252F", "%3A", "%25", "%%", ":", "::", "a:b",
    "://", "s3://", "s3://bucket", "s3:///bucket", "a/b://c", "://a", "a://b://c", "a:", "a://b:", "file:", "file:/",
    "\x00", "a\x00b", "\n", "\r\n", "\t", " ", " a ", BIDI, "\u200b", "\ufeff", "é", "e\u0301", "😀", "\U0010ffff",
    "__proto__", "{{7*7}}", "../..", "..%252f", "file:///etc/passwd", "=1+1", "<svg onload=alert(1)>", "'; DROP", '"',
    "\\", "?q=1#f", "dataset:a/b", "postgres://host:5432", "x" * 4000,
]  # fmt: skip

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
"""Any text that UTF-8 can write."""
shaped = st.text(st.sampled_from("/:%a25F3A"), max_size=12)
"""Short texts of just the characters that have a meaning in a key."""
hostile = st.sampled_from(HOSTILE) | shaped | text
named = hostile.filter(bool)
plain_kinds = st.sampled_from([kind for kind in keys.KINDS if kind not in keys.PAIRED and kind != "model"])


def fits(key: AssetKey) -> bool:
    return len(str(key)) <= keys.MAX_LENGTH


any_key = (
    st.builds(AssetKey, kind=st.sampled_from(sorted(keys.PAIRED)), name=named, namespace=hostile)
    | st.builds(AssetKey, kind=st.just("model"), name=named, version=hostile)
    | st.builds(AssetKey, kind=plain_kinds, name=named)
).filter(fits)


@given(any_key)
def test_what_is_written_is_read_back(key: AssetKey) -> None:
    assert parse(str(key)) == key


@given(any_key, any_key)
def test_two_assets_never_share_a_text(one: AssetKey, other: AssetKey) -> None:
    assert (str(one) == str(other)) == (one == other)


@pytest.mark.parametrize("namespace", ["", *HOSTILE])
def test_every_hostile_pair_is_read_back(namespace: str) -> None:
    for key in (AssetKey("dataset", name, namespace) for name in HOSTILE):
        assert not fits(key) or parse(str(key)) == key


@pytest.mark.parametrize("version", ["", *HOSTILE])
def test_every_hostile_model_version_is_read_back(version: str) -> None:
    for key in (AssetKey("model", name, version=version) for name in HOSTILE):
        assert not fits(key) or parse(str(key)) == key


@given(hostile.map(lambda rest: f"dataset:{rest}"))
def test_what_is_read_can_be_written_and_read_again(written: str) -> None:
    try:
        key = parse(written)
    except ProblemError:
        return
    assert parse(str(key)) == key


@pytest.mark.parametrize(
    ("key", "written"),
    [
        (AssetKey("dataset", "table", "ns"), "dataset:ns/table"),
        (AssetKey("dataset", "db.schema.t", "postgres://host:5432"), "dataset:postgres://host:5432/db.schema.t"),
        (AssetKey("dataset", "a/b.csv", "s3://bucket"), "dataset:s3://bucket/a/b.csv"),
        (AssetKey("dataset", "/tmp/a", "file"), "dataset:file//tmp/a"),
        (AssetKey("dataset", "n", "x/y"), "dataset:x%2Fy/n"),
        (AssetKey("dataset", "n", "s3://b/p"), "dataset:s3://b%2Fp/n"),
        (AssetKey("dataset", "n", "50%"), "dataset:50%25/n"),
        (AssetKey("dataset", "n", ""), "dataset:/n"),
        (AssetKey("dataset", "/n", "file:"), "dataset:file%3A//n"),
        (AssetKey("job", "dag.task", "airflow"), "job:airflow/dag.task"),
        (AssetKey("run", "0190"), "run:0190"),
        (AssetKey("model", "m"), "model:m"),
        (AssetKey("model", "m", version="3"), "model:m/3"),
        (AssetKey("model", "cat.sch/m", version="3"), "model:cat.sch%2Fm/3"),
        (AssetKey("resource", "arn:aws:s3:::b/k"), "resource:arn:aws:s3:::b/k"),
    ],
)
def test_the_text_form_is_the_documented_one(key: AssetKey, written: str) -> None:
    assert str(key) == written
    assert parse(written) == key


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("", "is no asset key"),
        ("dataset", "is no asset key"),
        ("table:a/b", "is no asset key"),
        ("Dataset:a/b", "is no asset key"),
        (" dataset:a/b", "is no asset key"),
        (":a", "is no asset key"),
        ("dataset:", "lacks a namespace or a name"),
        ("dataset:a", "lacks a namespace or a name"),
        ("dataset:a/", "lacks a namespace or a name"),
        ("dataset:s3://bucket", "lacks a namespace or a name"),
        ("dataset:s3://bucket/", "lacks a namespace or a name"),
        ("job:/", "lacks a namespace or a name"),
        ("run:", "names nothing"),
        ("model:", "names nothing"),
        ("model:/3", "names nothing"),
        ("run:" + "x" * 4093, "longer than 4096"),
        ("run:a\ud800b", "surrogate"),
        ("dataset:\udcff/a", "surrogate"),
    ],
)
def test_what_is_no_key_is_refused_in_a_sentence(written: str, said: str) -> None:
    with pytest.raises(ProblemError) as refused:
        parse(written)
    problem = refused.value.problem
    assert said in problem.title
    assert (problem.code, problem.status, problem.where) == ("bad_key", 422, "key")
    assert problem.title.isprintable()
    assert len(problem.sentence()) < 400


def test_the_longest_key_is_read() -> None:
    assert parse("run:" + "x" * 4092).name == "x" * 4092


def test_the_short_forms_write_the_same_text() -> None:
    assert keys.dataset("ns/1", "t") == str(AssetKey("dataset", "t", "ns/1"))
    assert keys.job("ns", "j") == "job:ns/j"
    assert keys.model_version("a/b", "2") == "model:a%2Fb/2"


@given(any_key)
def test_the_kind_is_read_without_the_rest(key: AssetKey) -> None:
    assert keys.kind_of(str(key)) == key.kind
