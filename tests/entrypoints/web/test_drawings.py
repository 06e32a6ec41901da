from __future__ import annotations

import re
from decimal import Decimal
from types import SimpleNamespace

from trivium.entrypoints.web import drawings
from trivium.entrypoints.web.bands import bands


def test_a_sparkline_runs_from_low_to_high_and_marks_its_end() -> None:
    drawn = drawings.spark(["1", "3", "2"])
    assert 'd="M3.0 27.0L46.0 3.0L89.0 15.0"' in drawn
    assert '<circle cx="89.0" cy="15.0"' in drawn
    assert "ends-bad" in drawings.spark([1, 2], bad=True)


def test_a_sparkline_needs_two_points_and_gaps_interrupt_it() -> None:
    assert drawings.spark([]) == ""
    assert drawings.spark([None, "1"]) == ""
    assert drawings.spark(["1", None, "2", "3"]).count("M") == 2
    assert 'L89.0 15.0"' in drawings.spark(["5", "5"])


def test_a_bar_is_as_long_as_its_part_of_the_largest() -> None:
    assert 'width="25.00%"' in drawings.bar("10", "40")
    assert 'class="below" width="25.00%"' in drawings.bar("-10", Decimal(40))
    assert 'width="0.00%"' in drawings.bar(None, "0")


def test_the_parts_of_a_split_fill_the_whole() -> None:
    parts = [{"title": "a", "amount": "1", "discipline": "data"}, {"title": "b<", "amount": "2", "discipline": "data"}]
    drawn = drawings.split([*parts, {"title": "credit", "amount": "-1", "discipline": "money"}])
    widths = [Decimal(width) for width in re.findall(r' width="([\d.]+)%"', drawn)]
    assert abs(sum(widths) - 100) < Decimal("0.01")
    assert "b&lt;" in drawn
    assert "data second" in drawn
    assert "credit" not in drawn


def test_rows_of_a_thread_are_its_widest_rank() -> None:
    nodes = [{"key": key} for key in "abcd"]
    edges = [{"from": "a", "to": "c"}, {"from": "b", "to": "c"}, {"from": "c", "to": "d"}]
    assert drawings.thread_rows(nodes, edges) == "2"
    assert drawings.thread_rows(nodes, []) == "4"
    assert drawings.thread_rows([{"key": str(n)} for n in range(9)], []) == "many"
    assert drawings.thread_rows([], []) == "1"


def test_a_thread_in_a_circle_has_rows_too() -> None:
    circle = [{"from": "a", "to": "b"}, {"from": "b", "to": "a"}]
    assert drawings.thread_rows([{"key": "a"}, {"key": "b"}], circle) in {"1", "2"}


def test_fields_of_records_and_mappings_read_alike() -> None:
    assert drawings.field_of(SimpleNamespace(from_="x"), "from") == "x"
    assert drawings.field_of({"from": "x"}, "from") == "x"
    assert drawings.field_of(SimpleNamespace(), "absent") is None


def test_bands_carry_what_the_parts_and_charges_carry() -> None:
    features = {
        "asset": "dataset:x/f",
        "amount": "144",
        "parts": [],
        "charges": [{"title": "cluster", "amount": "144"}],
    }
    trials = {"asset": "experiment:e", "amount": "58", "parts": [{**features, "amount": "48"}], "charges": []}
    explained = {"asset": "model:m/1", "total": "242", "currency": "USD", "parts": [features, trials], "charges": [
        {"title": "T1", "amount": "30"}, {"title": "T1", "amount": "10"}]}  # fmt: skip
    drawn = bands(explained)
    into = {link["to"]: Decimal(0) for link in drawn["links"]}
    for link in drawn["links"]:
        into[link["to"]] += Decimal(link["amount"])
    assert into["0 model:m/1"] == Decimal(242)
    assert {"from": "0 charge T1", "to": "0 model:m/1", "amount": "40"} in drawn["links"]
    assert {node["key"] for node in drawn["nodes"]} >= {"1 dataset:x/f", "2 dataset:x/f"}
    assert next(node["href"] for node in drawn["nodes"] if node["key"] == "1 dataset:x/f") == "/assets/dataset%3Ax%2Ff"
