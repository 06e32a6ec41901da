"""One test for each kind of dirt that bills come with, in the formats they come in."""

from __future__ import annotations

import datetime
import gzip
import io
import json
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.intake.focus.bills import SOUND, csv_of, read, read_one, reasons, row
from trivium.facts.problem import ProblemError
from trivium.intake.files.parquet_rows import ParquetRows
from trivium.intake.focus.names import FORM


def parquet_of(**columns: Any) -> bytes:
    """Write the sound row as Parquet, with columns of other types put in its place."""
    arrays = {name: pa.array([text]) for name, text in SOUND.items()} | columns
    out = io.BytesIO()
    pq.write_table(pa.table(arrays), out)
    return out.getvalue()


def jsonl_of(*rows: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(given).encode() + b"\n" for given in rows)


def tags(folder: Path, given: object) -> tuple[dict[str, str], dict[str, Any], set[tuple[str, str]]]:
    report, charge = read_one(folder, Tags=given if isinstance(given, str) else json.dumps(given))
    return json.loads(charge["Tags"] or "{}"), charge, reasons(report, "noted")


@pytest.mark.parametrize("text", ["NULL", "null", " Null "])
def test_null_text_is_no_value_and_is_counted(tmp_path, text):
    report, charge = read_one(tmp_path, ServiceName=text, RegionId=text)
    assert (charge["ServiceName"], charge["RegionId"]) == (None, None)
    assert reasons(report, "repaired") == {("null_text", "ServiceName"), ("null_text", "RegionId")}


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path):
    report, rows = read(tmp_path, b"\xef\xbb\xbf" + csv_of([row()]))
    assert (rows[0]["BilledCost"], rows[0]["Extra"], report.problems) == (Decimal("1.25"), None, ())


def test_utf_16_is_read_by_its_byte_order_mark(tmp_path):
    report, rows = read(tmp_path, csv_of([row(ResourceName="größe")]).decode().encode("utf-16"))
    assert (rows[0]["ResourceName"], report.problems) == ("größe", ())


def test_bytes_that_are_not_utf_8_are_replaced_and_counted(tmp_path):
    report, rows = read(tmp_path, csv_of([row(ResourceName="größe")]).decode().encode("latin-1"))
    assert rows[0]["ResourceName"] == "gr\ufffd\ufffde"
    assert reasons(report, "noted") == {("bad_text", "")}


def test_line_ends_of_windows_leave_nothing_in_the_last_column(tmp_path):
    report, rows = read(tmp_path, csv_of([row(), row()], ends="\r\n"))
    assert [(charge["line"], charge["tag_team"]) for charge in rows] == [(2, "a"), (3, "a")]
    assert report.problems == ()


def test_a_newline_in_quotes_is_part_of_the_value_and_lines_are_those_of_the_file(tmp_path):
    report, rows = read(tmp_path, csv_of([row(ResourceName="two\nlines"), row(), row(BillingCurrency="")]))
    assert [(charge["ResourceName"], charge["line"]) for charge in rows] == [("two\nlines", 2), ("first", 4)]
    assert [trouble.lines for trouble in report.problems] == [(5,)]


@pytest.mark.parametrize("far", [0, 200])
def test_a_nul_costs_its_row_and_is_named_with_its_line(tmp_path, far):
    rows = [row(), row(ResourceName="two\nlines"), row(ResourceName="x\0y"), row(Tags="\0"), row(BilledCost="7")]
    report, kept = read(tmp_path, csv_of([row()] * far + rows))
    assert [(trouble.reason, trouble.outcome, trouble.count, trouble.lines) for trouble in report.problems] == [
        ("nul", "refused", 2, (far + 5, far + 6))
    ]
    assert (report.rows, report.imported, report.refused) == (far + 5, far + 3, 2)
    assert (kept[-1]["BilledCost"], kept[-1]["line"]) == (Decimal(7), far + 7)


