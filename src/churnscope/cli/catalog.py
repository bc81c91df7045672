"""`churnscope catalog`: what every feature means."""

from __future__ import annotations

import math
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby, takewhile
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Annotated

import typer

from churnscope.cli.options import AsOf, Json, LogFormat, Quiet
from churnscope.cli.rendering import Part, count
from churnscope.cli.session import session
from churnscope.errors import ConfigError, nearest

if TYPE_CHECKING:
    from churnscope.features import FeatureSpec
    from churnscope.project.results import CatalogResult

SomeConfig = Annotated[
    Path | None,
    typer.Argument(metavar="[CONFIG]", help="The config file; without one, everything that can be built is shown."),
]
Role = Annotated[str | None, typer.Option("--role", metavar="ROLE", help="Only features of this role, such as purchases.")]
FamilyName = Annotated[str | None, typer.Option("--family", metavar="NAME", help="Only features of this family: trend, say.")]

LEGEND = (
    "In brackets stand the unit and what more of it is expected to do to the risk of leaving, if that goes one way. "
    "Below stands what is said of a customer, with made-up numbers here, and what a missing value means. "
    "Names end in their window: _90d is the 90 days before the cutoff."
)
DIRECTIONS = {1: ["more raises the risk"], -1: ["more lowers the risk"], 0: []}
NARROW, WIDE = 60, 110  # a line is no longer than the terminal, and never longer than one can read
_VARIANT = re.compile(r"\d+d|ever|(mon|tues|wednes|thurs|fri|satur|sun)day|night|morning|afternoon|evening")

# Numbers of nobody, to show how a sentence reads.
_BY_CONCEPT = {
    ("recency", "days"): 40.0,
    ("rhythm", "days"): 14.0,
    ("tenure", "days"): 400.0,
    ("beginning", "days"): 21.0,
    ("frequency", "days"): 6.0,
    ("age", "years"): 40.0,
    ("own norm", "purchases"): 4.2,
    ("own norm", "interactions"): 4.2,
}
_BY_UNIT = {
    "days": 12.0,
    "share": 0.25,
    "ratio": 0.6,
    "currency": 48.5,
    "standard deviations": 1.5,
    "0 to 1": 0.3,
    "log days": 2.6,
    "month of the year": 5.0,
    "week of the year": 19.0,
}
_OTHERWISE = 3.0
_JOINED = "\u00a0"  # a blank at which no line ends


def catalog(
    config: SomeConfig = None,
    *,
    role: Role = None,
    family: FamilyName = None,
    as_of: AsOf = None,
    json: Json = False,
    log_format: LogFormat = "plain",
    quiet: Quiet = False,
) -> None:
    """Print every feature and what it means.

    Role by role and family by family: names, unit, expected direction, what is said of a customer, what a missing value means.
    Features that differ by their window stand together; with --json each has an entry.
    """
    with session(json=json, log_format=log_format, quiet=quiet) as run:
        from churnscope.project import Project
        from churnscope.project.data.features import whole_catalog

        result = whole_catalog() if config is None else Project(config, progress=run.progress).catalog(as_of)
        run.show(chosen(result, role, family), describe)


def chosen(result: CatalogResult, role: str | None, family: str | None) -> CatalogResult:
    """The features of one role or family.

    Raises
    ------
    ConfigError : when there is none.
    """
    for option, name, known in (
        ("--role", role, dict.fromkeys(spec.role for spec in result.features if spec.role)),
        ("--family", family, dict.fromkeys(spec.family for spec in result.features)),
    ):
        if name is not None and name not in known:
            raise ConfigError(f'{option}: there is no feature of "{name}" here.', nearest(name, known))
    kept = tuple(spec for spec in result.features if role in {None, spec.role} and family in {None, spec.family})
    return replace(result, features=kept)


def describe(result: CatalogResult) -> Iterator[Part]:
    """Roles, their families, and in each the features."""
    from churnscope.roles import ROLES

    width = min(max(shutil.get_terminal_size((WIDE, 0)).columns - 1, NARROW), WIDE)
    values = {spec.name: _example(spec) for spec in result.features}
    yield f"{result.name}: {_size(result.features)}."
    yield fill(LEGEND, width)
    for role in [*ROLES, ""]:
        specs = [spec for spec in result.features if spec.role == role]
        if specs:
            row = f"each row is {ROLES[role].row}" if role else "they read the rows of several roles, or none"
            yield "\n" + fill(f"{role.replace('_', ' ').upper() or 'NO SINGLE ROLE'} ({row}): {_size(specs)}", width)
        for family, members in groupby(specs, key=lambda spec: spec.family):
            yield "\n" + fill(f"{family}: {result.families[family]}", width)
            yield from (line for alike in _alike(members) for line in _entry(alike, values, width))
    yield from ("\n" + fill(sentence, width) for sentence in result.left_out)


def _size(specs: Sequence[FeatureSpec]) -> str:
    return f"{count(len(specs))} feature{'' if len(specs) == 1 else 's'}"


def _entry(alike: Sequence[FeatureSpec], values: Mapping[str, float], width: int) -> Iterator[str]:
    """Names with unit and direction, what is said, what a missing value means."""
    from churnscope.features.feature import NEVER_MISSING

    spec = alike[0]
    others = dict.fromkeys(spec.named, _OTHERWISE) | dict(values)
    facts = [spec.unit, *DIRECTIONS[spec.direction], *([] if spec.spoken else ["never a reason"])]
    bracket = f"[{', '.join(facts)}]".replace(" ", _JOINED)
    yield fill(f"{_names(alike)}  {bracket}", width, initial_indent="  ", subsequent_indent="    ").replace(_JOINED, " ")
    said = [spec.say(values[spec.name], others), *([f"or: {spec.say(0.0, others)}"] if spec.at_zero else [])]
    said += [] if spec.missing == NEVER_MISSING else [f"missing: {spec.say(math.nan, others)}"]
    yield from (fill(words, width, initial_indent=" " * 6, subsequent_indent=" " * 8) for words in said)


def _alike(specs: Iterator[FeatureSpec]) -> list[list[FeatureSpec]]:
    """Features that differ by their windows, weekdays or hours alone, together."""
    groups: dict[tuple[object, ...], list[FeatureSpec]] = {}
    for spec in specs:
        key = (_VARIANT.sub("", spec.name), spec.unit, spec.concept, spec.direction, spec.spoken)
        groups.setdefault(key, []).append(spec)
    return list(groups.values())


def _names(specs: Sequence[FeatureSpec]) -> str:
    """The first name whole, of the others what is different.

    Examples
    --------
    >>> from churnscope.features import FeatureSpec
    >>> windows = ("30d", "90d", "ever")
    >>> _names([FeatureSpec(name=f"visits_{window}", unit="visits", concept="visits", sentence="") for window in windows])
    'visits_30d, _90d, _ever'
    """
    first, *others = (spec.name for spec in specs)
    alike = takewhile(lambda letters: len(set(letters)) == 1, zip(first, *others, strict=False))
    shared = "".join(letters[0] for letters in alike).rpartition("_")[0]
    return ", ".join([first, *(name.removeprefix(shared) for name in others)])


def _example(spec: FeatureSpec) -> float:
    number = _BY_CONCEPT.get((spec.concept, spec.unit), _BY_UNIT.get(spec.unit, _OTHERWISE))
    return number / 2 if "_std_" in spec.name else number  # a spread is less than what it is the spread of
