from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trivium.facts.instants import parse_instant
from trivium.facts.problem import ProblemError
from trivium.facts.statements import (
    Alias,
    Belongs,
    Correct,
    Life,
    Owned,
    Predicted,
    ResourceUsed,
    Rule,
    Titled,
    TrialOf,
    Valued,
    VersionRegistered,
    VersionUsed,
)
from trivium.intake.declaration.reader import Action, difference, read_declaration

SEARCH = "experiment:triage-search"
WHOLE = b"""
name = "triage"

[[team]]
name = "imaging"
title = "Imaging"

[[product]]
name = "biopsy-triage"
title = "Biopsy triage"
value_per_day = "120.50 EUR"
owners = ["imaging"]
assets = ["endpoint:triage", "dataset:s3://lake/scans"]

[[owner]]
team = "imaging"
assets = ["job:clinic/train"]

[[endpoint]]
name = "triage"
resource = "vm-7"
weight = 2
serves = [{ version = "triage/1", since = 2026-10-06 }, { version = "model:triage/2", since = "2026-11-01T08:00:00Z" }]

[[dataset]]
key = "s3://lake/scans"
life_days = 90
owners = ["team:imaging"]

[[job]]
key = "clinic/score"
product = "biopsy-triage"
uses = [{ version = "triage/1" }]

[[resource]]
id = "resource:cluster"
used_by = ["job:clinic/train", "run:r1"]
weight = "0.5"

[[alias]]
name = "dataset:hive/scans"
means = "dataset:s3://lake/scans"

[[experiment]]
name = "triage-search"
runs = ["t1", "run:t2"]

[[model]]
name = "triage"
title = "Triage"

[[model.version]]
version = 1
runs = ["t1"]
experiment = "triage-search"
happened_at = 2026-10-06T00:00:00Z

[[model.version]]
version = "2"
copy_of = "triage/1"

[[use]]
version = "triage/2"
by = "job:clinic/report"

[[predictions]]
version = "triage/1"
by = "endpoint:triage"
months = { "2026-10" = 1200, "2026-11" = 7 }

[[rule]]
name = "storage"
match = { ServiceName = "Amazon S3", "tag:team" = "imaging" }
spread = ["dataset:s3://lake/scans"]
position = 2
"""


def at(text: str) -> int:
    return parse_instant(text)


def test_every_table_says_what_it_says() -> None:
    declaration = read_declaration(WHOLE, "file-stem")
    assert declaration.name == "triage"
    expected = [
        Titled("team:imaging", "Imaging"),
        Titled("product:biopsy-triage", "Biopsy triage"),
        Owned("product:biopsy-triage", "team:imaging"),
        Belongs("endpoint:triage", "product:biopsy-triage"),
        Belongs("dataset:s3://lake/scans", "product:biopsy-triage"),
        Valued("product:biopsy-triage", "120.5", "EUR"),
        Owned("job:clinic/train", "team:imaging"),
        Titled("endpoint:triage", "triage"),
        ResourceUsed("endpoint:triage", "vm-7", "2"),
        VersionUsed("model:triage/1", "endpoint:triage", at("2026-10-06")),
        VersionUsed("model:triage/2", "endpoint:triage", at("2026-11-01T08:00:00Z")),
        Owned("dataset:s3://lake/scans", "team:imaging"),
        Life("dataset:s3://lake/scans", 90),
        Belongs("job:clinic/score", "product:biopsy-triage"),
        VersionUsed("model:triage/1", "job:clinic/score"),
        ResourceUsed("job:clinic/train", "cluster", "0.5"),
        ResourceUsed("run:r1", "cluster", "0.5"),
        Alias("dataset:hive/scans", "dataset:s3://lake/scans"),
        TrialOf("run:t1", "experiment:triage-search"),
        TrialOf("run:t2", "experiment:triage-search"),
        Titled("model:triage", "Triage"),
        VersionRegistered(version="model:triage/1", at=at("2026-10-06"), runs=("run:t1",), experiment=SEARCH),
        VersionRegistered(version="model:triage/2", at=0, copy_of="model:triage/1"),
        VersionUsed("model:triage/2", "job:clinic/report"),
        Predicted("model:triage/1", "endpoint:triage", "2026-10", 1200),
        Predicted("model:triage/1", "endpoint:triage", "2026-11", 7),
        Rule("storage", {"ServiceName": "Amazon S3", "tag:team": "imaging"}, "", ("dataset:s3://lake/scans",), 2),
    ]
    assert sorted(map(repr, declaration.statements)) == sorted(map(repr, expected))


