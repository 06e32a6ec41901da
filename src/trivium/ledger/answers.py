"""What was answered under an idempotency key: kept in the transaction of the facts that the command stated.

So a repeat gets the same answer after any crash or restart, and the key is never good for anything else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from trivium.facts.fact import Fact, Receipt
from trivium.facts.problem import refuse, shown
from trivium.facts.protocols import Command
from trivium.ledger.tables import answers


class Once(msgspec.Struct, frozen=True):
    """A request that is to be carried out once: the command's name, the client's key, SHA-256 of the request's body."""

    command: str
    key: str
    request: bytes


class AnsweredError(Exception):
    """Raised instead of carrying a request out again: `answer` is what it was answered the first time."""

    def __init__(self, answer: bytes) -> None:
        super().__init__("the request was answered before")
        self.answer = answer


def once(command: str, key: str, body: bytes) -> Once:
    """Name a request by its command, key and body."""
    return Once(command, key, sha256(body).digest())


def check_answered(connection: Connection, request: Once) -> None:
    """Raise AnsweredError when the request stands; refuses (409) the key of another request."""
    statement = select(answers.c.request, answers.c.answer)
    statement = statement.where(answers.c.command == request.command, answers.c.key == request.key)
    row = connection.execute(statement).first()
    if row is None:
        return
    if bytes(row.request) != request.request:
        title = f"The key {shown(request.key)} was used with another body."
        fix = "Use a new key for a new request."
        raise refuse("key_conflict", title, status=409, where="Idempotency-Key", fix=fix)
    raise AnsweredError(bytes(row.answer))


class Keyed:
    """A command under a key, and what it answers: both happen in the transaction of its facts, or neither."""

    def __init__(self, command: Command, request: Once, answer: Callable[[Sequence[Receipt]], bytes]) -> None:
        self._command, self._request, self._answer = command, request, answer

    def decide(self, connection: Any) -> Sequence[Fact]:
        """Decide as the command does, unless the request stands."""
        check_answered(connection, self._request)
        return self._command.decide(connection)

    def answered(self, connection: Any, receipts: Sequence[Receipt]) -> None:
        """Keep the answer under the key."""
        row = {**msgspec.structs.asdict(self._request), "answer": self._answer(receipts)}
        connection.execute(answers.insert(), row)
