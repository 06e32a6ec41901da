"""What a span called, over the conventions and their versions."""

from __future__ import annotations

from typing import Any

import pytest

from tests.intake.otlp.test_reader import read_pb, rows
from tests.intake.otlp.told import CHAT, request
from trivium.intake.otlp.names import ALIASES, Said


def called(**attributes: Any) -> dict[str, Any]:
    return called_by(attributes)


def called_by(attributes: dict[str, Any]) -> dict[str, Any]:
    (row,) = rows(read_pb(request({"attributes": attributes})))
    return row


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"gen_ai.system": "anthropic", "gen_ai.response.model": "claude-sonnet-4-5", "gen_ai.usage.prompt_tokens": 5,
          "gen_ai.usage.completion_tokens": 2}, ("anthropic", "claude-sonnet-4-5", 5, 2)),
        ({"llm.request.model": "gpt-4o", "llm.usage.prompt_tokens": 5, "llm.usage.completion_tokens": 2,
          "llm.vendor": "OpenAI"}, ("openai", "gpt-4o", 5, 2)),
        ({"openinference.span.kind": "LLM", "llm.model_name": "gpt-4o", "llm.provider": "openai",
          "llm.token_count.prompt": 5, "llm.token_count.completion": 2}, ("openai", "gpt-4o", 5, 2)),
        ({"mlflow.spanType": '"CHAT_MODEL"', "mlflow.llm.model": '"gpt-4o"', "mlflow.llm.provider": '"openai"',
          "mlflow.chat.tokenUsage": '{"input_tokens": 5, "output_tokens": 2, "total_tokens": 7}'},
         ("openai", "gpt-4o", 5, 2)),
        ({"ai.model.provider": "openai", "ai.model.id": "gpt-4o", "ai.usage.promptTokens": 5,
          "ai.usage.completionTokens": 2.0}, ("openai", "gpt-4o", 5, 2)),
        ({"gen_ai.request.model": "asked", "gen_ai.response.model": "answered", "gen_ai.usage.input_tokens": "5"},
         ("", "answered", 5, None)),
    ],
)  # fmt: skip
def test_each_convention_says_the_same(attributes: dict[str, Any], expected: tuple[Any, ...]) -> None:
    row = called_by(attributes)
    assert (row["provider"], row["model"], row["input_tokens"], row["output_tokens"]) == expected


@pytest.mark.parametrize("name", [name for name, (said, _) in ALIASES.items() if said is Said.INPUT])
def test_every_name_of_input_tokens_is_read(name: str) -> None:
    assert called_by({name: 17})["input_tokens"] == 17


def test_of_several_names_the_preferred_counts_whatever_the_order() -> None:
    both = {"llm.usage.prompt_tokens": 1, "gen_ai.usage.input_tokens": 2}
    assert called_by(both)["input_tokens"] == called_by(dict(reversed(both.items())))["input_tokens"] == 2


@pytest.mark.parametrize(
    "around",
    [{"gen_ai.operation.name": "invoke_agent"}, {"gen_ai.operation.name": "execute_tool"},
     {"openinference.span.kind": "CHAIN"}, {"mlflow.spanType": '"AGENT"'}, {"traceloop.span.kind": "workflow"}],
)  # fmt: skip
def test_spans_around_calls_are_none(around: dict[str, Any]) -> None:
    row = called_by({**CHAT, **around})
    assert (row["model"], row["input_tokens"]) == (None, None)


def test_a_span_without_model_and_tokens_is_no_call() -> None:
    assert called_by({"http.route": "/ask", "gen_ai.provider.name": "openai"})["model"] is None


def test_cached_tokens_are_part_of_the_input_also_where_they_are_counted_beside_it() -> None:
    beside = called_by({**CHAT, "gen_ai.usage.input_tokens": 10, "gen_ai.usage.cache_read.input_tokens": 500,
                        "gen_ai.usage.cache_creation.input_tokens": 90})  # fmt: skip
    assert (beside["input_tokens"], beside["cache_read_tokens"], beside["cache_write_tokens"]) == (600, 500, 90)
    inside = called_by({**CHAT, "gen_ai.usage.cache_read.input_tokens": 500})
    assert (inside["input_tokens"], inside["cache_read_tokens"]) == (1_000, 500)


@pytest.mark.parametrize("tokens", [-1, 10**12, "many", True, 1.5, "²"])
def test_a_count_that_cannot_be_is_not_said(tokens: Any) -> None:
    assert called_by({**CHAT, "gen_ai.usage.input_tokens": tokens})["input_tokens"] is None


@pytest.mark.parametrize("usage", ["{", "5", '{"input_tokens": "5"}', '"{}"', "[]"])
def test_token_usage_that_is_none_is_passed_over(usage: str) -> None:
    assert called_by({"mlflow.chat.tokenUsage": usage})["model"] is None


def test_a_service_tier_is_read_and_auto_says_nothing() -> None:
    assert called_by({**CHAT, "openai.response.service_tier": "Flex"})["tier"] == "flex"
    assert called_by({**CHAT, "openai.request.service_tier": "auto"})["tier"] == ""


def test_the_version_that_serves_is_named_by_the_span_else_by_the_resource() -> None:
    (row,) = rows(read_pb(request({}, trivium_version="model:m/1")))
    assert row["version"] == "model:m/1"
    told = request({"attributes": {"trivium.model_version": "model:m/2"}}, trivium_version="model:m/1")
    (row,) = rows(read_pb(told))
    assert row["version"] == "model:m/2"
    assert called_by({"trivium.model_version": "dataset:x/y"})["version"] == ""


def test_names_are_cut_and_hold_no_nul() -> None:
    row = called_by({**CHAT, "gen_ai.request.model": "m\0" * 300})
    assert len(row["model"]) == 256
    assert "\0" not in row["model"]
