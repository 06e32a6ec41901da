"""What went wrong, where, and what to do about it (RFC 9457 problem details, the same on all three faces)."""

from __future__ import annotations

import msgspec


class Problem(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One fault in one shape: `title` says what happened with the value, `fix` says what to do.

    `where` is a place in the input: a JSON path (`$.run.runId`), or `file:line`, or an option's name.
    `status` is the HTTP status (RFC 9110), `code` a stable word for programs. `retry_after_s` is for 429 and 503:
    after how many seconds the same may be sent again (the header Retry-After).
    """

    code: str
    title: str
    status: int = 422
    where: str = ""
    fix: str = ""
    retry_after_s: int = 0

    def sentence(self) -> str:
        """Say the problem in one line, as the terminal and logs show it."""
        place = f" (at {self.where})" if self.where else ""
        advice = f" {self.fix}" if self.fix else ""
        return f"{self.title}{place}{advice}"


class ProblemError(Exception):
    """Raised with the Problem that every face then shows in its own form."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.sentence())
        self.problem = problem

    def __reduce__(self) -> tuple[type[ProblemError], tuple[Problem]]:
        """Keep the whole problem when the error crosses to another process."""
        return ProblemError, (self.problem,)


def refuse(
    code: str, title: str, *, status: int = 422, where: str = "", fix: str = "", retry_after_s: int = 0
) -> ProblemError:
    """Make the error to raise for a refused input."""
    problem = Problem(code=code, title=title, status=status, where=where, fix=fix, retry_after_s=retry_after_s)
    return ProblemError(problem)


def shown(value: object, limit: int = 80) -> str:
    """Quote a client's value for an error message: escaped, printable, at most `limit` characters; bytes as text."""
    text = ascii(value.decode("latin-1") if isinstance(value, bytes) else value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
