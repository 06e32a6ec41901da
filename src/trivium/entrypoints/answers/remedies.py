"""A problem as every face tells it: what happened, where, what to do, in the members of RFC 9457.

Where its room says only what happened, the place and the advice stand here.
"""

from __future__ import annotations

import errno
from typing import Any, Final

import msgspec

from trivium.facts.problem import Problem

_FILE: Final = "the file"
_HOME: Final = "the home"
_BODY: Final = "the body"
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
_FULL_RETRY_S: Final = 60
_BUSY_RETRY_S: Final = 1
_REPORT: Final = "Please report it with what you did; TRIVIUM_TRACE=1 shows more."

REMEDIES: Final[dict[str, tuple[str, str]]] = {
    "amounts_too_large": (_FILE, "Look for a column of amounts that was shifted or mistaken."),
    "bad_blob": ("blob", "Name a blob by its SHA-256, 64 hexadecimal digits."),
    "bad_csv": (_FILE, "Quote fields that hold the delimiter, and close every quote."),
    "bad_currency": ("currency", "Write ISO 4217's code, as EUR, or the name of a virtual currency."),
    "bad_declaration": (_FILE, "See docs/reference/declaration.md for what may stand there."),
    "bad_encoding": ("Content-Encoding", "Send gzip, or no Content-Encoding."),
    "bad_fact": ("fact", "Give the fact a source and a key."),
    "bad_gzip": (_FILE, "Fetch the file again."),
    "bad_key": ("key", "Write `kind:name` in at most 4096 printable characters."),
    "bad_money": ("amount", "Write a decimal number with at most 20 digits before and 18 after the point."),
    "bad_number": (_BODY, "Send finite numbers, and integers of at most 64 bits."),
    "bad_parquet": (_FILE, "Export it again."),
    "bad_query": ("sql", _REPORT),
    "bad_text": ("text", "Send printable text in UTF-8, without NUL."),
    "bad_time": ("time", "Write ISO 8601, as 2026-10-05T08:30:00Z, in the years 1 to 9999."),
    "blob_changed": (_HOME, "Restore a backup."),
    "blob_missing": (_HOME, "Restore a backup."),
    "closed": (_HOME, "Ask again once it is open."),
    "demo_failed": ("the demo", "Start it again; TRIVIUM_TRACE=1 shows more."),
    "disconnected": (_BODY, "Send the whole body."),
    "disk_full": (_HOME, "Free some space on its disk."),
    "gzip_bomb": (_FILE, "Unpack the file first if it is meant."),
    "import_overtaken": (_FILE, "Import it again."),
    "internal": ("the server", "Its log says more; please report it with the request that did it."),
    "lake_file": (_HOME, "Restore it from a backup."),
    "lake_memory": ("the lake", "Ask for a shorter period."),
    "mixed_currencies": ("currency", "Ask for one currency with --currency."),
    "month_closed": ("period", "What came late counts in the oldest open month; `trivium cost statement` shows it."),
    "no_clients": ("the demo", "Install trivium[demo]."),
    "no_file": ("file", "Check the path."),
    "no_folder": ("file", "Make the folder first, or name another."),
    "no_home": ("home", "Name a home that holds a ledger with --home."),
    "no_such_fact": ("sequence", "`trivium ledger head` says which is the newest."),
    "overloaded": ("the ledger", "Send it again after a moment."),
    "parquet_bomb": (_FILE, "Export the file again, without repeated rows."),
    "read_only": (_HOME, "Free some space on its disk; it recovers by itself."),
    "reader_failed": (_FILE, "Please report this with the file."),
    "record_too_long": (_FILE, "Look for a quote that is never closed."),
    "too_large": (_BODY, "Send it in smaller parts."),
    "too_long": ("text", "Send a shorter one."),
    "too_many_batches": (_FILE, "Look for a column that was shifted or mistaken."),
    "too_many_columns": (_FILE, "Give a FOCUS 1.0 to 1.4 Cost and Usage file."),
    "too_many_rows": (_FILE, "Import it in parts."),
    "too_much_memory": (_FILE, "Export it in smaller parts or as CSV."),
    "too_much_money": ("period", "Declare a rule that leaves out what is mistaken, or ask for one currency."),
    "too_much_output": (_FILE, "Export it in smaller parts."),
    "too_much_time": (_FILE, "Export it in smaller parts."),
    "unknown_fold": ("name", "`trivium ledger rebuild` without a name takes all and lists them."),
    "unreadable_file": (_FILE, "Check the path and its permissions."),
}
"""Where and what to do, by the problem's code; what the problem itself says comes first."""


def completed(problem: Problem) -> Problem:
    """Give a problem with a place and something to do."""
    where, fix = REMEDIES.get(problem.code, ("", ""))
    if (problem.where or not where) and (problem.fix or not fix):
        return problem
    return msgspec.structs.replace(problem, where=problem.where or where, fix=problem.fix or fix)


def shortage_of(fault: BaseException) -> Problem | None:
    """Give the problem (503) of a full disk or of too many readers at once; None of any other fault."""
    from sqlalchemy.exc import TimeoutError as NoConnectionError

    if isinstance(fault, OSError) and fault.errno in _FULL:
        title = "The disk is full; nothing of this was kept."
        return completed(Problem(code="disk_full", title=title, status=503, retry_after_s=_FULL_RETRY_S))
    if isinstance(fault, NoConnectionError):
        title = "Too many questions are asked at once; this one found no reader in time."
        return completed(Problem(code="overloaded", title=title, status=503, retry_after_s=_BUSY_RETRY_S))
    return None


def problem_members(problem: Problem) -> dict[str, Any]:
    """Give the members of a problem details object (RFC 9457, section 3.1)."""
    members: dict[str, Any] = {
        "type": f"urn:trivium:problem:{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "code": problem.code,
    }
    members |= {name: value for name in ("where", "fix") if (value := getattr(problem, name))}
    if problem.retry_after_s:
        members["retry_after_s"] = problem.retry_after_s
    return members
