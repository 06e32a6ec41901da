"""Does every problem that the code can tell say what, where and what to do?"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from trivium.entrypoints.answers.remedies import REMEDIES, completed
from trivium.facts.problem import Problem

SOURCE = Path(__file__).resolve().parents[2] / "src" / "trivium"
MAKERS = {"refuse", "Problem"}


def told(tree: ast.AST) -> Iterator[tuple[int, list[str], set[str]]]:
    """List the problems that a file makes: line, the codes that it may have, and the fields that are given."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MAKERS:
            given = {word.arg: word.value for word in node.keywords}
            code = node.args[0] if node.args else given.get("code")
            named = [one.value for one in ast.walk(code) if isinstance(one, ast.Constant)] if code else []
            yield node.lineno, [one for one in named if isinstance(one, str)], {name for name in given if name}


def faults(path: Path) -> list[str]:
    found = []
    for line, codes, given in told(ast.parse(path.read_text(encoding="utf-8"))):
        known = [REMEDIES.get(code, ("", "")) for code in codes] or [("", "")]
        texts = [("where", all(where for where, _ in known)), ("fix", all(fix for _, fix in known))]
        missing = [name for name, is_known in texts if name not in given and not is_known]
        if missing and path.name != "problem.py":
            found.append(
                f"{path.relative_to(SOURCE)}:{line}: {codes or 'a computed code'} lacks {' and '.join(missing)}"
            )
    return found


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_each_problem_says_where_and_what_to_do(path: Path) -> None:
    assert faults(path) == []


def test_a_problem_without_a_remedy_is_seen() -> None:
    [(line, codes, given)] = told(ast.parse('raise refuse("new_fault", "It broke.", status=400)'))
    assert (line, codes, given) == (1, ["new_fault"], {"status"})
    assert codes[0] not in REMEDIES


def test_what_a_problem_says_itself_comes_first() -> None:
    own = Problem(code="too_long", title="It is long.", where="$.a", fix="Cut it.")
    assert completed(own) == own
    bare = completed(Problem(code="too_long", title="It is long.", where="$.a"))
    assert (bare.where, bare.fix) == ("$.a", "Send a shorter one.")


@pytest.mark.parametrize("code", sorted(REMEDIES))
def test_a_remedy_is_a_sentence_and_its_code_is_used(code: str) -> None:
    where, fix = REMEDIES[code]
    assert where
    assert fix[0].isupper() or fix[0] == "`"
    assert fix.endswith((".", "`"))
    assert any(
        f'"{code}"' in path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py") if path.name != "remedies.py"
    )
