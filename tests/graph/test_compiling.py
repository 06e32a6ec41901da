"""A loop is compiled whether or not the result can be kept on disk."""

from __future__ import annotations

import sys
from typing import Any

import numba
import pytest

from trivium.graph.compiling import compiled, pays


def twice(value: Any) -> Any:
    return value + value


def four_times(value: Any) -> Any:
    return twice(twice(value))


@pytest.mark.parametrize("fault", [None, RuntimeError, OSError])
def test_helpers_are_linked_and_no_folder_is_needed(
    fault: type[Exception] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = numba.njit

    def njit(*functions: Any, cache: bool = False) -> Any:
        def of(function: Any) -> Any:
            if cache and fault is RuntimeError:
                raise RuntimeError("cannot cache function: no locator available")
            return real(function) if not cache or fault is None else _full_disk

        return of(*functions) if functions else of

    monkeypatch.setattr(numba, "njit", njit)
    assert compiled(four_times, twice)(3) == 12


def _full_disk(*_: Any) -> Any:
    raise OSError(28, "No space left on device")


def test_a_loop_is_compiled_sooner_once_numba_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    assert pays(1_000, 1_000)
    assert pays(63, 1_000)
    assert not pays(62, 1_000)
    monkeypatch.delitem(sys.modules, "numba")
    assert not pays(999, 1_000)