def test_a_nul_in_a_row_with_too_many_fields_is_counted_once(tmp_path):
    sound = csv_of([row()])
    report, kept = read(tmp_path, sound + b"1,\0\n" + sound.splitlines()[1] + b"\n")
    assert [(trouble.reason, trouble.lines) for trouble in report.problems] == [("column_count", (3,))]
    assert [charge["line"] for charge in kept] == [2, 4]


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_other_delimiters_are_told_by_the_header(tmp_path, delimiter):
    report, rows = read(tmp_path, csv_of([row()], delimiter=delimiter))
    assert (report.imported, rows[0]["BilledCost"], report.problems) == (1, Decimal("1.25"), ())


def test_a_row_with_too_few_or_too_many_fields_is_refused_with_its_line(tmp_path):
    sound = csv_of([row(), row()])
    report, rows = read(tmp_path, sound + b"1,2\n" + sound.splitlines()[1] + b",more\n" + sound.splitlines()[1] + b"\n")
    assert (report.rows, report.imported, report.refused) == (5, 3, 2)
    assert [(trouble.reason, trouble.lines) for trouble in report.problems] == [("column_count", (4, 5))]
    assert [charge["line"] for charge in rows] == [2, 3, 6]


@pytest.mark.parametrize(
    ("text", "amount"), [("1.5E-3", "0.0015"), ("2e2", "200"), ("-7.25E+1", "-72.5"), ("0E0", "0")]
)
def test_e_notation_is_exact(tmp_path, text, amount):
    report, charge = read_one(tmp_path, BilledCost=text, ConsumedQuantity=text)
    assert (charge["BilledCost"], charge["ConsumedQuantity"]) == (Decimal(amount), Decimal(amount))
    assert report.problems == ()


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("0.1234567890123456785", "0.123456789012345678"), ("0.1234567890123456775", "0.123456789012345678"),
        ("0.1234567890123456786", "0.123456789012345679"), ("-0.0000000000000000015", "-0.000000000000000002"),
    ],
)  # fmt: skip
def test_nineteen_decimals_are_rounded_half_to_even_and_counted(tmp_path, text, amount):
    report, charge = read_one(tmp_path, BilledCost=text)
    assert charge["BilledCost"] == Decimal(amount)
    assert reasons(report, "repaired") == {("rounded", "BilledCost")}


def test_more_than_38_digits_are_rounded_where_they_fit(tmp_path):
    report, charge = read_one(tmp_path, BilledCost="12345678901234567890." + "1" * 30)
    assert charge["BilledCost"] == Decimal("12345678901234567890." + "1" * 18)
    assert reasons(report, "repaired") == {("rounded", "BilledCost")}


@pytest.mark.parametrize("text", ["1" * 39, "1" * 21, "99999999999999999999.9999999999999999999", "1e999999"])
def test_what_does_not_fit_38_digits_is_refused_with_its_line(tmp_path, text):
    report, rows = read(tmp_path, csv_of([row(), row(BilledCost=text)]))
    assert (report.refused, len(rows)) == (1, 1)
    assert [(t.reason, t.column, t.lines) for t in report.problems] == [("too_large", "BilledCost", (3,))]


def test_a_time_without_a_zone_is_utc_in_every_column_of_time(tmp_path):
    report, charge = read_one(
        tmp_path, BillingPeriodStart="2026-10-01 00:00:00", BillingPeriodEnd="2026-11-01",
        ChargePeriodStart="2026-10-05T08:00:00", ChargePeriodEnd="2026-10-05T08:30:00.5",
    )  # fmt: skip
    assert charge["ChargePeriodEnd"] == datetime.datetime(2026, 10, 5, 8, 30, 0, 500_000)
    assert charge["BillingPeriodEnd"] == datetime.datetime(2026, 11, 1)
    assert {reason for reason, _ in reasons(report, "repaired")} == {"no_zone"}
    assert len(report.problems) == 4


