"""The lake as it is asked: current charges, their history, the past, and one total on every path."""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from tests.intake.focus.bills import csv_of, row
from tests.shared_data import shared
from trivium.facts.charges import COLUMNS, RESOURCES
from trivium.facts.deliveries import decode_delivery
from trivium.facts.money import add
from trivium.finops.imports import import_focus
from trivium.intake.focus.staged import DICTIONARY, SCHEMA
from trivium.lake.lake import Lake


def bring(tmp_path, ledger, lake, *rows, name="bill.csv", add=False):
    path = tmp_path / name
    path.write_bytes(csv_of(rows))
    return import_focus(path, ledger=ledger, lake=lake, add=add)


def columns(lake, relation):
    table = lake.query_arrow(f"SELECT * FROM {relation} LIMIT 0")
    return {field.name: str(field.type) for field in table.schema}


def test_an_empty_lake_has_every_relation_with_its_columns(lake):
    assert lake.query("SELECT count(*), sum(EffectiveCost) FROM charges") == [(0, None)]
    for relation in ("charges", "charges_history", "batches", "resources"):
        assert lake.query(f"SELECT * FROM {relation}") == []


def test_the_columns_are_the_same_with_and_without_rows(tmp_path, ledger, lake):
    relations = ("charges", "charges_history", "batches", "resources")
    empty = [columns(lake, relation) for relation in relations]
    bring(tmp_path, ledger, lake, row())
    assert [columns(lake, relation) for relation in relations] == empty
    wanted = {name for name, _ in COLUMNS} | {"delivery", "since_sequence", "until_sequence"}
    assert set(empty[0]) == wanted
    assert empty[0]["EffectiveCost"] == "decimal128(38, 18)"
    assert empty[0]["ChargePeriodStart"] == "timestamp[us]"


def test_the_reader_writes_what_the_lake_reads():
    assert SCHEMA.names == [name for name, _ in COLUMNS]
    assert DICTIONARY.names == [name for name, _ in RESOURCES]


def test_history_keeps_what_was_replaced_and_says_until_when(tmp_path, ledger, lake):
    first = bring(tmp_path, ledger, lake, row())
    second = bring(tmp_path, ledger, lake, row(EffectiveCost="5"))
    asked = "SELECT EffectiveCost, since_sequence, until_sequence FROM charges_history ORDER BY since_sequence"
    assert lake.query(asked) == [
        (Decimal(1), first.sequence, second.sequence),
        (Decimal(5), second.sequence, None),
    ]
    assert lake.query(asked, as_of=first.sequence) == [(Decimal(1), first.sequence, None)]
    assert lake.query("SELECT EffectiveCost FROM charges") == [(Decimal(5),)]


def test_resources_keep_their_number_over_deliveries(tmp_path, ledger, lake):
    bring(tmp_path, ledger, lake, row(ResourceId="a"), row(ResourceId="b"))
    bring(tmp_path, ledger, lake, row(ResourceId="c"), row(ResourceId="a"), name="other.csv")
    assert lake.query("SELECT resource, ResourceId FROM resources ORDER BY resource") == [(1, "a"), (2, "b"), (3, "c")]
    joined = (
        "SELECT count(*) FROM charges JOIN resources USING (resource) WHERE charges.ResourceId = resources.ResourceId"
    )
    assert lake.query(joined) == [(4,)]


def test_names_with_quotes_are_only_text(tmp_path, ledger, lake):
    bring(tmp_path, ledger, lake, row(InvoiceIssuerName="O'Cloud'; DROP"), name="it's.csv")
    assert lake.query("SELECT issuer, source FROM batches") == [("O'Cloud'; DROP", "it's.csv")]


def test_the_files_are_what_the_ledger_pinned(tmp_path, ledger, lake):
    report = bring(tmp_path, ledger, lake, row())
    delivery = decode_delivery(ledger.fact(report.sequence).fact.body)
    assert {file.table for file in delivery.files} == {"charges", "resources"}
    for file in delivery.files:
        content = (lake.folder / file.path).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (file.bytes, file.sha256)


def test_dropped_and_folded_again_the_manifest_reads_the_same(tmp_path, ledger, lake):
    bring(tmp_path, ledger, lake, row(), row(BillingAccountId="7"))
    bring(tmp_path, ledger, lake, row(EffectiveCost="5"))
    before = lake.query("SELECT * FROM batches ORDER BY batch")
    ledger.rebuild()
    assert lake.query("SELECT * FROM batches ORDER BY batch") == before


def test_opened_again_the_lake_has_its_rows(tmp_path, ledger, lake):
    report = bring(tmp_path, ledger, lake, row())
    stage = lake.stage()
    files = decode_delivery(ledger.fact(report.sequence).fact.body).files
    (stage.folder / "intent.json").write_text(json.dumps([file.path for file in files]))
    again = Lake(lake.folder, ledger.reading)
    try:
        assert again.sweep() == []
        assert not stage.folder.exists()
        assert again.query("SELECT sum(EffectiveCost) FROM charges") == [(Decimal(1),)]
    finally:
        again.close()


@pytest.mark.parametrize(
    "name", ["focus_1_0_official_sample.csv", "focus_1_2_aws_generated.csv", "focus_1_4_cost_and_usage.csv"]
)
def test_six_paths_agree_on_every_total(name, ledger, lake):
    report = import_focus(shared(f"data/focus/{name}"), ledger=ledger, lake=lake)
    delivery = decode_delivery(ledger.fact(report.sequence).fact.body)
    [file] = [file for file in delivery.files if file.table == "charges"]
    parquet = pq.read_table(lake.folder / file.path)
    for column, said in (("BilledCost", report.billed_cost), ("EffectiveCost", report.effective_cost)):
        field = {"BilledCost": "billed_cost", "EffectiveCost": "effective_cost"}[column]
        paths = {
            "report": Decimal(said),
            "fact": add(*(Decimal(getattr(batch, field)) for batch in delivery.batches)),
            "manifest": lake.query(f"SELECT sum({field}) FROM batches")[0][0],
            "duckdb": lake.query(f"SELECT sum({column}) FROM charges")[0][0],
            "arrow": pc.sum(lake.query_arrow(f"SELECT {column} FROM charges")[column]).as_py(),
            "parquet": pc.sum(parquet[column]).as_py(),
        }
        assert len(set(paths.values())) == 1, paths
