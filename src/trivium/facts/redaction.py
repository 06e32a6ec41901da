"""Which secrets are cut out of what strangers send, before it is kept for good.

The ledger is append-only, so a password that enters it cannot leave. Known patterns are replaced by `[redacted]` in
the bytes themselves; everything else stays as it was sent. A pattern is tried only where one of its markers occurs,
so that text without secrets costs microseconds.
"""

from __future__ import annotations

import re
from typing import Final

REDACTED: Final = b"[redacted]"

_FIXED: Final = tuple(
    (marker, re.compile(pattern), replacement)
    for marker, pattern, replacement in (
        (b"AKIA", rb"AKIA[0-9A-Z]{16}(?![0-9A-Z])", REDACTED),
        (b"ASIA", rb"ASIA[0-9A-Z]{16}(?![0-9A-Z])", REDACTED),
        (b"AIza", rb"AIza[0-9A-Za-z_-]{35}", REDACTED),
        (b"@", rb"(://[^/\s:@\"\\]{0,256}:)[^/\s@\"\\]{1,256}(?=@)", rb"\1" + REDACTED),
        (b"ghp_", rb"ghp_[A-Za-z0-9]{20,}", REDACTED),
        (b"gho_", rb"gho_[A-Za-z0-9]{20,}", REDACTED),
        (b"ghs_", rb"ghs_[A-Za-z0-9]{20,}", REDACTED),
        (b"github_pat_", rb"github_pat_[A-Za-z0-9_]{20,}", REDACTED),
        (b"glpat-", rb"glpat-[A-Za-z0-9_-]{16,}", REDACTED),
        (b"xox", rb"xox[abposr]-[A-Za-z0-9-]{10,}", REDACTED),
        (b"sk-", rb"sk-(?<![A-Za-z0-9_-]sk-)[A-Za-z0-9_-]{20,}", REDACTED),
        (b"sk_live_", rb"sk_live_[A-Za-z0-9]{16,}", REDACTED),
        (b"eyJ", rb"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]{4,}", REDACTED),
        (b"PRIVATE KEY-----", rb"(PRIVATE KEY-----)[^\"-]+", rb"\1" + REDACTED),
        (b"sig=", rb"([?&]sig=)[A-Za-z0-9%+/=]{16,}", rb"\1" + REDACTED),
    )
)
"""Secrets with a form of their own: a marker that they contain, what they look like, what is left."""

_HEADER = re.compile(rb"(?i)(bearer\s+|authorization[\"'\s:=]{1,8}basic\s+)[A-Za-z0-9._~+/=-]{6,}")
_NAMES: Final = (
    b"password", b"passwd", b"passphrase", b"pwd", b"secret", b"apikey", b"api_key", b"api-key", b"accesskey",
    b"access_key", b"access-key", b"accountkey", b"account_key", b"account-key", b"privatekey", b"private_key",
    b"private-key", b"token", b"credential", b"credentials",
)  # fmt: skip
_HINTS: Final = (b"passw", b"pwd", b"secret", b"token", b"credential", b"passphrase")
_ANY_NAME = rb"(?:" + rb"|".join(sorted(_NAMES, reverse=True)) + rb")"
_MEMBER = re.compile(rb"(?i)(" + _ANY_NAME + rb"\"\s{0,8}:\s{0,8}\")(?:[^\"\\]|\\.)+")
_ASSIGNED = re.compile(rb"(?i)(" + _ANY_NAME + rb"\s{0,3}=\s{0,3})(?:'[^'\"\\]{1,512}'|[^\s'\"&;,\\)]{1,512})")
_SQL = re.compile(rb"(?i)((?:identified\s{1,8}by|password)\s{1,8})'[^'\"]{1,512}'")


def redact(raw: bytes) -> bytes:
    """Replace known secrets in a JSON text; gives the same object back when there are none.

    Known are keys of AWS, Google, GitHub, GitLab, Slack, Stripe and OpenAI, bearer tokens, JSON web tokens, private
    keys, signed URLs, passwords in URLs and in SQL, and values whose name ends in a word for a password, secret, key
    or token (`"db_password": "…"`, `api_key=…`).
    """
    for marker, pattern, replacement in _FIXED:
        if marker in raw:
            raw = pattern.sub(replacement, raw)
    lower = raw.lower()
    if b"bearer" in lower or b"authorization" in lower:
        raw = _HEADER.sub(rb"\1" + REDACTED, raw)
    if b"identified" in lower or b"password '" in lower:
        raw = _SQL.sub(rb"\1" + REDACTED, raw)
    return _ASSIGNED.sub(rb"\1" + REDACTED, _MEMBER.sub(rb"\1" + REDACTED, raw)) if _names_one(lower) else raw


def _names_one(lower: bytes) -> bool:
    """Rule out most texts with few looks: a bare `"key"` is no secret's name."""
    if any(hint in lower for hint in _HINTS) or b"key" in lower.replace(b'"key"', b""):
        return any(name in lower for name in _NAMES)
    return False
