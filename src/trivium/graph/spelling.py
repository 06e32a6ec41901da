"""One spelling of a dataset's name out of the many that producers use (OpenLineage's naming conventions are the base).

Pure, and idempotent: the one spelling is its own. Only what surely means the same is changed: schemes and hosts, ports
left out, stray slashes, Hive partitions, and the case where a system does not tell it apart.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from trivium.facts.keys import AssetKey, dataset, parse
from trivium.facts.problem import ProblemError

_SCHEMES: Final = {
    "s3a": "s3", "s3n": "s3", "gcs": "gs", "abfs": "abfss", "wasb": "abfss", "wasbs": "abfss",
    "postgresql": "postgres", "postgresql+psycopg2": "postgres", "postgresql+psycopg": "postgres",
    "mysql+pymysql": "mysql", "sqlserver": "mssql",
}  # fmt: skip
_STORES: Final = frozenset({"s3", "gs", "abfss", "hdfs", "file"})
_PORTS: Final = {
    "postgres": "5432", "redshift": "5439", "mysql": "3306", "mssql": "1433", "oracle": "1521", "trino": "8080",
}  # fmt: skip
_ROUNDS: Final = 5
_URI = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/]*)(?:/(.*))?", re.DOTALL)
_PARTITIONS = re.compile(r"(?:/[A-Za-z_][A-Za-z0-9_]*=[^/=]+)+/?$")
_MODEL_URI = re.compile(r"models:/{1,3}([^/@]+)(?:/([^/]+))?/?")
_RUN_URI = re.compile(r"runs:/{1,3}([^/]+)(?:/.*)?", re.DOTALL)
_DECORATOR = re.compile(r"\$\d{4,10}$")


@lru_cache(maxsize=65_536)
def spell(key: str) -> str:
    """Give the one spelling of an asset key; keys of other kinds than datasets are their own.

    A dataset named by a model URI (`models:/m/3`) is that model version.
    """
    spelled = key
    for _ in range(_ROUNDS):
        again = _respell(spelled)
        if again == spelled:
            return spelled
        spelled = again
    return key


def why(key: str) -> str:
    """Say why a name that is spelled otherwise is the same: the evidence kept for the merge."""
    spelled = spell(key)
    if spelled.startswith("model:"):
        return "model uri"
    return "partition" if _PARTITIONS.search(key) and not _PARTITIONS.search(spelled) else "spelling"


def model_uri(text: str) -> str:
    """Give the key that an MLflow URI names (`models:/m/3`, `models:/m-ID`, `runs:/ID/path`), else nothing.

    An alias (`models:/m@champion`) or a stage names no fixed version and gives nothing.
    """
    if found := _RUN_URI.fullmatch(text):
        return f"run:{found[1]}"
    found = _MODEL_URI.fullmatch(text)
    if not found or (found[2] and not found[2].isdigit()):
        return ""
    return str(AssetKey("model", found[1], version=found[2] or ""))


def _respell(key: str) -> str:
    """Spell once; what cannot be read, or would lose its name, stays as it is."""
    if not key.startswith("dataset:"):
        return key
    try:
        asset = parse(key)
    except ProblemError:
        return key
    uri = model_uri(asset.name) or model_uri(f"{asset.namespace}/{asset.name}")
    if uri.startswith("model:"):
        return uri
    namespace, name = _spell_pair(asset.namespace, asset.name)
    return dataset(namespace, name) if name else key


def _spell_pair(namespace: str, name: str) -> tuple[str, str]:
    """Spell namespace and name; a name that is a whole URI stands for both."""
    whole = _URI.fullmatch(name)
    if whole and _scheme(whole[1]) in _STORES and whole[3]:
        return _spell_pair(f"{whole[1]}://{whole[2]}", whole[3] if _scheme(whole[1]) != "file" else f"/{whole[3]}")
    name = name.rstrip("/") or name
    if namespace.rstrip(":/").lower() in {"file", "file://localhost"} or namespace == "":
        return _file(namespace, name)
    if namespace.rstrip(":/").lower() in {"s3", "s3a", "s3n", "gs", "gcs"} and "/" in name.strip("/"):
        bucket, _, rest = name.strip("/").partition("/")
        return _spell_pair(f"{namespace.rstrip(':/')}://{bucket}", rest)
    if namespace.rstrip(":/").lower() == "bigquery":
        return "bigquery", _bigquery(name)
    found = _URI.fullmatch(namespace)
    if not found:
        return namespace, name
    return _located(_scheme(found[1]), found[2], (found[3] or "").strip("/"), name)


def _located(scheme: str, host: str, path: str, name: str) -> tuple[str, str]:
    """Spell a namespace that has a scheme and a host."""
    if scheme in _STORES:
        inner = "/".join(part for part in (path, name.lstrip("/")) if part)
        return f"{scheme}://{_bucket(scheme, host)}", _PARTITIONS.sub("", f"/{inner}")[1:] or inner
    if scheme == "bigquery":
        return "bigquery", _bigquery(f"{host}.{name}" if host and not name.startswith(f"{host}.") else name)
    if scheme == "snowflake":
        account = host.lower().removesuffix(".snowflakecomputing.com")
        return f"snowflake://{account}", name if '"' in name else _join(path, name).upper()
    if scheme in _PORTS:
        host = host.rpartition("@")[2].lower()
        port = "" if ":" in host else f":{_PORTS[scheme]}"
        return f"{scheme}://{host}{port}", _join(path, name)
    return f"{scheme}://{host}" + (f"/{path}" if path else ""), name


def _scheme(scheme: str) -> str:
    scheme = scheme.lower()
    return _SCHEMES.get(scheme, scheme)


def _bucket(scheme: str, host: str) -> str:
    if scheme == "abfss":
        container, at, account = host.partition("@")
        return container + at + account.lower().replace(".blob.", ".dfs.")
    return host


def _join(database: str, name: str) -> str:
    """Put the database of the namespace's path in front of `schema.table`, unless it stands there."""
    if database and "/" not in database and not name.startswith(f"{database}.") and name.count(".") < 2:
        return f"{database}.{name}"
    return name


def _bigquery(name: str) -> str:
    """Drop back-ticks and the partition decorator, and write the old `project:dataset.table` with a dot."""
    name = _DECORATOR.sub("", name.replace("`", ""))
    project, colon, rest = name.partition(":")
    return f"{project}.{rest}" if colon and "." in rest and "." not in project else name


def _file(namespace: str, name: str) -> tuple[str, str]:
    """Spell a local file as OpenLineage does: namespace `file`, and a path."""
    if namespace == "" and not name.startswith(("file:", "/")):
        return namespace, name
    path = re.sub(r"^file:/{0,3}(?=/|$)", "", name) if name.startswith("file:") else name
    path = re.sub(r"^/{2,}", "/", path)
    return "file", _PARTITIONS.sub("", path) or path
