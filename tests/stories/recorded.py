"""What a recording that was cut short still says: JSON up to where it ends, and how two JSON values differ in shape."""

from __future__ import annotations

import json
from typing import Any

_CLOSING = {"{": "}", "[": "]"}
_KINDS = {str: "text", int: "number", float: "number", bool: "truth", dict: "object", list: "list", type(None): "null"}


def told_so_far(text: str) -> tuple[Any, bool]:
    """Read JSON that may end early, up to its last whole value; says whether it was whole."""
    try:
        return json.loads(text), True
    except ValueError:
        pass
    for end in range(len(text), 0, -1):
        closing = _closing(text[:end])
        if closing is not None:
            try:
                return json.loads(text[:end].rstrip(", \n") + closing), False
            except ValueError:
                continue
    return None, False


def _closing(text: str) -> str | None:
    """Give the brackets that close a text, None within a string."""
    open_brackets, quoted, escaped = [], False, False
    for letter in text:
        if quoted:
            quoted, escaped = (letter != '"' or escaped), letter == "\\" and not escaped
        elif letter == '"':
            quoted = True
        elif letter in _CLOSING:
            open_brackets.append(_CLOSING[letter])
        elif letter in "]}":
            open_brackets.pop()
    return None if quoted else "".join(reversed(open_brackets))


def differences(recorded: Any, ours: Any, *, cut: bool, path: str = "$") -> list[str]:
    """Name where the shape of an answer differs from the recorded one: keys and kinds of values, not values.

    Where the recording was `cut` nothing is known of what follows its last value.
    """
    if _KINDS[type(recorded)] != _KINDS[type(ours)]:
        return [f"{path} is {_KINDS[type(ours)]}, recorded {_KINDS[type(recorded)]}"]
    if isinstance(recorded, dict):
        return _of_objects(recorded, ours, cut, path)
    if isinstance(recorded, list):
        pairs = list(zip(recorded, ours, strict=False))
        found = [] if bool(recorded) == bool(ours) or cut else [f"{path} has {len(ours)}, recorded {len(recorded)}"]
        for place, (theirs, own) in enumerate(pairs):
            last = place == len(recorded) - 1
            found += differences(theirs, own, cut=cut and last, path=f"{path}[{place}]")
        return found
    return []


def _of_objects(recorded: dict[str, Any], ours: dict[str, Any], cut: bool, path: str) -> list[str]:
    found = [f"{path}.{key} is not told" for key in recorded if key not in ours]
    if not cut:
        found += [f"{path}.{key} is told, recorded not" for key in ours if key not in recorded]
    last = list(recorded)[-1] if recorded else ""
    for key, value in recorded.items():
        if key in ours:
            found += differences(value, ours[key], cut=cut and key == last, path=f"{path}.{key}")
    return found


def matched(recorded: Any, ours: Any) -> list[tuple[str, str]]:
    """Pair the texts that stand at the same places of two answers."""
    if isinstance(recorded, str) and isinstance(ours, str):
        return [(recorded, ours)]
    if isinstance(recorded, dict) and isinstance(ours, dict):
        return [pair for key in recorded if key in ours for pair in matched(recorded[key], ours[key])]
    if isinstance(recorded, list) and isinstance(ours, list):
        return [pair for one, other in zip(recorded, ours, strict=False) for pair in matched(one, other)]
    return []
