"""The vocabulary that folds understand: what readers say an observation means, and the bodies of declared facts.

Every struct is one plain sentence about assets, named by their keys in text form. Times are microseconds since
1970 UTC. A declared fact's body is its statement as JSON; an observation's statements come from its reader.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from trivium.facts.fact import RecordedFact
from trivium.facts.instants import Instant


class DatasetUse(msgspec.Struct, frozen=True, omit_defaults=True):
    """A dataset read or written by a run, with its measures where they are known."""

    dataset: str
    bytes: int | None = None
    rows: int | None = None


class RunSeen(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="run.seen"):
    """A run at one instant. `event` is start, running, complete, fail, abort or other (in lower case).

    `same_as` are other run keys of the same run (an OpenLineage run and an MLflow run of one training).
    """

    run: str
    at: Instant
    event: str = "other"
    job: str = ""
    job_type: str = ""
    parent: str = ""
    parent_job: str = ""
    root: str = ""
    same_as: tuple[str, ...] = ()
    reads: tuple[DatasetUse, ...] = ()
    writes: tuple[DatasetUse, ...] = ()
    resources: tuple[str, ...] = ()
    queries: tuple[str, ...] = ()
    tags: dict[str, str] = {}
    error: str = ""


class TrialSeen(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="trial.seen"):
    """A run began as a trial of an experiment."""

    run: str
    experiment: str
    at: Instant


class JobSeen(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="job.seen"):
    """A job as its code describes it."""

    job: str
    at: Instant
    job_type: str = ""
    owners: tuple[str, ...] = ()
    documentation: str = ""
    tags: dict[str, str] = {}


class Column(msgspec.Struct, frozen=True, omit_defaults=True):
    """A column of a dataset's schema; `sources` are (dataset key, column) pairs that it is derived from."""

    name: str
    type: str = ""
    sources: tuple[tuple[str, str], ...] = ()


class DatasetSeen(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="dataset.seen"):
    """A dataset as a producer describes it at one instant. `symlinks` are other names of the same thing."""

    dataset: str
    at: Instant
    symlinks: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    version: str = ""
    owners: tuple[str, ...] = ()
    documentation: str = ""
    tags: dict[str, str] = {}
    run: str = ""
    """The run that wrote this state of the dataset; empty when it was only read or described."""


class CheckSeen(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="check.seen"):
    """A check's result on a dataset."""

    dataset: str
    check: str
    passed: bool
    at: Instant
    column: str = ""
    run: str = ""
    severity: str = ""
    expected: str = ""
    actual: str = ""


class QualityMeasured(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="quality.measured"):
    """Measures of a dataset's content: `measures` maps `rows`, `bytes`, `COLUMN.nulls`, … to a number as text."""

    dataset: str
    at: Instant
    run: str = ""
    measures: dict[str, str] = {}


class EndpointSeen(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="endpoint.seen"):
    """An endpoint that answered at one instant, and the billed resources that it says it uses."""

    endpoint: str
    at: Instant
    resources: tuple[str, ...] = ()


class Asked(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="endpoint.asked"):
    """How often an endpoint was asked on one UTC day, and how often it failed; `day` is the day's first instant.

    `version` answered, empty where nobody said which. `logged` says that predictions themselves were received; else
    spans tell of them.
    """

    endpoint: str
    day: Instant
    requests: int
    errors: int = 0
    version: str = ""
    logged: bool = False


class Titled(msgspec.Struct, frozen=True, omit_defaults=True, tag="asset.titled"):
    """What people call an asset."""

    asset: str
    title: str


class Owned(msgspec.Struct, frozen=True, omit_defaults=True, tag="asset.owned"):
    """The team that answers for an asset; an asset may have several owners, who share equally."""

    asset: str
    team: str


class Belongs(msgspec.Struct, frozen=True, omit_defaults=True, tag="asset.belongs"):
    """The product that an asset is part of."""

    asset: str
    product: str


class Valued(msgspec.Struct, frozen=True, omit_defaults=True, tag="product.valued"):
    """What a day of a product is worth: an exact amount as decimal text."""

    product: str
    amount: str
    currency: str


LONGEST_LIFE: Final = 3_660
"""Days that a dataset's life lasts at most: each pour has a part for each of them. A longer one is passed over."""


class Life(msgspec.Struct, frozen=True, omit_defaults=True, tag="dataset.life"):
    """For how many days what is poured into a dataset is released, in equal daily parts: at most 3,660, ten years."""

    dataset: str
    days: int


class Alias(msgspec.Struct, frozen=True, omit_defaults=True, tag="name.alias"):
    """`name` and `means` are two keys of one asset, which is then called `means`."""

    name: str
    means: str


class ResourceUsed(msgspec.Struct, frozen=True, omit_defaults=True, tag="resource.used"):
    """The billed resource of a run, job, endpoint or dataset; runs that share one split it by weight."""

    asset: str
    resource: str
    weight: str = "1"


