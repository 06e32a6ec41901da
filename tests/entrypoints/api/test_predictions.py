"""Batches of predictions and labels: what is sent badly is refused with a sentence, never a fault of ours."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.entrypoints.worked import JSON, PREFIX, caller
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.answers.wording import words_of

ONE = {"prediction_id": "a", "at": "2026-10-05T08:00:00Z", "endpoint": "e", "prediction": "x"}
LABEL = {"prediction_id": "a", "at": "2026-10-05T08:00:00Z", "label": "x"}
STRANGE: tuple[Any, ...] = (
    None, True, [], {}, [[]], {"a": {"b": 1}}, -1, 2**63 - 1, 1e308, "", " ", "NaN", "Infinity", "1e400", "9" * 400,
    "__proto__", "{{7*7}}", "../..", "..%252f", "file:///etc/passwd", "=1+1", "<svg onload=x>", "\u202e\u200b",
    "9999-12-31", "endpoint:", "model:/", "endpoint:\u202e", "x" * 5_000, "a\nb", "a,b", "'; DROP TABLE facts; --",
    '"', "\t",
)  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"{}", b"null", b'{"predictions": {}}', b'{"predictions": [1]}', b'{"predictions": []}',
        b'{"predictions": [{}]}', b'{"predictions": [{"a": 1}], "more": 1}', b'{"predictions": [{"id": "\\u0000"}]}',
        b'{"predictions": [{"id": 1e999}]}', b'{"predictions": [{"id": %s}]}' % (b"9" * 5_000), b"[" * 100_000,
        b'{"predictions": [{"id": "\xff"}]}', b'{"endpoint": 1, "predictions": [{}]}',
    ],
)  # fmt: skip
def test_a_body_that_is_no_batch_is_refused_with_a_sentence(empty: Rooms, body: bytes) -> None:
    for path in ("predictions", "labels"):
        sent = body.replace(b"predictions", path.encode())
        answer = caller(empty).ask(f"{PREFIX}/{path}", sent, JSON, method="POST")
        assert 400 <= answer.status < 500, answer.body
        assert msgspec.json.decode(answer.body)["title"]
    assert empty.ledger.head().sequence == 0


def test_any_value_in_any_field_is_kept_or_refused_and_never_a_fault(empty: Rooms) -> None:
    asked = caller(empty)
    for path, whole in (("predictions", ONE | {"score": 1, "latency_ms": 1, "error": "", "version": "m/1", "f": 1}),
                        ("labels", LABEL | {"endpoint": "e"})):  # fmt: skip
        rows = [whole | {"prediction_id": f"{name}{place}"} | {name: value}
                for name in whole for place, value in enumerate(STRANGE)]  # fmt: skip
        answer = asked.ask(f"{PREFIX}/{path}", msgspec.json.encode({path: rows}), JSON)
        assert answer.status == 200, answer.body
        found = msgspec.json.decode(answer.body)
        assert found["rows"] == len(rows) == found["received"] + found["repeated"] + found["refused"]
        assert all(one["done"] and one["lines"] for one in found["problems"] if one["outcome"] == "refused")
    for page in ("/endpoints", "/ledger", "/api/trivium/v1/endpoints", "/api/trivium/v1/facts"):
        assert asked.ask(page).status == 200


@pytest.mark.parametrize("name", ["prediction_id", "label", "at"])
def test_a_column_that_is_needed_and_missing_is_named(empty: Rooms, name: str) -> None:
    row = {field: value for field, value in LABEL.items() if field != name}
    answer = caller(empty).ask(f"{PREFIX}/labels", msgspec.json.encode({"labels": [row]}), JSON)
    assert (answer.status, name in msgspec.json.decode(answer.body)["title"]) == (422, True)


def test_given_names_that_name_nothing_are_refused(empty: Rooms) -> None:
    body = msgspec.json.encode({"version": "7", "predictions": [ONE]})
    answer = caller(empty).ask(f"{PREFIX}/predictions", body, JSON)
    assert (answer.status, msgspec.json.decode(answer.body)["where"]) == (422, "version")


def test_the_ledger_says_in_words_what_came(empty: Rooms) -> None:
    asked = caller(empty)
    asked.ask(f"{PREFIX}/predictions", msgspec.json.encode({"predictions": [ONE, ONE | {"prediction_id": "b"}]}), JSON)
    asked.ask(f"{PREFIX}/labels", msgspec.json.encode({"labels": [LABEL]}), JSON)
    keeping = empty.bookkeeping
    said = [words_of(fact, empty.reader, keeping.names(keeping.state())) for fact in empty.ledger.read()]
    assert said == ["2 predictions received for `e`", "1 label received"]
