"""Prices are those of the lists, exact; what they do not know is unknown."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest
from genai_prices import Usage, calc_price
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import TieredPrices

from trivium.facts.instants import parse_instant, to_datetime
from trivium.facts.spans import BANDS, STRETCH, Priced, Tokens
from trivium.mlops.traces.prices import price, rates_of

SINCE = parse_instant("2026-11-05T10:00:00Z")


def at(provider: str, model: str, tokens: int = 0, tier: str = "", since: int = SINCE) -> Priced:
    band = max((band for band in BANDS if band < tokens), default=0)
    return Priced(since=since, provider=provider, model=model, tier=tier, band=band)


def test_a_price_is_worked_out_by_hand() -> None:
    tokens = Tokens(requests=2, input_tokens=1_000_000, output_tokens=500_000, cache_read_tokens=400_000)
    assert price(at("openai", "gpt-4o"), tokens) == Decimal("1.5") + Decimal("0.5") + Decimal(5)


@pytest.mark.parametrize(
    ("provider", "model"), [("openai", "nobody-knows-1"), ("", "nobody-knows-1"), ("nobody", "gpt-4o"), ("openai", "")]
)
def test_what_the_lists_do_not_know_is_unknown(provider: str, model: str) -> None:
    assert price(at(provider, model), Tokens(requests=1, input_tokens=5)) is None


def test_a_sort_of_tokens_without_a_price_is_unknown() -> None:
    assert rates_of("openai", "text-embedding-3-small", "", 0, SINCE) is not None
    embedding = at("openai", "text-embedding-3-small")
    assert price(embedding, Tokens(requests=1, input_tokens=1_000_000)) == Decimal("0.02")
    assert price(embedding, Tokens(requests=1, output_tokens=1)) is None


@pytest.mark.parametrize(
    ("named", "same"), [("azure.ai.openai", "azure"), ("gcp.gemini", "google"), ("aws.bedrock", "aws"), ("xai", "x-ai")]
)
def test_providers_of_the_conventions_are_those_of_the_lists(named: str, same: str) -> None:
    for model in ("gpt-4o", "gemini-2.5-pro", "anthropic.claude-3-haiku-20240307-v1:0", "grok-3"):
        assert rates_of(named, model, "", 0, SINCE) == rates_of(same, model, "", 0, SINCE)


def test_every_threshold_of_the_lists_is_a_band() -> None:
    starts = {
        tier.start
        for provider in get_snapshot().providers
        for model in provider.models
        for prices in (model.prices if isinstance(model.prices, list) else [model.prices])
        for listed in vars(getattr(prices, "prices", prices)).values()
        if isinstance(listed, TieredPrices)
        for tier in listed.tiers
    }
    assert starts <= set(BANDS)


def test_prices_are_those_that_the_library_computes() -> None:
    dice, compared = random.Random(11), 0
    providers = get_snapshot().providers
    for _ in range(600):
        provider = dice.choice(providers)
        model = dice.choice(provider.models)
        given = dice.choice([10, 99_999, 128_001, 200_000, 200_001, 272_001, 600_000])
        read = dice.choice([0, 0, given // 3])
        tier = dice.choice(["", "", "flex", "priority", "batch"])
        since = SINCE - dice.randrange(20_000) * STRETCH
        ours = price(
            at(provider.id, model.id, given, tier, since),
            Tokens(requests=1, input_tokens=given, output_tokens=77, cache_read_tokens=read),
        )
        if ours is None:
            continue
        context = {"service_tier": tier, "processing": tier, "speed": tier} if tier else None
        theirs = calc_price(
            Usage(input_tokens=given, output_tokens=77, cache_read_tokens=read), model.id, provider_id=provider.id,
            genai_request_timestamp=to_datetime(since), price_context=context,
        )  # fmt: skip
        assert abs(ours - theirs.total_price) < Decimal("1e-20"), (provider.id, model.id, given, read, tier)
        compared += 1
    assert compared > 400, compared


def test_a_price_depends_on_its_date() -> None:
    early, late = parse_instant("2024-06-01T00:00:00Z"), parse_instant("2026-06-01T00:00:00Z")
    changed = [
        model.id
        for provider in get_snapshot().providers
        if provider.id == "openai"
        for model in provider.models
        if rates_of("openai", model.id, "", 0, early) != rates_of("openai", model.id, "", 0, late)
    ]
    assert changed
