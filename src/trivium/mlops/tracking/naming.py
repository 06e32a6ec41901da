"""Names for runs and models that nobody named: an adjective, a noun and a number, made of the id."""

from __future__ import annotations

from typing import Final

_ADJECTIVES: Final = (
    "able", "amber", "brave", "brisk", "calm", "clear", "crisp", "deep", "eager", "early", "fair", "fine", "fresh",
    "gentle", "glad", "golden", "grand", "green", "hardy", "honest", "keen", "kind", "lively", "lucid", "mellow",
    "neat", "noble", "patient", "plain", "polite", "proud", "quick", "quiet", "rapid", "ready", "shy", "silver",
    "sincere", "smooth", "sober", "solid", "steady", "still", "sturdy", "tidy", "upbeat", "vivid", "warm",
)  # fmt: skip
_NOUNS: Final = (
    "alder", "badger", "beech", "birch", "brook", "cedar", "clover", "cove", "crane", "dune", "elm", "falcon", "fern",
    "finch", "fjord", "glen", "grove", "harbor", "hare", "heath", "heron", "hill", "ibis", "isle", "ivy", "juniper",
    "lake", "larch", "lark", "linden", "loch", "maple", "marsh", "meadow", "moor", "moss", "otter", "pine", "plover",
    "reed", "ridge", "river", "robin", "rowan", "shore", "sorrel", "stork", "swift", "tern", "thrush", "vale", "wren",
)  # fmt: skip


def name_of(identifier: str) -> str:
    """Make a name of an id in hexadecimal digits, with or without a prefix that ends in `-`."""
    number = int(identifier.rpartition("-")[2], 16)
    number, adjective = divmod(number, len(_ADJECTIVES))
    number, noun = divmod(number, len(_NOUNS))
    return f"{_ADJECTIVES[adjective]}-{_NOUNS[noun]}-{number % 1000}"