def test_the_files_stem_names_a_declaration_that_has_no_name() -> None:
    assert read_declaration(b"", "owners").name == "owners"


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        (b"[[product]\n", ["d.toml:1", "no TOML"]),
        (b'\n\n[[prodct]]\nname = "a"', ["[[prodct]]", "Did you mean [[product]]?"]),
        (b'[[team]]\nname = "a"\n\n[[team]]\ntitel = "b"', ["d.toml:4 [[team]]", "'titel'", "Did you mean `title`?"]),
        (b'[[team]]\ntitle = "b"', ["name is missing"]),
        (b"[[team]]\nname = 3", ["name is a whole number, 3", "Write a text."]),
        (b'[[product]]\nname = "a"\nvalue_per_day = "lots"', ["value_per_day is 'lots'", "120 EUR"]),
        (b'[[product]]\nname = "a"\nvalue_per_day = "x EUR"', ["value_per_day is wrong", "no amount of money"]),
        (b'[[product]]\nname = "a"\nassets = ["scans"]', ["assets is wrong: 'scans' is no asset key"]),
        (b'[[product]]\nname = "team:a"', ["name names 'team:a'", "kind product"]),
        (b'[[dataset]]\nkey = "s3://lake"', ["key is wrong", "lacks a namespace or a name"]),
        (b'[[dataset]]\nkey = "s3://lake/x"\nlife_days = -1', ["life_days is -1"]),
        (b'[[dataset]]\nkey = "s3://lake/x"\nlife_days = true', ["true or false"]),
        (b'[[resource]]\nid = "r"\nused_by = ["job:a/b"]\nweight = 0', ["weight is '0'", "above 0"]),
        (b'[[alias]]\nname = "job:a/b"\nmeans = "dataset:a/b"', ["another kind"]),
        (b'[[use]]\nversion = "m"\nby = "endpoint:e"', ["a model", "NAME/VERSION"]),
        (b'[[use]]\nversion = "m/1"\nby = "e"', ["by names 'e'", "endpoint or job"]),
        (b'[[use]]\nversion = "m/1"\nby = "job:a/b"\nsince = "soon"', ["since is wrong: 'soon' is no point in time"]),
        (b'[[predictions]]\nversion = "m/1"\nby = "job:a/b"\nmonths = { "2026" = 1 }', ["no single month"]),
        (b'[[predictions]]\nversion = "m/1"\nby = "job:a/b"\nmonths = { "2026-10" = -1 }', ["counts -1"]),
        (b'[[rule]]\nname = "r"\nmatch = { ServiceName = "b" }', ["both there, or both missing"]),
        (b'[[rule]]\nname = "r"\nmatch = { ServicName = "b" }\nto = "shared"', ["'ServicName'", "`ServiceName`?"]),
        (b'[[rule]]\nname = "r"\nmatch = { acount = "idle" }\nto = "shared"', ["'acount'", "`account`?"]),
        (b'[[rule]]\nname = "r"\nmatch = { "tag:" = "b" }\nto = "shared"', ["'tag:'", "tag:KEY"]),
        (b'[[rule]]\nname = "r"\nmatch = { zz = "b" }\nto = "shared"', ["'zz'", "FOCUS column", "tag:KEY"]),
        (b'[[dataset]]\nkey = "s3://lake/x"\nlife_days = 3661', ["life_days is 3661", "3660"]),
        (b'[[product]]\nname = "a"\nvalue_per_day = "-5 EUR"', ["value_per_day is '-5 EUR'", "0 on"]),
        (b'[[product]]\nname = "a"\nvalue_per_day = "NaN EUR"', ["value_per_day is wrong"]),
        (b'[[resource]]\nid = "r"\nused_by = ["job:a/b"]\nweight = nan', ["nan is no finite number"]),
        (b'[[resource]]\nid = "r"\nused_by = ["job:a/b"]\nweight = -1', ["weight is '-1'", "above 0"]),
        (b'[[job]]\nkey = "a/b"\nuses = [{ sinse = 2026-10-06 }]', ["[[job.uses]]", "`since`?"]),
        (b'[[job]]\nkey = "a/b"\nuses = [{ since = 2026-10-06 }]', ["[[job.uses]]", "version is missing"]),
        (b'[[endpoint]]\nname = "a"\nserves = [{ version = "m/1", since = 2026-10-06, until = 2026-10-05 }]',
         ["[[endpoint.serves]] until is '2026-10-05'", "after `since`"]),
        (b'[[use]]\nversion = "m/1"\nby = "job:a/b"\nsince = 2026-10-06\nuntil = 2026-10-06', ["[[use]] until"]),
        (b"a." * 1500 + b"b = 1", ["nested deeper than 64"]),
        (b"[[team]]\nname = " + b"[" * 2000 + b"]" * 2000, ["nested deeper than 64"]),
        (b'[[rule]]\nname = "r"\nmatch = {}\nto = "shared"', ["match is empty"]),
        (b'[[model]]\nname = "m"\n[[model.version]]\nversoin = 1', ["[[model.version]]", "`version`?"]),
        (b'[[dataset]]\nkey = "a/b"\nlife_days = 1\n[[dataset]]\nkey = "a/b"\nlife_days = 2', ["twice", "d.toml:1"]),
        (b'name = "a b"', ["name is 'a b'"]),
        (b"team = 3", ["not a table"]),
        (b"\xff", ["no UTF-8"]),
    ],
)  # fmt: skip
def test_a_refusal_names_the_line_the_table_and_the_key(toml: bytes, words: list[str]) -> None:
    with pytest.raises(ProblemError) as refused:
        read_declaration(toml, "d", "d.toml")
    sentence = refused.value.problem.sentence()
    assert [word for word in words if word not in sentence] == [], sentence


