"""`patient-assistant`: answers patients' questions from leaflets through language models, which it pays by the token.

Leaflets are indexed weekly. Twice a search is tried on questions with known answers, and the best becomes a version
together with the assistant's instructions; the second version sends plain questions to a small model.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from sklearn.feature_extraction.text import TfidfVectorizer

from trivium.demo.months import HOUR, MINUTE, day_of_month, days_of, months_of, through_of
from trivium.demo.pipelines.bucket import Bucket
from trivium.demo.pipelines.chats import EMBEDDING, PROVIDERS, Chat, chats_of
from trivium.demo.pipelines.declaration import Naming, declaration
from trivium.demo.pipelines.deliveries import Deliveries
from trivium.demo.pipelines.leaflets import LEAFLETS, QUESTIONS
from trivium.demo.pipelines.learning import params_of
from trivium.demo.pipelines.reporter import Reporter
from trivium.demo.pipelines.tracer import Meter, Service, Spans, used_today
from trivium.demo.pipelines.tracker import SPARK, Registered, Tracker, Tried
from trivium.demo.pipelines.worker import work
from trivium.demo.told import Metered
from trivium.facts.instants import DAY, Instant, format_instant
from trivium.facts.period import Period

NAMING: Final = Naming("patient-assistant", "Patient assistant", "patient-services", "")
INDEX: Final = "assistant/index"
MACHINE: Final = "vm-evaluation"
RELEASES: Final = ("1.4.0", "2.0.0")
"""What the service calls its two versions."""
EVALUATIONS: Final = {(0, 6), (1, 14)}
"""Number of the month and day of the month on which searches are tried."""
INDEX_DAY: Final = 5
PILOT_DAYS: Final = 3
"""For how many days a model of a regional provider, whose price nobody lists, has answered some of the questions."""
_WEEK: Final = 7
_EVALUATION: Final = 40
_REVIEW: Final = 2 * HOUR
_INSTRUCTED: Final = ("all questions to the large model", "plain questions to the small model")
SEARCHES: Final = (
    {"analyzer": "word"},
    {"analyzer": "char_wb", "ngram_range": (3, 5)},
    {"analyzer": "word", "ngram_range": (2, 1)},
    {"analyzer": "word", "sublinear_tf": True, "stop_words": "english"},
)
"""How leaflets are searched; the third asks for pairs of words before single ones, and fails."""


@dataclass(frozen=True)
class Release:
    """A version of the assistant, when it was registered, and the service that tells of its requests."""

    number: int
    at: Instant
    service: Service


class PatientAssistant:
    """The pipelines and the service of `patient-assistant` on a folder, as seen from `now`."""

    def __init__(self, folder: Path, now: Instant) -> None:
        self.reporter = Reporter()
        self.bucket = Bucket(folder)
        self.releases: list[Release] = []
        self._months, self._through = months_of(now), through_of(now)
        self._tracker = Tracker(NAMING.product, NAMING.team, "assistant")
        self._deliveries = Deliveries(NAMING.product)
        self._spans, self._meter = Spans(), Meter()
        self.senders = (self.reporter, self._tracker, self._spans, self._deliveries)

    def month(self, month: Period) -> str:
        """Run every day of a month that is over, and give the declaration as it then stands."""
        for midnight in days_of(month, self._through):
            number = day_of_month(midnight, month)
            if number % _WEEK == INDEX_DAY:
                self.index(midnight)
            if (self._months.index(month), number) in EVALUATIONS:
                self.evaluate(midnight)
            self.answer(midnight)
        self._deliveries.until(min(month.end, self._through))
        return declaration(NAMING, self.releases)

    def metered(self) -> list[Metered]:
        """Give the tokens that the gateway counted since this was asked last."""
        return self._meter.take()

    def index(self, midnight: Instant) -> None:
        """Write the leaflets anew as they are searched."""
        table = pa.table({"topic": list(LEAFLETS), "text": list(LEAFLETS.values())})
        sent = self.bucket.write_csv("assistant/leaflets", table)
        with self.reporter.run("assistant.index", midnight + 6 * HOUR + 40 * MINUTE, 15) as task:
            task.wrote(self.bucket.write_parquet(INDEX, task.read(sent)))

    def evaluate(self, midnight: Instant) -> None:
        """Try each way to search; the one that finds the most becomes the next version, with new instructions."""
        start, found = midnight + 9 * HOUR, list[tuple[float, str, dict[str, str], Any]]()
        for settings in SEARCHES:
            search = TfidfVectorizer(**settings)
            run, measures = self._try(search, start)
            if measures:
                found.append((measures[-1]["mean_reciprocal_rank"], run, params_of(search), search.idf_))
            start += (_EVALUATION + 10) * MINUTE
        if start + _REVIEW > self._through:
            return
        _, run, params, idf = max(found, key=lambda one: one[0])
        number = len(self.releases) + 1
        about = params | {"instructions": _INSTRUCTED[number - 1], "service": RELEASES[number - 1]}
        tags = {"service.version": RELEASES[number - 1]}
        self._tracker.registered(Registered(run, start + _REVIEW, about, {"idf": idf}, tags))
        service = Service(
            NAMING.product, RELEASES[number - 1], self._spans,
            {"trivium.model_version": f"model:{NAMING.product}/{number}"},
        )  # fmt: skip
        self.releases.append(Release(number, start + _REVIEW, service))

    def answer(self, midnight: Instant) -> None:
        """Answer the questions of a day by the version that serves at that time; before the first there are none."""
        pilot = midnight >= self._through - PILOT_DAYS * DAY
        rows: list[dict[str, Any]] = []
        for release, following in pairwise([*self.releases, None]):
            assert release is not None
            until = following.at if following else midnight + DAY
            if release.at < midnight + DAY and midnight < until:
                number = max(0, midnight - self.releases[0].at) // DAY
                chats = chats_of(midnight, number, release.number, pilot=pilot)
                rows.extend(self._tell(chat, release) for chat in chats if release.at <= chat.start < until)
        if rows:
            self._deliveries.predicted(pa.Table.from_pylist(rows))

    def _try(self, search: TfidfVectorizer, start: Instant) -> tuple[str, list[dict[str, float]]]:
        """Search for the answers to all questions, and give the run with its measures after each; none if it fails."""
        params, fault, measures = params_of(search), "", list[dict[str, float]]()
        file = self.bucket.read_parquet(INDEX)
        try:
            with self.reporter.run("assistant.evaluate", start, _EVALUATION, resource=MACHINE, scheme=SPARK) as task:
                measures = judged(search, task.read(file))
        except ValueError as refused:
            fault = str(refused)
        ran = self.reporter.runs[-1]
        self._tracker.tried(Tried(ran, [file], params, measures, fault))
        return ran.run, measures

    def _tell(self, chat: Chat, release: Release) -> dict[str, Any]:
        """Tell of a chat and its calls, meter them, and give it as a prediction."""
        request = release.service.request("POST /chat", chat.start, chat.end, {"http.route": "/chat"}, chat.fault)
        for call in chat.calls:
            operation = "embeddings" if call.model == EMBEDDING else "chat"
            used = used_today(call, PROVIDERS[call.model], operation)
            release.service.call(f"{operation} {call.model}", call, request, used)
            self._meter.add(call)
        if chat.said:
            self._deliveries.labelled([(chat.said, request.trace, "accepted" if chat.taken else "rejected")])
        return {
            "prediction_id": request.trace, "at": format_instant(chat.start),
            "version": f"{NAMING.product}/{release.number}", "prediction": None if chat.fault else "answered",
            "latency_ms": (chat.end - chat.start) / 1_000, "error": chat.fault, "model": chat.calls[-1].model,
            "tokens": chat.calls[-1].given,
        }  # fmt: skip


def judged(search: TfidfVectorizer, leaflets: pa.Table) -> list[dict[str, float]]:
    """Search the leaflets for each question's answer; give, after each question, how often it was found so far."""
    topics = leaflets["topic"].to_pylist()
    index = search.fit_transform(leaflets["text"].to_pylist())
    likeness = (search.transform([question for question, _ in QUESTIONS]) @ index.T).toarray()
    right = np.array([topics.index(topic) for _, topic in QUESTIONS])
    ranks = 1 + np.sum(likeness > likeness[np.arange(len(right)), right][:, None], axis=1)
    asked = np.arange(1, len(ranks) + 1)
    curves = {
        "found_first": np.cumsum(ranks == 1) / asked,
        "found_in_three": np.cumsum(ranks <= 3) / asked,
        "mean_reciprocal_rank": np.cumsum(1 / ranks) / asked,
    }
    return [{name: float(curve[step]) for name, curve in curves.items()} for step in range(len(ranks))]


if __name__ == "__main__":
    sys.exit(work(PatientAssistant))
