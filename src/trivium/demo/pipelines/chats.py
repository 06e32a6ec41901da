"""How the assistant is asked: when, through which models, with how many tokens, and whether the answer is taken."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from trivium.demo.months import HOUR, MINUTE
from trivium.demo.pipelines.tracer import Call
from trivium.facts.instants import DAY, SECOND, Instant

LARGE, SMALL, EMBEDDING, PILOT = "claude-sonnet-4-5", "gpt-5-mini", "text-embedding-3-small", "clinic-chat-8b"
PROVIDERS: Final = {LARGE: "anthropic", SMALL: "openai", EMBEDDING: "openai", PILOT: "regional-ai"}
ALL_LARGE, ROUTED = 1, 2
"""The first version asks the large model everything; the second sends plain questions to a small one."""
_PLAIN: Final = 0.6
"""Which share of the questions the second version takes for plain ones."""
_PILOTED: Final = 0.25
_INSTRUCTIONS: Final = {ALL_LARGE: 3_400, ROUTED: 4_100}
"""Tokens of the instructions: the second version keeps them in the provider's cache."""
_PASSAGE, _PASSAGES, _TURN = 1_050, 8, 310
_TAKEN: Final = {LARGE: 0.9, SMALL: 0.85, PILOT: 0.7}
"""How often people take an answer, by the model that gave it."""
_FAULTS: Final = 0.012
_LABELLED: Final = 0.4
_OPENS, _OPEN_FOR = 7 * HOUR, 14 * HOUR
_A_DAY, _MORE_A_DAY, _AT_WEEKENDS = 90, 0.5, 0.45
_SEED: Final = 1_789


@dataclass(frozen=True)
class Chat:
    """One question and its answer. `taken` says whether a person took the answer, and when they said so; 0: nobody did.

    `fault` says why there was no answer.
    """

    start: Instant
    end: Instant
    calls: tuple[Call, ...]
    said: Instant
    taken: bool
    fault: str


def chats_of(day: Instant, number: int, version: int, *, pilot: bool) -> Iterator[Chat]:
    """Draw the chats of a day in order of time; `number` counts days since the assistant began: more come each day."""
    random = np.random.default_rng([_SEED, day // DAY])
    weekday = (day // DAY + 3) % 7
    count = round((_A_DAY + _MORE_A_DAY * number) * (_AT_WEEKENDS if weekday >= 5 else 1.0))
    starts = day + _OPENS + np.sort(random.integers(0, _OPEN_FOR // 1_000, count)) * 1_000
    for start in starts.tolist():
        yield _chat(start, version, random, pilot=pilot)


def _chat(start: Instant, version: int, random: np.random.Generator, *, pilot: bool) -> Chat:
    """Draw one chat: the question is embedded to find leaflets, then a model answers, if it does."""
    model = SMALL if version == ROUTED and random.random() < _PLAIN else LARGE
    if pilot and random.random() < _PILOTED:
        model = PILOT
    question = int(random.integers(8, 60))
    found = start + int(random.integers(40, 160)) * 1_000
    calls = [Call(EMBEDDING, start + 2_000, found, question, 0, 0)]
    fault = "rate_limit_exceeded" if random.random() < _FAULTS else ""
    turns = int(random.geometric(0.45))
    given = _INSTRUCTIONS[version] + _PASSAGE * _PASSAGES + _TURN * (turns - 1) + question
    cached = _INSTRUCTIONS[version] if version == ROUTED and model != PILOT and random.random() < 0.8 else 0
    out = int(random.lognormal(np.log(380), 0.4))
    end = found + (200_000 if fault else 900_000 + out * (9_000 if model == LARGE else 5_000))
    calls.append(Call(model, found + 3_000, end, given, cached, out, fault))
    labelled, taken = random.random() < _LABELLED, random.random() < _TAKEN[model]
    said = end + int(random.integers(MINUTE, 6 * DAY)) // SECOND * SECOND
    return Chat(start, end + 4_000, tuple(calls), said if labelled and not fault else 0, bool(taken), fault)
