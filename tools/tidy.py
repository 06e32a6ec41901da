"""Is the code as CONTRIBUTING says? Sizes, circles, drawers, assertions, mocks, sleeps, floats: one line a fault.

Run `python tools/tidy.py` in the repository: prints `file:line: what; what to do` for each fault, exit code 1 if any.
Python below `src`, `tests`, `tools` and `bench` is read once; scripts and styles there and below `ui` are held to the
length of a file and to the names. The only exceptions are the floats listed in pyproject.toml, `[tool.tidy.floats]`.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from pathlib import Path, PurePosixPath
from typing import Final

FOLDERS: Final = ("src", "tests", "tools", "bench", "ui")
WRITTEN: Final = frozenset({".py", ".sh", ".js", ".mjs", ".ts", ".css", ".sql", ".html"})
MADE: Final = frozenset({"node_modules", "__pycache__", "bundle", "dist", "build", "samples", "expected"})
"""Folders whose content nobody writes by hand."""

FILE_LINES: Final = 500
FUNCTION_LINES: Final = 70
CLASS_LINES: Final = 300
BRANCHES: Final = 10
MOCKS_PER_100_TESTS: Final = 10
ASSERTIONS_PER_1000_LINES: Final = 10

DRAWER: Final = re.compile(r"(?:.*[_-])?(?:utils?|helpers?|commons?|cores?|miscs?|managers?)", re.IGNORECASE)
ASSERTED_ROOMS: Final = ("src/trivium/ledger/", "src/trivium/finops/")
EXACT_ROOMS: Final = (*ASSERTED_ROOMS, "src/trivium/evidence/")
MOCKS: Final = frozenset({"Mock", "MagicMock", "AsyncMock", "NonCallableMock", "PropertyMock", "create_autospec"})

SKIPS: Final = frozenset({"pytest.skip", "pytest.xfail"} | {f"pytest.mark.{n}" for n in ("skip", "skipif", "xfail")})

Function = ast.FunctionDef | ast.AsyncFunctionDef
_BRANCHING = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.match_case)
_OWN_BODY = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


@dataclass(frozen=True, order=True)
class Fault:
    """One thing to put right: where it is, what it is, what to do about it."""

    path: str
    line: int
    what: str
    advice: str

    def __str__(self) -> str:
        """Write the fault on one line."""
        return f"{self.path}:{self.line}: {self.what}; {self.advice}"


@dataclass
class Source:
    """A file as it was read: its path from the root, its lines and, for Python, its nodes by type."""

    path: str
    length: int
    tree: ast.Module | None = None
    nodes: dict[type, list[ast.AST]] = field(default_factory=dict)

    def of(self, *kinds: type) -> Iterator[ast.AST]:
        """Give the nodes of these types."""
        for kind in kinds:
            yield from self.nodes.get(kind, ())


def check(root: Path) -> list[Fault]:
    """List every fault below a repository's root, in order of place."""
    faults: list[Fault] = []
    sources = [read(root, path, faults) for path in walk(root)]
    for source in sources:
        for rule in (length_of_file, drawers, docstring, sizes, branches, sleeps, skips):
            faults.extend(rule(source))
    faults.extend(circles(sources))
    faults.extend(assertions(sources))
    faults.extend(mocks(sources))
    faults.extend(floats(sources, allowed_floats(root)))
    return sorted(faults)


def walk(root: Path) -> Iterator[Path]:
    """Find the files that people write, in order of path."""
    pending = [root / folder for folder in reversed(FOLDERS)]
    while pending:
        place = pending.pop()
        if place.is_dir():
            if place.name not in MADE and not place.name.startswith("."):
                pending.extend(sorted(place.iterdir(), reverse=True))
        elif place.suffix in WRITTEN:
            yield place


def read(root: Path, path: Path, faults: list[Fault]) -> Source:
    """Read and parse one file; what does not parse is a fault and is held to the rules of plain files only."""
    text = path.read_text(encoding="utf-8", errors="replace")
    source = Source(path.relative_to(root).as_posix(), text.count("\n") + (not text.endswith("\n") and text != ""))
    if path.suffix != ".py":
        return source
    try:
        source.tree = ast.parse(text)
    except SyntaxError as fault:
        faults.append(Fault(source.path, fault.lineno or 1, f"Python cannot read it: {fault.msg}", "correct it"))
        return source
    for node in ast.walk(source.tree):
        source.nodes.setdefault(type(node), []).append(node)
    return source


def length_of_file(source: Source) -> Iterator[Fault]:
    """Hold a file to its number of lines."""
    if source.length > FILE_LINES:
        what = f"the file has {source.length} lines, more than {FILE_LINES}"
        yield Fault(source.path, FILE_LINES + 1, what, "split it by the question each part answers")


def drawers(source: Source) -> Iterator[Fault]:
    """Refuse files and folders whose name does not say what is in them."""
    path = PurePosixPath(source.path)
    for name in (*path.parts[1:-1], path.name.split(".")[0]):
        if DRAWER.fullmatch(name):
            yield Fault(source.path, 1, f"`{name}` is a drawer", "name it by what it holds, or move it to who needs it")


