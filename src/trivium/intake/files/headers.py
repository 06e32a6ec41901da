"""What two spellings of one column share, and how many columns a file may have."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from trivium.facts.problem import refuse

_MOST: Final = 2_000


def plain_name(header: str) -> str:
    """Reduce a header to what two spellings of one column share: `billed_cost` and `Billed Cost` are BilledCost."""
    return re.sub(r"[\s_-]", "", header.strip().strip("\ufeff")).lower()


def check_count(headers: Sequence[str], fix: str) -> None:
    """Refuse a file whose columns have no end: nothing that is meant has more than 2,000."""
    if len(headers) > _MOST:
        title = f"The file has more than {_MOST:,} columns: {len(headers):,}."
        raise refuse("too_many_columns", title, status=413, fix=fix)