class TrialOf(msgspec.Struct, frozen=True, omit_defaults=True, tag="run.trial"):
    """A run is a trial of an experiment."""

    run: str
    experiment: str


class VersionRegistered(msgspec.Struct, frozen=True, omit_defaults=True, tag="version.registered"):
    """A model version: the runs that made it, their experiment, and when it was registered."""

    version: str
    at: Instant
    runs: tuple[str, ...] = ()
    experiment: str = ""
    copy_of: str = ""
    prompt: bool = False


class VersionDated(msgspec.Struct, frozen=True, omit_defaults=True, tag="version.dated"):
    """When a version was registered really, whatever its registration says."""

    version: str
    at: Instant


class VersionUsed(msgspec.Struct, frozen=True, omit_defaults=True, tag="version.used"):
    """An endpoint serves a version, or a job takes it as input, from `since` until `until` (0: without end)."""

    version: str
    by: str
    since: Instant = 0
    until: Instant = 0


class Predicted(msgspec.Struct, frozen=True, omit_defaults=True, tag="version.predicted"):
    """How many predictions a consumer had from a version in a month (`2026-10`)."""

    version: str
    by: str
    month: str
    count: int


EQUAL: Final = "equal"
TOLERANCE: Final = "tolerance"
ACCEPTED: Final = "accepted"
RIGHT: Final = (EQUAL, TOLERANCE, ACCEPTED)
"""The rules by which a prediction may be correct."""


class Correct(msgspec.Struct, frozen=True, omit_defaults=True, tag="product.correct"):
    """When a prediction for a product is correct, by its label.

    `rule` is `equal` (the label is the prediction), `tolerance` (two numbers that differ by at most `tolerance`, an
    exact decimal text), or `accepted` (the label says that a person took the answer). `positive` is the one class that
    matters, where there is one, with the rule `equal`.
    """

    product: str
    rule: str
    tolerance: str = ""
    positive: str = ""


class Rule(msgspec.Struct, frozen=True, omit_defaults=True, tag="rule.declared"):
    """An allocation rule: charges whose columns or tags equal all of `match` go to `to`, or are spread over `spread`.

    Keys of `match` are FOCUS columns (`ServiceName`, `SubAccountId`, `ChargeCategory`), `tag:KEY`, or `account`: the
    named account (`idle`, `shared`, …) in which a charge would rest. `to` is an asset key, or the account `shared`.
    `spread` lists asset keys among which the amount is divided equally. Rules are tried by `position`, then name; one
    that matches on anything else is passed over.
    """

    name: str
    match: dict[str, str]
    to: str = ""
    spread: tuple[str, ...] = ()
    position: int = 0


class Withdrawn(msgspec.Struct, frozen=True, omit_defaults=True, tag="declaration.withdrawn"):
    """The declared statement whose identity is `identity` no longer holds."""

    statement: str
    identity: str


Declared = (
    Titled | Owned | Belongs | Valued | Life | Alias | ResourceUsed | TrialOf | VersionRegistered | VersionDated
    | VersionUsed | Predicted | Correct | Rule | Withdrawn
)  # fmt: skip
Observed = RunSeen | TrialSeen | JobSeen | DatasetSeen | CheckSeen | QualityMeasured | EndpointSeen | Asked
Statement = Observed | Declared

Reader = Callable[[RecordedFact], Sequence[Statement]]
"""What a fact means, in statements; pure. Bootstrap gives folds one Reader that knows every kind."""

IDENTITY: dict[type, tuple[str, ...]] = {
    Titled: ("asset",), Owned: ("asset", "team"), Belongs: ("asset", "product"), Valued: ("product", "currency"),
    Life: ("dataset",), Alias: ("name",), ResourceUsed: ("asset", "resource"), TrialOf: ("run",),
    VersionRegistered: ("version",), VersionDated: ("version",),
    VersionUsed: ("version", "by", "since"), Predicted: ("version", "by", "month"),
    Correct: ("product",), Rule: ("name",),
}  # fmt: skip
"""The fields by which a later declared statement replaces an earlier one."""

_decoder: msgspec.json.Decoder[Declared] = msgspec.json.Decoder(Declared)
_encoder = msgspec.json.Encoder(order="sorted")


def identity_of(statement: Declared) -> str:
    """Name what a declared statement is about, so that its like replaces or withdraws it: JSON text."""
    if isinstance(statement, Withdrawn):
        return statement.identity
    parts = [getattr(statement, field) for field in IDENTITY[type(statement)]]
    return msgspec.json.encode([statement.__struct_config__.tag, *parts]).decode()


def encode_statement(statement: Declared) -> bytes:
    """Write a declared statement as a fact's body: JSON with sorted keys."""
    return _encoder.encode(statement)


def decode_statement(body: bytes) -> Declared:
    """Read a declared statement back from a fact's body."""
    return _decoder.decode(body)
