"""A closed month as bytes: its network, its amounts and the charges behind them, so that it never moves again."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Final

import msgspec
import numpy as np

from trivium.facts.period import Period
from trivium.facts.problem import ProblemError, refuse
from trivium.finops.books import MonthBook
from trivium.finops.charges import Charge
from trivium.finops.network import Entries, Network, Poured, Tank
from trivium.finops.owners import Owners
from trivium.finops.serving import Used
from trivium.finops.statement import sums_of

FORM: Final = 1
CONVERTED: Final = 2
"""The form of a month that cut off what was finer than its units from what was brought forward."""


class _Frozen(msgspec.Struct, frozen=True):
    """Arrays are little-endian bytes in the order of nodes, edges and entries; `place` points into `keys`."""

    month: tuple[int, int]
    cutoff: int
    digits: int
    keys: list[str]
    role: bytes
    place: bytes
    start: bytes
    target: bytes
    weight: bytes
    entries: tuple[bytes, bytes, bytes, bytes, bytes]
    opening: list[tuple[Tank, int, int]]
    closing: list[tuple[Tank, int]]
    own: bytes
    opened: bytes
    value: bytes
    amount: bytes
    charges: list[tuple[int, dict[str, str | None], int, int, str, str, bool, int, int, int]]
    total: str
    late: str
    finer: str
    uses: list[Used]
    owners: dict[str, dict[str, dict[str, tuple[int, int]]]]
    """Shares of one, numerator and denominator, by `team` and `product`, asset and owner."""
    brought_finer: str | msgspec.UnsetType = msgspec.UNSET
    """Only where the month before was computed in finer units."""
    form: int = FORM
    """Counts up whenever a frozen book means something else than before."""


_decoder = msgspec.msgpack.Decoder(_Frozen)


def freeze(book: MonthBook) -> bytes:
    """Write a month's book as bytes; equal books give equal bytes."""
    network, poured = book.network, book.poured
    places, place = np.unique(network.place, return_inverse=True)
    entries = network.entries
    frozen = _Frozen(
        (book.month.start, book.month.end), book.cutoff, book.digits, [book.key(int(each)) for each in places],
        network.role.tobytes(), place.astype(np.int32).tobytes(), network.start.tobytes(), network.target.tobytes(),
        network.weight.tobytes(),
        (entries.node.tobytes(), entries.amount.tobytes(), entries.basis.tobytes(), entries.group.tobytes(),
         entries.late.tobytes()),
        [(tank, node, book.opening.get(tank, 0)) for tank, node in sorted(network.opening.items())],
        sorted(network.closing.items()), poured.own.tobytes(), poured.opened.tobytes(), poured.value.tobytes(),
        poured.amount.tobytes(), [_row(group, charge) for group, charge in sorted(book.charges.items())],
        str(book.total), str(book.late), str(book.finer), list(book.uses), _owned(book),
        str(book.brought_finer) if book.brought_finer else msgspec.UNSET,
        CONVERTED if book.brought_finer else FORM,
    )  # fmt: skip
    return msgspec.msgpack.encode(frozen, order="deterministic")


def thaw(content: bytes, name: str = "the month") -> MonthBook:
    """Read a month's book back; refuses (409 `other_form`) one that another version wrote in another form.

    `name` says in a refusal which book it is.
    """
    frozen = _frozen(content, name)
    node, amount, basis, group, late = frozen.entries
    entries = Entries(
        np.frombuffer(node, np.int32), np.frombuffer(amount, np.int64), np.frombuffer(basis, np.int8),
        np.frombuffer(group, np.int32), np.frombuffer(late, np.bool_),
    )  # fmt: skip
    month = Period(*frozen.month)
    assert len(entries.node) == len(entries.amount) == len(entries.group)
    assert frozen.digits in {6, 9}
    network = Network(
        month, np.frombuffer(frozen.role, np.int8), np.frombuffer(frozen.place, np.int32),
        np.frombuffer(frozen.start, np.int64), np.frombuffer(frozen.target, np.int32),
        np.frombuffer(frozen.weight, np.int64), entries, {tank: place for tank, place, _ in frozen.opening},
        dict(frozen.closing),
    )  # fmt: skip
    poured = Poured(
        network, np.frombuffer(frozen.own, np.int64), np.frombuffer(frozen.opened, np.int64),
        np.frombuffer(frozen.value, np.int64), np.frombuffer(frozen.amount, np.int64),
        np.zeros(network.size, dtype=np.bool_),
    )  # fmt: skip
    return MonthBook(
        month, frozen.cutoff, True, frozen.digits, poured,
        {tank: units for tank, _, units in frozen.opening if units}, frozen.keys.__getitem__,
        {row[0]: _charge(row) for row in frozen.charges},
        Decimal(frozen.total), Decimal(frozen.late), Decimal(frozen.finer), tuple(frozen.uses), _owners(frozen.owners),
        lambda key: _place_among(frozen.keys, key), Decimal(frozen.brought_finer or 0),
    )  # fmt: skip


def _frozen(content: bytes, name: str) -> _Frozen:
    try:
        frozen = _decoder.decode(content)
    except msgspec.MsgspecError as fault:
        raise _other_form(name, str(fault)) from fault
    if frozen.form not in {FORM, CONVERTED}:
        raise _other_form(name, f"it has form {frozen.form}, and this version reads forms {FORM} and {CONVERTED}")
    return frozen


def _other_form(name: str, why: str) -> ProblemError:
    title = f"The closed book of {name} was frozen by another version of Trivium in a form that this one does not read."
    fix = f"Ask the version that closed it, or restore a backup from before it was closed and close it anew ({why})."
    return refuse("other_form", title, status=409, where="period", fix=fix)


def _owned(book: MonthBook) -> dict[str, dict[str, dict[str, tuple[int, int]]]]:
    """Write who owns what money stands at."""
    accounts = sorted({account for sums in sums_of(book) for account in sums if ":" in account})
    found: dict[str, dict[str, dict[str, tuple[int, int]]]] = {}
    for by in ("team", "product"):
        shares = {account: book.owners(by, account) for account in accounts}
        found[by] = {
            account: {owner: share.as_integer_ratio() for owner, share in sorted(owners.items())}
            for account, owners in shares.items()
            if owners
        }
    return found


def _place_among(keys: list[str], key: str) -> int:
    try:
        return keys.index(key)
    except ValueError:
        return -1


def _owners(table: dict[str, dict[str, dict[str, tuple[int, int]]]]) -> Owners:
    def owners(by: str, key: str) -> dict[str, Fraction]:
        return {owner: Fraction(*share) for owner, share in table[by].get(key, {}).items()}

    return owners


def _row(group: int, charge: Charge) -> tuple[int, dict[str, str | None], int, int, str, str, bool, int, int, int]:
    return (
        group, dict(charge.columns), charge.start, charge.end, str(charge.amount), str(charge.billed),
        charge.in_tokens, charge.since, charge.until, charge.rows,
    )  # fmt: skip


def _charge(row: tuple[int, dict[str, str | None], int, int, str, str, bool, int, int, int]) -> Charge:
    _, columns, start, end, amount, billed, in_tokens, since, until, rows = row
    return Charge(columns, start, end, Decimal(amount), Decimal(billed), in_tokens, since, until, rows)
