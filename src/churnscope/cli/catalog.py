"""`churnscope catalog`: what every feature means."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from churnscope.cli.options import AsOf, ConfigFile, Json, LogFormat, Quiet
from churnscope.cli.rendering import Part, Table, count
from churnscope.cli.session import session

if TYPE_CHECKING:
    from churnscope.features import FeatureSpec
    from churnscope.project.results import CatalogResult

_VALUE = re.compile(r"\{[^}]*\}")  # a number's place in a sentence
DIRECTIONS = {1: "more raises the risk", -1: "more lowers the risk", 0: "either way"}


def catalog(
    config: ConfigFile, *, as_of: AsOf = None, json: Json = False, log_format: LogFormat = "plain", quiet: Quiet = False
) -> None:
    """Print every feature and what it means.

    Family by family: name, unit, what is said of a customer, what a missing value means, the direction it may have.
    """
    with session(json=json, log_format=log_format, quiet=quiet) as run:
        from churnscope.project import Project

        run.show(Project(config, progress=run.progress).catalog(as_of), describe)


def describe(result: CatalogResult) -> Iterator[Part]:
    """A table a family."""
    yield f"{result.name}: {count(len(result.features))} features."
    for name, specs in groupby(result.features, key=lambda spec: spec.family):
        rows = tuple(_row(spec) for spec in specs)
        yield Table(f"{name}: {result.families[name]}", "<<<<<", rows, ("feature", "unit", "said as", "missing", "direction"))


def _row(spec: FeatureSpec) -> tuple[str, ...]:
    return spec.name, spec.unit, _VALUE.sub(_blank, spec.sentence), spec.missing, DIRECTIONS[spec.direction]


def _blank(place: re.Match[str]) -> str:
    return "... %" if place[0].endswith("%}") else "..."
