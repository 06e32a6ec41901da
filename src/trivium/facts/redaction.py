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
        (b"://", rb"(://[^/\s:@\"\\]{0,256}:)[^/\s@\"\\]{1,256}(?=@)", rb"\1" + REDACTED),
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
"""Secrets with a form of their own: a marker in them, what they look like, what is left."""

_HEADER = re.compile(rb"(bearer\s+|authorization[\\\"'\s:=]{1,16}basic\s+)[a-z0-9._~+/=-]{6,}")
_NAMES: Final = (
    b"password", b"passwd", b"passphrase", b"pwd", b"secret", b"apikey", b"api_key", b"api-key", b"accesskey",
    b"access_key", b"access-key", b"accountkey", b"account_key", b"account-key", b"privatekey", b"private_key",
    b"private-key", b"token", b"credential", b"credentials",
)  # fmt: skip
_HINTS: Final = (b"pass", b"pwd", b"secret", b"key", b"token", b"credential")
_ANY_NAME = rb"(?:" + rb"|".join(sorted(_NAMES, reverse=True)) + rb")"
_ASSIGNED = re.compile(rb"(" + _ANY_NAME + rb"\s{0,3}=\s{0,3})(?:'[^'\"\\]{1,512}'|[^\s'\"&;,\\)]{1,512})")
_SQL = re.compile(rb"((?:identified\s{1,8}by|password)\s{1,8})'[^'\"]{1,512}'")


def _member(level: int) -> re.Pattern[bytes]:
    """Match a member of JSON that is written as a string in JSON, `level` times over; 0 is the document itself.

    Each writing doubles the backslashes before a quote and adds one. So a run of n of them before a quote ends the
    string where n is 2^level - 1 modulo 2^(level + 1), and belongs to its text where one more would be a multiple of
    that; any other run ends a string around it. Repetition is possessive: each byte is looked at a few times at most.
    """
    whole = 2 ** (level + 1)
    end = rb"\\{%d}\"" % (whole // 2 - 1)
    inside = rb"(?:[^\"\\]++|\\++(?!\")|(?:\\{%d})*+\\{%d}\")" % (whole, whole - 1)
    pairs = rb"(?:\\{%d})++(?=%b)" % (whole, end)
    name = rb"(%b%b\s{0,8}:\s{0,8}%b)" % (_ANY_NAME, end, end)
    return re.compile(rb"%b(?:%b++(?:%b)?+|%b)" % (name, inside, pairs, pairs))


_MEMBERS: Final = tuple((b"\\" * (2**level - 1) + b'"', _member(level)) for level in range(3))
"""How a quote is written at each level of JSON in JSON, and the members there."""
_MARKERS: Final = tuple(marker for marker, _, _ in _FIXED if marker != b"://")
_FOLDED_MARKERS: Final = (b"bearer", b"basic", b"identified", b"password '")


def redact(raw: bytes) -> bytes:
    """Replace known secrets in a JSON text; gives the same object back when there are none.

    Known are keys of AWS, Google, GitHub, GitLab, Slack, Stripe and OpenAI, bearer tokens, JSON web tokens, private
    keys, signed URLs, passwords in URLs and in SQL, and values whose name ends in a word for a password, secret, key
    or token (`"db_password": "…"`, `api_key=…`), also in JSON that is written as a string in JSON, twice over at most.
    """
    return _cut(raw) if _may_hold_secrets(raw) else raw


def literals() -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    """Give the texts of which one stands in every text with a known secret: as written, and in upper or lower case.

    Beside them a password in a URL has `://` before `@`. Who looks through much text at once looks for these first.
    """
    return _MARKERS, (*_FOLDED_MARKERS, *_NAMES)


def _may_hold_secrets(raw: bytes) -> bool:
    lower = raw.lower()
    return (
        _holds_one(_MARKERS, raw)
        or (b"@" in raw and b"://" in raw)
        or _holds_one(_FOLDED_MARKERS, lower)
        or (_holds_one(_HINTS, lower) and _holds_one(_NAMES, lower))
    )


def _holds_one(words: tuple[bytes, ...], raw: bytes) -> bool:
    """Say whether one of these words occurs; a loop is twice as fast here as `any`."""
    for word in words:  # noqa: SIM110
        if word in raw:
            return True
    return False


def _cut(raw: bytes) -> bytes:
    """Try every pattern."""
    for marker, pattern, replacement in _FIXED:
        if marker in raw:
            raw = pattern.sub(replacement, raw)
    members = (pattern for quote, pattern in _MEMBERS if quote in raw)
    for pattern in (_HEADER, _SQL, *members, _ASSIGNED):
        raw = _cut_folded(pattern, raw)
    return raw


def _cut_folded(pattern: re.Pattern[bytes], raw: bytes) -> bytes:
    """Replace what follows a pattern's first group, in upper or lower case.

    The pattern is written in lower case and searched in the lowered text, which is four times faster than a search that
    ignores case.
    """
    parts, at = [], 0
    for found in pattern.finditer(raw.lower()):
        parts += [raw[at : found.end(1)], REDACTED]
        at = found.end()
    return b"".join([*parts, raw[at:]]) if parts else raw
