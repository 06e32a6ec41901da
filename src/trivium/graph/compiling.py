"""Turns a plain loop into machine code for large inputs; numba is imported only then, and its work kept on disk."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from typing import Any, Final

_SOONER: Final = 16
"""How much earlier a compiled loop pays when numba need not be imported for it."""


def pays(size: int, alone: int) -> bool:
    """Say whether compiling pays for a loop of some size: from `alone` on, sooner where numba is there already."""
    return size >= alone or (size * _SOONER >= alone and "numba" in sys.modules)


def compiled(function: Callable[..., Any], *helpers: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function, and before it the helpers that it or a later helper calls by name.

    What is compiled is kept beside the module, else in the user's cache folder; where neither can be written (numba
    then raises RuntimeError, on a full disk OSError) it is compiled in memory, anew in each process.
    """
    try:
        kept = _linked(function, helpers, keep=True)
    except RuntimeError:
        return _linked(function, helpers, keep=False)

    def run(*arguments: Any) -> Any:
        try:
            return kept(*arguments)
        except OSError:
            return _linked(function, helpers, keep=False)(*arguments)

    return run


def _linked(function: Callable[..., Any], helpers: tuple[Callable[..., Any], ...], *, keep: bool) -> Callable[..., Any]:
    """Compile helpers and function in turn; the names of earlier ones mean their compiled forms."""
    import numba

    made: dict[str, Callable[..., Any]] = {}
    for each in (*helpers, function):
        assert isinstance(each, types.FunctionType)
        linked = types.FunctionType(each.__code__, {**each.__globals__, **made}, each.__name__)
        linked.__module__ = each.__module__
        made[each.__name__] = numba.njit(cache=keep)(linked)
    return made[function.__name__]
