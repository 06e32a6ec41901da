"""One table of a declaration with its place in the file, and the careful ways to take values out of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, Final

from trivium.facts.instants import Instant, format_instant, of_datetime, parse_instant
from trivium.facts.keys import KINDS, kind_of, parse
from trivium.facts.problem import ProblemError, refuse, shown
from trivium.intake.declaration.names import REQUIRED, TYPES

Form = Mapping[str, tuple[type, ...]]
_NUMBER: Final = re.compile(r"\d{1,9}(?:\.\d{1,9})?")


class Entry:
    """A table of the file; every refusal names the file's line, the table and the key."""

    def __init__(self, table: str, values: Any, place: str, form: Form) -> None:
        self.table, self.place = table, place
        if not isinstance(values, dict):
            raise refuse("bad_declaration", f"[[{table}]] is {_type_of(values)}, not a table.", where=place)
        self._values: dict[str, Any] = values
        self._check(form)

    def text(self, key: str) -> str:
        """Take a text; empty when the key is absent."""
        value = self._values.get(key, "")
        return str(value)

    def texts(self, key: str) -> list[str]:
        """Take a list of texts."""
        values = self._values.get(key, [])
        for value in values:
            if not isinstance(value, str) or not value:
                raise self.refused(key, f"holds {shown(value)}, which is no text", "Write a list of texts.")
        return list(values)

    def count(self, key: str, least: int = 0, most: int = 2**31 - 1) -> int:
        """Take a whole number from `least` to `most`."""
        value = int(self._values.get(key, least))
        if not least <= value <= most:
            raise self.refused(key, f"is {value}", f"Write a whole number from {least} to {most}.")
        return value

    def weight(self) -> str:
        """Take a weight as decimal text; 1 when it is absent."""
        value = str(self._values.get("weight", "1"))
        if not _NUMBER.fullmatch(value) or not Decimal(value):
            raise self.refused("weight", f"is {shown(value)}", 'Write a number above 0, as 2 or "0.5".')
        return value

    def flag(self, key: str) -> bool:
        """Take true or false; false when the key is absent."""
        return bool(self._values.get(key, False))

    def instant(self, key: str, default: Instant = 0) -> Instant:
        """Take a point in time."""
        text = self.text(key)
        return self._guarded(key, lambda: parse_instant(text)) if text else default

    def key(self, key: str, *kinds: str) -> str:
        """Take an asset key of one of some kinds; empty when absent; with one kind, the bare name will do."""
        return self.as_key(key, self.text(key), *kinds) if key in self._values else ""

    def keys(self, key: str, *kinds: str) -> list[str]:
        """Take a list of asset keys."""
        return [self.as_key(key, text, *kinds) for text in self.texts(key)]

    def as_key(self, key: str, text: str, *kinds: str) -> str:
        """Read one asset key and check its kind."""
        named = text if not kinds or text.startswith(tuple(f"{kind}:" for kind in kinds)) else f"{kinds[0]}:{text}"
        wrong = named != text and (len(kinds) > 1 or kind_of(text) in KINDS)
        if wrong:
            raise self.refused(key, f"names {shown(text)}", f"Write a key of kind {' or '.join(kinds)}.")
        self._guarded(key, lambda: parse(named))
        return named

    def version(self, key: str) -> str:
        """Take a model version, written `NAME/VERSION` or `model:NAME/VERSION`."""
        named = self.key(key, "model")
        if named and not parse(named).version:
            raise self.refused(key, f"names {shown(self.text(key))}, a model", "Write NAME/VERSION.")
        return named

    def table_of(self, key: str) -> dict[str, Any]:
        """Take a table of values."""
        return dict(self._values.get(key, {}))

    def inner(self, key: str, form: Form, table: str) -> Iterator[Entry]:
        """Take a list of tables."""
        for number, values in enumerate(self._values.get(key, []), 1):
            yield Entry(table, values, f"{self.place}, {key} {number}", form)

    def part(self, key: str, form: Form, table: str) -> Entry | None:
        """Take a table within the table; None when it is absent."""
        values = self._values.get(key)
        return None if values is None else Entry(table, values, f"{self.place}, {key}", form)

    def refused(self, key: str, what: str, fix: str = "") -> ProblemError:
        """Make the problem of one key."""
        return refuse("bad_declaration", f"[[{self.table}]] {key} {what}.", where=self.place, fix=fix)

    def _guarded(self, key: str, read: Any) -> Any:
        """Add table and key to what a reader of values refuses."""
        try:
            return read()
        except ProblemError as fault:
            raise self.refused(key, f"is wrong: {fault.problem.title.rstrip('.')}", fault.problem.fix) from fault

    def _check(self, form: Form) -> None:
        for key, value in list(self._values.items()):
            if key not in form:
                raise self._unknown(key, form)
            self._values[key] = value = _dated(value)
            kinds = form[key]
            if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
                wanted = " or ".join(TYPES[kind] for kind in kinds)
                raise self.refused(key, f"is {_type_of(value)}, {shown(value)}", f"Write {wanted}.")
        for key in REQUIRED.get(self.table.rpartition(".")[2], ()):
            if self._values.get(key) in ("", None):
                raise self.refused(key, "is missing", f"Add `{key} = …`.")

    def _unknown(self, key: str, form: Form) -> ProblemError:
        near = get_close_matches(key, form, n=1, cutoff=0.5)
        fix = f"Did you mean `{near[0]}`?" if near else "Known are " + ", ".join(form) + "."
        return refuse("bad_declaration", f"[[{self.table}]] has no key {shown(key)}.", where=self.place, fix=fix)


def _dated(value: Any) -> Any:
    """Write TOML's own dates and times as ISO 8601 text; a time without a zone is UTC."""
    if not hasattr(value, "isoformat"):
        return value
    zone = getattr(value, "tzinfo", None)
    return format_instant(of_datetime(value)) if zone else value.isoformat()


def _type_of(value: Any) -> str:
    return TYPES.get(type(value), "a value of another type")
