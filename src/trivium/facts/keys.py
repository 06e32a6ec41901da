"""One text form for anything with an identity: `kind:name`, in URLs, tables, logs and commands (design.md §4)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

import msgspec

from trivium.facts.problem import ProblemError, refuse, shown

PAIRED: Final = frozenset({"dataset", "job"})
KINDS: Final = (
    "dataset", "job", "run", "experiment", "model", "endpoint", "product", "team", "resource",
)  # fmt: skip
MAX_LENGTH: Final = 4096

_HEX: Final = frozenset("0123456789abcdefABCDEF-")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_FIX = "Write `kind:name` with a kind of " + ", ".join(KINDS) + "."


class AssetKey(msgspec.Struct, frozen=True, order=True):
    """An asset's identity. `namespace` is OpenLineage's, for datasets and jobs; `version` is for models only.

    `str(key)` gives the text form and `parse` reads it back: `parse(str(key)) == key` for every key that has a name,
    a namespace only as dataset or job, a version only as model, and no lone surrogate.
    """

    kind: str
    name: str
    namespace: str = ""
    version: str = ""

    def __str__(self) -> str:
        """Write the text form."""
        if self.kind in PAIRED:
            return f"{self.kind}:{_escape_namespace(self.namespace, self.name)}/{self.name}"
        if self.kind == "model":
            name = self.name.replace("%", "%25").replace("/", "%2F")
            return f"model:{name}/{self.version}" if self.version else f"model:{name}"
        return f"{self.kind}:{self.name}"


def parse(text: str) -> AssetKey:
    """Read the text form of a key; refuses unknown kinds, empty names, lone surrogates, and over 4,096 characters."""
    kind, colon, rest = text.partition(":")
    if not colon or kind not in KINDS:
        raise refuse("bad_key", f"{shown(text)} is no asset key.", where="key", fix=_FIX)
    if len(text) > MAX_LENGTH:
        raise refuse("bad_key", f"The key {shown(text)} is longer than {MAX_LENGTH} characters.", where="key")
    if _SURROGATE.search(text):
        title = f"The key {shown(text)} holds half of a surrogate pair, which UTF-8 cannot write."
        raise refuse("bad_key", title, where="key")
    if kind in PAIRED:
        return _parse_paired(kind, rest, text)
    if not rest or (kind == "model" and rest.startswith("/")):
        raise refuse("bad_key", f"{shown(text)} names nothing after the kind.", where="key", fix=_FIX)
    if kind == "model":
        name, _, version = rest.partition("/")
        return AssetKey("model", _unescape(name), version=version)
    return AssetKey(kind, rest)


def dataset(namespace: str, name: str) -> str:
    """Write the key of a dataset from OpenLineage's pair."""
    return str(AssetKey("dataset", name, namespace))


def job(namespace: str, name: str) -> str:
    """Write the key of a job from OpenLineage's pair."""
    return str(AssetKey("job", name, namespace))


def run_key(run_id: str) -> str:
    """Write the key of a run; a UUID is written in lower case, any other id as it is."""
    if len(run_id) == 36 and _HEX.issuperset(run_id):
        return "run:" + run_id.lower()
    return "run:" + run_id


def model_version(name: str, version: str) -> str:
    """Write the key of a model version."""
    return str(AssetKey("model", name, version=version))


def kind_of(key: str) -> str:
    """Say the kind of a key in text form without reading the rest."""
    return key.partition(":")[0]


@lru_cache(maxsize=65_536)
def is_key(text: str) -> bool:
    """Say whether a text is an asset key."""
    try:
        parse(text)
    except ProblemError:
        return False
    return True


def _parse_paired(kind: str, rest: str, text: str) -> AssetKey:
    """Split at the `/` that ends the namespace: the first one that is not part of the scheme's `://`."""
    end = rest.find("/")
    if end > 0 and rest[end - 1] == ":" and rest[end + 1 : end + 2] == "/":
        end = rest.find("/", end + 2)
    if end < 0 or end + 1 == len(rest):
        fix = f"Write `{kind}:NAMESPACE/NAME`."
        raise refuse("bad_key", f"{shown(text)} lacks a namespace or a name.", where="key", fix=fix)
    return AssetKey(kind, rest[end + 1 :], _unescape(rest[:end]))


def _escape_namespace(namespace: str, name: str) -> str:
    """Escape what would move the end of the namespace: `%`, each `/` outside the scheme, and a last `:`.

    A namespace that ends in `:` before a name that begins with `/` would read as a scheme, so its `:` is written `%3A`.
    """
    scheme, mark, rest = namespace.partition("://")
    if mark and (not scheme or "/" in scheme):
        scheme, mark, rest = namespace, "", ""
    written = _escape(scheme) + mark + _escape(rest)
    if not mark and written.endswith(":") and name.startswith("/"):
        return written[:-1] + "%3A"
    return written


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("/", "%2F")


def _unescape(text: str) -> str:
    return text.replace("%3A", ":").replace("%2F", "/").replace("%25", "%")
