"""Does tools/tidy.py see what it must see, and leave alone what is fine? Each rule has a red and a green tree."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tools import tidy

ROOT = Path(__file__).resolve().parents[2]
DOC = '"""Which."""\n'


def faults_of(root: Path, files: dict[str, str]) -> list[str]:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return [str(fault) for fault in tidy.check(root)]


def function_of(lines: int, docstring: str = "") -> str:
    body = "".join(f"    a = {n}\n" for n in range(lines - 1))
    return f"def f():\n{docstring}{body}"


def branching(statement: str, count: int) -> str:
    return "def f(a):\n" + statement * count


def file_with_mocks(mocks: int, tests: int = 10, call: str = "Mock()") -> str:
    return "".join(f"def test_{n}(monkeypatch):\n    pass\n" for n in range(tests)) + f"x = {call}\n" * mocks


RED = {
    "file": ({"tests/test_a.py": "a = 1\n" * 501}, "tests/test_a.py:501: the file has 501 lines"),
    "file without a last newline": ({"bench/a.py": "a = 1\n" * 500 + "b"}, "bench/a.py:501: the file has 501 lines"),
    "script": ({"tools/a.sh": "true\n" * 501}, "tools/a.sh:501: the file has 501 lines"),
    "style": ({"ui/src/a.css": "\n" * 501}, "ui/src/a.css:501: the file has 501 lines"),
    "function": ({"tools/a.py": "\n" + function_of(71)}, "tools/a.py:2: `f` has 71 lines"),
    "method": (
        {"tools/a.py": "class A:\n" + "".join(f"    {line}\n" for line in function_of(71).splitlines())},
        "tools/a.py:2: `f` has 71 lines",
    ),
    "async function": ({"tools/a.py": "async " + function_of(71)}, "tools/a.py:1: `f` has 71 lines"),
    "class": ({"tools/a.py": "class A:\n" + "    a = 1\n" * 300}, "tools/a.py:1: class `A` has 301 lines"),
    "branches if": ({"tools/a.py": branching("    if a: a()\n", 11)}, "tools/a.py:1: `f` has 11 branches"),
    "branches elif": (
        {"tools/a.py": "def f(a):\n    if a: a()\n" + "    elif a: a()\n" * 10},
        "tools/a.py:1: `f` has 11 branches",
    ),
    "branches for": ({"tools/a.py": branching("    for b in a: a()\n", 11)}, "`f` has 11 branches"),
    "branches while": ({"tools/a.py": branching("    while a: a()\n", 11)}, "`f` has 11 branches"),
    "branches except": (
        {"tools/a.py": branching("    try: a()\n    except E: a()\n", 11)},
        "`f` has 11 branches",
    ),
    "branches case": (
        {"tools/a.py": "def f(a):\n    match a:\n" + "        case 1: a()\n" * 11},
        "`f` has 11 branches",
    ),
    "circle of two": (
        {"src/trivium/a.py": DOC + "import trivium.b\n", "src/trivium/b.py": DOC + "from trivium import a\n"},
        "src/trivium/a.py:2: import circle: trivium.a → trivium.b → trivium.a",
    ),
    "circle of three": (
        {"tools/a.py": "import tools.b", "tools/b.py": "from tools.c import x", "tools/c.py": "from . import a"},
        "tools/a.py:1: import circle: tools.a → tools.b → tools.c → tools.a",
    ),
    "circle below TYPE_CHECKING": (
        {
            "tools/a.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from tools.b import B\n",
            "tools/b.py": "from tools.a import A\n",
        },
        "tools/a.py:3: import circle: tools.a → tools.b → tools.a",
    ),
    "circle through a package": (
        {
            "src/trivium/r/__init__.py": DOC + "from .a import x\n",
            "src/trivium/r/a.py": DOC + "from trivium.r import y",
        },
        "import circle: trivium.r → trivium.r.a → trivium.r",
    ),
    "drawer": ({"tools/utils.py": ""}, "tools/utils.py:1: `utils` is a drawer"),
    "drawer in the singular": ({"tools/helper.py": ""}, "`helper` is a drawer"),
    "drawer in the plural": ({"tests/managers.py": ""}, "`managers` is a drawer"),
    "drawer as a folder": ({"src/trivium/core/a.py": DOC}, "src/trivium/core/a.py:1: `core` is a drawer"),
    "drawer with an underscore": ({"tests/_common.py": ""}, "`_common` is a drawer"),
    "drawer with a name before it": ({"tests/http_misc.py": ""}, "`http_misc` is a drawer"),
    "drawer in another language": ({"ui/src/Utils.test.js": ""}, "`Utils` is a drawer"),
    "module docstring": ({"src/trivium/a.py": "a = 1\n"}, "src/trivium/a.py:1: the module has no docstring"),
    "empty module": ({"src/trivium/__init__.py": ""}, "the module has no docstring"),
    "assertions ledger": (
        {"src/trivium/ledger/a.py": DOC + "a = 1\n" * 100 + "assert a\n"},
        "src/trivium/ledger/:1: 1 assertions in 102 lines",
    ),
    "assertions finops": ({"src/trivium/finops/a.py": DOC}, "src/trivium/finops/:1: 0 assertions in 1 lines"),
    "mocks": ({"tests/test_a.py": file_with_mocks(2)}, "tests/test_a.py:21: 2 mocks in 10 tests"),
    "mock by module": ({"tests/a.py": file_with_mocks(2, call="mock.MagicMock()")}, "2 mocks in 10 tests"),
    "patch": ({"tests/a.py": file_with_mocks(2, call='patch("a")')}, "2 mocks in 10 tests"),
    "patch an object": ({"tests/a.py": file_with_mocks(2, call='mock.patch.object(a, "b")')}, "2 mocks in 10 tests"),
    "monkeypatch": ({"tests/a.py": file_with_mocks(2, call='monkeypatch.setattr("a", 1)')}, "2 mocks in 10 tests"),
    "mocks without tests": ({"tests/a.py": "x = Mock()"}, "1 mocks in 0 tests"),
    "sleep": ({"tests/a.py": "import time\ntime.sleep(1)\n"}, "tests/a.py:2: a test sleeps"),
    "sleep by name": ({"tests/a.py": "sleep(0.1)\n"}, "a test sleeps"),
    "sleep in a coroutine": ({"tests/a.py": "async def f():\n    await asyncio.sleep(1)\n"}, "a test sleeps"),
    "skip": ({"tests/a.py": "pytest.skip()\n"}, "tests/a.py:1: `pytest.skip` without a reason"),
    "skip for nothing": ({"tests/a.py": "pytest.skip('')\n"}, "`pytest.skip` without a reason"),
    "skip a test": ({"tests/a.py": "@pytest.mark.skip\ndef test_a(): pass\n"}, "`pytest.mark.skip` without a reason"),
    "skip sometimes": ({"tests/a.py": "x = pytest.mark.skipif(True)\n"}, "`pytest.mark.skipif` without a reason"),
    "expect a failure": ({"tests/a.py": "x = pytest.mark.xfail(True)\n"}, "`pytest.mark.xfail` without a reason"),
    "float": (
        {"src/trivium/evidence/a.py": DOC + "a = float('1')\n"},
        "src/trivium/evidence/a.py:2: `float(` where money is",
    ),
    "float in finops": ({"src/trivium/finops/a.py": DOC + "assert float(1)\n"}, "a.py:2: `float(` where money is"),
    "float in the ledger": ({"src/trivium/ledger/a.py": DOC + "assert float(1)\n"}, "a.py:2: `float(` where money is"),
    "float allowed without a reason": (
        {
            "src/trivium/evidence/a.py": DOC + "a = float(1)\n",
            "pyproject.toml": '[tool.tidy.floats]\n"src/trivium/evidence/a.py" = "because"\n',
        },
        "lists src/trivium/evidence/a.py without a reason",
    ),
    "float allowed in vain": (
        {"pyproject.toml": '[tool.tidy.floats]\n"src/trivium/evidence/a.py" = "weights, no money"\n'},
        "lists src/trivium/evidence/a.py, which calls no float",
    ),
    "syntax": ({"tools/a.py": "\ndef :\n"}, "tools/a.py:2: Python cannot read it"),
}

GREEN = {
    "file": {"tests/test_a.py": "a = 1\n" * 500},
    "file elsewhere": {"docs/a.py": "a = 1\n" * 501},
    "file that a program made": {"ui/node_modules/a.js": "\n" * 501, "tests/x/expected/a.sql": "\n" * 501},
    "function": {"tools/a.py": function_of(70)},
    "docstring is not counted": {"tools/a.py": function_of(70, '    """Say.\n\n    More.\n    """\n')},
    "class": {"tools/a.py": "class A:\n" + "    a = 1\n" * 299},
    "branches": {"tools/a.py": branching("    if a: a()\n    else: a()\n", 10)},
    "branches of a function inside": {
        "tools/a.py": "def f(a):\n" + "    if a: a()\n" * 6 + "    def g():\n" + "        if a: a()\n" * 6,
    },
    "import inside a function": {
        "tools/a.py": "def f():\n    import tools.b\n",
        "tools/b.py": "import tools.a\n",
    },
    "import of a neighbour by its package": {
        "src/trivium/r/__init__.py": DOC,
        "src/trivium/r/a.py": DOC + "from trivium.r import b\n",
        "src/trivium/r/b.py": DOC + "import trivium.r\n",
    },
    "names that only begin like a drawer": {
        "tools/coroutines.py": "",
        "tests/commons_licence.py": "",
        "ui/score.js": "",
    },
    "docstring in tests": {"tests/a.py": "a = 1\n"},
    "assertions": {"src/trivium/ledger/a.py": DOC + "a = 1\n" * 98 + "assert a\n"},
    "assertions of a room together": {
        "src/trivium/finops/a.py": DOC + "a = 1\n" * 90,
        "src/trivium/finops/b.py": DOC + "assert a\n",
    },
    "mocks": {"tests/test_a.py": file_with_mocks(1)},
    "a client's patch is no mock": {"tests/a.py": file_with_mocks(5, call='client.patch("/a")')},
    "monkeypatch of the environment": {"tests/a.py": file_with_mocks(5, call='monkeypatch.setenv("A", "1")')},
    "sleep of a shell": {"tests/a.py": "run('sleep 600')\nshell.sleep()\n"},
    "sleep in src": {"bench/a.py": "time.sleep(1)\n"},
    "skip": {
        "tests/a.py": "pytest.skip('needs shared')\npytest.skip(reason=f'a{b}')\n"
        "@pytest.mark.skipif(True, reason='not on this system')\ndef test_a(): pass\n",
    },
    "float elsewhere": {"src/trivium/graph/a.py": DOC + "a = float(1)\n"},
    "float as a type": {"src/trivium/evidence/a.py": DOC + "def f(a: float) -> float: ...\n"},
    "float allowed": {
        "src/trivium/evidence/a.py": DOC + "a = float(1)\n",
        "pyproject.toml": '[tool.tidy.floats]\n"src/trivium/evidence/a.py" = "weights, no money"\n',
    },
    "nothing": {},
}


@pytest.mark.parametrize("case", RED)
def test_red(tmp_path: Path, case: str) -> None:
    files, expected = RED[case]
    faults = faults_of(tmp_path, files)
    assert [fault for fault in faults if expected in fault], faults


@pytest.mark.parametrize("case", GREEN)
def test_green(tmp_path: Path, case: str) -> None:
    assert faults_of(tmp_path, GREEN[case]) == []


@pytest.mark.parametrize("case", RED)
def test_each_fault_is_one_line_with_place_and_advice(tmp_path: Path, case: str) -> None:
    for fault in faults_of(tmp_path, RED[case][0]):
        place, _, rest = fault.partition(": ")
        assert "\n" not in fault
        assert place.rpartition(":")[2].isdigit()
        assert "; " in rest


def test_two_circles_are_both_named(tmp_path: Path) -> None:
    pairs = {"a": "b", "b": "a", "c": "d", "d": "c"}
    faults = faults_of(tmp_path, {f"tools/{name}.py": f"import tools.{other}" for name, other in pairs.items()})
    assert len(faults) == 2


def test_this_repository_is_tidy() -> None:
    faults = tidy.check(ROOT)
    assert faults == [], "\n".join(map(str, faults))


def test_the_command_says_by_its_exit_code(tmp_path: Path) -> None:
    (tmp_path / "tools").mkdir()
    script = tmp_path / "tools" / "tidy.py"
    script.write_text(Path(tidy.__file__).read_text(encoding="utf-8"), encoding="utf-8")
    assert subprocess.run([sys.executable, script], check=False).returncode == 0
    (tmp_path / "tools" / "utils.py").write_text("", encoding="utf-8")
    answer = subprocess.run([sys.executable, script], check=False, capture_output=True, text=True)
    assert answer.returncode == 1
    assert answer.stdout.startswith("tools/utils.py:1: `utils` is a drawer; ")
