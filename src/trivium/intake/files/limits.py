"""What the reading of one file may take: memory, time, rows."""

from __future__ import annotations

import resource
from typing import Final

import msgspec

from trivium.facts.problem import Problem, refuse

_MB = 1 << 20
_MOST: Final = {
    "memory_mb": 1 << 20, "wall_seconds": 7 * 86_400, "cpu_seconds": 7 * 86_400, "max_rows": 10**12,
    "output_mb": 1 << 30,
}  # fmt: skip


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Caps on the child that reads a file. The parent watches memory and wall time, the kernel holds the rest.

    `memory_mb` is resident memory; a single allocation of twice that fails in the child itself. `wall_seconds` and
    `cpu_seconds` bound time, `max_rows` the rows of one file, `output_mb` each file that the child writes.
    """

    memory_mb: int = 1024
    wall_seconds: float = 7200
    cpu_seconds: int = 14_400
    max_rows: int = 500_000_000
    output_mb: int = 200_000

    def __post_init__(self) -> None:
        for name, most in _MOST.items():
            value = getattr(self, name)
            if not 0 < value <= most:
                title = f"The limit {name} is {value:,}; it may be more than 0 and at most {most:,}."
                raise refuse("bad_limit", title, where=name, fix="Give a size within the bounds.")

    def hold(self) -> None:
        """Let the kernel enforce the limits on this process."""
        resource.setrlimit(resource.RLIMIT_DATA, (2 * self.memory_mb * _MB,) * 2)
        resource.setrlimit(resource.RLIMIT_CPU, (self.cpu_seconds, self.cpu_seconds + 5))
        resource.setrlimit(resource.RLIMIT_FSIZE, (self.output_mb * _MB,) * 2)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    def too_much_memory(self) -> Problem:
        """Say that the file takes more memory than it may."""
        title = f"Reading the file takes more than {self.memory_mb:,} MB of memory."
        return Problem(code="too_much_memory", title=title, status=413, fix="Export it in smaller parts or as CSV.")

    def too_much_output(self) -> Problem:
        """Say that the file becomes more than the lake takes from one file."""
        title = f"What is made of the file passes the output limit of {self.output_mb:,} MB."
        return Problem(code="too_much_output", title=title, status=413, fix="Export it in smaller parts.")

    def too_much_time(self) -> Problem:
        """Say that the file takes longer than it may."""
        title = f"Reading the file takes longer than {self.wall_seconds:,.0f} s."
        return Problem(code="too_much_time", title=title, status=413, fix="Export it in smaller parts.")
