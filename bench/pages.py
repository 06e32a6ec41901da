"""Every page of the site on a home of a million facts: server time at rest, and with one event come in before each.

The pages are those of the live route table; each is asked for as a browser asks, over one connection that is kept.
Time is counted from the first byte of the request to the last byte of the page, on the loopback.
"""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from bench.large_home import dataset_name, event, job_name, make, run_id
from bench.result import Result
from bench.serving import running
from trivium.entrypoints.web.routes import PAGES
from trivium.facts.instants import SECOND, format_instant, now
from trivium.facts.period import month_of

DATA = Path(__file__).parent / ".data"
BUDGET_MS = 100.0
FULL, SMALL = 1_000_000, 50_000
TIMES, TIMES_AFTER, MOST_MS = 40, 12, 6_000.0
"""How often a page is asked for at rest; and after an event, at most so often and until so much time has gone."""
_FIRST, _SAME, _AFTER = "first time", "at rest", "one event before each"
_KEYS = {
    "a dataset": f"dataset:s3://lake/{dataset_name(3, 36)}",
    "a source": f"dataset:s3://lake/{dataset_name(3, -1)}",
    "a job": f"job:etl/{job_name(72)}",
    "a run": f"run:{run_id(4321)}",
    "an experiment": "experiment:tune-002",
    "a model version": "model:model-002/3",
    "an endpoint": "endpoint:serve-002",
    "a product": "product:product-01",
    "a team": "team:team-01",
    "a resource": "resource:cluster-004",
}
_SAMPLES: dict[str, tuple[str, ...]] = {
    "/": ("",),
    "/statement": ("?by=product", "?by=team", "?by=asset", "?by=product&period={closed}"),
    "/data": ("",),
    "/assets": ("", "?kind=dataset", "?q=table_07", "?q=p003"),
    "/explain/{key:path}": ("a model version", "a dataset", "an endpoint"),
    "/assets/{key:path}": tuple(_KEYS),
    "/ledger": ("", "?kind=lineage.event&before=20000", "?subject=" + quote(_KEYS["a dataset"], safe="")),
    "/ledger/{sequence}": ("4321",),
    "/unmatched": ("",),
    "/declared": ("",),
    "/setup": ("",),
    "/setup/heard": ("",),
}


@dataclass(frozen=True)
class Timed:
    """One page: milliseconds of each request, and the size of the page in bytes."""

    name: str
    state: str
    took_ms: list[float]
    size: int

    def at(self, share: float) -> float:
        """Give the time within which a share of the requests was answered."""
        ordered = sorted(self.took_ms)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def pages(full: bool) -> list[Result]:
    """Measure every page of a large home and of an empty one, and print each to standard error."""
    facts = FULL if full else SMALL
    large = _home(facts)
    closed = str(month_of(month_of(now()).start - 1))
    with running(large) as (_, port, _):
        found = _measured(port, addresses(closed))
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "home") as (_, port, _):
        empty = _measured(port, addresses(closed, keys=False), after=False)
    return [*_results(found, facts), _worst(empty, "every page of an empty home")]


def addresses(closed: str, *, keys: bool = True) -> list[tuple[str, str]]:
    """List what to ask for, as (name, address), from the routes as they are; without `keys` what needs no fact."""
    assert _SAMPLES.keys() == {path for path, _, _ in PAGES}, "each page of the route table has a sample"
    found = [("/-/patterns", "/-/patterns")]
    for path, samples in _SAMPLES.items():
        for sample in samples:
            if sample in _KEYS and keys:
                address = path.replace("{key:path}", quote(_KEYS[sample], safe=""))
                found.append((path.replace("{key:path}", sample), address))
            elif sample.isdigit() and keys:
                found.append((path, path.replace("{sequence}", sample)))
            elif "{" not in path:
                query = sample.format(closed=closed)
                found.append((path + query.replace(closed, "closed month"), path + query))
    return [*found, ("search as one types", "/api/trivium/v1/search?q=table_1")]


