"""What an event says about the content of datasets: results of checks, and measures."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from trivium.facts.instants import Instant
from trivium.facts.statements import CheckSeen, QualityMeasured
from trivium.intake.openlineage.facets import facets_of, items

_COLUMN_MEASURES = (
    ("nullCount", "nulls"), ("distinctCount", "distinct"), ("count", "count"), ("sum", "sum"), ("min", "min"),
    ("max", "max"),
)  # fmt: skip
_PASSED = {"pass": True, "fail": False}


def checks_of(
    datasets: list[tuple[str, dict[str, Any]]], run_facets: dict[str, Any], at: Instant, run: str
) -> list[CheckSeen]:
    """List the check results of an event, each once, though a producer sends it in two places.

    `datasets` are (key, dataset as sent). Results of the run's `test` facet that no dataset claims are results on every
    dataset that the run looked at.
    """
    found: dict[tuple[str, str, str], CheckSeen] = {}
    for key, dataset in datasets:
        for field in ("facets", "inputFacets", "outputFacets"):
            for assertion in items(facets_of(dataset, field), "dataQualityAssertions", "assertions"):
                check = _assertion(assertion, key, at, run)
                if check:
                    found.setdefault((key, check.check, check.column), check)
    claimed = {name for _, name, _ in found}
    for test in items(run_facets, "test", "tests"):
        passed = _PASSED.get(str(test.get("status")).lower())
        if passed is None or test.get("name") in claimed:
            continue
        for key, _ in datasets:
            check = _assertion({**test, "success": passed}, key, at, run)
            if check:
                found.setdefault((key, check.check, check.column), check)
    return [found[identity] for identity in sorted(found)]


def measures_of(key: str, dataset: dict[str, Any], at: Instant, run: str) -> Iterator[QualityMeasured]:
    """Give what an event measured on a dataset: rows, bytes, and for each column nulls, distinct values, ends."""
    facets = facets_of(dataset, "inputFacets", "outputFacets", "facets")
    measures: dict[str, str] = {}
    profile = facets.get("dataQualityMetrics")
    if isinstance(profile, dict):
        _put(measures, "rows", profile.get("rowCount"))
        _put(measures, "bytes", profile.get("bytes"))
        columns = profile.get("columnMetrics")
        for column, metrics in columns.items() if isinstance(columns, dict) else ():
            for sent, ours in _COLUMN_MEASURES if isinstance(metrics, dict) else ():
                _put(measures, f"{column}.{ours}", metrics.get(sent))
    written = facets.get("outputStatistics")
    if isinstance(written, dict):
        _put(measures, "rows", written.get("rowCount"))
        _put(measures, "bytes", written.get("size"))
    if measures:
        yield QualityMeasured(dataset=key, at=at, run=run, measures=dict(sorted(measures.items())))


def _assertion(sent: dict[str, Any], key: str, at: Instant, run: str) -> CheckSeen | None:
    name, kind, passed = sent.get("name"), sent.get("assertion") or sent.get("type"), sent.get("success")
    check = name if isinstance(name, str) and name else kind
    if not isinstance(check, str) or not check or not isinstance(passed, bool):
        return None
    return CheckSeen(
        dataset=key,
        check=check,
        passed=passed,
        at=at,
        column=_word(sent.get("column")),
        run=run,
        severity=_word(sent.get("severity")),
        expected=_word(sent.get("expected")),
        actual=_word(sent.get("actual")),
    )


def _word(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)


def _put(measures: dict[str, str], name: str, value: Any) -> None:
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        whole = isinstance(value, float) and value.is_integer() and abs(value) < 2**53
        measures.setdefault(name, str(int(value)) if whole else str(value))
