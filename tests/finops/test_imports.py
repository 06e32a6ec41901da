"""A bill comes in once, whole and exact, and replaces what it corrects."""

from __future__ import annotations

import csv
import errno
from decimal import Decimal, localcontext
from hashlib import sha256
from pathlib import Path

import pytest

from tests.fakes.book import RefusingBook
from tests.intake.focus.bills import csv_of, row
from tests.shared_data import shared
from trivium.facts.problem import ProblemError, refuse
from trivium.finops.imports import import_focus, import_focus_files
from trivium.lake.lake import Lake

BILLS = ("focus_1_0_official_sample.csv", "focus_1_2_aws_generated.csv", "focus_1_4_cost_and_usage.csv")


def oracle(path: Path, column: str) -> Decimal:
    with path.open(encoding="utf-8-sig", newline="") as file, localcontext() as context:
        context.prec = 100
        return sum((Decimal(row[column]) for row in csv.DictReader(file)), Decimal(0))


@pytest.mark.parametrize("name", BILLS)
def test_real_bills_import_to_the_last_digit(name, ledger, lake):
    path = shared(f"data/focus/{name}")
    report = import_focus(path, ledger=ledger, lake=lake)
    assert (report.rows, report.imported, report.refused, report.currency) == (1000, 1000, 0, "USD")
    assert Decimal(report.billed_cost) == oracle(path, "BilledCost")
    assert Decimal(report.effective_cost) == oracle(path, "EffectiveCost")
    [(billed, effective)] = lake.query("SELECT sum(BilledCost), sum(EffectiveCost) FROM charges")
    assert (billed, effective) == (oracle(path, "BilledCost"), oracle(path, "EffectiveCost"))
    again = import_focus(path, ledger=ledger, lake=lake)
    assert (again.imported, again.already_known, again.billed_cost) == (0, True, report.billed_cost)
    assert lake.query("SELECT count(*) FROM charges") == [(1000,)]


def bill(folder: Path, name: str, *rows: dict[str, str]) -> Path:
    path = folder / name
    path.write_bytes(csv_of(rows or [row()]))
    return path


def sums(lake: Lake, as_of: int | None = None) -> tuple[int, Decimal | None]:
    [(count, billed)] = lake.query("SELECT count(*), sum(BilledCost) FROM charges", as_of=as_of)
    return count, billed


def deliveries(lake: Lake) -> int:
    [(count,)] = lake.query("SELECT count(DISTINCT delivery) FROM charges_history")
    return int(count)


def staged(lake: Lake) -> list[Path]:
    return list((lake.folder / "staging").iterdir())


def test_the_same_file_again_is_a_no_op_under_any_name(tmp_path, ledger, lake):
    first = import_focus(bill(tmp_path, "a.csv", row(), row(BilledCost="3")), ledger=ledger, lake=lake)
    again = import_focus(bill(tmp_path, "b.csv", row(), row(BilledCost="3")), ledger=ledger, lake=lake)
    assert (again.rows, again.imported, again.already_known) == (2, 0, True)
    assert (again.sequence, again.billed_cost) == (first.sequence, "4.25")
    assert (again.replaced.rows, sums(lake), deliveries(lake)) == (0, (2, Decimal("4.25")), 1)


def test_a_changed_file_of_the_same_name_replaces_and_says_so(tmp_path, ledger, lake):
    first = import_focus(bill(tmp_path, "a.csv", row(), row(BilledCost="3")), ledger=ledger, lake=lake)
    second = import_focus(bill(tmp_path, "a.csv", row(BilledCost="10")), ledger=ledger, lake=lake)
    assert (second.imported, second.billed_cost, second.already_known) == (1, "10", False)
    assert (second.replaced.rows, second.replaced.deliveries) == (2, (first.sequence,))
    assert second.replaced.totals["EUR"].billed_cost == "4.25"
    assert second.replaced.totals["EUR"].effective_cost == "2"
    assert sums(lake) == (1, Decimal(10))


