"""The attributes that say what a call of a model was, over the conventions and their versions, and what they mean here.

Sources: OpenTelemetry semantic conventions for GenAI 1.27 to 1.38 (and the older names before them), OpenInference,
OpenLLMetry, MLflow tracing, Vercel's AI SDK. The conventions are not frozen: a new name is a new line here.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

SOURCE: Final = "otlp"
SERVICE: Final = "service.name"
SERVICE_VERSION: Final = "service.version"
RESOURCE_ID: Final = "cloud.resource_id"
VERSION: Final = ("trivium.model_version", "trivium.version")
"""Asset key of the model version that serves, on a span or on the resource: `model:NAME/VERSION`."""
UNKNOWN_SERVICE: Final = "unknown_service"
"""What SDKs send where nobody configured a name, alone or before `:` and the process: no endpoint."""
CONTENT: Final = 1024 * 1024
"""Bytes of one attribute at most."""


class Said(IntEnum):
    """What an attribute says of a call of a model."""

    OPERATION = 0
    PROVIDER = 1
    REQUEST_MODEL = 2
    RESPONSE_MODEL = 3
    TIER = 4
    INPUT = 5
    OUTPUT = 6
    CACHE_READ = 7
    CACHE_WRITE = 8
    VERSION = 9
    SPAN_KIND = 10
    USAGE = 11


_PREFERRED: Final[dict[Said, tuple[str, ...]]] = {
    Said.OPERATION: ("gen_ai.operation.name", "llm.request.type"),
    Said.PROVIDER: (
        "gen_ai.provider.name", "gen_ai.system", "llm.provider", "mlflow.llm.provider", "llm.system",
        "ai.model.provider", "llm.vendor",
    ),
    Said.REQUEST_MODEL: (
        "gen_ai.request.model", "llm.request.model", "llm.model_name", "embedding.model_name", "reranker.model_name",
        "mlflow.llm.model", "ai.model.id",
    ),
    Said.RESPONSE_MODEL: ("gen_ai.response.model", "llm.response.model", "ai.response.model"),
    Said.TIER: (
        "openai.response.service_tier", "gen_ai.openai.response.service_tier", "gen_ai.response.service_tier",
        "openai.request.service_tier", "gen_ai.openai.request.service_tier", "gen_ai.request.service_tier",
    ),
    Said.INPUT: (
        "gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.usage.prompt_tokens",
        "llm.token_count.prompt", "ai.usage.inputTokens", "ai.usage.promptTokens", "ai.usage.tokens",
    ),
    Said.OUTPUT: (
        "gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "llm.usage.completion_tokens",
        "llm.token_count.completion", "ai.usage.outputTokens", "ai.usage.completionTokens",
    ),
    Said.CACHE_READ: (
        "gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens",
        "gen_ai.usage.details.cache_read_tokens", "gen_ai.usage.cached_tokens", "llm.usage.cache_read_input_tokens",
        "llm.token_count.prompt_details.cache_read", "ai.usage.cachedInputTokens",
    ),
    Said.CACHE_WRITE: (
        "gen_ai.usage.cache_creation.input_tokens", "gen_ai.usage.cache_creation_input_tokens",
        "gen_ai.usage.details.cache_write_tokens", "llm.usage.cache_creation_input_tokens",
        "llm.token_count.prompt_details.cache_write",
    ),
    Said.VERSION: VERSION,
    Said.SPAN_KIND: ("openinference.span.kind", "mlflow.spanType", "traceloop.span.kind"),
    Said.USAGE: ("mlflow.chat.tokenUsage",),
}  # fmt: skip
"""For each meaning the names that carry it, the preferred first: where a span has several, that one counts."""

ALIASES: Final[dict[str, tuple[Said, int]]] = {
    name: (said, rank) for said, names in _PREFERRED.items() for rank, name in enumerate(names)
}
"""Each known name, what it says, and its rank among the names that say it."""

USAGE_KEYS: Final[dict[str, Said]] = {
    "input_tokens": Said.INPUT,
    "output_tokens": Said.OUTPUT,
    "cache_read_input_tokens": Said.CACHE_READ,
    "cache_creation_input_tokens": Said.CACHE_WRITE,
}
"""The members of MLflow's `mlflow.chat.tokenUsage`, a JSON object; they rank after attributes of their own."""
USAGE_RANK: Final = 99

AROUND: Final = frozenset({
    "invoke_agent", "create_agent", "execute_tool", "invoke_workflow",
    "agent", "chain", "tool", "workflow", "task", "retriever", "retrieval", "guardrail", "evaluator", "parser",
    "unknown", "memory",
})  # fmt: skip
"""Operations and kinds of spans around calls of models: the tokens that they repeat are those of the calls inside."""
MOST_TOKENS: Final = 1_000_000_000
"""Tokens of one request that are believed; a larger or negative number counts as not said."""
LONGEST_NAME: Final = 256
"""Characters of a model's, provider's, tier's or operation's name; a longer one is cut."""
LONGEST_SERVICE: Final = 1_024
