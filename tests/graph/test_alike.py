"""Near names are found wherever they stand, at a bounded cost, and origins are those that the money knows."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.graph.graph_made import event, graph_of, ran
from trivium.facts.statements import Alias, Predicted, VersionRegistered, VersionUsed
from trivium.graph.alike import Alike, _Grams, suggestions
from trivium.graph.unmatched import unmatched

LAKE = "dataset:s3://lake/"
MANY = [f"{LAKE}{letter}able_{number}" for letter in "abcdz" for number in range(2_000)]
TIMES = ("2026-10-01T00:00:00Z", "2026-10-01T01:00:00Z")


@pytest.fixture(scope="module")
def large() -> Alike:
    return Alike([*MANY, LAKE + "patients", LAKE + "visits/2026", "job:n/train", "job:n/score"])


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        (LAKE + "patiens", LAKE + "patients"), ("dataset:hive/Pat-ients", LAKE + "patients"),
        ("job:n/trian", "job:n/train"), ("job:n/rtain", "job:n/train"),
        ("patints", LAKE + "patients"), (LAKE + "ztable_1999", LAKE + "zable_1999"),
    ],
)  # fmt: skip
def test_near_names_are_found_late_in_the_alphabet_of_a_large_home(large: Alike, name: str, meant: str) -> None:
    assert large.to(name)[0] == meant


def test_names_that_share_everything_common_are_looked_at_no_further(large: Alike) -> None:
    assert large.to("job:n/patients") == ()
    grams = _Grams([f"able{number}" for number in range(20_000)])
    assert grams.nearest("ablx") == [f"able{number}" for number in range(50)]


@settings(max_examples=200, deadline=None)
@given(st.text("abcdefgh", min_size=5, max_size=12), st.integers(0, 11), st.sampled_from("xyz"))
def test_one_wrong_letter_is_always_forgiven(name: str, place: int, letter: str) -> None:
    place %= len(name)
    wrong = name[:place] + letter + name[place + 1 :]
    assert suggestions(LAKE + wrong, [LAKE + name, LAKE + "qqqq"]) == (LAKE + name,)


def test_origins_are_those_of_the_canonical_names_that_money_follows() -> None:
    wrote = {"namespace": "models:", "name": "/written/1"}
    connection = graph_of(
        ran("made", *TIMES, job="train", reads=["x"], writes=[{"namespace": "s3://lake", "name": "y"}]),
        event("wrote", "START", TIMES[0], job="train"),
        event("wrote", "COMPLETE", TIMES[1], job="train", writes=[wrote]),
        VersionRegistered(version="model:renamed/1", at=0, runs=("run:made",)),
        Alias("model:known/1", "model:renamed/1"),
        VersionRegistered(version="model:copy/1", at=0, copy_of="model:known/1"),
        VersionRegistered(version="model:bare/1", at=0),
        VersionUsed("model:known/1", "endpoint:a"),
        VersionUsed("model:copy/1", "endpoint:a"),
        VersionUsed("model:written/1", "endpoint:a"),
        VersionUsed("model:bare/1", "endpoint:a"),
        Predicted("model:renamde/1", "endpoint:a", "2026-10", 5),
    )
    listed = [one for one in unmatched(connection) if "origin" in one.reason]
    assert [(one.name, one.suggestions) for one in listed] == [
        ("model:bare/1", ()), ("model:renamde/1", ("model:renamed/1",)),
    ]  # fmt: skip