def test_missing_mandatory_columns_are_taken_when_a_charge_can_be_without(tmp_path):
    needed = ("BilledCost", "BillingCurrency", "ChargePeriodStart", "ChargePeriodEnd")
    report, rows = read(tmp_path, csv_of([{name: SOUND[name] for name in needed}]))
    assert (report.imported, report.refused, report.repaired) == (1, 0, 1)
    assert (rows[0]["EffectiveCost"], rows[0]["ChargeCategory"]) == (Decimal("1.25"), "Usage")
    assert rows[0]["BillingPeriodStart"] == datetime.datetime(2026, 10, 1)
    assert (report.batches[0].issuer, report.batches[0].account) == ("", "")


@pytest.mark.parametrize("name", ["BillingCurrency", "ChargePeriodStart", "ChargePeriodEnd"])
def test_a_file_without_a_column_that_a_charge_needs_is_refused_whole(tmp_path, name):
    with pytest.raises(ProblemError, match=f"lacks {name}") as fault:
        read(tmp_path, csv_of([row(**{name: None})]))
    assert fault.value.problem.code == "not_focus"


def test_a_file_without_any_cost_is_refused_whole(tmp_path):
    with pytest.raises(ProblemError, match="lacks BilledCost, EffectiveCost"):
        read(tmp_path, csv_of([row(BilledCost=None, EffectiveCost=None)]))


def test_columns_of_a_provider_are_kept_in_extra(tmp_path):
    report, charge = read_one(tmp_path, x_SkuTier="P1", x_Empty="", Stray="s", x_BilledCost="9")
    assert json.loads(charge["Extra"]) == {"Stray": "s", "x_BilledCost": "9", "x_SkuTier": "P1"}
    assert (charge["BilledCost"], report.problems) == (Decimal("1.25"), ())


def test_a_column_in_another_spelling_is_taken_and_one_that_stands_twice_is_kept(tmp_path):
    text = csv_of([row(SkuId="1", sku_id="2")]).replace(b"RegionId", b"region_id").replace(b"Tags", b"tags")
    report, rows = read(tmp_path, text)
    assert (rows[0]["SkuId"], rows[0]["tag_team"], json.loads(rows[0]["Extra"])) == ("1", "a", {"sku_id": "2"})
    assert reasons(report, "noted") == {("column_spelling", "tags"), ("column_twice", "sku_id")}


def test_columns_of_older_versions_fill_those_that_took_their_place(tmp_path):
    _, charge = read_one(
        tmp_path, ProviderName="Old", PublisherName="Press", ServiceProviderName=None, HostProviderName=None,
        InvoiceIssuerName=None,
    )  # fmt: skip
    assert [charge[name] for name in ("ServiceProviderName", "HostProviderName", "InvoiceIssuerName")] == ["Old"] * 3
    assert json.loads(charge["Extra"]) == {"ProviderName": "Old", "PublisherName": "Press"}


@pytest.mark.parametrize(
    ("columns", "version"),
    [
        ({"ProviderName": "P"}, "1.0"), ({"ProviderName": "P", "SkuMeter": ""}, "1.1"),
        ({"ProviderName": "P", "InvoiceId": ""}, "1.2"), ({"ProviderName": "P", "AllocatedMethodId": ""}, "1.3"),
        ({"ProviderName": None, "HostProviderName": "H"}, "1.4"), ({"InvoiceDetailId": ""}, "1.4"),
        ({"ProviderName": "P", "SkuMeter": "", "InvoiceId": "", "AllocatedMethodId": ""}, "1.3"),
    ],
)  # fmt: skip
def test_the_version_is_told_by_the_columns(tmp_path, columns, version):
    report, _ = read_one(tmp_path, **{"ServiceProviderName": None, "HostProviderName": None, **columns})
    assert report.version == version


