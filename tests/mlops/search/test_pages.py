"""Page tokens are MLflow's, and what is no token is refused with a sentence."""

from __future__ import annotations

import base64
import json

import pytest

from trivium.facts.problem import ProblemError
from trivium.mlops.search.logged_models import LoggedModelOrder, LoggedModelSearch
from trivium.mlops.search.logged_models import offset_of as logged_offset_of
from trivium.mlops.search.logged_models import token_of as logged_token_of
from trivium.mlops.search.pages import check_limit, offset_of, paged, token_of


def coded(value: object) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()


def test_a_token_says_where_the_next_page_begins() -> None:
    assert token_of(100) == "eyJvZmZzZXQiOiAxMDB9"
    assert offset_of(token_of(100)) == 100
    assert offset_of("") == 0
    assert offset_of(coded({"offset": "7"})) == 7


@pytest.mark.parametrize(
    "token",
    [
        "x", "é", "====", "eyJ", coded([]), coded({}), coded({"offset": 0}), coded({"offset": -5}),
        coded({"offset": None}),
        coded({"offset": [1]}), coded({"offset": "a"}), coded({"offset": 2**63}), coded({"offset": float("inf")}),
        coded(5), coded("offset"), base64.b64encode(b"\xff\xfe").decode(), base64.b64encode(b"[" * 100_000).decode(),
        base64.b64encode(b'{"offset": ' + b"9" * 5000 + b"}").decode(),
    ],
)  # fmt: skip
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(ProblemError, match="Send the token as it was given") as refused:
        offset_of(token)
    assert (refused.value.problem.status, refused.value.problem.where) == (400, "page_token")


def test_a_page_has_a_next_one_only_where_more_was_found() -> None:
    assert paged([1, 2, 3], 4, 2).ids == (1, 2)
    assert offset_of(paged([1, 2, 3], 4, 2).next_page_token) == 6
    assert paged([1, 2], 4, 2).next_page_token == ""
    check_limit(1, 1)
    for limit in (0, 2, -1):
        with pytest.raises(ProblemError, match=f"max_results is {limit}; it must lie between 1 and 1"):
            check_limit(limit, 1)


def test_the_token_of_logged_models_holds_for_its_search_only() -> None:
    order = LoggedModelOrder("metrics.a", ascending=False, dataset_name="d")
    asked = LoggedModelSearch(experiments=(1, 2), filter="name = 'x'", order_by=(order,))
    token = logged_token_of(asked, 50)
    assert json.loads(base64.b64decode(token)) == {
        "experiment_ids": ["1", "2"],
        "filter_string": "name = 'x'",
        "order_by": [{"field_name": "metrics.a", "ascending": False, "dataset_name": "d", "dataset_digest": None}],
        "offset": 50,
    }
    again = LoggedModelSearch(experiments=(1, 2), filter="name = 'x'", order_by=(order,), page_token=token)
    assert logged_offset_of(again) == 50
    for other in (
        LoggedModelSearch(experiments=(2, 1), filter="name = 'x'", order_by=(order,), page_token=token),
        LoggedModelSearch(experiments=(1, 2), filter="name = 'y'", order_by=(order,), page_token=token),
        LoggedModelSearch(experiments=(1, 2), filter="name = 'x'", page_token=token),
    ):
        with pytest.raises(ProblemError, match="was given for other experiments, another filter or another order"):
            logged_offset_of(other)
    for bad in ("x", "é", coded([]), coded({"offset": 1}), token_of(5), coded("x")):
        with pytest.raises(ProblemError, match="The page token"):
            logged_offset_of(LoggedModelSearch(experiments=(1,), page_token=bad))
