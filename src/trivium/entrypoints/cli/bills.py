"""`trivium import focus`: bring bills in, here or through a running server."""

from __future__ import annotations

import contextlib
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Annotated, Any, Final

import msgspec
import typer

from trivium.entrypoints.cli.asking import Home, Json, Url, read_answer, write_json
from trivium.entrypoints.cli.launch import Launcher
from trivium.entrypoints.cli.place import place_of
from trivium.entrypoints.cli.remote import Remote
from trivium.entrypoints.cli.showing import console, show
from trivium.facts.problem import refuse

Files = Annotated[list[Path], typer.Argument(metavar="FILE", help="FOCUS files; together they are one delivery.")]
Add = Annotated[bool, typer.Option("--add", help="Add the rows instead of replacing earlier ones of the same bill.")]
Progress = Callable[[int, int, int], None]
_CHUNK: Final = 1 << 20


def focus(
    ctx: typer.Context, files: Files, add: Add = False, json: Json = False, url: Url = None, home: Home = None
) -> int:
    """Import FOCUS bills as one delivery: it replaces earlier rows of the same issuer, account, period and source."""
    launcher: Launcher = ctx.obj
    place = place_of(launcher, url, home)
    from trivium.entrypoints.answers import import_focus

    if place.remote is not None:
        raw = upload(place.remote, "/import/focus", {"add": add}, files)
        answer: Any = read_answer(raw, import_focus.Answer, place.remote.url)
    else:
        assert place.home is not None
        with launcher.open_rooms(place.home) as rooms, bar("Reading", "rows") as progress:
            answer = import_focus.ask(rooms, import_focus.Params(add=add), files, None, progress)
    if json:
        write_json(msgspec.json.encode(answer))
    else:
        show(answer)
    return 0


def upload(remote: Remote, target: str, query: dict[str, object], files: list[Path]) -> bytes:
    """Send one file as it is, several in a tar, so that they stay one delivery."""
    sizes = [_size(path) for path in files]
    with bar("Sending", "bytes") as progress:
        if len(files) == 1:
            chunks = _counted(_file_chunks(files[0]), sum(sizes), progress)
            return remote.upload(target, {**query, "name": files[0].name}, chunks, "application/octet-stream")
        chunks = _counted(_tar_chunks(files, sizes), sum(sizes), progress)
        return remote.upload(target, query, chunks, "application/x-tar")


def _size(path: Path) -> int:
    try:
        with path.open("rb"):
            return path.stat().st_size
    except OSError as fault:
        title = f"{path} cannot be read: {fault.strerror}."
        raise refuse("unreadable_file", title, where=str(path), fix="Check the path and its permissions.") from fault


def _file_chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _tar_chunks(files: list[Path], sizes: list[int]) -> Iterator[bytes]:
    """Write a tar as it is sent; a file that has grown meanwhile is cut where it was."""
    for path, size in zip(files, sizes, strict=True):
        header = tarfile.TarInfo(path.name)
        header.size = size
        yield header.tobuf(tarfile.PAX_FORMAT)
        with path.open("rb") as file:
            yield from _exactly(file, size, path)
        yield b"\0" * (-size % tarfile.BLOCKSIZE)
    yield b"\0" * (2 * tarfile.BLOCKSIZE)


def _exactly(file: IO[bytes], size: int, path: Path) -> Iterator[bytes]:
    left = size
    while left:
        chunk = file.read(min(_CHUNK, left))
        if not chunk:
            raise refuse("unreadable_file", f"{path} became shorter while it was read.", where=str(path))
        left -= len(chunk)
        yield chunk


def _counted(chunks: Iterator[bytes], total: int, progress: Progress | None) -> Iterator[bytes]:
    sent = 0
    for chunk in chunks:
        sent += len(chunk)
        if progress is not None:
            progress(sent, min(sent, total), total)
        yield chunk


@contextlib.contextmanager
def bar(verb: str, unit: str) -> Iterator[Progress | None]:
    """Show a progress bar on a terminal; in a pipe there is none."""
    screen = console(error=True)
    if not screen.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=screen, transient=True) as bar:
        task = bar.add_task(verb, total=None)

        def tell(count: int, read: int, size: int) -> None:
            note = f"{verb}, {count:,} {unit}" if unit == "rows" else verb
            bar.update(task, description=note, completed=read, total=size or None)

        yield tell