texts = st.text(max_size=12) | st.sampled_from(["a", "2026-10", "m/1", "run:x", "dataset:a/b"])
values = st.recursive(
    texts | st.integers() | st.booleans() | st.floats(), lambda inner: st.lists(inner, max_size=3), max_leaves=4
)


@settings(max_examples=300, deadline=None, database=None)
@given(
    st.sampled_from(["team", "product", "endpoint", "dataset", "resource", "rule", "use", "model", "job"]),
    st.dictionaries(
        st.sampled_from(["name", "key", "assets", "serves", "weight", "version", "by", "match", "since"]), values
    ),
)
def test_no_value_breaks_the_reader(table: str, entry: dict) -> None:
    lines = [f"{key} = {_toml(value)}" for key, value in entry.items()]
    text = "\n".join([f"[[{table}]]", *lines])
    with contextlib.suppress(ProblemError):
        assert read_declaration(text.encode(), "d").name == "d"


def test_a_rule_may_match_columns_tags_and_accounts() -> None:
    match = '{ ServiceName = "S3", "tag:a/b" = "c", account = "idle" }'
    (rule,) = read_declaration(f'[[rule]]\nname = "r"\nmatch = {match}\nto = "shared"'.encode(), "d").statements
    assert isinstance(rule, Rule)
    assert list(rule.match) == ["ServiceName", "account", "tag:a/b"]


def test_the_longest_life_can_be_declared() -> None:
    (life,) = read_declaration(b'[[dataset]]\nkey = "a/b"\nlife_days = 3660', "d").statements
    assert life == Life("dataset:a/b", 3660)


def test_the_difference_adds_changes_and_withdraws() -> None:
    now = [Life("dataset:a/x", 1), Life("dataset:a/y", 1), Life("dataset:a/z", 1)]
    changes = difference(now, [Life("dataset:a/w", 1), Life("dataset:a/x", 1), Life("dataset:a/y", 2)])
    assert [(change.action, change.before, change.after) for change in changes] == [
        (Action.ADD, None, Life("dataset:a/w", 1)),
        (Action.CHANGE, Life("dataset:a/y", 1), Life("dataset:a/y", 2)),
        (Action.WITHDRAW, Life("dataset:a/z", 1), None),
    ]


def _toml(value) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, str):
        escaped = "".join(c if c.isalnum() and c.isascii() else f"\\U{ord(c):08X}" for c in value)
        return f'"{escaped}"'
    return str(value).lower()


def correct_of(text: str) -> Correct:
    said = read_declaration(b'[[product]]\nname = "triage"\n[product.correct]\n' + text.encode(), "d").statements
    return next(one for one in said if isinstance(one, Correct))


def test_what_is_correct_belongs_to_the_product_above_it() -> None:
    assert correct_of('rule = "equal"\npositive = "malignant"') == Correct("product:triage", "equal", "", "malignant")
    assert correct_of('rule = "tolerance"\ntolerance = 0.050') == Correct("product:triage", "tolerance", "0.05")
    assert correct_of('rule = "accepted"') == Correct("product:triage", "accepted")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('tolerance = "0.1"', "rule is missing"),
        ('rule = "close"', "rule is 'close'"),
        ('rule = "tolerance"', "tolerance is missing"),
        ('rule = "tolerance"\ntolerance = "-1"', "tolerance is '-1'"),
        ('rule = "tolerance"\ntolerance = "nan"', "tolerance is 'nan'"),
        ('rule = "equal"\ntolerance = "1"', "which the rule equal does not ask for"),
        ('rule = "accepted"\npositive = "yes"', "the rule accepted knows no classes"),
        ('rule = "equal"\nclasses = 2', "has no key 'classes'"),
    ],
)
def test_a_rule_that_says_nothing_clear_is_refused(text: str, said: str) -> None:
    with pytest.raises(ProblemError) as fault:
        correct_of(text)
    assert said in fault.value.problem.title
    assert fault.value.problem.fix