def test_as_of_the_earlier_sequence_the_earlier_rows_are_read(tmp_path, ledger, lake):
    first = import_focus(bill(tmp_path, "a.csv", row(), row(BilledCost="3")), ledger=ledger, lake=lake)
    second = import_focus(bill(tmp_path, "a.csv", row(BilledCost="10")), ledger=ledger, lake=lake)
    assert first.sequence is not None
    assert sums(lake, first.sequence) == (2, Decimal("4.25"))
    assert sums(lake, second.sequence) == (1, Decimal(10))
    assert sums(lake, first.sequence - 1) == (0, None)


def test_only_what_is_of_the_same_account_period_and_name_is_replaced(tmp_path, ledger, lake):
    kept = (row(BillingAccountId="7"), row(BillingPeriodStart="2026-09-01T00:00:00Z"), row(InvoiceIssuerName="Other"))
    import_focus(bill(tmp_path, "a.csv", row(), *kept), ledger=ledger, lake=lake)
    other = import_focus(bill(tmp_path, "b.csv", row(BilledCost="10")), ledger=ledger, lake=lake)
    assert other.replaced.rows == 0
    second = import_focus(bill(tmp_path, "a.csv", row(BilledCost="20")), ledger=ledger, lake=lake)
    assert (second.replaced.rows, second.replaced.totals["EUR"].billed_cost) == (1, "1.25")
    assert sums(lake) == (5, Decimal("33.75"))


def test_a_currency_that_is_gone_from_the_changed_file_is_replaced_too(tmp_path, ledger, lake):
    import_focus(bill(tmp_path, "a.csv", row(), row(BillingCurrency="USD")), ledger=ledger, lake=lake)
    second = import_focus(bill(tmp_path, "a.csv", row(BilledCost="2")), ledger=ledger, lake=lake)
    assert sorted(second.replaced.totals) == ["EUR", "USD"]
    assert lake.query("SELECT BillingCurrency, BilledCost FROM charges") == [("EUR", Decimal(2))]


def test_the_bill_before_comes_back_when_it_is_imported_again(tmp_path, ledger, lake):
    first = import_focus(bill(tmp_path, "a.csv"), ledger=ledger, lake=lake)
    import_focus(bill(tmp_path, "a.csv", row(BilledCost="10")), ledger=ledger, lake=lake)
    for _ in range(2):
        back = import_focus(bill(tmp_path, "a.csv"), ledger=ledger, lake=lake)
        assert (back.already_known, back.imported, back.replaced.rows) == (False, 1, 1)
        assert back.sequence != first.sequence
        assert sums(lake) == (1, Decimal("1.25"))
        head = ledger.head().sequence
        again = import_focus(bill(tmp_path, "a.csv"), ledger=ledger, lake=lake)
        assert (again.already_known, again.sequence, ledger.head().sequence) == (True, back.sequence, head)
        forth = import_focus(bill(tmp_path, "a.csv", row(BilledCost="10")), ledger=ledger, lake=lake)
        assert (forth.already_known, sums(lake)) == (False, (1, Decimal(10)))


def test_a_bill_that_was_replaced_in_part_comes_back_whole(tmp_path, ledger, lake):
    rows = (row(), row(BillingAccountId="7", BilledCost="2"))
    import_focus(bill(tmp_path, "a.csv", *rows), ledger=ledger, lake=lake)
    import_focus(bill(tmp_path, "a.csv", row(BilledCost="10")), ledger=ledger, lake=lake)
    assert sums(lake) == (2, Decimal(12))
    back = import_focus(bill(tmp_path, "a.csv", *rows), ledger=ledger, lake=lake)
    assert (back.imported, back.replaced.rows, sums(lake)) == (2, 2, (2, Decimal("3.25")))


