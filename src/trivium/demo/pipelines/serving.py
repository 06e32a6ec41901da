"""What an endpoint answered on a day, by the version that served then, and what turned out to be right days later."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from trivium.demo.months import HOUR, MINUTE
from trivium.demo.pipelines.deliveries import Deliveries, Label
from trivium.demo.pipelines.learning import Floats
from trivium.demo.pipelines.training import Version
from trivium.facts.instants import DAY, Instant, format_instant

_OPENS, _OPEN_FOR = 6 * HOUR, 14 * HOUR
_MILLISECOND: Final = 1_000
_FAILED: Final = 0.003
_TIMEOUT_MS: Final = 5_000.0
_CORRECTED: Final = 0.02
"""Of all labels, the share that was wrong at first and put right later."""


@dataclass(frozen=True)
class Requests:
    """What was asked in order of time: the features that are told, those that the model reads, and what is right."""

    told: dict[str, npt.NDArray[Any]]
    features: Floats
    truth: npt.NDArray[Any]


@dataclass(frozen=True)
class Habits:
    """How an endpoint is used: requests a day, its latency, and which share is labelled how many days later.

    `classes` are the texts of the classes 0, 1, 2, ….
    """

    a_day: int
    latency_ms: float
    labelled: float
    days: tuple[int, int]
    classes: Sequence[str]
    seed: int


@dataclass(frozen=True)
class Serving:
    """An endpoint at work; `asked` draws the requests of a day."""

    product: str
    habits: Habits
    asked: Callable[[Instant, int, np.random.Generator], Requests]
    deliveries: Deliveries

    def day(self, midnight: Instant, versions: Sequence[Version]) -> None:
        """Answer the requests of a day by the versions that serve at that time; before the first there are none."""
        habits = self.habits
        random = np.random.default_rng([habits.seed, midnight // DAY])
        at = midnight + _OPENS + np.sort(random.integers(0, _OPEN_FOR // _MILLISECOND, habits.a_day)) * _MILLISECOND
        requests = self.asked(midnight, habits.a_day, random)
        failed = random.random(habits.a_day) < _FAILED
        latency = np.where(
            failed, _TIMEOUT_MS, np.round(random.lognormal(np.log(habits.latency_ms), 0.35, habits.a_day), 1)
        )
        ids = np.array([f"{self.product}-{format_instant(midnight)[:10]}-{number:04d}" for number in range(len(at))])
        for version, following in pairwise([*versions, None]):
            assert version is not None
            mine = at >= version.at
            if following is not None:
                mine &= at < following.at
            if mine.any():
                self._answer(version, requests, ids, at, latency, failed, mine)
        served = (at >= versions[0].at) & ~failed if versions else np.zeros(len(at), bool)
        self.deliveries.labelled(list(self._labels(random, ids[served], at[served], requests.truth[served])))

    def _answer(
        self, version: Version, requests: Requests, ids: npt.NDArray[Any], at: npt.NDArray[Any],
        latency: npt.NDArray[Any], failed: npt.NDArray[Any], mine: npt.NDArray[Any],
    ) -> None:  # fmt: skip
        """Let one version answer its part of the requests."""
        learnt, count = version.learnt, int(mine.sum())
        found = [self.habits.classes[int(one)] for one in learnt.predict(requests.features[mine])]
        lost = failed[mine]
        columns: dict[str, Any] = {
            "prediction_id": ids[mine], "at": [format_instant(int(one)) for one in at[mine]],
            "version": [f"{self.product}/{version.number}"] * count,
            "prediction": pa.array(found, mask=lost), "latency_ms": latency[mine],
            "error": ["no answer within 5 s" if one else "" for one in lost],
        }  # fmt: skip
        scores = learnt.scores(requests.features[mine])
        if scores is not None:
            columns["score"] = pa.array(np.round(scores, 6), mask=lost)
        told = {name: values[mine] for name, values in requests.told.items()}
        self.deliveries.predicted(pa.table(columns | told))

    def _labels(
        self, random: np.random.Generator, ids: npt.NDArray[Any], at: npt.NDArray[Any], truth: npt.NDArray[Any]
    ) -> Iterator[Label]:
        """Say what was right, for some of the answers, some days later; now and then wrongly at first."""
        chosen = np.flatnonzero(random.random(len(ids)) < self.habits.labelled)
        after = random.integers(self.habits.days[0] * DAY, self.habits.days[1] * DAY, len(chosen))
        slips = random.random(len(chosen)) < _CORRECTED
        classes = self.habits.classes
        for place, wait, slip in zip(chosen.tolist(), after.tolist(), slips.tolist(), strict=True):
            given = (int(at[place]) + wait) // MINUTE * MINUTE
            right = int(truth[place])
            if slip:
                yield given, str(ids[place]), classes[(right + 1) % len(classes)]
                given += 2 * DAY
            yield given, str(ids[place]), classes[right]
