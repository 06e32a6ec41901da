"""Which dataset an MLflow input is, however its client says where it lies."""

from __future__ import annotations

import json

import pytest

from trivium.facts.tracking import Input
from trivium.graph.spelling import spell
from trivium.intake.mlflow.sources import dataset_key, use_of

CASES = (
    ("s3", {"uri": "s3://lake/features/part-1.parquet"}, "dataset:s3:%2F%2Flake/features/part-1.parquet"),
    ("local", {"uri": "/data/iris.csv"}, "dataset:file//data/iris.csv"),
    ("local", {"uri": "file:///data/iris.csv"}, "dataset:file//data/iris.csv"),
    ("http", {"url": "https://example.org/a/b.csv"}, "dataset:https:%2F%2Fexample.org/a/b.csv"),
    ("hugging_face", {"path": "imdb", "config_name": None}, "dataset:hf/imdb"),
    ("code", {"tags": {"mlflow.user": "me"}}, "dataset:mlflow/ds"),
    ("delta_table", {"delta_table_name": "main.sales.orders"}, "dataset:mlflow/ds"),
    ("s3", "s3://lake/features", "dataset:s3:%2F%2Flake/features"),
    ("code", "no json {", "dataset:mlflow/ds"),
    ("local", {"uri": "[::1"}, "dataset:mlflow/ds"),
)


@pytest.mark.parametrize(("source_type", "source", "key"), CASES)
def test_a_source_names_a_dataset(source_type: str, source: object, key: str) -> None:
    text = source if isinstance(source, str) else json.dumps(source)
    one = Input(name="ds", digest="1", source_type=source_type, source=text)
    assert dataset_key(one).replace("%2F", "/") == key.replace("%2F", "/")


def test_spark_s_spelling_of_a_bucket_is_the_same_dataset() -> None:
    spark = Input(name="ds", digest="1", source_type="s3", source='{"uri": "s3a://lake/features"}')
    plain = Input(name="ds", digest="1", source_type="s3", source='{"uri": "s3://lake/features"}')
    assert spell(dataset_key(spark)) == spell(dataset_key(plain))


@pytest.mark.parametrize(
    ("profile", "rows"),
    [
        ('{"num_rows": 300, "num_elements": 900}', 300),
        ('{"num_rows": -1}', None),
        ("[]", None),
        ("{", None),
        ("", None),
    ],
)
def test_rows_are_those_of_the_profile(profile: str, rows: int | None) -> None:
    assert use_of(Input(name="d", digest="1", source_type="", source="{}", profile=profile)).rows == rows