def test_what_was_added_is_not_added_again_while_a_part_of_it_stands(tmp_path, ledger, lake):
    rows = (row(), row(BillingAccountId="7", BilledCost="2"))
    import_focus(bill(tmp_path, "a.csv", *rows), ledger=ledger, lake=lake, add=True)
    import_focus(bill(tmp_path, "a.csv", row(BilledCost="10")), ledger=ledger, lake=lake)
    again = import_focus(bill(tmp_path, "a.csv", *rows), ledger=ledger, lake=lake, add=True)
    assert (again.already_known, again.imported, sums(lake)) == (True, 0, (2, Decimal(12)))
    assert [trouble.reason for trouble in again.problems] == ["replaced_since"]


def test_add_appends_and_the_same_added_twice_is_a_no_op(tmp_path, ledger, lake):
    import_focus(bill(tmp_path, "a.csv"), ledger=ledger, lake=lake)
    added = import_focus(bill(tmp_path, "a.csv", row(BilledCost="10")), ledger=ledger, lake=lake, add=True)
    assert (added.imported, added.replaced.rows, sums(lake)) == (1, 0, (2, Decimal("11.25")))
    again = import_focus(bill(tmp_path, "a.csv", row(BilledCost="10")), ledger=ledger, lake=lake, add=True)
    assert (again.already_known, sums(lake)) == (True, (2, Decimal("11.25")))


def test_several_files_are_one_delivery(tmp_path, ledger, lake):
    paths = [bill(tmp_path, "a.csv"), bill(tmp_path, "b.csv", row(ResourceId="res-2"), row(BilledCost="5"))]
    head = ledger.head().sequence
    report = import_focus_files(paths, ledger=ledger, lake=lake)
    assert (report.rows, report.imported, report.billed_cost, ledger.head().sequence) == (3, 3, "7.5", head + 1)
    assert [(source.name, source.rows) for source in report.sources] == [("a.csv", 1), ("b.csv", 2)]
    by_source = "SELECT source, sum(BilledCost) FROM charges JOIN batches USING (batch) GROUP BY 1 ORDER BY 1"
    assert lake.query(by_source) == [("a.csv", Decimal("1.25")), ("b.csv", Decimal("6.25"))]
    assert lake.query("SELECT DISTINCT resource, ResourceId FROM charges ORDER BY 1") == [(1, "res-1"), (2, "res-2")]
    again = import_focus_files(paths[::-1], ledger=ledger, lake=lake)
    assert (again.already_known, deliveries(lake)) == (True, 1)


def test_the_same_content_twice_in_one_command_counts_once(tmp_path, ledger, lake):
    report = import_focus_files([bill(tmp_path, "a.csv"), bill(tmp_path, "b.csv")], ledger=ledger, lake=lake)
    assert (report.imported, sums(lake)) == (1, (1, Decimal("1.25")))
    assert [(trouble.reason, trouble.source) for trouble in report.problems] == [("same_file", "b.csv")]


def test_one_bad_file_refuses_the_whole_delivery(tmp_path, ledger, lake):
    bad = tmp_path / "bad.csv"
    bad.write_text("a,b\n1,2\n")
    head = ledger.head().sequence
    with pytest.raises(ProblemError) as fault:
        import_focus_files([bill(tmp_path, "a.csv"), bad], ledger=ledger, lake=lake)
    assert (fault.value.problem.code, fault.value.problem.where) == ("not_focus", "bad.csv")
    assert (sums(lake), ledger.head().sequence, staged(lake)) == ((0, None), head, [])


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"name,price\nx,1\n", "not_focus"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01", "not_focus"),
        (b"\x89PNG\r\n\x1a\n", "not_focus"),
        (b"%PDF-1.7\n", "not_focus"),
        (b"a,\0b\n1,2\n", "not_focus"),
        (b'[{"BilledCost": 1}]', "not_focus"),
        (b"{}\n", "not_focus"),
        (b"PAR1 and nothing more", "bad_parquet"),
        (b"\x1f\x8b and nothing more", "bad_gzip"),
        (b"\n\n\n", "not_focus"),
    ],
)
def test_what_is_no_bill_is_refused_whole_with_a_sentence(tmp_path, ledger, lake, content, code):
    path = tmp_path / "thing"
    path.write_bytes(content)
    with pytest.raises(ProblemError) as fault:
        import_focus(path, ledger=ledger, lake=lake)
    problem = fault.value.problem
    assert (problem.code, problem.where) == (code, "thing")
    assert problem.title.endswith(".")
    assert problem.fix
    assert "b'" not in problem.title
    assert 400 <= problem.status < 500
    assert (sums(lake), staged(lake)) == ((0, None), [])


