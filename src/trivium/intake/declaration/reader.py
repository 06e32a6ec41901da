"""A declaration file as statements, and the difference between what is declared and what a file wants."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from difflib import get_close_matches
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final

import msgspec

from trivium.facts.bounds import MAX_BODY, too_deep, walk
from trivium.facts.problem import ProblemError, refuse, shown
from trivium.facts.statements import Declared, encode_statement, identity_of
from trivium.intake.declaration.entries import Entry
from trivium.intake.declaration.names import NAME, TABLES
from trivium.intake.declaration.statements import said_by

_AT = re.compile(r"\(at line (\d+), column (\d+)\)")
_HEADER = re.compile(r"^\s*\[\[\s*([A-Za-z_.\"' -]+?)\s*\]\]")
_plan_encoder = msgspec.json.Encoder(order="sorted")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class Declaration(msgspec.Struct, frozen=True):
    """A file as it was read: its name, under which its statements stand together, and what it states, in its order."""

    name: str
    statements: tuple[Declared, ...]


class Action(StrEnum):
    """What a declaration does to one statement."""

    ADD = "add"
    CHANGE = "change"
    WITHDRAW = "withdraw"


class Change(msgspec.Struct, frozen=True):
    """One step from what is declared to what is wanted; `before` is none for `add`, `after` for `withdraw`."""

    action: Action
    identity: str
    before: Declared | None = None
    after: Declared | None = None


def read_declaration(raw: bytes, name: str = "", file: str = "declaration") -> Declaration:
    """Read a declaration; its name is `name = "…"` at the top, else the one given (the file's stem).

    Refuses what is no TOML, unknown tables and keys (with the nearest known one), wrong values, and two tables that
    state the same thing differently; `where` is `file:line [[table]]`.
    """
    document = _toml(raw, file)
    walk(document, file)
    places = _places(raw.decode("utf-8", "replace"))
    chosen = document.pop(NAME, name)
    if not isinstance(chosen, str) or not _NAME.fullmatch(chosen):
        title = f"The declaration's name is {shown(chosen)}."
        raise refuse("bad_declaration", title, where=f"{file}:1", fix='Write name = "letters-digits-dots" at the top.')
    found: dict[str, tuple[Declared, str]] = {}
    for table, listed in document.items():
        for number, values in enumerate(_listed(table, listed, file)):
            place = f"{file}:{_line(places, table, number)} [[{table}]]"
            for statement in said_by(Entry(table, values, place, TABLES[table])):
                _add(found, statement, place)
    return Declaration(chosen, tuple(statement for statement, _ in found.values()))


def difference(declared_now: Iterable[Declared], wanted: Iterable[Declared]) -> list[Change]:
    """List what leads from the statements of one declaration as they stand to those that are wanted.

    First what is added and changed, in the order wanted; then what is withdrawn, by identity.
    """
    now = {identity_of(statement): statement for statement in declared_now}
    then = {identity_of(statement): statement for statement in wanted}
    changes = []
    for identity, statement in then.items():
        before = now.get(identity)
        if before is None:
            changes.append(Change(Action.ADD, identity, None, statement))
        elif encode_statement(before) != encode_statement(statement):
            changes.append(Change(Action.CHANGE, identity, before, statement))
    gone = sorted(now.keys() - then.keys())
    return changes + [Change(Action.WITHDRAW, identity, now[identity], None) for identity in gone]


def plan_of(name: str, changes: Iterable[Change]) -> str:
    """Name what a declaration would change: SHA-256, equal only for the same steps from the same statements."""
    steps = [(change.action, change.identity, change.before, change.after) for change in changes]
    return sha256(_plan_encoder.encode((name, steps))).hexdigest()


def _toml(raw: bytes, file: str) -> dict[str, Any]:
    if len(raw) > MAX_BODY:
        raise refuse("too_large", f"The declaration has {len(raw)} bytes; at most {MAX_BODY} are read.", status=413)
    try:
        return tomllib.loads(raw.decode())
    except UnicodeDecodeError as fault:
        raise refuse("bad_text", f"Byte {fault.start} of the declaration is no UTF-8.", where=file) from fault
    except RecursionError as fault:
        raise too_deep(file, "The declaration") from fault
    except (tomllib.TOMLDecodeError, ValueError) as fault:
        found = _AT.search(str(fault))
        where = f"{file}:{found[1]}" if found else file
        reason = _AT.sub("", str(fault)).strip()
        raise refuse("bad_toml", f"The declaration is no TOML: {reason}.", where=where, fix="See toml.io.") from fault


def _listed(table: str, listed: Any, file: str) -> list[Any]:
    if table not in TABLES:
        near = get_close_matches(table, TABLES, n=1, cutoff=0.5)
        fix = f"Did you mean [[{near[0]}]]?" if near else "Known are " + ", ".join(f"[[{one}]]" for one in TABLES) + "."
        raise refuse("bad_declaration", f"A declaration has no [[{shown(table)[1:-1]}]].", where=file, fix=fix)
    return listed if isinstance(listed, list) else [listed]


def _add(found: dict[str, tuple[Declared, str]], statement: Declared, place: str) -> None:
    """Enter a statement; the same one twice is one, two different ones of one identity are refused."""
    identity = identity_of(statement)
    known = found.get(identity)
    if known and known[0] != statement:
        raise _contradiction(statement, identity, known[1], place)
    found.setdefault(identity, (statement, place))


def _contradiction(statement: Declared, identity: str, first: str, place: str) -> ProblemError:
    title = f"{identity} is stated twice, and not the same; first at {first}."
    return refuse("bad_declaration", title, where=place, fix=f"Keep one {type(statement).__name__.lower()} of the two.")


def _places(text: str) -> dict[str, list[int]]:
    """Find the lines on which the tables begin, for each kind of table in order."""
    places: dict[str, list[int]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if found := _HEADER.match(line):
            places.setdefault(found[1], []).append(number)
    return places


def _line(places: dict[str, list[int]], table: str, number: int) -> int:
    lines = places.get(table, [])
    return lines[number] if number < len(lines) else 1