def docstring(source: Source) -> Iterator[Fault]:
    """Ask each module of the package which question it answers."""
    if source.tree is not None and source.path.startswith("src/") and not ast.get_docstring(source.tree):
        yield Fault(source.path, 1, "the module has no docstring", "say which question it answers")


def sizes(source: Source) -> Iterator[Fault]:
    """Hold functions (without their docstring) and classes to their number of lines."""
    for node in source.of(ast.FunctionDef, ast.AsyncFunctionDef):
        assert isinstance(node, Function)
        length = _lines(node) - _docstring_lines(node)
        if length > FUNCTION_LINES:
            what = f"`{node.name}` has {length} lines, more than {FUNCTION_LINES}"
            yield Fault(source.path, node.lineno, what, "take a step of it out and name it")
    for node in source.of(ast.ClassDef):
        assert isinstance(node, ast.ClassDef)
        if _lines(node) > CLASS_LINES:
            what = f"class `{node.name}` has {_lines(node)} lines, more than {CLASS_LINES}"
            yield Fault(source.path, node.lineno, what, "split it by what each part knows")


def branches(source: Source) -> Iterator[Fault]:
    """Count if, elif, for, while, except and case of a function, not those of functions inside it."""
    for node in source.of(ast.FunctionDef, ast.AsyncFunctionDef):
        assert isinstance(node, Function)
        count = sum(isinstance(part, _BRANCHING) for part in _own_nodes(node))
        if count > BRANCHES:
            what = f"`{node.name}` has {count} branches, more than {BRANCHES}"
            yield Fault(source.path, node.lineno, what, "use a table, or take a case out and name it")


def sleeps(source: Source) -> Iterator[Fault]:
    """Refuse tests that wait for time to pass instead of for what they need."""
    for node in source.of(ast.Call) if source.path.startswith("tests/") else ():
        assert isinstance(node, ast.Call)
        owner, name = _called(node)
        if name == "sleep" and owner in {"", "time", "asyncio", "anyio"}:
            advice = "wait for the event itself: an answer, a line, the end of a process"
            yield Fault(source.path, node.lineno, "a test sleeps", advice)


def skips(source: Source) -> Iterator[Fault]:
    """Refuse tests that are left out without saying why."""
    if not source.path.startswith("tests/"):
        return
    explained = {node.func for node in source.of(ast.Call) if isinstance(node, ast.Call) and _has_reason(node)}
    for node in source.of(ast.Attribute):
        assert isinstance(node, ast.Attribute)
        if node.attr in {"skip", "skipif", "xfail"} and ast.unparse(node) in SKIPS and node not in explained:
            yield Fault(source.path, node.lineno, f"`{ast.unparse(node)}` without a reason", "say why in reason=…")


def circles(sources: Sequence[Source]) -> Iterator[Fault]:
    """Refuse modules that import each other in a circle: at module level, below TYPE_CHECKING too."""
    modules = {_module_name(source.path): source for source in sources if source.tree is not None}
    imports = {name: sorted(_imports(name, source, modules)) for name, source in modules.items()}
    for chain in _circles(imports):
        source = modules[chain[0]]
        line = _import_line(chain[0], source, modules, chain[1])
        what = f"import circle: {' → '.join(chain)}"
        yield Fault(source.path, line, what, "move what both need into a file of its own")


def assertions(sources: Sequence[Source]) -> Iterator[Fault]:
    """Ask rooms that hold money or the book for invariants that stay on: ten assertions in a thousand lines."""
    for room in ASSERTED_ROOMS:
        inside = [source for source in sources if source.path.startswith(room)]
        lines = sum(source.length for source in inside)
        count = sum(len(source.nodes.get(ast.Assert, ())) for source in inside)
        if count * 1000 < ASSERTIONS_PER_1000_LINES * lines:
            what = f"{count} assertions in {lines} lines, fewer than {ASSERTIONS_PER_1000_LINES} in 1,000"
            yield Fault(room, 1, what, "state the invariants where they must hold")


def mocks(sources: Sequence[Source]) -> Iterator[Fault]:
    """Allow ten mocks for a hundred tests: Mock and its kin, patch, and monkeypatch.setattr."""
    inside = [source for source in sources if source.path.startswith("tests/")]
    tests = sum(
        str(getattr(node, "name", "")).startswith("test_")
        for source in inside
        for node in source.of(ast.FunctionDef, ast.AsyncFunctionDef)
    )
    places = [
        (source.path, node.lineno)
        for source in inside
        for node in source.of(ast.Call)
        if isinstance(node, ast.Call) and _is_mock(node)
    ]
    if len(places) * 100 > MOCKS_PER_100_TESTS * tests:
        path, count = Counter(path for path, _ in places).most_common(1)[0]
        line = min(line for other, line in places if other == path)
        what = f"{len(places)} mocks in {tests} tests, more than {MOCKS_PER_100_TESTS} in 100; {count} are here"
        yield Fault(path, line, what, "write a fake named like the port in tests/fakes")