def test_a_file_that_is_not_there_and_no_file_at_all_are_refused(tmp_path, ledger, lake):
    with pytest.raises(ProblemError, match="cannot be read"):
        import_focus(tmp_path / "absent.csv", ledger=ledger, lake=lake)
    with pytest.raises(ProblemError, match="No file was given"):
        import_focus_files([], ledger=ledger, lake=lake)


def test_a_bill_without_a_sound_row_enters_nothing_and_says_why(tmp_path, ledger, lake):
    head = ledger.head().sequence
    report = import_focus(bill(tmp_path, "a.csv", row(BillingCurrency="")), ledger=ledger, lake=lake)
    assert (report.rows, report.imported, report.refused, report.sequence) == (1, 0, 1, None)
    assert [trouble.reason for trouble in report.problems] == ["no_currency"]
    assert (ledger.head().sequence, staged(lake)) == (head, [])


OTHERS = {
    "Invoice Detail": "InvoiceDetailId,InvoiceId,BilledCost",
    "Billing Period": "BillingPeriodStart,BillingPeriodEnd,BillingPeriodStatus",
    "Contract Commitment": "ContractId,ContractCommitmentId,ContractCommitmentCost",
}


@pytest.mark.parametrize("name", OTHERS)
def test_another_dataset_of_focus_is_refused_whole_with_its_name(name, tmp_path, ledger, lake):
    path = tmp_path / "other.csv"
    path.write_text(f"{OTHERS[name]}\n1,2,3\n")
    head = ledger.head().sequence
    with pytest.raises(ProblemError) as fault:
        import_focus(path, ledger=ledger, lake=lake)
    problem = fault.value.problem
    assert (problem.code, problem.where) == ("other_dataset", "other.csv")
    assert problem.title == (
        f"The file looks like FOCUS {name}; Trivium reads FOCUS Cost and Usage, and {name} holds no charges."
    )
    assert (ledger.head().sequence, sums(lake), staged(lake)) == (head, (0, None), [])


@pytest.mark.parametrize("name", ["focus_1_4_billing_period.csv", "focus_1_4_invoice_detail.csv"])
def test_real_files_of_other_datasets_are_refused_whole(name, ledger, lake):
    with pytest.raises(ProblemError, match="looks like FOCUS"):
        import_focus(shared(f"data/focus/{name}"), ledger=ledger, lake=lake)


@pytest.mark.parametrize("end", ["", "\n", "\n\n"])
def test_a_header_alone_is_read_and_said_to_have_no_rows(end, tmp_path, ledger, lake):
    path = tmp_path / "header.csv"
    path.write_text(",".join(row()) + end)
    report = import_focus(path, ledger=ledger, lake=lake)
    assert (report.rows, report.imported, report.refused, report.sequence) == (0, 0, 0, None)
    [trouble] = report.problems
    assert (trouble.reason, trouble.outcome, trouble.source) == ("no_rows", "noted", "header.csv")
    assert "no rows" in trouble.done


def test_a_repeat_reports_the_counts_of_the_first_delivery(tmp_path, ledger, lake):
    path = bill(tmp_path, "a.csv", row(), row(BilledCost="x"), row(ResourceName="NULL"))
    first, again = (import_focus(path, ledger=ledger, lake=lake) for _ in range(2))
    assert (first.rows, first.imported, first.repaired, first.refused) == (3, 2, 1, 1)
    assert (again.rows, again.imported, again.repaired, again.refused) == (3, 0, 1, 1)
    assert again.problems == first.problems


