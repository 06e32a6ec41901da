"""Small random worlds of experiments, runs and models, as rows of our tables, and searches that fit them.

Values are few, so that many tie, match, and differ only in a capital, an accent, or a letter that patterns use.
"""

from __future__ import annotations

import math
from random import Random
from typing import Any

from sqlalchemy import Connection, insert

from trivium.mlops.tables import metadata
from trivium.mlops.trace_infos.tables import metadata as of_traces

World = dict[str, list[dict[str, Any]]]
Asked = tuple[str, dict[str, Any]]
KEYS = ("a", "A", "loss", "a b", "é", "a.b", "mlflow.runName")
TEXTS = ("x", "X", "xy", "", "10", "9", "é", "É", "a%b", "a_b", "axb", "*", "[a]", "a]", "?", "it's", "A b", "😀", "\\")
NUMBERS = (0.0, 1.0, -1.0, 0.5, 2.0, 10.0, -0.5, 1.7976931348623157e308, -1.7976931348623157e308)
TIMES = (0, 1, 2, 1_700_000_000_000, 1_700_000_000_001, 2**53)
PATTERNS = ("%", "_", "x%", "%Y", "X_", "a%b", "A\\%B", "[a]", "%É%", "é", "*", "?%", "%'%", "%b", "", "😀", "a_b", "X")
PROMPT = "mlflow.prompt.is_prompt"


def a_world(random: Random, size: int = 12) -> World:
    """Make rows for every table that searches read; `size` is the number of runs, of models and of versions."""
    world: World = {name: [] for name in (*metadata.tables, *of_traces.tables)}
    _add_experiments(random, world)
    _add_runs(random, world, size)
    _add_logged_models(random, world, size)
    _add_registry(random, world, size)
    _add_traces(random, world, size)
    return world


def fill(connection: Connection, world: World) -> None:
    """Make the tables and put the rows of a world into them."""
    metadata.create_all(connection)
    of_traces.create_all(connection)
    tables = {**metadata.tables, **of_traces.tables}
    for name, rows in world.items():
        if rows:
            connection.execute(insert(tables[name]), rows)


def _add_experiments(random: Random, world: World) -> None:
    for number, name in enumerate(random.sample(TEXTS[:2] + TEXTS[4:11], 4)):
        made, changed = random.choice(TIMES), random.choice(TIMES)
        stage = random.choice(("active", "active", "deleted"))
        row = {"experiment": number, "name": name, "artifact_location": "mlflow-artifacts:/x", "stage": stage}
        world["tracking_experiments"].append({**row, "created_ms": made, "updated_ms": changed})
        for key in random.sample(KEYS, random.randint(0, 3)):
            row = {"experiment": number, "key": key, "value": random.choice(TEXTS)}
            world["tracking_experiment_tags"].append(row)


def _add_runs(random: Random, world: World, size: int) -> None:
    for number in range(4):
        row = {"dataset": number, "experiment": 0, "name": random.choice(TEXTS), "digest": f"d{number}"}
        world["tracking_datasets"].append({**row, "source_type": "s", "source": "", "schema": None, "profile": None})
    for number in range(size):
        row = {
            "run": number, "id": f"{random.getrandbits(120):030x}{number:02x}", "experiment": random.randrange(3),
            "name": random.choice(TEXTS), "user": random.choice(("", "x", "X")),
            "status": random.choice(("RUNNING", "FINISHED", "FAILED")), "start_ms": random.choice(TIMES),
            "end_ms": random.choice((None, *TIMES)), "stage": random.choice(("active", "active", "deleted")),
            "deleted_ms": None, "artifact_uri": random.choice(TEXTS), "sequence": number,
        }  # fmt: skip
        world["tracking_runs"].append(row)
        for table in ("tracking_run_tags", "tracking_params"):
            for key in random.sample(KEYS, random.randint(0, 4)):
                world[table].append({"run": number, "key": key, "value": random.choice(TEXTS)})
        for key in random.sample(KEYS[:4], random.randint(0, 4)):
            nan = random.random() < 0.25
            row = {"run": number, "key": key, "value": 0.0 if nan else random.choice(NUMBERS), "is_nan": int(nan)}
            world["tracking_latest"].append({**row, "timestamp_ms": 1, "step": 0})
        for dataset in random.sample(range(4), random.randint(0, 2)):
            context = random.choice((None, "x", "X", "train"))
            row = {"run": number, "dataset": dataset, "tags": "[]", "context": context}
            world["tracking_inputs"].append(row)


