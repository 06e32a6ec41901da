"""A block of rows as it stands in a file, before anything is made sound."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa


class Block:
    """Some rows of a file: `arrays` beside their `headers`, each as its format gives it; `lines` numbers the rows.

    `refused` are rows that are not in the arrays: (line, reason, text).
    """

    def __init__(
        self,
        headers: tuple[str, ...],
        arrays: list[pa.Array],
        lines: npt.NDArray[np.int64],
        refused: list[tuple[int, str, str]] | None = None,
    ) -> None:
        assert all(len(array) == len(lines) for array in arrays), "a block's columns are of one length"
        self.headers = headers
        self.arrays = arrays
        self.lines = lines
        self.refused = refused or []


@dataclass(frozen=True)
class Form:
    """What a reader knows of its files: `what` they are called in messages, `code` refuses one that is another thing.

    `known` counts the headers that it knows, by which a CSV's delimiter is told; `seldom` gives the places of columns
    whose values seldom repeat, which are read as plain texts; `check` refuses headers without an end.
    """

    what: str
    code: str
    known: Callable[[Sequence[str]], int]
    seldom: Callable[[tuple[str, ...]], frozenset[int]]
    check: Callable[[Sequence[str]], None]


class Rows(Protocol):
    """A file's rows in its format: blocks are made in order, each by a call that may run on another thread."""

    format: str

    @property
    def replaced_bytes(self) -> int:
        """How many undecodable bytes were replaced so far."""
        ...

    def headers(self) -> tuple[str, ...]:
        """Give the columns that the file begins with."""
        ...

    def blocks(self) -> Iterator[Callable[[], Block]]:
        """Give, in order, what makes the blocks."""
        ...

    def position(self) -> int:
        """Say how many bytes of the file have been read."""
        ...

    def digest(self) -> tuple[str, int]:
        """Give the SHA-256 and the size of the file, once its blocks are made."""
        ...
