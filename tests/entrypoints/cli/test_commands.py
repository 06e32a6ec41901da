"""Does each command answer with its exit code, with JSON and nothing else, and without cutting a name?"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from tests.entrypoints.tracked import given, tracked_rooms
from tests.entrypoints.worked import WORKED, worked_rooms
from tests.stories.served import trivium
from trivium.entrypoints.answers.questions import QUESTIONS
from trivium.ledger.proof import ConsistencyProof, check_consistency

EVENTS = (WORKED / "events.jsonl").read_bytes()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("cli") / "home"
    with tracked_rooms(home):
        pass
    return home


def said(*arguments: object, code: int = 0):
    answer = trivium(*arguments, "--json")
    assert (answer.returncode, answer.stderr) == (code, "")
    assert answer.stdout.count("\n") == 1
    return msgspec.json.decode(answer.stdout)


def said_no(*arguments: object):
    answer = trivium(*arguments, "--json")
    assert answer.returncode == 2
    return msgspec.json.decode(answer.stderr)


def test_a_consistency_proof_leads_from_an_earlier_root_to_the_present_one(home: Path, tmp_path: Path) -> None:
    kept = said("ledger", "checkpoint", tmp_path / "now.json", "--home", home)
    for first in (1, kept["sequence"] - 1, kept["sequence"]):
        made = msgspec.convert(said("ledger", "consistency", first, "--home", home), ConsistencyProof)
        assert (made.first, made.size, made.root) == (first, kept["sequence"], kept["root"])
        assert check_consistency(made, made.first_root, kept["root"])
        assert not check_consistency(made, "00" * 32, kept["root"])
    refused = said_no("ledger", "consistency", kept["sequence"] + 1, "--home", home)
    assert refused["where"] == "first"


@pytest.mark.parametrize("question", [one for one in QUESTIONS if one.command], ids=lambda one: one.name)
def test_every_question_answers_in_json_and_on_a_terminal(question, home: Path) -> None:
    words = [word for word in (question.noun, question.verb) if word]
    fields = msgspec.structs.fields(question.params)
    asked = {one.name for one in fields}
    spelled = {"experiment": ["--experiment"]}
    words += [
        word for one in fields if one.required for word in (*spelled.get(one.name, []), given(question)[one.name])
    ]
    words += ["--as-of", "2026-11-20T00:00:00Z"] if "as_of" in asked else []
    answer = said(*words, "--home", home)
    assert set(answer) == {field.encode_name for field in msgspec.structs.fields(question.answer)}
    shown = trivium(*words, "--home", home)
    assert (shown.returncode, shown.stderr) == (0, "")
    for field in msgspec.structs.fields(question.answer):
        value = answer[field.encode_name]
        if isinstance(value, str) and value:
            assert value in shown.stdout, field.name
        if isinstance(value, list) and value and isinstance(value[0], dict):
            for cell in value[0].values():
                assert not isinstance(cell, str) or cell in shown.stdout or cell[:10] in shown.stdout


def test_names_are_never_cut_in_a_pipe(home: Path) -> None:
    answer = said("cost", "statement", "--home", home)
    shown = trivium("cost", "statement", "--home", home, COLUMNS="40").stdout
    assert all(line["account"] in shown and line["amount"] in shown for line in answer["lines"])


def test_totals_are_those_of_the_worked_example(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with worked_rooms(home):
        pass
    answer = said("cost", "statement", "--period", "2026-11", "--by", "product", "--home", home)
    assert sum(Decimal(line["amount"]) for line in answer["lines"]) == Decimal("339.01")
    assert (
        said("cost", "show", "model:m/1", "--as-of", "2026-11-08T00:00:00Z", "--home", home)["total"] == "238.666666667"
    )


def test_the_same_file_again_is_no_news(home: Path) -> None:
    answer = said("import", "focus", WORKED / "bill.csv", "--home", home)
    assert (answer["rows"], answer["imported"], answer["already_known"]) == (8, 0, True)
    assert {"rows", "imported", "refused", "repaired", "billed_cost", "effective_cost", "currency"} <= set(answer)


@pytest.mark.parametrize(("arguments", "code"), [
    (["--version"], 0), (["nothing"], 2), (["cost"], 2), (["cost", "nothing"], 2), (["cost", "show"], 2),
    (["cost", "show", "foo"], 2), (["cost", "show", "model:none/1"], 2), (["cost", "statement", "--period", "soon"], 2),
    (["cost", "statement", "--by", "colour"], 2), (["cost", "statement", "--nothing"], 2),
    (["cost", "statement", "--known", "x"], 2), (["cost", "explain", "model:m/1", "--depth", "0"], 2),
    (["cost", "statement", "--currency", "XYZ"], 2), (["ledger", "fact", "999"], 2), (["import", "focus"], 2),
    (["import", "focus", "/nowhere"], 2), (["declare", "/nowhere"], 2), (["cost", "close", "2026-11"], 1),
    (["health", "--url", "ftp://x"], 2), (["health", "--url", "http://127.0.0.1:9"], 3),
])  # fmt: skip
def test_exit_codes(arguments: list[str], code: int, home: Path) -> None:
    place = [] if "--url" in arguments or arguments == ["--version"] else ["--home", home]
    answer = trivium(*arguments, *(place if arguments[-1] not in {"nothing", "cost"} else []))
    assert answer.returncode == code, answer.stderr
    assert code == 0 or (answer.stdout == "" or arguments == ["cost"])
    if code and arguments != ["cost"]:
        assert 1 <= answer.stderr.count("\n") <= 2
        assert answer.stderr.startswith("trivium: ")


def test_url_and_home_together_are_bad_usage(home: Path) -> None:
    answer = trivium("health", "--home", home, "--url", "http://127.0.0.1:9")
    assert answer.returncode == 2


def test_home_counts_before_an_address_of_the_environment(home: Path) -> None:
    assert trivium("health", "--home", home, TRIVIUM_URL="http://127.0.0.1:9").returncode == 0
    assert trivium("health", TRIVIUM_URL="http://127.0.0.1:9", TRIVIUM_HOME=str(home)).returncode == 3
    assert trivium("ledger", "head", TRIVIUM_HOME=str(home)).returncode == 0


def test_a_problem_is_told_as_json_when_json_was_asked(home: Path) -> None:
    answer = trivium("cost", "show", "foo", "--json", "--home", home)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert msgspec.json.decode(answer.stderr)["code"] == "bad_key"


def test_an_absent_home_is_made_for_its_owner(tmp_path: Path) -> None:
    assert said("ledger", "head", "--home", tmp_path / "a" / "b")["sequence"] == 0
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700


def test_verify_checkpoint_backup_and_restore(home: Path, tmp_path: Path) -> None:
    verified = said("ledger", "verify", "--home", home)
    assert verified["ok"] is True
    taken = said("ledger", "checkpoint", tmp_path / "checkpoint.json", "--home", home)
    assert taken["root"] == verified["root"]
    said("ledger", "verify", "--home", home, "--checkpoint", tmp_path / "checkpoint.json")
    assert said("backup", tmp_path / "kept.zip", "--home", home)["sequence"] == verified["sequence"]
    restored = said("restore", tmp_path / "kept.zip", "--home", tmp_path / "again")
    assert restored["root"] == verified["root"]
    there = said("cost", "statement", "--as-of", "2026-11-08T00:00:00Z", "--home", tmp_path / "again")
    assert there == said("cost", "statement", "--as-of", "2026-11-08T00:00:00Z", "--home", home)
    ledger = tmp_path / "again" / "ledger.db"
    content = ledger.read_bytes()
    at = content.index(b"OpenLineage") if b"OpenLineage" in content else content.index(b"eventTime")
    ledger.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
    answer = trivium("ledger", "verify", "--json", "--home", tmp_path / "again")
    assert answer.returncode == 1
    assert msgspec.json.decode(answer.stdout)["ok"] is False
    assert trivium("ledger", "verify", "--home", tmp_path / "nothing").returncode == 2


def test_a_declaration_is_shown_applied_and_no_news(tmp_path: Path) -> None:
    home, file = tmp_path / "home", tmp_path / "mine.toml"
    file.write_text('[[product]]\nname = "p"\ntitle = "P"\n', encoding="utf-8")
    planned = said("declare", file, "--dry-run", "--home", home, code=1)
    assert ([one["action"] for one in planned["changes"]], planned["applied"]) == (["add"], False)
    assert said("ledger", "head", "--home", home)["sequence"] == 0
    other = trivium("declare", file, "--plan", "0" * 64, "--home", home)
    assert other.returncode == 2
    assert "is no longer what declaring 'mine' would change" in other.stderr
    shown = trivium("declare", file, "--plan", planned["plan"], "--home", home)
    assert (shown.returncode, shown.stdout.splitlines()[0]) == (0, "+ asset.titled asset=product:p title=P")
    assert said("declare", file, "--yes", "--home", home)["changes"] == []
    assert [one["says"] for one in said("declared", "--home", home)["statements"]] == [
        {"asset": "product:p", "title": "P"}
    ]
    file.write_text("[[product]\n", encoding="utf-8")
    broken = trivium("declare", file, "--home", home)
    assert broken.returncode == 2
    assert "mine.toml:1" in broken.stderr
