"""`form-digitiser`: scans come in weekly, people label some of them, and many models are tried on rented GPUs.

The scans are scikit-learn's bundled handwritten digits. Registration desks ask the endpoint about a digit; of some of
them a person says later what it was.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from sklearn.datasets import load_digits
from sklearn.linear_model import RidgeClassifier, SGDClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid
from sklearn.tree import DecisionTreeClassifier

from trivium.demo.months import HOUR, MINUTE, day_of_month, days_of, months_of, through_of
from trivium.demo.pipelines.bucket import Bucket
from trivium.demo.pipelines.declaration import Naming, declaration
from trivium.demo.pipelines.deliveries import Deliveries
from trivium.demo.pipelines.learning import Floats
from trivium.demo.pipelines.reporter import Reporter
from trivium.demo.pipelines.serving import Habits, Requests, Serving
from trivium.demo.pipelines.tracer import Call, Meter, Service, Spans, used_formerly
from trivium.demo.pipelines.tracker import Tracker
from trivium.demo.pipelines.training import Course, Search, Trial
from trivium.demo.pipelines.worker import work
from trivium.demo.told import Check, Metered
from trivium.facts.instants import DAY, Instant
from trivium.facts.period import Period

NAMING: Final = Naming("form-digitiser", "Form digitiser", "digitisation", "vm-serving-forms")
SCANS: Final = "forms/scans"
LABELLED: Final = "forms/labelled"
FEATURES: Final = "forms/features"
LABELLING: Final = "labelling-project-7"
LABELLING_DAY: Final = 2
FEATURES_DAY: Final = 3
TRAINING_DAY: Final = 6
CLASSES: Final = tuple(str(digit) for digit in range(10))
HABITS: Final = Habits(a_day=2_600, latency_ms=12.0, labelled=0.06, days=(1, 14), classes=CLASSES, seed=2_600)
_BLUR: Final = 1.4
"""How far the scans that are asked about differ from the known ones, in shades of a pixel (0 to 16)."""
READER: Final = "gpt-4o"
READ_A_DAY: Final = 45
_READER_SEED: Final = 45
_WEEK: Final = 7
_A_WEEK: Final = 60
_FIRST_LOAD: Final = 700

_MODELS: Final = (
    (partial(SGDClassifier, max_iter=12, tol=None, alpha=0.0001, random_state=1), 290),
    (partial(SGDClassifier, max_iter=12, tol=None, alpha=0.01, random_state=1), 275),
    (partial(RidgeClassifier, alpha=0.5), 240),
    (partial(RidgeClassifier, alpha=5.0), 235),
    (partial(KNeighborsClassifier, n_neighbors=100_000), 95),
    (partial(KNeighborsClassifier, n_neighbors=3), 180),
    (partial(KNeighborsClassifier, n_neighbors=9), 185),
    (NearestCentroid, 120),
    (GaussianNB, 130),
    (partial(DecisionTreeClassifier, max_depth=10, random_state=1), 210),
    (partial(DecisionTreeClassifier, max_depth=0), 40),
    (partial(DecisionTreeClassifier, max_depth=16, random_state=1), 215),
)
TRIALS: Final = tuple(Trial(model, minutes) for model, minutes in _MODELS)
"""What is tried each month; two of them are asked for what they cannot do, and fail."""


class FormDigitiser:
    """The pipelines of `form-digitiser` on a folder, as seen from `now`."""

    def __init__(self, folder: Path, now: Instant) -> None:
        self.reporter = Reporter()
        self.bucket = Bucket(folder)
        self._months, self._through = months_of(now), through_of(now)
        tracker = Tracker(NAMING.product, NAMING.team, "classifier", staged=True)
        self._search = Search("forms.train", ["gpu-a", "gpu-b"], self.reporter, tracker)
        self._deliveries = Deliveries(NAMING.product, as_file=True)
        self._serving = Serving(NAMING.product, HABITS, self._asked_by_desks, self._deliveries)
        self._known = load_digits()
        self._spans, self._meter = Spans(), Meter()
        self._service = Service(NAMING.product, "0.9", self._spans)
        self.senders = (self.reporter, tracker, self._spans, self._deliveries)

    def month(self, month: Period) -> str:
        """Run every day of a month that is over, and give the declaration as it then stands."""
        for midnight in days_of(month, self._through):
            self.day(midnight, day_of_month(midnight, month), labels=self._months.index(month) in {0, 2})
        self._deliveries.until(min(month.end, self._through))
        return declaration(NAMING, self._search.versions)

    def metered(self) -> list[Metered]:
        """Give the tokens that the gateway counted since this was asked last."""
        return self._meter.take()

    def day(self, midnight: Instant, number: int, *, labels: bool) -> None:
        """Run one day: scan and make features once a week, have scans labelled now and then, train on its day."""
        if number % _WEEK == 1:
            self.scan(midnight)
        if number == LABELLING_DAY and labels:
            self.label(midnight)
        if number % _WEEK == FEATURES_DAY:
            self.make_features(midnight)
            self.check(midnight)
        if number == TRAINING_DAY and self.bucket.holds(FEATURES, "npz"):
            self.train(midnight)
        self._serving.day(midnight, self._search.versions)
        if self._search.versions and self._search.versions[0].at <= midnight:
            self.read_handwriting(midnight)

    def scan(self, midnight: Instant) -> None:
        """Bring in the week's scans."""
        count = min(len(self._known.target), _FIRST_LOAD + _A_WEEK * self._week(midnight))
        inbox = self.bucket.write_arrays("forms/inbox", {"image": self._known.images[:count]})
        with self.reporter.run("forms.scan", midnight + 4 * HOUR, 30) as task:
            images = task.read(inbox)["image"]
            scans = {"form": np.arange(len(images)), "image": images.astype(np.uint8)}
            task.wrote(self.bucket.write_arrays(SCANS, scans))

    def label(self, midnight: Instant) -> None:
        """Have people label the scans: a project of its own that is paid by the form."""
        with self.reporter.run("forms.label", midnight + 8 * HOUR, 480, resource=LABELLING) as task:
            forms = task.read(self.bucket.read_arrays(SCANS))["form"]
            table = pa.table({"form": forms, "digit": self._known.target[forms]})
            task.wrote(self.bucket.write_parquet(LABELLED, table))

    def make_features(self, midnight: Instant) -> None:
        """Halve the images and join them with their labels."""
        with self.reporter.run("forms.features", midnight + 5 * HOUR + 30 * MINUTE, 45) as task:
            labelled = task.read(self.bucket.read_parquet(LABELLED))
            images = task.read(self.bucket.read_arrays(SCANS))["image"][labelled["form"].to_numpy()]
            arrays = {"pixels": halved(images), "digit": labelled["digit"].to_numpy()}
            task.wrote(self.bucket.write_arrays(FEATURES, arrays))

    def check(self, midnight: Instant) -> None:
        """Check the labelled scans: their number, and that every digit is there."""
        with self.reporter.run("forms.check-labels", midnight + 6 * HOUR + 20 * MINUTE, 10, test=True) as task:
            file = self.bucket.read_parquet(LABELLED)
            table = task.read(file)
            missing = sorted(set(range(10)) - set(table["digit"].to_pylist()))
            task.checked(
                file,
                [
                    Check("row_count", table.num_rows >= _FIRST_LOAD, f"at least {_FIRST_LOAD}", str(table.num_rows)),
                    Check("accepted_values", not missing, "every digit", f"missing {missing}", "digit"),
                ],
                {"digit": table["digit"].null_count},
            )

    def train(self, midnight: Instant) -> None:
        """Try models on all features; the best becomes the next version as it is."""
        read = partial(self.bucket.read_arrays, FEATURES)
        course = Course(TRIALS, read, None, features_of, midnight + 7 * HOUR, self._through)
        self._search.month(course)

    def _asked_by_desks(self, midnight: Instant, count: int, random: np.random.Generator) -> Requests:  # noqa: ARG002
        """Draw the digits that registration desks ask about, as their scanners see them."""
        rows = random.integers(0, len(self._known.target), count)
        images = np.clip(self._known.images[rows] + random.normal(0.0, _BLUR, (count, 8, 8)), 0, 16)
        told = {
            "ink": np.round(images.mean(axis=(1, 2)), 3), "upper_half": np.round(images[:, :4].mean(axis=(1, 2)), 3),
            "left_half": np.round(images[:, :, :4].mean(axis=(1, 2)), 3),
        }  # fmt: skip
        return Requests(told, halved(images).astype(np.float64) / 16.0, self._known.target[rows])

    def read_handwriting(self, midnight: Instant) -> None:
        """Have a language model read what the forms hold beside digits: an older service, with older attributes."""
        random = np.random.default_rng([_READER_SEED, midnight // DAY])
        for start in np.sort(random.integers(midnight + 8 * HOUR, midnight + 20 * HOUR, READ_A_DAY)).tolist():
            given, out = int(random.integers(820, 1_460)), int(random.integers(20, 140))
            call = Call(READER, start + 1_000, start + 400_000 + out * 12_000, given, 0, out)
            request = self._service.request("read handwriting", start, call.end + 1_000, {})
            self._service.call("openai.chat", call, request, used_formerly(call, "openai"))
            self._meter.add(call)

    def _week(self, midnight: Instant) -> int:
        return (midnight - self._months[0].start) // (_WEEK * DAY)


def halved(images: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Average each two by two pixels: images of 8 × 8 become rows of 16."""
    small: npt.NDArray[np.float32] = images.reshape(-1, 4, 2, 4, 2).mean(axis=(2, 4)).reshape(-1, 16).astype(np.float32)
    return small


def features_of(arrays: dict[str, Any]) -> tuple[Floats, Any]:
    """Give the features as a matrix, and what is to be told from them."""
    return arrays["pixels"].astype(np.float64) / 16.0, arrays["digit"]


if __name__ == "__main__":
    sys.exit(work(FormDigitiser))
