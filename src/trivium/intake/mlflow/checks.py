"""What MLflow refuses before it looks at any state: names, lengths, batches (mlflow/utils/validation.py of 3.17)."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterable, Sequence
from typing import Final

from trivium.facts.problem import ProblemError, refuse
from trivium.intake.mlflow import names

_NAME: Final = re.compile(r"^[/\w.\- :]*$")
_RUN_ID: Final = re.compile(r"^[a-zA-Z0-9][\w\-]{0,255}$")
_ALIAS: Final = re.compile(r"^[\w\-]*$")
_VERSION_ALIAS: Final = re.compile(r"^[vV]\d+$")
_CHARACTERS: Final = (
    "Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:)"
    " and slashes (/)."
)


def invalid(title: str, where: str = "", fix: str = "") -> ProblemError:
    """Make the refusal of a value: MLflow's INVALID_PARAMETER_VALUE."""
    return refuse(names.INVALID, title, status=400, where=where, fix=fix)


def absent(title: str, where: str = "") -> ProblemError:
    """Make the refusal of a thing that there is not: MLflow's RESOURCE_DOES_NOT_EXIST."""
    return refuse(names.ABSENT, title, status=404, where=where, fix="A search lists what there is.")


def exists(title: str, where: str = "") -> ProblemError:
    """Make the refusal of a second thing of one name: MLflow's RESOURCE_ALREADY_EXISTS."""
    return refuse(names.EXISTS, title, status=400, where=where, fix="Take another name, or what stands.")


def bad_value(path: str, value: object, why: str = "") -> ProblemError:
    """Refuse the value of a parameter, with the value."""
    shown = json.dumps(value)
    shown = shown if len(shown) <= 200 else f"{shown[:199]}…"
    return invalid(f"Invalid value {shown} for parameter '{path}' supplied{': ' if why else '.'}{why}", where=path)


def required(value: object, path: str) -> None:
    """Refuse a parameter that is missing or empty."""
    if value is None or value == "":
        raise invalid(f"Missing value for required parameter '{path}'.", where=path)


def check_name(name: str, path: str) -> None:
    """Refuse the name of a metric, param or tag that is none: strange characters, or a path to somewhere else."""
    if not _NAME.match(name):
        raise bad_value(path, name, _CHARACTERS)
    _check_plain(name, path)


def check_length(what: str, limit: int, value: str | None) -> None:
    """Refuse a text that is longer than `limit` characters."""
    if value is not None and len(value) > limit:
        title = f"'{what}' exceeds the maximum length of {limit} characters"
        raise invalid(title, where=what, fix=f"It has {len(value)}.")


def check_run_id(run_id: str, path: str = "run_id") -> None:
    """Refuse a text that is no run id."""
    if not _RUN_ID.match(run_id):
        raise bad_value(path, run_id)


def check_metric(key: str, timestamp_ms: int, path: str = "") -> None:
    """Refuse a metric's name or time."""
    check_name(key, _below(path, "name"))
    if timestamp_ms < 0:
        raise bad_value(_below(path, "timestamp"), timestamp_ms, "Timestamp must be a nonnegative long")
    check_length("Metric name", names.KEY_MAX, key)


def check_param(key: str, value: str, path: str = "") -> str:
    """Refuse a param's name; gives its value, cut where it is too long, as MLflow's own server does."""
    check_name(key, _below(path, "key"))
    check_length("Param key", names.KEY_MAX, key)
    return value[: names.PARAM_VALUE_MAX]


def check_tag(key: str, value: str, path: str = "") -> str:
    """Refuse a run tag's name; gives its value, cut where it is too long, as MLflow's own server does."""
    check_name(key, _below(path, "key"))
    check_length(_below(path, "key"), names.KEY_MAX, key)
    return value[: names.TAG_VALUE_MAX]


def check_experiment_tag(key: str, value: str) -> None:
    """Refuse an experiment's tag."""
    check_name(key, "key")
    check_length("key", names.KEY_MAX, key)
    check_length("value", names.EXPERIMENT_TAG_VALUE_MAX, value)


def check_registry_tag(key: str, value: str) -> None:
    """Refuse the tag of a registered model or version."""
    check_name(key, "key")
    check_length("key", names.KEY_MAX, key)
    check_length("value", names.REGISTRY_TAG_VALUE_MAX, value)


def check_experiment_name(name: str) -> None:
    """Refuse an experiment's name that is empty or too long."""
    if not name:
        raise invalid(f"Invalid experiment name: '{name}'", where="name")
    check_length("name", names.EXPERIMENT_NAME_MAX, name)


