"""Do the predictions of a model version differ from what it was trained on?"""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from trivium.entrypoints.answers.bookkeeping import State
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.answers.terms import AsOf, AssetText, Key, Known, When, instant_of, rounded, words
from trivium.facts.fact import RecordedFact
from trivium.facts.instants import DAY, format_instant
from trivium.facts.keys import parse
from trivium.facts.kinds import Kind
from trivium.facts.period import Period, month_of, parse_period
from trivium.facts.problem import refuse, shown
from trivium.graph.identity import names_of
from trivium.mlops.drift.profile import Profile
from trivium.mlops.drift.reading import (
    Asked,
    DayCount,
    days_of,
    first_window,
    profile_between,
    stretches_of,
)
from trivium.mlops.drift.reference import ReferenceProfiled, newest_reference
from trivium.mlops.drift.shares import shares_of
from trivium.mlops.drift.verdict import Difference, drift_of

REFERENCE = "trivium import reference FILE --version NAME/VERSION"
SEND = "trivium import predictions FILE --endpoint NAME --version NAME/VERSION"
_FILES: Final = 3
PredictionPeriod = Annotated[
    str,
    Meta(
        description="2026-10, a day, or an ISO interval; without it the newest month with predictions of the version."
    ),
]
Measure = Annotated[float | None, Meta(extra=words(absent="means nothing for this column"))]


class Params(msgspec.Struct, frozen=True, kw_only=True):
    """What may be asked."""

    key: Key
    period: PredictionPeriod = ""
    as_of: AsOf = ""
    known: Known = None


class ValueShare(msgspec.Struct, frozen=True, kw_only=True):
    """A value of a column."""

    value: Annotated[str, Meta(description="The value.")]
    share: Annotated[float, Meta(description="The share of rows that have it, 0 to 1.")]


class Bin(msgspec.Struct, frozen=True, kw_only=True):
    """One bin of a column: a tenth of the reference's numbers, or a value."""

    title: Annotated[str, Meta(description="The bounds, or the value.")]
    reference: Annotated[float, Meta(description="The share of the reference's rows in it, 0 to 1.")]
    current: Annotated[float, Meta(description="The share of the period's rows in it, 0 to 1.")]


class ColumnDrift(msgspec.Struct, frozen=True, kw_only=True):
    """How one column differs from its reference. The verdict is by `test` alone; the other measures stand beside it."""

    column: Annotated[str, Meta(description="The feature; `prediction` is the answer, `score` its score.")]
    shape: Annotated[str, Meta(description="number, category, time, empty, or other (nested or binary).")]
    state: Annotated[Literal["drifted", "same", "unjudged"], Meta(description="The verdict.")]
    sentence: Annotated[str, Meta(description="What happened.")]
    test: Annotated[
        str,
        Meta(
            description="What decided: kolmogorov_smirnov, wasserstein (over the reference's standard deviation), "
            "chi_square, jensen_shannon, missing (the share without a value), shape (another type), presence.",
            extra=words(absent="none"),
        ),
    ]
    value: Annotated[
        float | None,
        Meta(
            description="The measure of the test; where chance decides, the p-value.",
            extra=words(absent="not measured"),
        ),
    ]
    threshold: Annotated[
        float | None,
        Meta(description="From where on it drifted; below it, for a p-value.", extra=words(absent="none")),
    ]
    reason: Annotated[str, Meta(description="Why this test.", extra=words(absent="not tested"))]
    reference_rows: Annotated[int, Meta(description="Rows of the reference.")]
    current_rows: Annotated[int, Meta(description="Rows of the period.")]
    reference_missing: Annotated[float, Meta(description="The share of the reference's rows without a value.")]
    current_missing: Annotated[float, Meta(description="The share of the period's rows without a value.")]
    kolmogorov_smirnov: Annotated[
        Measure, Meta(description="The greatest difference of the shares up to any number, 0 to 1.")
    ]
    kolmogorov_smirnov_p: Annotated[Measure, Meta(description="How likely chance makes it as large.")]
    wasserstein: Annotated[Measure, Meta(description="How far numbers moved on average, in the column's unit.")]
    wasserstein_normed: Annotated[Measure, Meta(description="The same in standard deviations of the reference.")]
    stability_index: Annotated[
        Measure, Meta(description="Population stability index, over tenths of the reference, or values.")
    ]
    jensen_shannon: Annotated[
        Measure, Meta(description="Jensen-Shannon distance, over even bins, or values; 0 to 0.83.")
    ]
    chi_square: Annotated[Measure, Meta(description="Pearson's statistic of the values' counts.")]
    chi_square_p: Annotated[Measure, Meta(description="How likely chance makes it as large.")]
    new_values: Annotated[
        tuple[ValueShare, ...],
        Meta(description="Values that the reference lacks, the most frequent first.", extra=words(absent="none")),
    ]
    vanished_values: Annotated[
        tuple[ValueShare, ...],
        Meta(description="Values that only the reference has, the most frequent first.", extra=words(absent="none")),
    ]
    bins: Annotated[
        tuple[Bin, ...],
        Meta(description="The column's shares, to draw.", extra=words(absent="nothing to draw")),
    ]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Drift of a version's predictions in a period, against its reference."""

    asset: AssetText
    period: Annotated[str, Meta(description="The period.")]
    as_of: When
    state: Annotated[
        Literal["drifted", "same", "unjudged"],
        Meta(description="`drifted` when at least one column is, `unjudged` when none can be compared."),
    ]
    sentence: Annotated[str, Meta(description="The verdict in words.")]
    next_line: Annotated[
        str,
        Meta(description="The command that would help, or would tell more.", extra=words(absent="nothing is missing")),
    ]
    reference: Annotated[str, Meta(description="What the period is compared with.", extra=words(absent="nothing"))]
    reference_rows: Annotated[int, Meta(description="Rows of the reference.")]
    current_rows: Annotated[int, Meta(description="Predictions of the period that are compared.")]
    unsent: Annotated[
        tuple[str, ...],
        Meta(
            description="Columns of the training rows that the period's predictions do not carry: they are not judged.",
            extra=words(absent="none"),
        ),
    ]
    columns: Annotated[
        tuple[ColumnDrift, ...],
        Meta(description="Each column, drifted ones first.", extra=words(absent="no column to compare")),
    ]


