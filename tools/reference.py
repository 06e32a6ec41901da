"""What can be stated, typed and asked? Writes docs/reference from the code, so that it says what the code does.

`python tools/reference.py` writes the pages; with `--check` it only names those that are out of date, exit code 1.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import sys
import typing
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import msgspec

import trivium.facts
from trivium.facts import kinds, statements

FOLDER: Final = Path(__file__).resolve().parent.parent / "docs" / "reference"
MADE_BY: Final = "<!-- written by `make docs` from the code; edit the code -->\n\n"


def pages() -> dict[str, str]:
    """Give the text of each page by its file name."""
    made = {"facts.md": facts_page(), "statements.md": statements_page()}
    for name, page in (("commands.md", commands_page), ("http.md", http_page)):
        text = page()
        if text:
            made[name] = text
    return {"README.md": index_page(made | written_by_hand(FOLDER)), **made}


def written_by_hand(folder: Path) -> dict[str, str]:
    """Read the pages that this program does not make."""
    read = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.md")}
    return {name: text for name, text in read.items() if not text.startswith(MADE_BY.strip())}


def index_page(pages: Mapping[str, str]) -> str:
    """List the pages, each with its title."""
    titles = {name: text.split("# ", 1)[1].splitlines()[0] for name, text in pages.items()}
    lines = [f"- [{title}]({name})" for name, title in sorted(titles.items())]
    return MADE_BY + "# Reference\n\n" + "\n".join(lines) + "\n"


def facts_page() -> str:
    """Describe the kinds of facts, and the records of `facts/`."""
    text = "# Facts\n\nWhat the ledger can hold. The list of kinds is closed.\n\n| kind | meaning |\n|---|---|\n"
    meanings = documented(kinds, "Kind")
    for kind in kinds.Kind:
        text += f"| `{kind}` | {cell(meanings[kind.name])} |\n"
    text += "\n## Records\n\nWhat rooms hand each other.\n\n"
    for module in modules():
        records = [] if module is statements else list(structs(module))
        if records:
            text += f"### `{module.__name__}`\n\n{inspect.getdoc(module)}\n\n"
            text += "".join(map(record, records))
    return MADE_BY + text


def statements_page() -> str:
    """Describe what people declare and what readers say that observations mean."""
    text = f"# Statements\n\n{inspect.getdoc(statements)}\n\n## Declared\n\n"
    text += "What `trivium declare` writes. A later statement with the same identity replaces the earlier one.\n\n"
    for kind in typing.get_args(statements.Declared):
        identity = ", ".join(f"`{name}`" for name in statements.IDENTITY.get(kind, ()))
        text += record(kind, f"Identity: {identity}.\n\n" if identity else "")
    text += "## Observed\n\nWhat a reader says that an observation means.\n\n"
    text += "".join(map(record, typing.get_args(statements.Observed)))
    whole = typing.get_args(statements.Statement)
    parts = [kind for kind in structs(statements) if kind not in whole]
    return MADE_BY + text + "## Parts\n\n" + "".join(map(record, parts))


def commands_page() -> str:
    """Give the help of every command, when there is a command line."""
    application = found("trivium.entrypoints.cli", "application", "app")
    if application is None:
        return ""
    typer_main = importlib.import_module("typer.main")
    text = "# Commands\n\nExit codes: 0 yes, 1 no, 2 bad usage or input, 3 cannot reach or locked.\n\n"
    for name, command in walk(typer_main.get_command(application), "trivium"):
        text += f"## `{name}`\n\n```text\n{help_of(name, command)}\n```\n\n"
    return MADE_BY + text.rstrip() + "\n"


def http_page() -> str:
    """List the routes of the HTTP interface from its OpenAPI document, when there is one."""
    document = found("trivium.entrypoints.api", "openapi")
    if document is None:
        return ""
    described: dict[str, Any] = document()
    prefix = described["servers"][0]["url"]
    text = f"# HTTP\n\n{described['info']['description']} The same as OpenAPI 3.1: `GET {prefix}/openapi.json`.\n\n"
    for path, methods in sorted(described["paths"].items()):
        for method, operation in sorted(methods.items()):
            text += f"## `{method.upper()} {prefix}{path}`\n\n{operation.get('summary', '')}\n\n"
            text += parameters(operation)
    return MADE_BY + text.rstrip() + "\n"


def parameters(operation: Mapping[str, Any]) -> str:
    """Describe the parameters of a route in a table, if it has any."""
    rows = ""
    for one in operation.get("parameters", ()):
        meaning = one.get("description") or one.get("schema", {}).get("description", "")
        rows += f"| `{one['name']}` | {one['in']} | {cell(meaning)} |\n"
    return f"| parameter | in | |\n|---|---|---|\n{rows}\n" if rows else ""


def found(module: str, *names: str) -> Any:
    """Find the first of some names in a module, or None when module or names do not exist yet."""
    try:
        holder = importlib.import_module(module)
    except ModuleNotFoundError as fault:
        if fault.name is not None and module.startswith(fault.name):
            return None
        raise
    return next((getattr(holder, name) for name in names if hasattr(holder, name)), None)


def walk(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Give a command and those below it, sorted by name; a typer command, whichever click it is built on."""
    yield name, command
    context = command.context_class(command, info_name=name)
    for part in sorted(command.list_commands(context)) if hasattr(command, "list_commands") else ():
        below = command.get_command(context, part)
        if not below.hidden:
            yield from walk(below, f"{name} {part}")


