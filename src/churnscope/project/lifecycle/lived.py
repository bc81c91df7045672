"""What `lifecycle` answers: the figures of every part, and where the tables and pictures are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from churnscope.errors import ConfigError, nearest
from churnscope.lifecycle.spells import WITH_US
from churnscope.project.results import Summarised, WithRows, iso, near
from churnscope.reports.page import Section, Table
from churnscope.reports.wording import counted

if TYPE_CHECKING:
    from churnscope.project.frames import Frame


@dataclass(frozen=True, repr=False)
class LifecycleAnswer(Summarised):
    """One part of the life cycle.

    Parameters
    ----------
    name : of the part.
    figures : what it tells, ready for JSON; empty where it has nothing to say.
    sections : what people read: sentences, tables, pictures.
    """

    name: str
    figures: Mapping[str, Any]
    sections: tuple[Section, ...]

    @property
    def summary(self) -> str:
        """What it is about, and what is said of it first."""
        if not self.sections:
            return f"{self.name}: nothing to say."
        first = self.sections[0]
        return f"{first.title}. {first.lead}".strip()


@dataclass(frozen=True, repr=False)
class LifecycleResult(WithRows):
    """The life cycle of all customers as of a day.

    Parameters
    ----------
    months : how far back was looked, in months of the calendar.
    figures : part -> what it tells, ready for JSON; None where it has nothing to say.
    was_done : whether the very same run had been done before and its files were intact: nothing was written.
    """

    name: str
    as_of: int
    run_id: str
    months: int
    figures: Mapping[str, Mapping[str, Any] | None]
    outputs: tuple[Path, ...]
    manifest: Path
    was_done: bool

    @property
    def sections(self) -> tuple[Section, ...]:
        """What people read of every part: sentences, tables, pictures."""
        from churnscope.project.lifecycle.catalog import sections_of

        return sections_of(self.figures)

    def part(self, name: str) -> LifecycleAnswer:
        """One part, such as `stages`, `erosion` or `outlook`: what people read of it, shown whole in a notebook.

        Raises
        ------
        ConfigError : when there is no such part, or the config does not let it be asked.
        """
        from churnscope.project.lifecycle.catalog import sections_of

        if name not in self.figures:
            raise ConfigError(f"The life cycle of {self.name} has no part {name!r}.", nearest(name, self.figures))
        return LifecycleAnswer(name, self.figures[name] or {}, sections_of({name: self.figures[name]}))

    @property
    def brief(self) -> tuple[tuple[str, tuple[str | Table, ...]], ...]:
        """What a manager reads: questions, and the answers in sentences and tables."""
        from churnscope.project.lifecycle.catalog import brief_of

        return brief_of(self.figures)

    @property
    def summary(self) -> str:
        """What came out."""
        now = (self.figures["stages"] or {})["days"]["now"]
        with_us = sum(now[stage] for stage in WITH_US)
        return (
            f"{counted(now['known'], 'customers')} known as of {iso(self.as_of)}, {with_us:,} of them with us and "
            f"{now['inactive']:,} inactive: {near(self.outputs[0])}"
        )

    @property
    def next_step(self) -> str:
        """What to do next."""
        return "Every customer's stage: to_pandas(), to_arrow(), to_polars()"

    def frame(self) -> Frame:
        """The written stages, a row per customer who is known on the day.

        Raises
        ------
        StorageError : when the file is gone or cannot be read.
        """
        from churnscope.operations.exports import read_export
        from churnscope.project.frames import Frame

        stages = next(path for path in self.outputs if path.name == "stages.parquet")
        return Frame(read_export(stages), "a customer, in the order of their ids")

    def to_json(self) -> dict[str, Any]:
        """JSON-ready, the day as a date."""
        return {
            "name": self.name,
            "as_of": iso(self.as_of),
            "run_id": self.run_id,
            "months": self.months,
            **self.figures,
            "outputs": [str(path) for path in self.outputs],
            "manifest": str(self.manifest),
            "was_done": self.was_done,
        }
