"""`trivium demo`: a server on a home of its own, filled, asked, and left serving."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from trivium.demo.answers import print_answers
from trivium.demo.filling import STEPS, Filling, Say
from trivium.demo.months import months_of
from trivium.demo.server import Server
from trivium.demo.workers import check_clients
from trivium.facts.instants import now
from trivium.facts.problem import Problem, ProblemError, refuse

Serve = Callable[[Path, Callable[[str], None]], int]
"""Serves a home until it is told to stop, and calls back with the address once it answers; gives an exit code."""
_Handler = Callable[[int, FrameType | None], object]
FOLDER: Final = "demo"
"""Where in the home the files of the pipelines, the bills and the declarations stand."""
DONE: Final = "filled"
"""Stands there once a home was filled."""
INTERRUPTED: Final = 130


@dataclass
class Tour:
    """One demo: `leave` ends it after the answers; `screen` takes them, `notes` takes the progress."""

    serve: Serve
    screen: Console
    notes: Console
    leave: bool = False
    _begun: float = field(default_factory=time.monotonic)
    _faults: list[Problem] = field(default_factory=list)
    _done: threading.Event = field(default_factory=threading.Event)
    _stopping: threading.Event = field(default_factory=threading.Event)

    def run(self, home: Path | None) -> int:
        """Run on the given home, which is kept, or on a new one, which is thrown away; give the exit code."""
        check_clients()
        if home is not None:
            return self._on(home)
        made = Path(tempfile.mkdtemp(prefix="trivium-demo-"))
        try:
            return self._on(made / "home")
        finally:
            shutil.rmtree(made, ignore_errors=True)

    def _on(self, home: Path) -> int:
        """Serve a home with a guide beside it; whatever ends first, nothing is left running."""
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        filling = Filling(home / FOLDER, now())
        guides: list[threading.Thread] = []

        def ready(address: str) -> None:
            _also_on_signals(self._stopping.set)
            guides.append(threading.Thread(target=self._guide, args=(filling, address), name="demo"))
            guides[0].start()

        if not _filled(home):
            filling.start()
        try:
            code = self.serve(home, ready)
        finally:
            self._stopping.set()
            filling.stop()
            for guide in guides:
                guide.join()
        if self._faults:
            raise ProblemError(self._faults[0])
        return code if self._done.is_set() else INTERRUPTED

    def _guide(self, filling: Filling, address: str) -> None:
        """Fill, ask, print; then stop the server if nothing more is wanted, or if something went wrong."""
        server = Server(address)
        try:
            if filling.workers:
                with _saying(self.notes) as say:
                    filling.fill(server, say)
                (filling.folder / DONE).touch()
            print_answers(server, months_of(filling.now), self.screen)
            after = "" if self.leave else ", and goes on until Ctrl-C"
            self.screen.print(
                f"Answered after {time.monotonic() - self._begun:.1f} s. Trivium serves at {address}{after}"
            )
            self._done.set()
        except Exception as fault:
            self._failed(fault)
        finally:
            server.close()
            if not self._stopping.is_set() and (self.leave or self._faults):
                os.kill(os.getpid(), signal.SIGTERM)

    def _failed(self, fault: Exception) -> None:
        """Keep what went wrong, unless it went wrong because everything is being stopped."""
        if self._stopping.is_set():
            return
        title = f"The demo could not be filled: {type(fault).__name__}: {fault}."
        self._faults.append(
            fault.problem if isinstance(fault, ProblemError) else Problem(code="demo_failed", title=title)
        )


def _also_on_signals(do: Callable[[], None]) -> None:
    """Do this first when the server is told to stop: what then fails, fails because of it."""
    if threading.current_thread() is not threading.main_thread():
        return
    for number in (signal.SIGINT, signal.SIGTERM):
        stop = signal.getsignal(number)
        if not callable(stop):
            continue

        def stopped(number: int, frame: FrameType | None, stop: _Handler = stop) -> None:
            do()
            stop(number, frame)

        signal.signal(number, stopped)


@contextmanager
def _saying(notes: Console) -> Iterator[Say]:
    """Say what is being done: a bar on a terminal, a line each elsewhere."""
    if not notes.is_terminal:
        yield notes.print
        return
    with Progress(BarColumn(), TextColumn("{task.description}"), console=notes, transient=True) as bar:
        task = bar.add_task("starting", total=STEPS)
        yield lambda text: bar.update(task, description=text, advance=1)


def _filled(home: Path) -> bool:
    """Say whether a kept home was filled before; refuses one that holds something else."""
    if (home / FOLDER / DONE).exists():
        return True
    if any(home.iterdir()):
        fix = "Name a folder that is empty or absent, or leave --home out for a new one each time."
        raise refuse("home_in_use", f"{home} holds something that the demo has not finished.", where="--home", fix=fix)
    return False