def _add_logged_models(random: Random, world: World, size: int) -> None:
    for number in range(size):
        model = f"m-{random.getrandbits(120):030x}{number:02x}"
        row = {
            "model": model, "experiment": random.randrange(3), "name": random.choice(TEXTS),
            "artifact_location": random.choice(TEXTS), "created_ms": random.choice(TIMES),
            "updated_ms": random.choice(TIMES), "status": random.randint(1, 3),
            "stage": random.choice(("active", "active", "deleted")), "model_type": random.choice((None, "x", "X")),
            "source_run": random.choice((None, world["tracking_runs"][0]["id"])),
        }  # fmt: skip
        world["tracking_logged_models"].append(row)
        for table in ("tracking_logged_model_params", "tracking_logged_model_tags"):
            for key in random.sample(KEYS, random.randint(0, 3)):
                world[table].append({"model": model, "key": key, "value": random.choice(TEXTS)})
        taken: set[tuple[Any, ...]] = set()
        for _ in range(random.randint(0, 5)):
            key = (random.choice(KEYS[:3]), random.choice((1, 2)), random.choice((0, 1)), random.choice("pq"))
            if key in taken:
                continue
            taken.add(key)
            name, digest = random.choice((("data", "1"), ("data", "2"), ("Data", "1"), (None, None)))
            row = dict(zip(("name", "timestamp_ms", "step", "run"), key, strict=True))
            row |= {"model": model, "value": random.choice(NUMBERS), "experiment": 0}
            world["tracking_logged_model_metrics"].append({**row, "dataset_name": name, "dataset_digest": digest})


