"""Is there a clear answer where no quotient is, and the exact one where there is?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trivium.bootstrap import open_rooms
from trivium.entrypoints.answers import (
    cost_per_accurate_prediction,
    declare,
    endpoint_show,
    endpoints,
    import_focus,
    import_labels,
    import_predictions,
    model_show,
)
from trivium.entrypoints.answers.rooms import Rooms
from trivium.evidence.cost_per_accurate_prediction import divided, wilson
from trivium.facts.problem import ProblemError
from trivium.intake.openlineage.reader import accept

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "predictions"
V1 = "model:screening/1"
RULE = '[product.correct]\nrule = "equal"\n'
TOML = (EXAMPLE / "declare.toml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def rooms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rooms]:
    with open_rooms(tmp_path_factory.mktemp("figure") / "home") as opened:
        yield opened


def stated(rooms: Rooms, toml: str) -> None:
    declare.ask(rooms, declare.Params(toml=toml, name="predictions"))


def rate(rooms: Rooms, version: str = V1) -> cost_per_accurate_prediction.Form:
    params = cost_per_accurate_prediction.Params(version=version, period="2026-10")
    return cost_per_accurate_prediction.ask(rooms, params).run_rate


def label(rooms: Rooms, name: str, text: str) -> None:
    row: dict[str, Any] = {"prediction_id": name, "label": text, "at": "2026-10-30T00:00:00Z"}
    import_labels.ask_batch(rooms, import_labels.Batch(labels=[row]))


def test_each_lack_has_its_answer_and_its_next_line(rooms: Rooms) -> None:
    """What is missing comes one after the other; each answer says what is missing now, and none of them is 0."""
    with pytest.raises(ProblemError, match="Nothing is known"):
        rate(rooms)
    without = TOML.replace(TOML[TOML.index("[product.correct]") : TOML.index("[[model]]")], "")
    stated(rooms, without.replace('runs = ["01930000-0000-7000-8000-0000000000d1"]\n', ""))
    seen = [rate(rooms)]
    import_predictions.ask(rooms, import_predictions.Params(), [EXAMPLE / "predictions.csv"])
    seen.append(rate(rooms))
    rooms.ledger.append([accept(line) for line in (EXAMPLE / "events.jsonl").read_bytes().splitlines()])
    stated(rooms, without)
    seen.append(rate(rooms))
    import_focus.ask(rooms, import_focus.Params(), [EXAMPLE / "bill.csv"])
    seen.append(rate(rooms))
    two = (
        without + '[[product]]\nname = "other"\nassets = ["endpoint:screening"]\n[product.correct]\nrule = "accepted"\n'
    )
    stated(rooms, two.replace('assets = ["endpoint:screening"]\n', f'assets = ["endpoint:screening"]\n{RULE}', 1))
    seen.append(rate(rooms))
    stated(rooms, TOML)
    seen.append(rate(rooms))
    label(rooms, "o1", "benign")
    seen.append(rate(rooms))
    assert [one.reason for one in seen] == [
        "no_predictions", "origin_unknown", "no_money", "no_rule", "several_rules", "no_labels", "zero_correct",
    ]  # fmt: skip
    assert [(one.value, one.high, one.per_true_positive, one.divided) for one in seen] == [(None, None, None, "")] * 7
    assert all(one.sentence for one in seen)
    assert seen[-1].low is not None
    label(rooms, "o2", "benign")
    found = rate(rooms)
    assert (found.reason, found.labelled, found.accuracy, found.correct) == ("", 2, "0.5", "3")
    assert (found.cost, found.value) == ("100.8", "33.6")


def test_labels_make_the_figure_sharper_and_all_of_them_leave_no_doubt(rooms: Rooms) -> None:
    wide = rate(rooms)
    for name in ("o3", "o4", "o5", "o6"):
        label(rooms, name, "benign" if name in {"o4", "o6"} else "malignant")
    found = rate(rooms)
    assert (found.coverage, found.low, found.value, found.high) == ("1", found.value, found.value, found.value)
    assert wide.low is not None
    assert wide.high is not None
    assert Decimal(wide.low) < Decimal(wide.high)


def test_a_model_tells_the_figure_of_its_versions_lives(rooms: Rooms) -> None:
    told = {
        one.version: one.per_accurate for one in model_show.ask(rooms, model_show.Params(model="screening")).versions
    }
    params = cost_per_accurate_prediction.Params(version=V1)
    assert told[V1] == cost_per_accurate_prediction.ask(rooms, params).lifetime.value is not None


@pytest.mark.parametrize("key", ["model:screening", "endpoint:screening", "dataset:clinic/scans"])
def test_only_a_version_has_the_figure(rooms: Rooms, key: str) -> None:
    with pytest.raises(ProblemError, match="is no model version"):
        rate(rooms, key)


def test_an_endpoint_is_shown_with_versions_days_labels_and_money(rooms: Rooms) -> None:
    [listed] = endpoints.ask(rooms, endpoints.Params(period="2026-10")).endpoints
    assert (listed.asset, listed.versions) == ("endpoint:screening", ("model:screening/1", "model:screening/2"))
    assert (listed.requests, listed.errors, listed.cost) == (10, 0, "48")
    params = endpoint_show.Params(endpoint="endpoint:screening", period="2026-10")
    shown = endpoint_show.ask(rooms, params)
    assert (shown.serving, shown.tokens, shown.drained, shown.cost) == ("40", "8", "0", "48")
    before = endpoint_show.ask(rooms, endpoint_show.Params(endpoint="endpoint:screening", period="2026-09"))
    assert (before.serving, before.tokens, before.drained, before.cost) == ("30", "0", "120", "150")
    assert (shown.predictions, shown.labelled, shown.coverage) == (10, 6, "0.6")
    assert [(one.asset, one.predictions, one.labelled) for one in shown.versions] == [
        ("model:screening/1", 6, 6), ("model:screening/2", 4, 0),
    ]  # fmt: skip
    assert sum(day.requests for day in shown.days) == shown.requests
    assert shown.p50_ms is not None
    assert 30 <= shown.p50_ms <= 36
    with pytest.raises(ProblemError, match="is no endpoint"):
        endpoint_show.ask(rooms, endpoint_show.Params(endpoint=V1))


@given(st.integers(1, 10**6), st.data())
def test_wilson_holds_the_share_and_stays_within_0_and_1(of: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(0, of))
    low, high = wilson(count, of)
    assert 0 <= low <= Fraction(count, of) <= high <= 1
    z, p = 1.959963984540054, count / of
    middle, reach = p + z * z / (2 * of), z * math.sqrt(p * (1 - p) / of + z * z / (4 * of * of))
    assert float(low) == pytest.approx((middle - reach) / (1 + z * z / of), abs=1e-9)
    assert float(high) == pytest.approx((middle + reach) / (1 + z * z / of), abs=1e-9)


def test_a_quotient_is_rounded_once_half_to_even() -> None:
    assert divided(Fraction(1), Fraction(3)) == Decimal("0.333333")
    assert divided(Fraction(25, 10**7), Fraction(1)) == Decimal("0.000002")
    assert divided(Fraction(35, 10**7), Fraction(1)) == Decimal("0.000004")
    assert divided(Fraction(10) ** 30, Fraction(3)) == Decimal("333333333333333333333333333333.333333")
    assert divided(Fraction(1), Fraction(0)) is None
    assert divided(None, Fraction(1)) is None
