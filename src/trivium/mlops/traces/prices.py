"""What tokens cost by the price lists of providers: an estimate, exact in its own terms, or unknown.

The lists are those that come with `genai-prices`; nothing is looked up on the network. A model or provider that they do
not know has no price, which is not the price 0.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Context, Decimal, Inexact
from functools import lru_cache
from typing import Any, Final, NamedTuple

from trivium.facts.instants import to_datetime
from trivium.facts.spans import Priced, Tokens

CURRENCY: Final = "USD"
"""The currency of the price lists."""
_EXACT: Final = Context(prec=80, traps=[Inexact])
_MILLION: Final = 6
_PROVIDERS: Final = {
    "azure.ai.openai": "azure", "azure.ai.inference": "azure", "az.ai.openai": "azure", "az.ai.inference": "azure",
    "azure_openai": "azure", "azure_ai_foundry": "azure", "x_ai": "x-ai", "xai": "x-ai", "mistral_ai": "mistral",
    "aws_bedrock": "aws", "bedrock": "aws", "gcp.gen_ai": "google", "vertexai": "google", "vertex_ai": "google",
    "gemini": "google", "together_ai": "together", "moonshot_ai": "moonshotai",
}  # fmt: skip
"""What the conventions call providers, where the price lists call them otherwise and do not know that name."""


class Rates(NamedTuple):
    """Prices in USD: of a million tokens by sort, and of a request. None where the list has no price for a sort."""

    input: Decimal | None
    output: Decimal | None
    cache_read: Decimal | None
    cache_write: Decimal | None
    request: Decimal


def price(at: Priced, tokens: Tokens) -> Decimal | None:
    """Give what tokens cost in USD, exactly; None where their price is unknown.

    Cached tokens are part of the input: they cost their own price where the list has one, else that of input.
    """
    rates = rates_of(at.provider, at.model, at.tier, at.band, at.since)
    if rates is None:
        return None
    read, written = tokens.cache_read_tokens, tokens.cache_write_tokens
    fresh = tokens.input_tokens - read - written
    assert fresh >= 0, "cached tokens are part of the input"
    parts = (
        (fresh, rates.input),
        (read, rates.input if rates.cache_read is None else rates.cache_read),
        (written, rates.input if rates.cache_write is None else rates.cache_write),
        (tokens.output_tokens, rates.output),
    )
    total = _EXACT.multiply(rates.request, Decimal(tokens.requests)) if rates.request else Decimal(0)
    for count, rate in parts:
        if not count:
            continue
        if rate is None:
            return None
        total = _EXACT.add(total, _EXACT.multiply(rate, Decimal(count)).scaleb(-_MILLION, _EXACT))
    return total


@lru_cache(maxsize=16_384)
def rates_of(provider: str, model: str, tier: str, band: int, since: int) -> Rates | None:
    """Look up the prices of a model at an instant; `band` is what the input of each request is above."""
    found = _looked_up(provider, model)
    if found is None:
        return None
    listed = found.get_prices(_moment(since), _context(tier))
    input_rate, output_rate = _banded(listed.input_mtok, band), _banded(listed.output_mtok, band)
    if input_rate is None and output_rate is None:
        return None
    request = _banded(listed.requests_kcount, band) or Decimal(0)
    return Rates(
        input_rate,
        output_rate,
        _banded(listed.cache_read_mtok, band),
        _banded(listed.cache_write_mtok, band),
        request.scaleb(-3, _EXACT),
    )


@lru_cache(maxsize=4_096)
def _looked_up(provider: str, model: str) -> Any:
    """Find a model in the lists; None where they do not know it or its provider."""
    if not model:
        return None
    from genai_prices.data_snapshot import get_snapshot

    try:
        named = _PROVIDERS.get(provider, provider) or None
        return get_snapshot().find_provider_model(model, None, named, None)[1]
    except LookupError:
        return None


def _banded(listed: Any, band: int) -> Decimal | None:
    """Give a price where the input of a request is above `band`: above a tier's start, all tokens cost its price."""
    if listed is None or isinstance(listed, Decimal):
        return listed
    rate: Decimal = listed.base
    for tier in listed.tiers:
        if band >= tier.start:
            rate = tier.price
    return rate


def _context(tier: str) -> dict[str, str] | None:
    """Say a service tier as the lists do: batches and fast answers are sorts of processing."""
    return {"service_tier": tier, "processing": tier, "speed": tier} if tier else None


def _moment(since: int) -> datetime:
    return to_datetime(since).astimezone(UTC)
