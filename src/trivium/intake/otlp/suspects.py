"""Which of many pieces of bytes may hold a secret? All are looked through at once, by one automaton for all marks."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import cache
from typing import Final

from trivium.facts.redaction import literals

FEW: Final = 16
"""Fewer pieces are not worth it: each is looked at where it is read."""


def suspects(pieces: Collection[bytes]) -> Sequence[bool]:
    """Say of each piece whether `redact` may find something in it; it may be wrong to say so, never to deny it."""
    if len(pieces) < FEW:
        return [True] * len(pieces)
    import pyarrow as pa
    import pyarrow.compute as pc

    found: list[bool] = pc.match_substring_regex(pa.array(list(pieces), pa.binary()), _pattern()).to_pylist()
    return found


@cache
def _pattern() -> str:
    """Write what stands in every text with a secret as a regular expression of RE2."""
    exact, folded = ("|".join(re.escape(text.decode()) for text in texts) for texts in literals())
    return f"(?s:{exact}|(?i:{folded})|://.*@)"
