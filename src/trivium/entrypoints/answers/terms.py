"""Terms that many questions share, each with the sentence that help, OpenAPI and docs show."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from trivium.facts.instants import Instant, format_instant, parse_instant
from trivium.facts.money import plain

LARGEST: Final = 2**63 - 1
"""The largest sequence that a ledger can count to."""
ARGUMENT: Final = {"argument": True}
"""Marks a parameter that the command line takes without an option's name."""

Key = Annotated[str, Meta(description="The asset's key, `kind:name`, under any of its names.", extra=ARGUMENT)]
AssetText = Annotated[str, Meta(description="The asset's key.")]
Period = Annotated[str, Meta(description="The month, as 2026-10; without it the newest month with charges.")]
Currency = Annotated[str, Meta(description="The currency; needed when charges are in more than one.")]
AsOf = Annotated[str, Meta(description="As of this instant, ISO 8601: what is later does not count; without it, now.")]
Known = Annotated[
    Annotated[int, Meta(ge=0, le=LARGEST)] | None,
    Meta(description="As recorded up to this sequence of the ledger; without it, all that is recorded."),
]
Limit = Annotated[int, Meta(description="How many are listed at most.", ge=1, le=10_000)]
Amount = Annotated[str, Meta(description="Exact money in the answer's currency, as decimal text.")]
CurrencyText = Annotated[
    str,
    Meta(
        description="The currency of all money in the answer; empty without charges.",
        extra={"absent": "unknown: no charge is known yet"},
    ),
]
Unit = Annotated[
    str,
    Meta(
        description="What money was divided down to: `nano` (10⁻⁹ of the currency), or `micro` (10⁻⁶) where all open "
        "months together hold more than 9 × 10⁹ of it; what is finer is in `rounding`."
    ),
]
When = Annotated[str, Meta(description="An instant in ISO 8601, UTC.")]


def words(*, absent: str = "", label: str = "") -> dict[str, str]:
    """Say how a terminal writes a field (`Meta(extra=…)`).

    `absent` stands where the field is null or empty: what is not known, and why; `label` stands for the field's name.
    """
    return {name: text for name, text in (("absent", absent), ("label", label)) if text}


SPREAD: Final = {"spread": "yes"}
"""Marks a field that maps names to values: in a table each name has a column of its own."""


def spread_fields(kind: type[msgspec.Struct]) -> tuple[str, ...]:
    """List the fields of a record that are marked so."""
    found = []
    for field in msgspec.structs.fields(kind):
        metas = getattr(field.type, "__metadata__", ())
        if any((meta.extra or {}).get("spread") for meta in metas if isinstance(meta, Meta)):
            found.append(field.encode_name)
    return tuple(found)


def instant_of(text: str, where: str = "as_of") -> Instant | None:
    """Read an instant that may be left out."""
    return parse_instant(text, where) if text else None


def written(instant: Instant | None) -> str | None:
    """Write an instant that may be unknown."""
    return None if instant is None else format_instant(instant)


def money(amount: Decimal) -> str:
    """Write exact money."""
    return plain(amount)


def rounded(value: float | None, digits: int = 6) -> float | None:
    """Round a measure, never money, to some significant digits; None stays None."""
    return None if value is None else float(f"{value:.{digits}g}")