def ask(rooms: Rooms, params: Params) -> Answer:
    """Compare the predictions of a version in a period with its reference."""
    keeping = rooms.bookkeeping
    state = keeping.state(instant_of(params.as_of), params.known)
    version = version_of(rooms, params.key, state)
    asked = asked_of(rooms, version, state)
    days = days_of(rooms.lake, asked, state.until)
    if not days:
        keeping.check_known(version, state)
    period = period_of(params.period, days, state)
    start = Answer(
        asset=version,
        period=str(period),
        as_of=format_instant(min(state.as_of, period.end)),
        state="unjudged",
        sentence="No prediction of this version is known.",
        next_line=SEND,
        reference="",
        reference_rows=0,
        current_rows=0,
        unsent=(),
        columns=(),
    )
    return _compared(rooms, asked, days, period, start) if days else start


def version_of(rooms: Rooms, key: str, state: State) -> str:
    """Name a model version; refuses a key that is none."""
    version = rooms.bookkeeping.name(key, state)
    named = parse(version)
    if named.kind != "model" or not named.version:
        title = f"{shown(version)} is no model version."
        raise refuse("no_version", title, where="key", fix="Name a version, as model:NAME/VERSION.")
    return version


def asked_of(rooms: Rooms, version: str, state: State) -> Asked:
    """Give all names of a version, and up to which fact predictions count."""
    with rooms.bookkeeping.graph(state) as connection:
        names = names_of(connection, version)
    return Asked(tuple(sorted({version, *names})), state.known)


def period_of(text: str, days: list[DayCount], state: State) -> Period:
    """Read the period asked for; without one, the newest month with predictions."""
    if text:
        return parse_period(text)
    return month_of(days[-1].day if days else state.as_of)


def _compared(rooms: Rooms, asked: Asked, days: list[DayCount], period: Period, start: Answer) -> Answer:
    """Compare the period with the imported reference, else with the version's own first predictions."""
    imported = newest_reference(partial(_references, rooms, asked), asked.names)
    first = first_window(days)
    assert first is not None, "there are predictions"
    current = period if imported else _after(period, first)
    stretches = stretches_of(days, current) if current else []
    rows = imported[1].profile.rows if imported else sum(one.rows for one in days if one.day in first)
    told = _imported(*imported) if imported else f"its own first predictions, {_written(first)}"
    if not stretches:
        within = not imported and period.overlap(first) > 0
        sentence = (
            f"The period holds only what it would be compared with: {told}."
            if within
            else "There is no prediction of this version in the period."
        )
        line = REFERENCE if within else ""
        return msgspec.structs.replace(start, sentence=sentence, reference=told, reference_rows=rows, next_line=line)
    now = profile_between(rooms.lake, asked, stretches)
    before = imported[1].profile if imported else profile_between(rooms.lake, asked, stretches_of(days, first))
    unsent = [one.name for one in before.columns if imported and now.column(one.name) is None]
    before = Profile(before.rows, tuple(one for one in before.columns if one.name not in unsent))
    found = drift_of(before, now)
    return msgspec.structs.replace(
        start,
        state=found.state,
        sentence=found.sentence,
        next_line="" if imported else REFERENCE,
        reference=told,
        reference_rows=found.reference_rows,
        current_rows=found.current_rows,
        unsent=tuple(unsent),
        columns=tuple(_column(one, before, now) for one in found.columns),
    )


def _references(rooms: Rooms, asked: Asked, name: str) -> list[RecordedFact]:
    """Read the newest reference that was recorded for a name of a version."""
    before = 0 if asked.as_of is None else asked.as_of + 1
    return rooms.ledger.read(before, 1, {Kind.REFERENCE_PROFILED}, name, newest_first=True)


def _imported(recorded: RecordedFact, found: ReferenceProfiled) -> str:
    names = ", ".join(one.name for one in found.files[:_FILES])
    more = f" and {len(found.files) - _FILES} more" if len(found.files) > _FILES else ""
    return f"the rows it was trained on, {names}{more} (fact {recorded.sequence})"


def _after(period: Period, first: Period) -> Period | None:
    """Leave out of a period what is the reference itself."""
    start = max(period.start, first.end) if period.overlap(first) else period.start
    return Period(start, period.end) if start < period.end else None


def _written(window: Period) -> str:
    begun, ended = (format_instant(instant)[:10] for instant in (window.start, window.end - DAY))
    return begun if begun == ended else f"{begun} to {ended}"


def _column(one: Difference, before: Profile, now: Profile) -> ColumnDrift:
    fields = {name: _written_value(getattr(one, name)) for name in ColumnDrift.__struct_fields__ if hasattr(one, name)}
    bins = shares_of(before.column(one.column), now.column(one.column))
    fields |= {
        "new_values": tuple(ValueShare(value=each.value, share=round(each.share, 6)) for each in one.new_values),
        "vanished_values": tuple(
            ValueShare(value=each.value, share=round(each.share, 6)) for each in one.vanished_values
        ),
        "bins": tuple(Bin(title=each.title, reference=each.reference, current=each.current) for each in bins),
    }
    return ColumnDrift(**fields)


def _written_value(value: Any) -> Any:
    return rounded(value) if isinstance(value, float) else value
