"""Does each command's JSON have the shape that people were told, on a home and through a server, to the last field?"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from tests.entrypoints.worked import WORKED, worked_rooms
from tests.stories.served import Served, end, serve, trivium

AS_OF: Final = "2026-11-08T00:00:00Z"
FEATURES: Final = "dataset:worked/features"
Check = Callable[[Any], bool]


def money(value: Any) -> bool:
    """Say whether a value is exact money: decimal text without an exponent, never a number."""
    return isinstance(value, str) and re.fullmatch(r"-?\d+(\.\d*[1-9])?", value) is not None


def key(value: Any) -> bool:
    """Say whether a value is an asset key."""
    kinds = "dataset|job|run|experiment|model|endpoint|product|team|resource"
    return isinstance(value, str) and re.match(rf"({kinds}):.", value) is not None


def instant(value: Any) -> bool:
    """Say whether a value is an instant in UTC."""
    return isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z", value) is not None


def count(value: Any) -> bool:
    """Say whether a value counts something: a whole number, and no truth value."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def currency(value: Any) -> bool:
    """Say whether a value is a currency's code."""
    return isinstance(value, str) and re.fullmatch(r"[A-Z]{3}", value) is not None


def part(value: Any) -> bool:
    """Say whether a value is a part of an explanation that adds up, and so are its own parts."""
    charge = {"amount": money, "basis": text, "resource": word, "service": word, "start": instant, "end": instant}
    shape = {"asset": text, "amount": money, "basis": text, "parts": list_of(part), "charges": list_of(charge)}
    return not misfits(value, shape) and (value["asset"] == "…" or adds_up(value, value["amount"]))


def adds_up(value: Any, amount: str) -> bool:
    """Say whether parts and charges are an amount, exactly."""
    return sum(Decimal(one["amount"]) for one in (*value["parts"], *value["charges"])) == Decimal(amount)


def text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def word(value: Any) -> bool:
    return isinstance(value, str)


def truth(value: Any) -> bool:
    return isinstance(value, bool)


def shares(value: Any) -> bool:
    """Say whether a value maps each basis to its part of one."""
    return isinstance(value, dict) and abs(sum(value.values()) - 1) < 1e-3


def list_of(shape: Any) -> Check:
    return lambda value: isinstance(value, list) and all(not misfits(one, shape) for one in value)


def or_null(check: Check) -> Check:
    return lambda value: value is None or check(value)


SHAPES: Final[dict[tuple[str, ...], Any]] = {
    ("cost", "statement", "--period", "2026-11", "--by", "product", "--as-of", AS_OF): {
        "period": lambda value: value == "2026-11", "currency": currency, "total": money, "brought_forward": money,
        "late": money, "lines": list_of({"account": text, "amount": money, "carried": money}),
    },
    ("cost", "show", "model:m/1", "--as-of", AS_OF): {
        "asset": key, "currency": currency, "direct": money, "upstream": money, "trials": money, "build": money,
        "serving": money, "tokens": money, "run": money, "total": money, "basis": shares,
    },
    ("cost", "show", "model:m/1", "--period", "2026-11", "--as-of", AS_OF): {"total": money, "basis": shares},
    ("cost", "explain", "model:m/1", "--as-of", AS_OF, "--depth", "8"): {
        "asset": key, "total": money, "parts": list_of(part),
    },
    ("blast", FEATURES, "--as-of", AS_OF): {
        "asset": key, "since": or_null(instant), "assets": list_of({"asset": key, "distance": count}),
        "money": {
            "spent": or_null(money), "currency": currency,
            "at_risk_per_day": {"serving": money, "tokens": money, "value": or_null(money)},
        },
    },
    ("asset", "show", FEATURES, "--as-of", AS_OF): {
        "asset": key, "kind": text, "title": text, "owners": list_of(key), "products": list_of(key), "total": money,
        "currency": currency, "facts": list_of({"sequence": count, "kind": text, "recorded_at": instant}),
    },
    ("graph", "unmatched", "--as-of", AS_OF): {
        "period": text, "currency": currency, "total": money, "names": list_of({"name": text, "money": money}),
    },
    ("graph", "export"): {
        "assets": list_of({"asset": key, "kind": text}),
        "flows": list_of({"run": key, "job": key, "reads": list_of(key), "writes": list_of(key)}),
    },
    ("ledger", "verify"): {"ok": truth, "sequence": count, "root": text, "problems": list_of(text)},
    ("import", "focus", str(WORKED / "bill.csv")): {
        "rows": count, "imported": count, "refused": count, "repaired": count, "billed_cost": money,
        "effective_cost": money, "currency": currency,
    },
}  # fmt: skip
"""What the issue says of each command; an answer may have more fields, never fewer."""