@pytest.mark.parametrize(
    "prefix", ["user:", "aws:", "azure:", "gcp:", "goog-", "labels/", "tag:", "resourceTags/", "user:aws:"]
)
def test_prefixes_of_providers_are_stripped(tmp_path, prefix):
    found, charge, noted = tags(tmp_path, {prefix + "team": "vision"})
    assert (found, charge["tag_team"], noted) == ({"team": "vision"}, "vision", set())


@pytest.mark.parametrize(
    ("key", "column"),
    [
        ("trivium:asset", "tag_trivium_asset"), ("mlflow.run_id", "tag_mlflow_run_id"),
        ("openlineage.run_id", "tag_openlineage_run_id"), ("trivium:team", "tag_team"),
    ],
)  # fmt: skip
def test_our_own_prefixes_are_never_stripped(tmp_path, key, column):
    for given in (key, f"user:{key}"):
        found, charge, _ = tags(tmp_path, {given: "x"})
        assert (found, charge[column]) == ({key: "x"}, "x")


def test_no_other_prefix_is_stripped(tmp_path):
    found, _, _ = tags(tmp_path, {"clinic:team": "x", "user:": "y"})
    assert found == {"clinic:team": "x", "user:": "y"}


def test_two_tags_that_become_one_are_both_kept_and_noted(tmp_path):
    found, charge, noted = tags(tmp_path, {"user:team": "b", "team": "a"})
    assert (found, charge["tag_team"], noted) == ({"team": "a", "user:team": "b"}, "a", {("tag_collision", "Tags")})


def test_two_tags_that_say_the_same_are_one(tmp_path):
    found, _, noted = tags(tmp_path, {"user:team": "a", "team": "a"})
    assert (found, noted) == ({"team": "a"}, set())


@pytest.mark.parametrize(
    "text", ['"team":"a"', '[{"Key":"team","Value":"a"}]', '[["team","a"]]', '"{\\"team\\":\\"a\\"}"']
)
def test_tags_in_other_shapes_are_read(tmp_path, text):
    found, _, noted = tags(tmp_path, text)
    assert (found, noted) == ({"team": "a"}, set())


def test_tags_that_cannot_be_read_are_kept_as_text(tmp_path):
    found, charge, noted = tags(tmp_path, "team=a; {")
    assert (found, json.loads(charge["Extra"]), noted) == ({}, {"Tags": "team=a; {"}, {("bad_tags", "Tags")})


def test_json_lines_keep_the_digits_of_numbers(tmp_path):
    text = json.dumps(row(Tags=None, BilledCost=None))[:-1]
    text += ', "BilledCost": 0.100000000000000001, "Tags": {"user:team": "a"}, "x_new": {"a": 1}}\n'
    report, rows = read(tmp_path, text.encode())
    assert (report.format, rows[0]["BilledCost"], rows[0]["line"]) == ("jsonl", Decimal("0.100000000000000001"), 1)
    assert (rows[0]["tag_team"], json.loads(rows[0]["Extra"])) == ("a", {"x_new": '{"a":1}'})


def test_a_line_that_is_no_json_object_is_refused_with_its_line(tmp_path):
    report, rows = read(tmp_path, jsonl_of(row()) + b"{broken\n\n[1]\n" + jsonl_of(row()))
    assert (report.rows, report.imported, report.refused) == (4, 2, 2)
    assert [(trouble.reason, trouble.lines) for trouble in report.problems] == [("bad_json", (2, 4))]
    assert [charge["line"] for charge in rows] == [1, 5]


def test_json_of_great_depth_is_refused_as_a_line(tmp_path):
    deep = b'{"BilledCost":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n"
    report, _ = read(tmp_path, jsonl_of(row()) + deep)
    assert (report.imported, [trouble.reason for trouble in report.problems]) == (1, ["bad_json"])