def test_files_are_hashed_as_they_are_read_and_only_once(tmp_path, ledger, lake, monkeypatch):
    from trivium.finops import imports

    hashed = []
    monkeypatch.setattr(
        imports, "_hash", lambda path: hashed.append(path.name) or sha256(path.read_bytes()).hexdigest()
    )
    one, other = bill(tmp_path, "a.csv"), bill(tmp_path, "b.csv", row(ResourceId="a longer one"))
    report = import_focus_files([one, other], ledger=ledger, lake=lake)
    assert hashed == []
    assert [(source.sha256, source.bytes) for source in report.sources] == [
        (sha256(path.read_bytes()).hexdigest(), path.stat().st_size) for path in (one, other)
    ]
    with monkeypatch.context() as patch:
        patch.setattr(imports, "read_apart", None)
        assert import_focus_files([one, other], ledger=ledger, lake=lake).already_known
    assert hashed == ["a.csv", "b.csv"]
    changed = bill(tmp_path, "a.csv", row(BilledCost="9.25"))
    assert import_focus(changed, ledger=ledger, lake=lake).imported == 1


def test_several_currencies_are_never_summed(tmp_path, ledger, lake):
    path = bill(tmp_path, "a.csv", row(), row(BillingCurrency="USD", BilledCost="7"))
    report = import_focus(path, ledger=ledger, lake=lake)
    assert (report.billed_cost, report.effective_cost, report.currency) == ("", "", "")
    assert {name: total.billed_cost for name, total in report.totals.items()} == {"EUR": "1.25", "USD": "7"}


def test_progress_counts_on_over_several_files(tmp_path, ledger, lake):
    told = []
    paths = [bill(tmp_path, "a.csv"), bill(tmp_path, "b.csv", row(BilledCost="5"))]
    import_focus_files(paths, ledger=ledger, lake=lake, progress=lambda *given: told.append(given))
    size = sum(path.stat().st_size for path in paths)
    assert told
    assert {total for _, _, total in told} == {size}
    assert told == sorted(told)
    assert told[-1][0] == 2


def lake_files(lake: Lake) -> list[str]:
    return sorted(str(path.relative_to(lake.folder)) for path in lake.folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("code", ["read_only", "overloaded", "import_overtaken"])
def test_a_refused_append_leaves_no_file_behind(code, tmp_path, ledger, lake):
    import_focus(bill(tmp_path, "kept.csv"), ledger=ledger, lake=lake)
    before = lake_files(lake)
    book = RefusingBook(ledger, refuse(code, "Not now.", status=503))
    for _ in range(2):
        with pytest.raises(ProblemError):
            import_focus(bill(tmp_path, "a.csv", row(ResourceId="res-9")), ledger=book, lake=lake)
        assert lake_files(lake) == before
    assert import_focus(bill(tmp_path, "a.csv", row(ResourceId="res-9")), ledger=ledger, lake=lake).imported == 1


@pytest.mark.parametrize("fault", [TimeoutError("no answer"), refuse("closed", "The ledger is closed.", status=503)])
def test_files_whose_fate_is_unknown_wait_for_the_next_start(fault, tmp_path, ledger, lake):
    with pytest.raises(type(fault)):
        import_focus(bill(tmp_path, "a.csv"), ledger=RefusingBook(ledger, fault), lake=lake)
    assert any(name.startswith("charges/") for name in lake_files(lake))
    lake.sweep()
    assert lake_files(lake) == []


def test_a_file_that_cannot_be_published_leaves_nothing(tmp_path, ledger, lake, monkeypatch):
    def full(here: Path, there: Path) -> Path:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(type(tmp_path), "rename", full)
    with pytest.raises(OSError, match="No space"):
        import_focus(bill(tmp_path, "a.csv"), ledger=ledger, lake=lake)
    assert (lake_files(lake), staged(lake)) == ([], [])
