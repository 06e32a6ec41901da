"""What is stated but cannot be carried out is passed over, and named where names that could not be joined are."""

from __future__ import annotations

import pytest

from tests.graph.graph_made import connection_with, event, graph_of, ran, read_any, recorded
from trivium.facts.statements import LONGEST_LIFE, Alias, Life, Rule
from trivium.graph.flows_reader import read_flows
from trivium.graph.fold import GraphFold
from trivium.graph.passed_over import tagged_days
from trivium.graph.unmatched import unmatched

LAKE = "dataset:s3://lake/"
TIMES = ("2026-10-01T00:00:00Z", "2026-10-01T01:00:00Z")


def tagged(name: str, life: str) -> dict[str, object]:
    return {
        "namespace": "s3://lake",
        "name": name,
        "facets": {"tags": {"tags": [{"key": "trivium:life", "value": life}]}},
    }


def test_a_rule_that_no_charge_can_match_is_passed_over_and_named() -> None:
    rules = [
        Rule("sound", {"ServiceName": "S3", "tag:a": "b", "account": "idle"}, spread=("team:a",), position=1),
        Rule("near", {"ServicName": "S3"}, to="shared"),
        Rule("far", {"ServiceName": "S3", "tag:": "x"}, to="shared"),
    ]
    connection, over = graph_of(*rules), "which no charge has: the rule is passed over"
    assert [rule.name for rule in read_flows(connection).rules] == ["sound"]
    assert [(one.name, one.reason) for one in unmatched(connection)] == [
        ("rule:near", f"it matches on 'ServicName', {over}; did you mean ServiceName?"),
        ("rule:far", f"it matches on 'tag:', {over}"),
    ]


def test_a_life_of_more_than_ten_years_is_passed_over_and_named() -> None:
    connection = graph_of(
        ran("r", *TIMES, writes=[tagged("long", "99999"), tagged("short", f"{LONGEST_LIFE}d"), "declared", "never"]),
        Life(LAKE + "declared", LONGEST_LIFE),
        Life(LAKE + "never", LONGEST_LIFE + 1),
        Alias(LAKE + "never", LAKE + "always"),
    )
    flows = read_flows(connection)
    assert dict(zip(flows.datasets, flows.life_days.tolist(), strict=True)) == {
        LAKE + "always": 0, LAKE + "declared": LONGEST_LIFE, LAKE + "long": 0, LAKE + "short": LONGEST_LIFE,
    }  # fmt: skip
    assert [(one.name, one.reason.partition(", which")[0]) for one in unmatched(connection)] == [
        (LAKE + "always", "its `life_days` is 3,661"),
        (LAKE + "long", "its tag `trivium:life` says '99999'"),
    ]


def test_what_is_kept_of_lives_follows_the_tags() -> None:
    fold = GraphFold(read_any)
    connection = connection_with(fold)
    fold.apply(connection, recorded(ran("r", *TIMES, writes=["long"])))
    assert unmatched(connection) == []
    fold.apply(connection, recorded([event("r", "COMPLETE", TIMES[1], writes=[tagged("long", "forever")])], 3))
    assert [one.name for one in unmatched(connection)] == [LAKE + "long"]


@pytest.mark.parametrize(("value", "days"), [("90", 90), (" 90 days ", 90), ("0d", 0), ("3661", None), ("x", None)])
def test_a_tag_of_life_is_read(value: str, days: int | None) -> None:
    assert tagged_days(value) == days
