"""Groups of requests become one file and one fact; a span counts once, and nothing is half there."""

from __future__ import annotations

import threading
from typing import Any

import msgspec
import pytest

from tests.fakes.book import RefusingBook
from tests.intake.otlp.test_reader import read_pb
from tests.intake.otlp.told import CHAT, CHILD, ROOT, request
from trivium.facts.kinds import Kind
from trivium.facts.problem import ProblemError, refuse
from trivium.facts.spans import SpansReceived, decode_spans, encode_spans
from trivium.intake.otlp.reader import Request
from trivium.lake.lake import Lake
from trivium.ledger.book import Ledger
from trivium.mlops.traces import committer as committing
from trivium.mlops.traces.committer import Committer, commit

PAIR = ({"attributes": {"prompt": "my name is Ada"}}, {"span": CHILD, "parent": ROOT, "attributes": CHAT, "kind": 3})


def told(*spans: dict[str, Any], **resource: Any) -> Request:
    return read_pb(request(*spans, **resource))


def bodies(ledger: Ledger) -> list[SpansReceived]:
    return [decode_spans(one.fact.body) for one in ledger.read(kinds={Kind.SPANS_RECEIVED})]


def count(lake: Lake) -> int:
    [(found,)] = lake.query("SELECT count(*) FROM spans")
    return int(found)


def test_a_group_is_one_file_and_one_fact(ledger: Ledger, lake: Lake) -> None:
    other = told({"trace": "0b" * 16}, service="other")
    assert commit([told(*PAIR), other], ledger, lake) == [2, 1]
    (body,) = bodies(ledger)
    assert (body.spans, len(body.files), body.files[0].rows) == (3, 1, 3)
    assert [(one.trace[:2], len(one.spans) // 16) for one in body.traces] == [("0a", 2), ("0b", 1)]
    (used,) = body.usage
    assert (used.at.endpoint, used.at.model, used.tokens.input_tokens) == ("endpoint:assistant", "gpt-4o", 1_000)
    assert {(one.endpoint, one.requests) for one in body.traffic} == {("endpoint:assistant", 1), ("endpoint:other", 1)}
    assert count(lake) == 3


def test_prompts_stand_in_the_lake_alone(ledger: Ledger, lake: Lake) -> None:
    commit([told(*PAIR)], ledger, lake)
    assert b"Ada" not in ledger.read()[0].fact.body
    [(attributes,)] = lake.query("SELECT attributes FROM spans WHERE span_id = ?", [ROOT])
    assert "Ada" in attributes


def test_a_span_that_stands_adds_nothing(ledger: Ledger, lake: Lake) -> None:
    assert commit([told(*PAIR)], ledger, lake) == [2]
    assert commit([told(*PAIR)], ledger, lake) == [0]
    assert commit([told(*PAIR, {"span": "03" * 8})], ledger, lake) == [1]
    assert [body.spans for body in bodies(ledger)] == [2, 1]
    assert count(lake) == 3


def test_a_span_that_comes_twice_in_a_group_counts_once(ledger: Ledger, lake: Lake) -> None:
    assert commit([told(*PAIR), told(*PAIR, PAIR[0])], ledger, lake) == [2, 0]
    assert count(lake) == 2


def test_one_span_id_in_two_traces_is_two_spans(ledger: Ledger, lake: Lake) -> None:
    assert commit([told({}), told({"trace": "0c" * 16})], ledger, lake) == [1, 1]


def test_what_the_ledger_refuses_leaves_no_file_and_may_come_again(ledger: Ledger, lake: Lake) -> None:
    book = RefusingBook(ledger, refuse("read_only", "The disk is full.", status=503))
    with pytest.raises(ProblemError, match="full"):
        commit([told(*PAIR)], book, lake)
    assert list((lake.folder / "spans").iterdir()) == []
    assert list((lake.folder / "staging").iterdir()) == []
    assert commit([told(*PAIR)], ledger, lake) == [2]


def test_a_fact_with_a_span_that_stands_is_refused(ledger: Ledger, lake: Lake) -> None:
    commit([told(*PAIR)], ledger, lake)
    first = ledger.read()[0].fact
    body = encode_spans(msgspec.structs.replace(decode_spans(first.body), files=()))
    with pytest.raises(ProblemError, match="twice at the same time"):
        ledger.append([msgspec.structs.replace(first, key="another", body=body)])


def test_the_billed_resources_of_services_are_in_the_fact(ledger: Ledger, lake: Lake) -> None:
    commit(
        [told({}, cloud_resource_id="r-1"), told({"span": CHILD}, service=None, cloud_resource_id="r-2")], ledger, lake
    )
    assert bodies(ledger)[0].resources == (("endpoint:assistant", "r-1"),)


@pytest.mark.parametrize("service", [None, "unknown_service", "unknown_service:python"])
def test_a_service_that_nobody_named_is_no_endpoint(ledger: Ledger, lake: Lake, service: str | None) -> None:
    commit([told(*PAIR, service=service)], ledger, lake)
    (body,) = bodies(ledger)
    assert body.traffic == ()
    assert body.usage[0].at.endpoint == ""


def test_every_request_is_answered_once_its_spans_are_durable(ledger: Ledger, lake: Lake) -> None:
    committer = Committer(ledger, lake)
    futures = [committer.submit(told({"span": f"{number:016x}"}), 100) for number in range(1, 40)]
    assert sum(future.result(30) for future in futures) == 39
    committer.close()
    assert count(lake) == 39
    with pytest.raises(ProblemError, match="stopping"):
        committer.submit(told({}), 1)


def test_a_refusal_is_told_to_every_request_of_the_group(ledger: Ledger, lake: Lake) -> None:
    committer = Committer(RefusingBook(ledger, refuse("read_only", "The disk is full.", status=503)), lake)
    futures = [committer.submit(told({"span": f"{number:016x}"}), 100) for number in range(1, 5)]
    assert [str(future.exception(30)) for future in futures] == ["The disk is full."] * 4
    committer.close()


def test_too_much_that_waits_is_refused(ledger: Ledger, lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(committing, "WAITING_SPANS", 2)
    committer, begun = Committer(ledger, lake), threading.Event()
    committer._groups._run = begun.wait  # type: ignore[method-assign, assignment]
    committer.submit(told(*PAIR), 100)
    with pytest.raises(ProblemError, match="2 spans wait") as refused:
        committer.submit(told({}), 100)
    assert (refused.value.problem.status, refused.value.problem.retry_after_s) == (503, 1)
    begun.set()


def test_a_request_without_spans_needs_no_commit(ledger: Ledger, lake: Lake) -> None:
    committer = Committer(ledger, lake)
    assert committer.submit(read_pb(b""), 0).result(1) == 0
    committer.close()
    assert ledger.head().sequence == 0
