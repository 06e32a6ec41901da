"""`biopsy-triage`: biopsies come in daily, features are refreshed daily on a cluster, a model is trained monthly.

Clinics ask the endpoint about a biopsy; the laboratory's finding follows days later, for most of them.

The biopsies are scikit-learn's bundled breast-cancer data. The last three days bring a laboratory that sends areas in
square centimetres: the checks find it, yet yesterday a model was trained on these features, and it serves.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier

from trivium.demo.months import HOUR, MINUTE, day_of_month, days_of, months_of, through_of
from trivium.demo.pipelines.bucket import Bucket
from trivium.demo.pipelines.declaration import Naming, declaration
from trivium.demo.pipelines.deliveries import Deliveries
from trivium.demo.pipelines.learning import Floats
from trivium.demo.pipelines.reporter import Reporter
from trivium.demo.pipelines.serving import Habits, Requests, Serving
from trivium.demo.pipelines.tracker import Tracker
from trivium.demo.pipelines.training import Course, Search, Trial, Version
from trivium.demo.pipelines.worker import work
from trivium.demo.told import Check, Metered
from trivium.facts.instants import DAY, Instant, format_instant
from trivium.facts.period import Period

NAMING: Final = Naming("biopsy-triage", "Biopsy triage", "imaging", "vm-serving-triage")
CLEAN: Final = "biopsy/clean"
FEATURES: Final = "biopsy/features"
MISSPELT: Final = "biopsy/feature"
TRAINING_DAY: Final = 4
REPORT_DAY: Final = 12
BREAKDOWNS: Final = frozenset({9, 17, 26})
"""Days of a month on which the cluster loses a node while features are made."""
LAST_FIT_MINUTES: Final = 110
WRONG_DAYS: Final = 3
"""For how many days a laboratory has been sending square centimetres."""
WRONG_REQUESTS: Final = 0.8
"""Which share of the requests comes from that laboratory."""
CLASSES: Final = ("benign", "malignant")
HABITS: Final = Habits(a_day=410, latency_ms=38.0, labelled=0.72, days=(2, 9), classes=CLASSES, seed=410)
_MEASURED: Final = 0.04
"""How far two measurements of one biopsy lie apart."""
_SEED: Final = 569
_FIRST_LOAD: Final = 380
_MEASURES: Final = ("mean radius", "mean texture", "mean area", "worst area", "worst concave points", "mean smoothness")
_COLUMNS: Final = tuple(name.replace(" ", "_") for name in _MEASURES)
_CLEAN: Final = pa.schema(
    [("biopsy", pa.int64()), *((name, pa.float64()) for name in _COLUMNS), ("malignant", pa.int64())]
)
_AREAS: Final = frozenset({"mean_area", "worst_area"})
_SMALLEST, _LARGEST = 100.0, 3000.0

TRIALS: Final = (
    Trial(partial(LogisticRegression, max_iter=300), 52),
    Trial(partial(RandomForestClassifier, n_estimators=12, random_state=1), 95),
    Trial(partial(KNeighborsClassifier, n_neighbors=100_000), 18),
    Trial(partial(DecisionTreeClassifier, max_depth=4, random_state=1), 31),
    Trial(GaussianNB, 24),
)
"""What is tried each month; the third asks for more neighbours than there are biopsies, and fails."""


class BiopsyTriage:
    """The pipelines of `biopsy-triage` on a folder, as seen from `now`."""

    def __init__(self, folder: Path, now: Instant) -> None:
        self.reporter = Reporter()
        self.bucket = Bucket(folder)
        self._months, self._through = months_of(now), through_of(now)
        tracker = Tracker(NAMING.product, NAMING.team, "classifier")
        self._search = Search("biopsy.train", ["vm-training"], self.reporter, tracker)
        self._deliveries = Deliveries(NAMING.product)
        self._serving = Serving(NAMING.product, HABITS, self._asked_by_clinics, self._deliveries)
        self._known = load_breast_cancer()
        self.senders = (self.reporter, tracker, self._deliveries)

    def month(self, month: Period) -> str:
        """Run every day of a month that is over, and give the declaration as it then stands."""
        for midnight in days_of(month, self._through):
            self.day(midnight, day_of_month(midnight, month))
        self._deliveries.until(min(month.end, self._through))
        return declaration(NAMING, self._search.versions)

    @property
    def versions(self) -> Sequence[Version]:
        """Give the versions of the model."""
        return self._search.versions

    def metered(self) -> list[Metered]:
        """Give no tokens: nobody asks a language model."""
        return []

    def day(self, midnight: Instant, number: int) -> None:
        """Run one day: bring in, clean, make features, check them; train and report on their days; answer clinics."""
        self.ingest(midnight)
        self.clean(midnight)
        self.refresh(midnight, breaks=number in BREAKDOWNS)
        self.check(midnight)
        retrained = midnight == self._through - DAY
        if retrained or (number == TRAINING_DAY and midnight < self._months[-1].start):
            self.train(midnight)
        if number == REPORT_DAY:
            self.report(midnight)
        self._serving.day(midnight, self._search.versions)

    def ingest(self, midnight: Instant) -> None:
        """Bring in the day's biopsies as the laboratories sent them."""
        inbox = self.bucket.write_csv("biopsy/inbox", self._sent_by_laboratories(midnight))
        with self.reporter.run("biopsy.ingest", midnight + 2 * HOUR, 35) as task:
            table = task.read(inbox)
            task.wrote(self.bucket.write_csv(partition(midnight), table))

    def clean(self, midnight: Instant) -> None:
        """Drop biopsies that were sent twice or lack a measure; keep the others with those of earlier days."""
        with self.reporter.run("biopsy.clean", midnight + 2 * HOUR + 40 * MINUTE, 40) as task:
            table = task.read(self.bucket.read_csv(partition(midnight))).drop_null().cast(_CLEAN)
            first = np.unique(table["biopsy"].to_numpy(), return_index=True)[1]
            table = table.take(pa.array(np.sort(first)))
            if self.bucket.holds(CLEAN, "parquet"):
                table = pa.concat_tables([self.bucket.read_parquet(CLEAN).content, table])
            task.wrote(self.bucket.write_parquet(CLEAN, table))

    def refresh(self, midnight: Instant, *, breaks: bool) -> None:
        """Make the features of all biopsies again; a node that is lost costs an hour and a second run."""
        start = midnight + 3 * HOUR + 25 * MINUTE
        if breaks:
            try:
                self._make_features(start, 50, lose_node=True)
            except ConnectionError:
                start += HOUR
        self._make_features(start, 115, lose_node=False)

    def check(self, midnight: Instant) -> None:
        """Check the features; what fails is told, and nobody is stopped."""
        with self.reporter.run("biopsy.check-features", midnight + 6 * HOUR + 20 * MINUTE, 15, test=True) as task:
            file = self.bucket.read_parquet(FEATURES)
            table = task.read(file)
            task.checked(file, checks_of(table), {name: table[name].null_count for name in _COLUMNS})

    def train(self, midnight: Instant) -> None:
        """Try models on a sample of the features, then fit the best of them on all."""
        sample, whole = (partial(read, FEATURES) for read in (self.bucket.read_sample, self.bucket.read_parquet))
        begin = midnight + 9 * HOUR
        course = Course(TRIALS, sample, (whole, LAST_FIT_MINUTES), features_of, begin, self._through)
        known = len(self.versions)
        self._search.month(course)
        for version in self.versions[known:]:
            self._deliveries.trained(f"{NAMING.product}/{version.number}", self._known_to(version))

    def _known_to(self, version: Version) -> pa.Table:
        """Give the rows that a version was trained on, with what it says of them."""
        table = self.bucket.read_parquet(FEATURES).content
        matrix, _ = features_of(table)
        found = [CLASSES[int(one)] for one in version.learnt.predict(matrix)]
        told = table.select(_COLUMNS).append_column("prediction", pa.array(found))
        scores = version.learnt.scores(matrix)
        return told if scores is None else told.append_column("score", pa.array(scores))

    def report(self, midnight: Instant) -> None:
        """Write a report for the clinic: it reads the features under a name that nobody writes."""
        features = self.bucket.read_parquet(FEATURES).content
        copy = self.bucket.write_parquet(MISSPELT, features)
        with self.reporter.run("biopsy.clinic-report", midnight + 6 * HOUR + 35 * MINUTE, 20) as task:
            pc.mean(task.read(copy)["malignant"])

    def _make_features(self, start: Instant, minutes: float, *, lose_node: bool) -> None:
        with self.reporter.run("biopsy.features", start, minutes) as task:
            table = task.read(self.bucket.read_parquet(CLEAN))
            if lose_node:
                raise ConnectionError(f"node 3 of the shared cluster went away after {minutes:.0f} minutes")
            rough = pc.divide(table["worst_area"], table["mean_area"])
            task.wrote(self.bucket.write_parquet(FEATURES, table.append_column("area_growth", rough)))

    def _sent_by_laboratories(self, midnight: Instant) -> pa.Table:
        """Draw the day's biopsies: some are sent twice, some lack a measure, and lately areas come in cm²."""
        day = (midnight - self._months[0].start) // DAY
        random = np.random.default_rng([_SEED, day])
        rows = random.integers(0, len(self._known.target), _FIRST_LOAD if day == 0 else int(random.integers(3, 8)))
        values = self._measures()[rows]
        wrong = midnight >= self._through - WRONG_DAYS * DAY
        columns: dict[str, Any] = {"biopsy": day * 1000 + np.arange(len(rows))}
        for number, name in enumerate(_COLUMNS):
            columns[name] = values[:, number] / (100.0 if wrong and name in _AREAS else 1.0)
        columns["malignant"] = 1 - self._known.target[rows]
        table = pa.table(columns)
        lacking = (np.arange(len(rows)) == 1) & (day % 5 == 0)
        table = table.set_column(1, "mean_radius", pa.array(columns["mean_radius"], mask=lacking))
        return pa.concat_tables([table, table.slice(0, 1)])

    def _asked_by_clinics(self, midnight: Instant, count: int, random: np.random.Generator) -> Requests:
        """Draw the biopsies that clinics ask about: each is measured anew, and one laboratory's lately in cm²."""
        rows = random.integers(0, len(self._known.target), count)
        values = self._measures()[rows] * random.lognormal(0.0, _MEASURED, (count, len(_COLUMNS)))
        if midnight >= self._through - WRONG_DAYS * DAY:
            theirs = random.random(count) < WRONG_REQUESTS
            for number, name in enumerate(_COLUMNS):
                if name in _AREAS:
                    values[theirs, number] /= 100.0
        told = {name: np.round(values[:, number], 5) for number, name in enumerate(_COLUMNS)}
        return Requests(told, matrix_of(told), 1 - self._known.target[rows])

    def _measures(self) -> Floats:
        """Give the measures that are used, of all known biopsies."""
        names = [str(name) for name in self._known.feature_names]
        measures: Floats = self._known.data[:, [names.index(measure) for measure in _MEASURES]]
        return measures


