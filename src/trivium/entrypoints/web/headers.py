"""The headers that every page is sent with: nothing runs, loads or frames that this server did not write."""

from __future__ import annotations

from typing import Final

POLICY: Final = "; ".join((
    "default-src 'self'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "form-action 'self'",
))  # fmt: skip
"""Content security policy: no inline script or style, no eval, nothing from elsewhere."""


def security_headers() -> dict[str, str]:
    """Give the headers of every answer that a browser may show."""
    return {
        "content-security-policy": POLICY,
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        "referrer-policy": "same-origin",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
    }


def page_headers() -> dict[str, str]:
    """Give the headers of a page: security, and that its answer is asked for again each time."""
    return {**security_headers(), "cache-control": "private, no-cache", "vary": "HX-Request"}


def download_headers(file_name: str) -> dict[str, str]:
    """Give the headers of a file to save: an attachment that no browser opens in its place.

    `file_name` is ours, never a client's: letters, digits, `.`, `-` and `_` only.
    """
    assert all(letter.isascii() and (letter.isalnum() or letter in ".-_") for letter in file_name), file_name
    return {
        **security_headers(),
        "cache-control": "private, no-store",
        "content-disposition": f'attachment; filename="{file_name}"',
    }
