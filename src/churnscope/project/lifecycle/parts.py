"""The parts of the life cycle's summary: each answers one question from the lives of all customers.

A new part is a `LifecyclePart` and a line in `PARTS` of `catalog.py`. It computes once, writes its tables, and keeps the rest
as figures ready for JSON; what is printed, drawn and shown in a notebook is read from these figures alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pyarrow as pa

from churnscope.config.models import Config
from churnscope.engines.duckdb import Loaded
from churnscope.lifecycle.watch import Watch
from churnscope.operations.logs import Progress
from churnscope.project.lifecycle.compared import Compared
from churnscope.project.lifecycle.comparing import compare
from churnscope.project.lifecycle.stages import Life
from churnscope.reports.lifecycle_brief import Brief, nothing_brief
from churnscope.reports.page import Section

Figures = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Context:
    """What parts are computed from.

    Parameters
    ----------
    life : stages, first days and groups of all customers.
    loaded : the sources, for a part that reads rows itself.
    months : how far back is looked, in months of the calendar.
    """

    config: Config
    loaded: Loaded
    life: Life
    months: int
    progress: Progress

    @cached_property
    def watch(self) -> Watch:
        """From when on it is seen who leaves."""
        return Watch.of(self.life.spells)

    @cached_property
    def compared(self) -> Compared:
        """What one pass over the rows tells the parts that compare; made for the first of them."""
        return compare(self.config, self.loaded, self.progress)


@dataclass(frozen=True, eq=False)
class Told:
    """What a part answers.

    Parameters
    ----------
    figures : ready for JSON; None where there is nothing to say.
    tables : file -> rows, for every `.csv` or `.parquet` file of the part.
    """

    figures: Figures | None
    tables: Mapping[str, pa.Table] = field(default_factory=dict)


@dataclass(frozen=True)
class LifecyclePart:
    """One question and its answer.

    Parameters
    ----------
    name : the key of its figures.
    tell : computes the answer.
    sections : what people read, from the figures: sentences, tables, pictures.
    brief : of these, what a manager needs.
    tables : names of the files that `tell` gives.
    pictures : names of the SVG files of the sections' pictures, in their order.
    applies : whether the config lets the question be asked.
    reads : files beside the sources that decide the answer at a day, with their hashes.
    """

    name: str
    tell: Callable[[Context], Told]
    sections: Callable[[Figures], tuple[Section, ...]]
    brief: Callable[[Figures], Brief] = nothing_brief
    tables: tuple[str, ...] = ()
    pictures: tuple[str, ...] = ()
    applies: Callable[[Config], bool] = lambda _config: True
    reads: Callable[[Config, int], Mapping[str, str]] = lambda _config, _as_of: {}


def has_purchases(config: Config) -> bool:
    """Whether a source tells what was bought."""
    return any(source.role == "purchases" for source in config.sources.values())