def test_parquet_with_double_costs_is_read_by_the_shortest_text(tmp_path):
    report, rows = read(tmp_path, parquet_of(BilledCost=pa.array([0.1]), EffectiveCost=pa.array([1e-7])))
    assert (report.format, rows[0]["BilledCost"], rows[0]["EffectiveCost"]) == (
        "parquet",
        Decimal("0.1"),
        Decimal("0.0000001"),
    )
    assert reasons(report, "repaired") == {("binary_fraction", "BilledCost"), ("binary_fraction", "EffectiveCost")}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e30])
def test_parquet_with_a_double_that_is_no_amount_is_refused(tmp_path, value):
    report, rows = read(tmp_path, parquet_of(BilledCost=pa.array([value])))
    assert (report.refused, rows) == (1, [])


def test_parquet_with_decimals_times_and_maps_is_taken_as_it_is(tmp_path):
    instant = datetime.datetime(2026, 10, 5, 8, tzinfo=datetime.UTC)
    report, rows = read(
        tmp_path,
        parquet_of(
            BilledCost=pa.array([Decimal("1.23")], pa.decimal128(20, 2)),
            ChargePeriodStart=pa.array([instant], pa.timestamp("ms", "UTC")),
            Tags=pa.array([[("user:team", "a")]], pa.map_(pa.string(), pa.string())),
        ),
    )
    assert (rows[0]["BilledCost"], rows[0]["ChargePeriodStart"]) == (Decimal("1.23"), instant.replace(tzinfo=None))
    assert (rows[0]["Tags"], rows[0]["line"], report.problems) == ('{"team":"a"}', 1, ())


@pytest.mark.parametrize("kind", [pa.large_string(), pa.dictionary(pa.int64(), pa.large_string()), pa.string_view()])
def test_parquet_with_texts_of_any_width_holds_amounts_to_the_same_bounds(tmp_path, kind):
    texts = pa.array(["1.5", "9" * 30, "1E2"])
    amounts = texts.cast(pa.large_string()).dictionary_encode() if pa.types.is_dictionary(kind) else texts.cast(kind)
    columns = {name: pa.array([text] * 3) for name, text in SOUND.items()} | {"BilledCost": amounts}
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out)
    report, rows = read(tmp_path, out.getvalue())
    assert [charge["BilledCost"] for charge in rows] == [Decimal("1.5"), Decimal(100)]
    assert [(trouble.reason, trouble.lines) for trouble in report.problems] == [("too_large", (2,))]


def test_parquet_with_times_without_a_zone_is_utc(tmp_path):
    report, rows = read(tmp_path, parquet_of(ChargePeriodStart=pa.array([datetime.datetime(2026, 10, 5, 8)])))
    assert rows[0]["ChargePeriodStart"] == datetime.datetime(2026, 10, 5, 8)
    assert reasons(report, "repaired") == {("no_zone", "ChargePeriodStart")}


def test_gzip_is_told_by_its_content(tmp_path):
    report, rows = read(tmp_path, gzip.compress(csv_of([row()])), "bill.csv")
    assert (report.format, rows[0]["BilledCost"]) == ("csv.gz", Decimal("1.25"))


def test_gzip_members_one_after_the_other_are_one_file(tmp_path):
    text = csv_of([row(), row(), row()])
    report, rows = read(tmp_path, gzip.compress(text[:200]) + gzip.compress(text[200:]))
    assert (report.imported, len(rows)) == (3, 3)


def test_json_lines_in_gzip_are_read(tmp_path):
    assert read(tmp_path, gzip.compress(jsonl_of(row(), row())))[0].format == "jsonl.gz"


def test_gzip_that_is_cut_short_is_refused_whole(tmp_path):
    with pytest.raises(ProblemError, match="ends in the middle"):
        read(tmp_path, gzip.compress(csv_of([row()] * 50))[:-20])


def test_mixed_currencies_stay_apart(tmp_path):
    report, _ = read(tmp_path, csv_of([row(), row(BillingCurrency="USD", BilledCost="2"), row(BillingCurrency="usd")]))
    assert [(batch.currency, batch.rows, batch.billed_cost) for batch in report.batches] == [
        ("EUR", 1, Decimal("1.25")),
        ("USD", 2, Decimal("3.25")),
    ]