def experiment_number(experiment_id: str) -> int:
    """Read an experiment id; empty is the default experiment, 0."""
    try:
        return int(experiment_id or "0")
    except ValueError:
        title = f"Invalid experiment ID '{experiment_id}'. Experiment ID must be a valid integer."
        raise invalid(title, where="experiment_id") from None


def check_model_name(name: str, path: str = "name") -> None:
    """Refuse a registered model's name that is empty, too long, or holds what model URIs are divided by."""
    if not name.strip():
        raise invalid(f"Missing value for required parameter '{path}'.", where=path)
    if "/" in name or ":" in name:
        raise invalid(f"Invalid model name '{name}'. Names cannot contain '/' or ':'.", where=path)
    _check_plain(name, path)
    check_length(path, names.MODEL_NAME_MAX, name)


def version_number(version: str) -> int:
    """Read the number of a version."""
    try:
        return int(version)
    except ValueError:
        raise bad_value("version", version, "A version is a whole number.") from None


def stage_named(stage: str) -> str:
    """Give the stage that is meant, whatever its capitals; refuses what is none."""
    for known in names.STAGES:
        if stage.lower() == known.lower():
            return known
    title = f"Invalid Model Version stage: {stage}. Value must be one of {', '.join(names.STAGES)}."
    raise invalid(title, where="stage")


def check_alias(alias: str, *, reserved: bool = True) -> None:
    """Refuse an alias that is empty, too long or strange, and one that is `reserved`: it reads as a version."""
    if not alias:
        raise invalid("Registered model alias name cannot be empty.", where="alias")
    if not _ALIAS.match(alias):
        why = "Names may only contain alphanumerics, underscores (_), and dashes (-)."
        raise invalid(f"Invalid alias name: '{alias}'. {why}", where="alias")
    check_length("Registered model alias name", names.ALIAS_MAX, alias)
    if reserved and alias.lower() == "latest":
        raise invalid("'latest' alias name (case insensitive) is reserved.", where="alias")
    if reserved and _VERSION_ALIAS.match(alias):
        raise invalid(f"Version alias name '{alias}' is reserved.", where="alias")


def check_batch(metrics: int, params: int, tags: int) -> None:
    """Refuse a batch that holds too many metrics, params, tags, or too many of all."""
    limits = (
        ("metrics", names.METRICS_MAX, metrics), ("params", names.PARAMS_MAX, params), ("tags", names.TAGS_MAX, tags),
        ("metrics, params, and tags", names.ENTITIES_MAX, metrics + params + tags),
    )  # fmt: skip
    for what, limit, count in limits:
        if count > limit:
            raise invalid(
                f"A batch logging request can contain at most {limit} {what}. Got {count} {what}."
                f" Please split up {what} across multiple requests and try again.",
                where=what.partition(",")[0],
            )


def check_unique(keys: Iterable[str]) -> None:
    """Refuse params of which one is given twice."""
    seen: set[str] = set()
    twice = [key for key in keys if key in seen or seen.add(key)]  # type: ignore[func-returns-value]
    if twice:
        raise invalid(
            f"Duplicate parameter keys have been submitted: {twice}. Please ensure the request contains only one param"
            " value per param key.",
            where="params",
        )


def check_dataset(name: str, digest: str, source: str, texts: Sequence[str | None]) -> None:
    """Refuse a dataset whose name, digest, source, schema or profile is too long."""
    limits = (
        ("name", names.DATASET_NAME_MAX, name), ("digest", names.DATASET_DIGEST_MAX, digest),
        ("source", names.DATASET_SOURCE_MAX, source), ("schema", names.DATASET_SCHEMA_MAX, texts[0]),
        ("profile", names.DATASET_PROFILE_MAX, texts[1]),
    )  # fmt: skip
    for what, limit, value in limits:
        check_length(what, limit, value)


def check_input_tag(key: str, value: str) -> None:
    """Refuse the tag of a run's input that is too long."""
    check_length("key", names.INPUT_TAG_KEY_MAX, key)
    check_length("value", names.INPUT_TAG_VALUE_MAX, value)


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _check_plain(name: str, path: str) -> None:
    """Refuse a name that, read as a path, would be another one."""
    plain = posixpath.normpath(name)
    if plain != name or plain == "." or plain.startswith(("..", "/")):
        why = (
            "Names may be treated as files in certain cases, and must not resolve to other names when treated as such."
            f" This name would resolve to {plain!r}"
        )
        raise bad_value(path, name, why)