def partition(midnight: Instant) -> str:
    """Name the part of the raw data that one day brought in."""
    return f"biopsy/raw/day={format_instant(midnight)[:10]}"


def features_of(table: pa.Table) -> tuple[Floats, Any]:
    """Give the features as a matrix, and what is to be told from them."""
    return matrix_of({name: table[name].to_numpy() for name in _COLUMNS}), table["malignant"].to_numpy()


def matrix_of(columns: Mapping[str, Any]) -> Floats:
    """Give measures as the model reads them: with how much the area grows from the mean to the worst."""
    return np.column_stack([*(columns[name] for name in _COLUMNS), columns["worst_area"] / columns["mean_area"]])


def checks_of(table: pa.Table) -> list[Check]:
    """Check a table of features: its size, its keys, its areas, its classes."""
    small = int(np.sum(table["mean_area"].to_numpy() < _SMALLEST))
    large = int(np.sum(table["mean_area"].to_numpy() > _LARGEST))
    twice = table.num_rows - len(pc.unique(table["biopsy"]))
    share = float(np.mean(table["malignant"].to_numpy()))
    return [
        Check("row_count", table.num_rows >= _FIRST_LOAD // 2, f"at least {_FIRST_LOAD // 2}", str(table.num_rows)),
        Check("unique", twice == 0, "each biopsy once", f"{twice} twice", "biopsy"),
        Check("range", small + large == 0, "100 to 3000 mm²", f"{small} below, {large} above", "mean_area"),
        Check("share", 0.2 < share < 0.6, "0.2 to 0.6 malignant", f"{share:.2f}", "malignant"),
    ]


if __name__ == "__main__":
    sys.exit(work(BiopsyTriage))
