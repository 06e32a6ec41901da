"""A request with an idempotency key is carried out once, whatever happens in between (promise 2)."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.ledger.facts_made import fact
from trivium.facts.fact import Fact, Receipt
from trivium.facts.problem import ProblemError, refuse
from trivium.ledger.answers import AnsweredError, Once, once
from trivium.ledger.book import Ledger


class Say:
    """States the facts of numbers, and counts how often it decided."""

    def __init__(self, *numbers: int) -> None:
        self.facts = [fact(number) for number in numbers]
        self.decided = 0

    def decide(self, connection: Any) -> Sequence[Fact]:
        self.decided += 1
        return self.facts


def answer(receipts: Sequence[Receipt]) -> bytes:
    return f"wrote {[receipt.sequence for receipt in receipts]}".encode()


def ask(ledger: Ledger, command: Say, request: Once) -> bytes:
    try:
        return answer(ledger.execute_once(command, request, answer))
    except AnsweredError as known:
        return known.answer


def test_a_repeat_gets_the_same_answer_also_after_a_restart(tmp_path: Path) -> None:
    request = once("say", "k", b"body")
    command = Say(1, 2)
    with Ledger.open(tmp_path) as ledger:
        ledger.check_answered(request)
        assert ask(ledger, command, request) == b"wrote [1, 2]"
        assert ask(ledger, command, request) == b"wrote [1, 2]"
    with Ledger.open(tmp_path) as ledger:
        assert ask(ledger, Say(3), request) == b"wrote [1, 2]"
        with pytest.raises(AnsweredError):
            ledger.check_answered(request)
        assert (ledger.head().sequence, command.decided) == (2, 1)


def test_the_same_key_with_another_body_is_refused_also_after_a_restart(tmp_path: Path) -> None:
    with Ledger.open(tmp_path) as ledger:
        ask(ledger, Say(1), once("say", "k", b"body"))
    with Ledger.open(tmp_path) as ledger:
        for look in (
            lambda: ledger.check_answered(once("say", "k", b"other")),
            lambda: ask(ledger, Say(2), once("say", "k", b"other")),
        ):
            with pytest.raises(ProblemError, match="'k' was used with another body") as refused:
                look()
            assert (refused.value.problem.code, refused.value.problem.status) == ("key_conflict", 409)
        assert ask(ledger, Say(2), once("other", "k", b"other")) == b"wrote [2]"


def test_an_answer_without_facts_is_kept_too(tmp_path: Path) -> None:
    with Ledger.open(tmp_path) as ledger:
        assert ask(ledger, Say(), once("say", "k", b"")) == b"wrote []"
        assert ask(ledger, Say(1), once("say", "k", b"")) == b"wrote []"
        assert ledger.head().sequence == 0


def test_a_refusal_is_not_kept(tmp_path: Path) -> None:
    class Refuse(Say):
        def decide(self, connection: Any) -> Sequence[Fact]:
            raise refuse("no", "No.")

    request = once("say", "k", b"")
    with Ledger.open(tmp_path) as ledger:
        with pytest.raises(ProblemError, match="No"):
            ask(ledger, Refuse(), request)
        assert ask(ledger, Say(1), request) == b"wrote [1]"


def test_an_answer_that_cannot_be_made_leaves_no_fact(tmp_path: Path) -> None:
    request = once("say", "k", b"")

    def fail(receipts: Sequence[Receipt]) -> bytes:
        raise ValueError("no answer")

    with Ledger.open(tmp_path) as ledger:
        with pytest.raises(ValueError, match="no answer"):
            ledger.execute_once(Say(1), request, fail)
        assert (ledger.head().sequence, ledger.read()) == (0, [])
        assert ask(ledger, Say(1), request) == b"wrote [1]"


def test_of_many_at_once_one_is_carried_out(tmp_path: Path) -> None:
    command, request = Say(1), once("say", "k", b"")
    found: list[bytes] = []
    with Ledger.open(tmp_path) as ledger:
        threads = [threading.Thread(target=lambda: found.append(ask(ledger, command, request))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (found, command.decided) == ([b"wrote [1]"] * 8, 1)
