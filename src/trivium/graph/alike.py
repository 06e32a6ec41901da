"""Which known names does a name most likely mean?"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from difflib import get_close_matches
from typing import Final

from trivium.facts.keys import KINDS, kind_of

_ALIKE: Final = 0.8
_NEAR: Final = 50
_POSTINGS: Final = 5_000
_NOISE = re.compile(r"[^a-z0-9]+")


def suggestions(name: str, known: Collection[str], count: int = 3) -> tuple[str, ...]:
    """Find the known keys that a name most likely means: those equal but for punctuation and case, then near ones.

    A key is compared only with its own kind; for many names make one `Alike`.
    """
    return Alike(known).to(name, count)


class Alike:
    """Known keys by what is left of them without punctuation and case, so that many names can be compared."""

    def __init__(self, known: Collection[str]) -> None:
        self._tails: dict[str, dict[str, list[str]]] = {}
        self._grams: dict[str, _Grams] = {}
        for key in sorted(known):
            for kind in ("", kind_of(key)):
                self._tails.setdefault(kind, {}).setdefault(_tail(key), []).append(key)

    def to(self, name: str, count: int = 3) -> tuple[str, ...]:
        """Give the keys that a name most likely means; see `suggestions`."""
        kind, tail = kind_of(name) if kind_of(name) in KINDS else "", _tail(name)
        tails = self._tails.get(kind, {})
        if kind not in self._grams:
            self._grams[kind] = _Grams(list(tails))
        near = get_close_matches(tail, self._grams[kind].nearest(tail), n=count, cutoff=_ALIKE)
        found = [key for tail in dict.fromkeys([tail, *near]) for key in tails.get(tail, ()) if key != name]
        return tuple(found[:count])


class _Grams:
    """Texts by the runs of three characters that they hold: near texts share some, the rare ones tell most."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts
        self._holders: dict[str, list[int]] = {}
        for place, one in enumerate(texts):
            for gram in _grams(one):
                self._holders.setdefault(gram, []).append(place)

    def nearest(self, text: str) -> list[str]:
        """Give at most 50 texts that share most with one, looking at 5,000 places at most, those of rare runs first."""
        shared, left = Counter[int](), _POSTINGS
        for holders in sorted((self._holders.get(gram, []) for gram in _grams(text)), key=len):
            shared.update(holders[:left])
            left -= len(holders)
            if left <= 0:
                break
        return [self._texts[place] for place, _ in shared.most_common(_NEAR)]


def _grams(text: str) -> Iterator[str]:
    """Give the different runs of three characters of a text, its beginning and its end marked, in order."""
    marked = f"^{text}$"
    return iter(dict.fromkeys(marked[at : at + 3] for at in range(len(marked) - 2)))


def _tail(key: str) -> str:
    """Reduce a key to the letters and digits of its last part, so that `Raw-Orders` and `raw_orders` are alike.

    Of a model version it is the model's name.
    """
    if key.startswith("model:"):
        return _NOISE.sub("", key.partition(":")[2].partition("/")[0].casefold())
    return _NOISE.sub("", key.rstrip("/").rpartition("/")[2].rpartition(":")[2].casefold())