def misfits(value: Any, shape: Any, place: str = "$") -> list[str]:
    """List the places at which a value has not the shape."""
    if not isinstance(shape, dict):
        return [] if shape(value) else [f"{place} is {value!r}"[:300]]
    if not isinstance(value, dict):
        return [f"{place} is no object"]
    missing = [f"{place}.{name} is missing" for name in shape if name not in value]
    return missing + [
        fault for name in shape if name in value for fault in misfits(value[name], shape[name], f"{place}.{name}")
    ]


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, ...], tuple[bytes, bytes]]:
    """Give what each command writes on a home that nobody holds, and through a server at its address."""
    home = tmp_path_factory.mktemp("shapes") / "home"
    with worked_rooms(home):
        pass
    on_home = {words: said(words, "--home", str(home)) for words in SHAPES}
    served: Served = serve(home)
    try:
        through = {words: said(words, "--url", served.address) for words in SHAPES}
    finally:
        end(served)
    return {words: (on_home[words], through[words]) for words in SHAPES}


def said(words: tuple[str, ...], *place: str) -> bytes:
    answer = trivium(*words, *place, "--json")
    assert (answer.returncode, answer.stderr) == (0, ""), words
    return answer.stdout.encode()


@pytest.mark.parametrize("words", list(SHAPES), ids=lambda words: " ".join(words[:2]))
def test_the_json_has_its_shape(words: tuple[str, ...], answered: Any) -> None:
    for raw in answered[words]:
        assert misfits(msgspec.json.decode(raw), SHAPES[words]) == []
        assert raw.count(b"\n") == 1


@pytest.mark.parametrize("words", list(SHAPES), ids=lambda words: " ".join(words[:2]))
def test_a_home_and_a_server_write_the_same(words: tuple[str, ...], answered: Any) -> None:
    on_home, through = answered[words]
    assert on_home == through


def test_the_sums_hold(answered: Any) -> None:
    found = {words[:2]: msgspec.json.decode(raw) for words, (raw, _) in reversed(list(answered.items()))}
    statement, show, explained = (found["cost", verb] for verb in ("statement", "show", "explain"))
    lines = sum(Decimal(line["amount"]) for line in statement["lines"])
    assert lines == Decimal(statement["total"]) + Decimal(statement["brought_forward"])
    parts = {name: Decimal(show[name]) for name in ("direct", "upstream", "trials", "serving", "tokens")}
    assert parts["direct"] + parts["upstream"] + parts["trials"] == Decimal(show["build"])
    assert parts["serving"] + parts["tokens"] == Decimal(show["run"])
    assert Decimal(show["build"]) + Decimal(show["run"]) == Decimal(show["total"]) == Decimal("238.666666667")
    assert explained["total"] == show["build"]
    assert adds_up(explained, explained["total"])


def test_the_export_is_sorted_and_says_nothing_of_the_ledger(answered: Any) -> None:
    raw, _ = answered["graph", "export"]
    graph = msgspec.json.decode(raw)
    assert [one["asset"] for one in graph["assets"]] == sorted(one["asset"] for one in graph["assets"])
    assert [one["run"] for one in graph["flows"]] == sorted(one["run"] for one in graph["flows"])
    for flow in graph["flows"]:
        assert flow["reads"] == sorted(flow["reads"])
        assert flow["writes"] == sorted(flow["writes"])
    assert not re.search(rb'"(sequence|recorded_at|id)":', raw)


def test_lists_are_in_the_order_that_is_documented(answered: Any) -> None:
    found = {words[:2]: msgspec.json.decode(raw) for words, (raw, _) in answered.items()}
    accounts = [line["account"] for line in found["cost", "statement"]["lines"]]
    assert accounts == sorted(accounts)
    reached = found["blast", FEATURES]["assets"]
    assert [one["distance"] for one in reached] == sorted(one["distance"] for one in reached)
    loose = [Decimal(one["money"]) for one in found["graph", "unmatched"]["names"]]
    assert loose == sorted(loose, reverse=True)


def test_a_blast_since_nobody_knows_when_has_no_sum(answered: Any) -> None:
    raw, _ = answered["blast", FEATURES, "--as-of", AS_OF]
    found = msgspec.json.decode(raw)
    if found["since"] is None:
        assert found["money"]["spent"] is None
    assert "spent" in found["money"]


def test_a_misfit_is_seen() -> None:
    assert misfits({"total": 3.5}, {"total": money, "late": money}) == ["$.late is missing", "$.total is 3.5"]
    assert misfits({"total": "1e3"}, {"total": money}) == ["$.total is '1e3'"]
    assert not part({"asset": "job:a/b", "amount": "3", "basis": "rule", "parts": [], "charges": []})
    assert not shares({"tagged": 0.5})


def test_the_worked_example_is_where_it_is_said_to_be() -> None:
    assert (Path(WORKED) / "bill.csv").exists()