def help_of(name: str, command: Any) -> str:
    """Write a command's help without boxes and colours, whatever the terminal."""
    command.rich_markup_mode = None
    context = command.context_class(command, info_name=name, terminal_width=100, max_content_width=100)
    return str(command.get_help(context)).rstrip()


def modules() -> Iterator[ModuleType]:
    """Give the modules of facts, sorted by name."""
    for info in sorted(pkgutil.iter_modules(trivium.facts.__path__, "trivium.facts."), key=lambda info: info.name):
        yield importlib.import_module(info.name)


def structs(module: ModuleType) -> Iterator[type[msgspec.Struct]]:
    """Give the public records that a module defines, in its order."""
    for name, kind in vars(module).items():
        own = inspect.isclass(kind) and kind.__module__ == module.__name__ and not name.startswith("_")
        if own and issubclass(kind, msgspec.Struct):
            yield kind


def record(kind: type[msgspec.Struct], note: str = "") -> str:
    """Describe one record: what it is, and a table of its fields."""
    tag = kind.__struct_config__.tag
    title = f"#### {kind.__name__}" + (f" (`{tag}`)" if tag else "")
    meanings = documented(importlib.import_module(kind.__module__), kind.__name__)
    text = f"{title}\n\n{inspect.getdoc(kind)}\n\n{note}| field | type | default | |\n|---|---|---|---|\n"
    for place in msgspec.structs.fields(kind):
        written = kind.__annotations__.get(place.name, "")
        default = "" if place.required else f"`{shown_default(place)}`"
        text += f"| `{place.name}` | `{cell(str(written))}` | {default} | {cell(meanings.get(place.name, ''))} |\n"
    return text + "\n"


def shown_default(place: msgspec.structs.FieldInfo) -> str:
    """Write the default of a field as code."""
    if place.default is not msgspec.NODEFAULT:
        return repr(place.default)
    assert callable(place.default_factory)
    return repr(place.default_factory())


def documented(module: ModuleType, name: str) -> dict[str, str]:
    """Read the strings that stand below the fields or members of a class in its source."""
    tree = ast.parse(inspect.getsource(module))
    body = next(node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name)
    meanings = {}
    for before, after in pairwise(body):
        if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) and isinstance(after.value.value, str):
            meanings.update(dict.fromkeys(names_of(before), inspect.cleandoc(after.value.value)))
    return meanings


def names_of(node: ast.stmt) -> Iterable[str]:
    """Name what a statement of a class body assigns."""
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return [node.target.id]
    return (
        [target.id for target in node.targets if isinstance(target, ast.Name)] if isinstance(node, ast.Assign) else []
    )


def cell(text: str) -> str:
    """Make a text fit into a table's cell."""
    return " ".join(text.split()).replace("|", "\\|")


def stale(folder: Path, made: Mapping[str, str]) -> list[str]:
    """Name the pages that are missing, differ, or have no source any more; those written by hand are left alone."""
    there = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.md")}
    for name in written_by_hand(folder).keys() - made.keys():
        del there[name]
    return sorted(name for name in {*there, *made} if there.get(name) != made.get(name))


def write(folder: Path, made: Mapping[str, str]) -> None:
    """Write the pages that differ and remove those without a source."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in stale(folder, made):
        if name in made:
            (folder / name).write_text(made[name], encoding="utf-8")
        else:
            (folder / name).unlink()


def main(arguments: list[str]) -> int:
    """Write the pages, or say with --check which are out of date."""
    made = pages()
    differing = stale(FOLDER, made)
    if "--check" in arguments:
        for name in differing:
            print(f"docs/reference/{name}:1: it is not what the code says; run make docs and commit it")
        return 1 if differing else 0
    write(FOLDER, made)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
