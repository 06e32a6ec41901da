"""The server's log: one JSON line on standard error for each fault of its own."""

from __future__ import annotations

import sys
from functools import cache
from typing import Any


def log_fault(method: str, path: str, fault: Exception) -> None:
    """Write down a fault that the client is only told of, with its trace."""
    _logger().error("fault", method=method, path=path, exc_info=fault)


@cache
def _logger() -> Any:
    """Make the logger at the first fault: structlog takes a tenth of a second to import."""
    import structlog

    structlog.configure(
        processors=[
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    return structlog.get_logger()