def floats(sources: Sequence[Source], allowed: Mapping[str, str]) -> Iterator[Fault]:
    """Keep `float(` out of the rooms where money is, but for files listed with a reason in pyproject.toml."""
    listed = "pyproject.toml"
    used = set()
    for source in sources:
        calls = [node for node in source.of(ast.Call) if isinstance(node, ast.Call) and _is_float(node)]
        if source.path in allowed and calls:
            used.add(source.path)
        elif source.path.startswith(EXACT_ROOMS):
            advice = "use Decimal or Fraction; for a weight, list the file with its reason in [tool.tidy.floats]"
            yield from (Fault(source.path, node.lineno, "`float(` where money is", advice) for node in calls)
    for path, reason in sorted(allowed.items()):
        if path not in used:
            yield Fault(listed, 1, f"[tool.tidy.floats] lists {path}, which calls no float", "remove the line")
        elif len(reason.split()) < 3:
            yield Fault(listed, 1, f"[tool.tidy.floats] lists {path} without a reason", "say why no money is in it")


def allowed_floats(root: Path) -> dict[str, str]:
    """Read which files may call float, each with its reason, from pyproject.toml."""
    path = root / "pyproject.toml"
    settings = tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return dict(settings.get("tool", {}).get("tidy", {}).get("floats", {}))


def _lines(node: Function | ast.ClassDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _docstring_lines(node: Function) -> int:
    first = node.body[0]
    if ast.get_docstring(node) is None or first.end_lineno is None:
        return 0
    return first.end_lineno - first.lineno + 1


def _own_nodes(function: Function) -> Iterator[ast.AST]:
    pending: list[ast.AST] = list(function.body)
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, _OWN_BODY):
            pending.extend(ast.iter_child_nodes(node))


def _called(call: ast.Call) -> tuple[str, str]:
    """Give what stands before the last dot of a call's name, and what stands after it."""
    if isinstance(call.func, ast.Attribute):
        return ast.unparse(call.func.value), call.func.attr
    return "", call.func.id if isinstance(call.func, ast.Name) else ""


def _is_mock(call: ast.Call) -> bool:
    owner, name = _called(call)
    patched = (name == "patch" and owner.split(".")[-1] in {"", "mock", "mocker"}) or owner.split(".")[-1] == "patch"
    return name in MOCKS or patched or (owner == "monkeypatch" and name == "setattr")


def _has_reason(call: ast.Call) -> bool:
    """Say whether a skip is explained: by `reason=`, or for `pytest.skip` by its first argument."""
    owner, _ = _called(call)
    given = [keyword.value for keyword in call.keywords if keyword.arg == "reason"]
    given += call.args[:1] if owner == "pytest" else []
    return any(not isinstance(value, ast.Constant) or value.value for value in given)


def _is_float(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id == "float"


def _module_name(path: str) -> str:
    parts = PurePosixPath(path.removeprefix("src/")).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(name: str, source: Source, modules: Mapping[str, Source]) -> set[str]:
    """Name the modules that a module imports at module level, without the packages that they stand in."""
    found = {target for node in _module_level(source) for target in _targets(name, source, node, modules)}
    return found - {name}


def _import_line(name: str, source: Source, modules: Mapping[str, Source], into: str) -> int:
    return next(node.lineno for node in _module_level(source) if into in _targets(name, source, node, modules))


def _module_level(source: Source) -> Iterator[ast.Import | ast.ImportFrom]:
    pending: list[ast.AST] = [source.tree] if source.tree else []
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif not isinstance(node, _OWN_BODY):
            pending.extend(ast.iter_child_nodes(node))


def _targets(
    name: str, source: Source, node: ast.Import | ast.ImportFrom, modules: Mapping[str, Source]
) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names if alias.name in modules)
        return
    base = node.module or ""
    if node.level:
        package = name if source.path.endswith("__init__.py") else name.rpartition(".")[0]
        above = package.split(".")[: len(package.split(".")) - node.level + 1]
        base = ".".join([*above, *([base] if base else [])])
    for alias in node.names:
        inner = f"{base}.{alias.name}"
        target = inner if inner in modules else base
        if target in modules:
            yield target


def _circles(imports: Mapping[str, Iterable[str]]) -> Iterator[list[str]]:
    """Name circles, each as the chain of imports that closes it, until cutting one import of each leaves none."""
    left = {name: set(targets) for name, targets in imports.items()}
    while True:
        try:
            TopologicalSorter(left).prepare()
        except CycleError as fault:
            chain = [str(name) for name in reversed(fault.args[1][1:])]
            start = chain.index(min(chain))
            chain = [*chain[start:], *chain[:start], chain[start]]
            left[chain[0]].discard(chain[1])
            yield chain
        else:
            return


def main() -> int:
    """Check the repository that this file stands in."""
    faults = check(Path(__file__).resolve().parent.parent)
    for fault in faults:
        print(fault)
    if faults:
        print(f"tidy: {len(faults)} to put right", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