@pytest.mark.parametrize("end", ["2026-10-05T08:00:00Z", "2026-10-05T07:59:59Z", "2026-10-05T09:00:00+02:00"])
def test_a_charge_that_does_not_end_after_its_start_is_refused_with_reason_and_line(tmp_path, end):
    report, rows = read(tmp_path, csv_of([row(), row(ChargePeriodEnd=end)]))
    [trouble] = report.problems
    assert (trouble.outcome, trouble.reason, trouble.lines, trouble.example) == ("refused", "bad_period", (3,), end)
    assert "does not end after its start" in trouble.done
    assert len(rows) == 1


def test_credits_and_corrections_keep_their_sign(tmp_path):
    _, charge = read_one(tmp_path, BilledCost="-3.50", ChargeCategory="Credit", ChargeClass="Correction")
    assert (charge["BilledCost"], charge["ChargeClass"]) == (Decimal("-3.50"), "Correction")


FAR = 9_000_000_000_000_000_000


@pytest.mark.parametrize(
    "stamps",
    [
        pa.array([FAR], pa.timestamp("us")),
        pa.array([-FAR], pa.timestamp("us", "UTC")),
        pa.array([FAR // 1000 - 1], pa.timestamp("ms")),
    ],
)
def test_parquet_with_a_time_that_no_calendar_has_refuses_the_row_not_the_file(tmp_path, stamps):
    report, rows = read(tmp_path, parquet_of(ChargePeriodStart=stamps, x_Time=stamps))
    assert (report.rows, report.refused, len(rows)) == (1, 1, 0)
    assert [(trouble.outcome, trouble.reason) for trouble in report.problems][:1] == [("refused", "bad_time")]


@pytest.mark.parametrize(
    "odd",
    [
        pa.array([[1.5]]), pa.array([{"amount": "1.5"}]), pa.array([b"\xff1"]), pa.array([True]), pa.array([None]),
        pa.array([b"\xff1"]).dictionary_encode(),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    ("column", "reasons_of"),
    [("BilledCost", {"not_a_number"}), ("ChargePeriodStart", {"bad_time", "no_period"}), ("ListCost", set())],
)
def test_parquet_with_values_that_are_no_single_text_refuses_the_row_not_the_file(tmp_path, odd, column, reasons_of):
    report, rows = read(tmp_path, parquet_of(**{column: odd}))
    refused = bool(reasons_of) and not (column == "BilledCost" and odd.null_count)
    assert (report.rows, report.refused, len(rows)) == (1, int(refused), int(not refused))
    assert {trouble.reason for trouble in report.problems if trouble.outcome == "refused"} <= reasons_of


def test_parquet_with_nanoseconds_shows_them_in_its_example(tmp_path):
    stamps = pa.array([1_791_187_200_000_000_001], pa.timestamp("ns"))
    report, _ = read(tmp_path, parquet_of(ChargePeriodStart=stamps))
    assert (report.rows, report.refused) == (1, 0)
    assert [trouble.reason for trouble in report.problems] == ["no_zone"]
    assert report.problems[0].example.endswith("000000001")


def test_a_parquet_file_that_changes_while_it_is_read_is_refused(tmp_path):
    path = tmp_path / "bill.parquet"
    path.write_bytes(parquet_of())
    rows = ParquetRows(path, FORM)
    assert rows.digest() == (sha256(path.read_bytes()).hexdigest(), path.stat().st_size)
    path.write_bytes(path.read_bytes() + b"more")
    with pytest.raises(ProblemError) as fault:
        rows.digest()
    assert fault.value.problem.code == "file_changed"


def test_carriage_returns_alone_end_no_record(tmp_path):
    with pytest.raises(ProblemError):
        read(tmp_path, csv_of([row(), row()], ends="\r"))
