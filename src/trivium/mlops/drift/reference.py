"""What a version's predictions are compared with: the profile of its training rows, kept as a fact."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from trivium.facts.fact import Fact, RecordedFact
from trivium.facts.instants import now
from trivium.facts.kinds import Kind
from trivium.facts.problem import ProblemError, refuse
from trivium.mlops.drift.profile import Profile, keepable, united_profiles

if TYPE_CHECKING:
    from trivium.intake.files.child import Progress
    from trivium.intake.files.limits import Limits
    from trivium.mlops.drift.files import FileProfile

SOURCE: Final = "trivium.reference"
"""The source of the fact: a repeat of the same files for the same version adds nothing."""
MOST_BYTES: Final = 8 << 20
"""How large a kept profile may be."""
_CHILD: Final = "trivium.mlops.drift.child"
_NAME: Final = 255


class ReferenceFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a reference: its name, what its content is, its rows, and those that could not be read."""

    name: str
    sha256: str
    bytes: int
    format: str
    rows: int
    refused: int


class ReferenceProfiled(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a `reference.profiled` fact: the version's key, the files, and their profile as it may be kept."""

    version: str
    files: tuple[ReferenceFile, ...]
    profile: Profile


def read_reference(
    version: str, paths: Sequence[Path], names: Sequence[str] | None = None, progress: Progress | None = None,
    limits: Limits | None = None,
) -> ReferenceProfiled:  # fmt: skip
    """Profile files of training rows, each in a child of its own; raises ProblemError when one is refused."""
    if not paths:
        raise refuse("no_file", "No file was given.", where="FILE", fix="Name the files of training rows.")
    files: list[ReferenceFile] = []
    profiles: list[Profile] = []
    for path, name in zip(paths, names or [path.name for path in paths], strict=True):
        found = _read(path, name, limits, progress)
        if any(one.sha256 == found.sha256 for one in files):
            continue
        shown = "".join(letter if letter.isprintable() else "�" for letter in name.encode("utf-8", "replace").decode())
        files.append(
            ReferenceFile(
                name=shown[:_NAME],
                sha256=found.sha256,
                bytes=found.bytes,
                format=found.format,
                rows=found.rows,
                refused=found.refused,
            )
        )
        profiles.append(found.profile)
    return ReferenceProfiled(version=version, files=tuple(files), profile=keepable(united_profiles(profiles)))


def reference_fact(found: ReferenceProfiled, newest: RecordedFact | None = None) -> Fact:
    """Make the fact that keeps a reference after the `newest` of its version; refuses (413) too large a profile.

    Files that were the reference before another one get a key of their own, so that they can be it again.
    """
    body = msgspec.json.encode(found)
    if len(body) > MOST_BYTES:
        title = f"The profile has {len(body):,} bytes; at most {MOST_BYTES:,} are kept."
        raise refuse("too_large", title, status=413, fix="Leave out columns that are no features.")
    return Fact(
        kind=Kind.REFERENCE_PROFILED,
        subject=found.version,
        happened_at=now(),
        source=SOURCE,
        key=_key(found) + (f"@{newest.sequence}" if newest is not None else ""),
        body=body,
    )


def is_reference(found: ReferenceProfiled, newest: RecordedFact) -> bool:
    """Say whether a recorded reference is of the same files."""
    return newest.fact.key.partition("@")[0] == _key(found)


def _key(found: ReferenceProfiled) -> str:
    contents = "\n".join([found.version, *sorted(one.sha256 for one in found.files)])
    return f"sha256:{hashlib.sha256(contents.encode()).hexdigest()}"


def newest_reference(
    read: Callable[[str], Sequence[RecordedFact]], names: Sequence[str]
) -> tuple[RecordedFact, ReferenceProfiled] | None:
    """Give the reference that was recorded last under any of a version's names; `read` gives the newest of a name."""
    found = [one for name in names for one in read(name)]
    if not found:
        return None
    newest = max(found, key=lambda one: one.sequence)
    return newest, msgspec.json.decode(newest.fact.body, type=ReferenceProfiled)


def _read(path: Path, name: str, limits: Limits | None, progress: Progress | None) -> FileProfile:
    """Read one file apart; a refusal names the file."""
    from trivium.intake.files.sandbox import read_apart
    from trivium.mlops.drift.files import FileProfile, Job

    try:
        with path.open("rb"):
            pass
        return read_apart(_CHILD, Job(path=str(path.resolve())), FileProfile, limits, progress)
    except ProblemError as fault:
        where = fault.problem.where
        named = name if not where or where == path.name else f"{name}: {where}"
        raise ProblemError(msgspec.structs.replace(fault.problem, where=named)) from fault
    except OSError as fault:
        title = f"{path} cannot be read: {fault.strerror}."
        raise refuse("unreadable_file", title, where=str(path), fix="Check the path and its permissions.") from fault