def _home(facts: int) -> Path:
    """Give the large home; it is made once a month and kept."""
    folder = DATA / f"large_{facts}_{month_of(now())}"
    if not (folder / "made").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        make(folder / "home", facts, _tell)
        (folder / "made").touch()
    return folder / "home"


def _tell(text: str) -> None:
    sys.stderr.write(f"  {text}\n")


def _measured(port: int, asked: list[tuple[str, str]], *, after: bool = True) -> list[Timed]:
    """Ask for each page until nothing new has to be made, then time it; then with an event before each."""
    found = []
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    connection.connect()
    connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for name, address in asked:
        first, size = _get(connection, address)
        found.append(_said(Timed(name, _FIRST, [first], size)))
        found.append(_said(Timed(name, _SAME, [_get(connection, address)[0] for _ in range(TIMES)], size)))
    for name, address in asked if after else []:
        times: list[float] = []
        while len(times) < TIMES_AFTER and sum(times) < MOST_MS:
            _post(connection)
            took, size = _get(connection, address)
            times.append(took)
        found.append(_said(Timed(name, _AFTER, times, size)))
    connection.close()
    return found


def _get(connection: http.client.HTTPConnection, address: str) -> tuple[float, int]:
    begun = time.perf_counter()
    connection.request("GET", address)
    answer = connection.getresponse()
    body = answer.read()
    took = (time.perf_counter() - begun) * 1000
    assert answer.status == 200, f"{address} answers {answer.status}: {body[:500]!r}"
    return took, len(body)


def _post(connection: http.client.HTTPConnection) -> None:
    """Send the end of a new run of a job that reads and writes."""
    read, written = ({"namespace": "s3://lake", "name": dataset_name(3, place)} for place in (4, 6))
    at = format_instant(now() - SECOND)
    body = event("COMPLETE", now() - SECOND, str(uuid.uuid4()), job_name(63), json.dumps(read), json.dumps(written))
    connection.request("POST", "/api/v1/lineage", body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 201, f"an event at {at} was answered with {answer.status}"


def _results(found: list[Timed], facts: int) -> list[Result]:
    """Make a line for each page at rest, and one for the slowest of each state."""
    after = {one.name: one for one in found if one.state == _AFTER}
    first = {one.name: one for one in found if one.state == _FIRST}
    lines = []
    for one in found:
        if one.state == _SAME:
            then = after[one.name]
            note = (
                f"p50 {one.at(0.5):.1f}; first time {first[one.name].at(1):.0f}; "
                f"after one new event p50 {then.at(0.5):.0f}, p95 {then.at(0.95):.0f} ms"
            )
            lines.append(_result(f"page {one.name}, p95", one.at(0.95), note))
    lines.append(_worst([one for one in found if one.state == _SAME], f"every page, {facts:,} facts"))
    return [*lines, _worst(list(after.values()), f"every page, {facts:,} facts and one event before each request")]


def _worst(found: list[Timed], what: str) -> Result:
    slowest = max(found, key=lambda one: one.at(0.95))
    over = sum(one.at(0.95) > BUDGET_MS for one in found)
    note = f"{over} of {len(found)} over it; the slowest is {slowest.name}"
    return _result(f"{what}, slowest p95", slowest.at(0.95), note)


def _result(what: str, value: float, note: str) -> Result:
    return Result(what, value, "ms", f"≤ {BUDGET_MS:.0f} ms", value <= BUDGET_MS, note=note)


def _said(one: Timed) -> Timed:
    """Print what was measured, as it is."""
    times = f"p50 {one.at(0.5):8.1f}  p95 {one.at(0.95):8.1f}  worst {max(one.took_ms):8.1f} ms"
    sys.stderr.write(f"  {one.name:<48} {one.state:<22} {times}  {one.size / 1000:7.1f} kB\n")
    sys.stderr.flush()
    return one