def _add_registry(random: Random, world: World, size: int) -> None:
    for name in random.sample([text for text in TEXTS if text], size // 2):
        times = {"created_ms": random.choice(TIMES), "updated_ms": random.choice(TIMES)}
        world["registry_models"].append({"name": name, "description": "", **times})
        for key in random.sample(KEYS, random.randint(0, 3)):
            world["registry_model_tags"].append({"name": name, "key": key, "value": random.choice(TEXTS)})
        prompt = random.choice((None, None, None, "true", "false", "True"))
        if prompt:
            world["registry_model_tags"].append({"name": name, "key": PROMPT, "value": prompt})
        for version in range(1, random.randint(1, 4)):
            row = {
                "name": name, "version": version, "created_ms": random.choice(TIMES),
                "updated_ms": random.choice(TIMES), "description": "", "user": None, "run_link": "",
                "current_stage": random.choice(("None", "Production", "Deleted_Internal")), "status": "READY",
                "source": random.choice(TEXTS), "run_id": random.choice(("", "x", "X")), "storage_location": None,
                "status_message": None, "model_id": None, "sequence": 1,
            }  # fmt: skip
            world["registry_versions"].append(row)
            tags = {key: random.choice(TEXTS) for key in random.sample(KEYS, random.randint(0, 3))}
            if prompt and random.random() < 0.7:
                tags[PROMPT] = prompt
            rows = [{"name": name, "version": version, "key": key, "value": value} for key, value in tags.items()]
            world["registry_version_tags"] += rows


def _add_traces(random: Random, world: World, size: int) -> None:
    for number in range(size):
        trace = f"tr-{random.getrandbits(120):030x}{number:02x}"
        row = {
            "trace": trace, "experiment": random.randrange(3), "request_ms": random.choice(TIMES),
            "duration_ms": random.choice((None, 0, 1, 5)), "state": random.choice(("OK", "ERROR", "IN_PROGRESS")),
            "client_request_id": random.choice((None, "x", "X")), "told": 1, "sequence": number,
        }  # fmt: skip
        world["told_traces"].append(row)
        for table, special in (("told_trace_tags", "mlflow.traceName"), ("told_trace_metadata", "mlflow.sourceRun")):
            for key in dict.fromkeys(random.sample((*KEYS[:5], special, special), random.randint(0, 4))):
                world[table].append({"trace": trace, "key": key, "value": random.choice(TEXTS)})
        if random.random() < 0.3:
            world["told_trace_runs"].append({"trace": trace, "run": random.choice(TEXTS)})


def a_search(random: Random, thing: str, world: World) -> dict[str, Any]:
    """Write a search that is understood, with a page size."""
    asked: dict[str, Any] = {"filter": _a_filter(random, thing, world), "max_results": random.choice((1, 3, 50))}
    if thing in ("runs", "logged_models", "traces"):
        asked["experiments"] = random.choice((*([[0, 1, 2]] * 5), [0], [2, 1], [], [7]))
    if thing in ("runs", "experiments"):
        asked["view"] = random.choice(("ACTIVE_ONLY", "DELETED_ONLY", "ALL"))
    if thing == "logged_models":
        asked["order_by"] = _logged_orders(random)
        asked["datasets"] = [
            {"dataset_name": random.choice(("data", "Data", "none")), "dataset_digest": random.choice("12")}
            for _ in range(random.choice((0, 0, 1, 2)))
        ]
    else:
        asked["order_by"] = _orders(random, thing)
    return asked


_ATTRIBUTES: dict[str, dict[str, tuple[Any, ...]]] = {
    "runs": {"status": ("FAILED", "failed"), "run_name": TEXTS, "user_id": TEXTS, "artifact_uri": TEXTS,
             "`Run name`": TEXTS, "start_time": TIMES, "end_time": TIMES, "created": TIMES},
    "experiments": {"name": TEXTS, "creation_time": TIMES, "last_update_time": TIMES},
    "models": {"name": TEXTS},
    "traces": {"status": ("OK", "ok"), "timestamp": TIMES, "execution_time_ms": (0, 1, 5), "end_time": TIMES,
               "client_request_id": ("x",), "name": TEXTS, "run_id": TEXTS, "trace.timestamp_ms": TIMES},
    "versions": {"name": TEXTS, "run_id": ("", "x"), "source_path": TEXTS, "version_number": (1, 2, "2")},
    "logged_models": {"name": TEXTS, "model_type": ("x", "X"), "status": ("1", "2"), "source_run_id": ("q",),
                      "creation_time": TIMES, "last_updated_timestamp": TIMES, "lifecycle_stage": ("active",),
                      "experiment_id": ("0", "1")},
}  # fmt: skip
_LISTS = {"traces": "status", "runs": "run_id", "experiments": "experiment_id", "models": "name", "versions": "run_id",
          "logged_models": "name"}  # fmt: skip


def _a_filter(random: Random, thing: str, world: World) -> str:
    clauses = [_a_clause(random, thing, world) for _ in range(random.choice((0, 1, 1, 1, 2, 2, 3)))]
    return random.choice((" AND ", " and ")).join(clauses)


def _a_clause(random: Random, thing: str, world: World) -> str:
    entities = {
        "runs": ("metrics", "params", "tags", "datasets"),
        "logged_models": ("metrics", "params", "tags"),
        "traces": ("tags", "metadata"),
    }
    entity = random.choice((*entities.get(thing, ("tags",)), "attribute", "list"))
    if entity == "attribute":
        key = random.choice(list(_ATTRIBUTES[thing]))
        values = _ATTRIBUTES[thing][key]
        return _number(random, key, values) if isinstance(values[0], int) else _text(random, key, values)
    if entity == "list":
        ids = [row["id"] for row in world["tracking_runs"]] if thing == "runs" else ["0", "1", "x", "X", "é"]
        items = random.sample(ids[:-1] if thing == "experiments" and len(ids) == 5 else ids, 2)
        items = [item for item in items if thing != "experiments" or item.isdigit()] or ["3"]
        return f"{_LISTS[thing]} {random.choice(('IN', 'NOT IN'))} ({', '.join(map(repr, items))})"
    if entity == "metrics":
        return _number(random, f"metrics.`{random.choice(KEYS[:4])}`", NUMBERS)
    if entity == "datasets":
        return _text(random, f"datasets.{random.choice(('name', 'digest', 'context'))}", (*TEXTS, "d1", "train"))
    if thing in ("models", "versions") and random.random() < 0.3:
        return f"tags.`{PROMPT}` {random.choice(('=', '!='))} '{random.choice(('true', 'false', 'True', 'x'))}'"
    key = f"{entity}.`{random.choice(KEYS)}`"
    nullable = thing in ("runs", "traces") or (thing == "experiments" and entity == "tags")
    if nullable and random.random() < 0.2:
        return f"{key} {random.choice(('IS NULL', 'IS NOT NULL', 'is null'))}"
    return _text(random, key, TEXTS)


def _number(random: Random, name: str, values: tuple[Any, ...]) -> str:
    value = random.choice(values)
    written = f"{value:.17g}" if isinstance(value, float) else repr(value)
    return f"{name} {random.choice(('=', '!=', '>', '>=', '<', '<='))} {written.replace('e+', 'e')}"


def _text(random: Random, name: str, values: tuple[Any, ...]) -> str:
    if random.random() < 0.4:
        return f"{name} {random.choice(('LIKE', 'ILIKE'))} {_quoted(random.choice(PATTERNS))}"
    return f"{name} {random.choice(('=', '!='))} {_quoted(random.choice(values))}"


def _quoted(value: str) -> str:
    return f'"{value}"' if "'" in value else f"'{value}'"


def _orders(random: Random, thing: str) -> list[str]:
    fields = {
        "runs": ("metrics.a", "metrics.`loss`", "params.a", "tags.`a b`", "start_time", "end_time", "run_id", "status",
                 "run_name", "attributes.user_id"),
        "experiments": ("name", "experiment_id", "creation_time", "last_update_time"),
        "models": ("name", "timestamp"),
        "traces": ("timestamp", "execution_time", "status", "request_id", "name", "run_id", "tags.a", "metadata.A"),
        "versions": ("name", "version_number", "creation_timestamp", "last_updated_timestamp"),
    }[thing]  # fmt: skip
    chosen = random.sample(fields, random.choice((0, 1, 1, 2)))
    return [field + random.choice(("", " ASC", " DESC", " desc")) for field in chosen]


def _logged_orders(random: Random) -> list[dict[str, Any]]:
    fields = ("name", "creation_time", "last_updated_timestamp", "model_id", "model_type", "status", "metrics.a",
              "metrics.loss", "metrics.none")  # fmt: skip
    return [
        {
            "field_name": field,
            "ascending": random.choice((True, False)),
            "dataset_name": random.choice((None, None, "data")),
            "dataset_digest": random.choice((None, "1")),
        }
        for field in random.sample(fields, random.choice((0, 1, 1, 2)))
    ]


def is_nan(value: object) -> bool:
    """Say whether a value is no number."""
    return isinstance(value, float) and math.isnan(value)
