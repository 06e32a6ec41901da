"""Fits a model and measures it as it learns; keeps what it learnt as plain arrays, which need no code to be read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
_INNER: Final = ("estimators_", "tree_")
"""Attributes of fitted models that hold further models."""


@dataclass(frozen=True)
class Learnt:
    """A fitted model with the scale of its features, and its measures at each step of learning."""

    model: Any
    center: Floats
    spread: Floats
    curve: tuple[dict[str, float], ...]

    @property
    def accuracy(self) -> float:
        """Give its accuracy after the last step, on rows that it has not seen."""
        return self.curve[-1]["accuracy"]

    def predict(self, features: Floats) -> npt.NDArray[Any]:
        """Give the class of each row."""
        found: npt.NDArray[Any] = self.model.predict((features - self.center) / self.spread)
        return found

    def scores(self, features: Floats) -> Floats | None:
        """Give how sure it is of the second of two classes, 0 to 1; None where it cannot say, or knows more classes."""
        if len(self.model.classes_) != 2 or not hasattr(self.model, "predict_proba"):
            return None
        found: Floats = self.model.predict_proba((features - self.center) / self.spread)[:, 1]
        return found

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Give what it learnt as arrays by name."""
        return {"center": self.center, "spread": self.spread, **dict(_arrays("model", self.model))}


def learn(model: Any, features: Floats, target: npt.NDArray[Any]) -> Learnt:
    """Fit a model on two rows of three and measure it on every third, after each step that it takes."""
    held = np.arange(len(target)) % 3 == 0
    center, spread = features[~held].mean(axis=0), features[~held].std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    scaled = (features - center) / spread
    curve = [
        _measures(target[held], step.predict(scaled[held]))
        | {"train_accuracy": float(np.mean(step.predict(scaled[~held]) == target[~held]))}
        for step in _steps(model, scaled[~held], target[~held])
    ]
    return Learnt(model, center, spread, tuple(curve))


def params_of(model: Any) -> dict[str, str]:
    """Give the name of the learner and its settings."""
    return {"learner": type(model).__name__} | {name: str(value) for name, value in model.get_params().items()}


def _steps(model: Any, features: Floats, target: npt.NDArray[Any]) -> Iterator[Any]:
    """Fit a model, and give it after each epoch or tree; models that learn at once are given once."""
    if hasattr(model, "partial_fit") and hasattr(model, "max_iter"):
        for _ in range(model.max_iter):
            yield model.partial_fit(features, target, classes=np.unique(target))
    elif hasattr(model, "warm_start") and hasattr(model, "n_estimators"):
        for trees in range(1, model.n_estimators + 1):
            yield model.set_params(warm_start=True, n_estimators=trees).fit(features, target)
    else:
        yield model.fit(features, target)


def _measures(target: npt.NDArray[Any], found: npt.NDArray[Any]) -> dict[str, float]:
    """Measure predictions: accuracy, and recall of each class, or of the second where there are two."""
    classes = np.unique(target)
    recall = [float(np.mean(found[target == one] == one)) for one in classes]
    measures = {"accuracy": float(np.mean(found == target))}
    if len(classes) > 2:
        return measures | {"recall_macro": float(np.mean(recall)), "recall_worst": min(recall)}
    claimed = found == classes[-1]
    precision = float(np.mean(target[claimed] == classes[-1])) if claimed.any() else 0.0
    return measures | {"recall": recall[-1], "precision": precision}


def _arrays(name: str, model: Any) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    """Give the arrays that a fitted model holds, and those of the models within it."""
    if hasattr(model, "threshold") and hasattr(model, "children_left"):
        for part in ("children_left", "children_right", "feature", "threshold", "value"):
            yield f"{name}.{part}", getattr(model, part)
        return
    for key, value in sorted(vars(model).items()):
        if key in _INNER:
            for number, inner in enumerate(value if isinstance(value, list) else [value]):
                yield from _arrays(f"{name}.{key}{number}", inner)
        elif isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
            yield f"{name}.{key}", value
