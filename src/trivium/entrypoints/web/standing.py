"""Shows a slow page as it stood while it is made anew, so that a reader does not wait for every event that comes in.

Only events of OpenLineage may be missing from such a page, and it says how many; what a person did (a bill, a
declaration, a close) is always waited for. Answers over HTTP and on the command line are never shown as they stood.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from starlette.responses import HTMLResponse

from trivium.entrypoints.answers.bookkeeping import State
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.web.frames import trouble_of
from trivium.entrypoints.web.headers import page_headers
from trivium.entrypoints.web.shell import Trouble
from trivium.entrypoints.web.times import exact_instant
from trivium.facts.instants import SECOND, Instant, now
from trivium.facts.kinds import REPORTED, Kind
from trivium.facts.problem import ProblemError

SLOW_S: Final = 0.5
"""CPU seconds that computing the months may take before pages are shown as they stood."""
OLDEST: Final = 300 * SECOND
"""How old a page may be that is shown as it stood."""
MOST_BYTES: Final = 32 << 20
"""Of all pages that are kept."""
MARK: Final = b"<!-- standing -->"
"""Where a page says how it stands."""
_ACTS: Final = tuple(kind for kind in Kind if kind not in REPORTED)


@dataclass(frozen=True)
class _Stood:
    body: bytes
    state: State
    trouble: Trouble | None
    made_at: Instant


class Standing:
    """Keeps pages as they last stood, by address."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._pages: OrderedDict[str, _Stood] = OrderedDict()
        self._making: set[str] = set()
        self._lock = threading.Lock()

    def show(self, address: str, make: Callable[[], HTMLResponse]) -> HTMLResponse:
        """Give the page at an address: made now, or as it stood while `make` makes it in another thread."""
        state = self._rooms.bookkeeping.state()
        with self._lock:
            stood = self._pages.get(address)
        if stood is None or not self._may_stand(stood, state):
            return self._made(address, state, make)
        self._renew(address, state, make)
        return HTMLResponse(stood.body.replace(MARK, _words(stood, state), 1), headers=page_headers())

    def _may_stand(self, stood: _Stood, state: State) -> bool:
        """Say whether a page may be shown as it stood: it is slow to make, not old, and lacks nothing but events.

        What is wrong with the server stands on every page, and at once.
        """
        if stood.state == state or self._rooms.bookkeeping.books_took_s < SLOW_S:
            return False
        if now() - stood.made_at > OLDEST or stood.trouble != trouble_of(self._rooms):
            return False
        return not self._rooms.ledger.read(stood.state.sequence, 1, _ACTS)

    def _made(self, address: str, state: State, make: Callable[[], HTMLResponse]) -> HTMLResponse:
        """Make a page and keep it; one that cannot be made is kept no longer."""
        at, trouble = now(), trouble_of(self._rooms)
        try:
            shown = make()
        except BaseException:
            with self._lock:
                self._pages.pop(address, None)
            raise
        with self._lock:
            self._pages.pop(address, None)
            self._pages[address] = _Stood(bytes(shown.body), state, trouble, at)
            size = sum(len(page.body) for page in self._pages.values())
            while size > MOST_BYTES:
                size -= len(self._pages.popitem(last=False)[1].body)
        return shown

    def _renew(self, address: str, state: State, make: Callable[[], HTMLResponse]) -> None:
        """Make a page in another thread, unless that is under way."""
        with self._lock:
            if address in self._making:
                return
            self._making.add(address)
        self._rooms.aside.submit(self._made_aside, address, state, make)

    def _made_aside(self, address: str, state: State, make: Callable[[], HTMLResponse]) -> None:
        """Make a page that nobody waits for: who asks next is told what was refused, for the page is kept no longer."""
        try:
            self._made(address, state, make)
        except ProblemError:
            return
        finally:
            with self._lock:
                self._making.discard(address)


def _words(stood: _Stood, state: State) -> bytes:
    """Say how a page stands, in the place that is marked for it."""
    newer = state.sequence - stood.state.sequence
    lacking = f"{newer:,} newer event{'s' if newer != 1 else ''}" if newer else "The time since then"
    verb = "are" if newer > 1 else "is"
    return (
        f'<p class="sample" role="status">As it stood on {exact_instant(stood.made_at)}, at fact '
        f'{stood.state.sequence:,}. {lacking} {verb} being worked in: <a href="">load the page again</a>.</p>'
    ).encode()
