"""Turns a plain loop into machine code for large inputs; numba is imported only then, and its work kept on disk."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any


def compiled(function: Callable[..., Any], *helpers: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function, and the functions of the same module that it calls by name.

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
    """Compile a function whose names of helpers mean their compiled forms."""
    import numba

    leaves = {helper.__name__: numba.njit(cache=keep)(helper) for helper in helpers}
    assert isinstance(function, types.FunctionType)
    linked = types.FunctionType(function.__code__, {**function.__globals__, **leaves}, function.__name__)
    linked.__module__ = function.__module__
    made: Callable[..., Any] = numba.njit(cache=keep)(linked)
    return made
