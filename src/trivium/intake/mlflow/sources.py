"""Which dataset an MLflow input is: its source says where it lies, else its name and nothing more.

`mlflow.data` writes a source as JSON whose form depends on the source's type (mlflow/data/*_source.py of 3.17).
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from trivium.facts.keys import dataset
from trivium.facts.statements import DatasetUse
from trivium.facts.tracking import Input

NAMED: Final = "mlflow"
"""The namespace of a dataset of which only the name is known."""
_PLACES: Final = ("uri", "url", "path", "delta_table_name", "table_name")


def dataset_key(one: Input) -> str:
    """Give the key of an input's dataset: where it lies as OpenLineage names such a place, else `mlflow/NAME`."""
    source = _decoded(one.source)
    place = source if isinstance(source, str) else ""
    if isinstance(source, dict):
        place = next((str(source[name]) for name in _PLACES if isinstance(source.get(name), str) and source[name]), "")
        if one.source_type.startswith("hugging_face") and place:
            return dataset("hf", place)
    return _located(place) or dataset(NAMED, one.name or "unnamed")


def use_of(one: Input) -> DatasetUse:
    """Say that a run read the dataset, with the rows and bytes that its profile counts."""
    profile = _decoded(one.profile or "")
    profile = profile if isinstance(profile, dict) else {}
    return DatasetUse(
        dataset_key(one), _count(profile, "num_bytes", "approx_bytes"), _count(profile, "num_rows", "approx_count")
    )


def _located(place: str) -> str:
    """Name what lies at a place as OpenLineage does: scheme and host, then the path; an absolute path is a file."""
    try:
        parts = urlsplit(place)
    except ValueError:
        return ""
    if parts.scheme in {"http", "https"} and parts.netloc:
        return dataset(f"{parts.scheme}://{parts.netloc}", parts.path.strip("/") or "index")
    if parts.scheme and parts.netloc and parts.path.strip("/"):
        return dataset(f"{parts.scheme}://{parts.netloc}", parts.path.strip("/"))
    if parts.scheme in {"file", "dbfs"} and parts.path:
        return dataset(parts.scheme, parts.path)
    if place.startswith("/"):
        return dataset("file", place)
    return ""


def _decoded(text: str) -> Any:
    """Read what should be JSON; what is none stands for itself."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return text


def _count(profile: dict[str, Any], *names: str) -> int | None:
    for name in names:
        value = profile.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
    return None
