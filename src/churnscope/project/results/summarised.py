"""What all results share: a line that sums up, and days and paths as people read them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from churnscope.timeline import cutoff_name

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from churnscope.project.frames import Frame


def iso(day: int) -> str:
    """A day as 2024-02-28; in the place of a cutoff, also a part of the customers."""
    return cutoff_name(day)


def near(path: Path) -> Path:
    """A path as seen from the present folder, where it lies below that."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


class Summarised(ABC):
    """A result that says in a line what came out and what to do next, and shows more of itself in a notebook."""

    @property
    @abstractmethod
    def summary(self) -> str:
        """What came out."""

    @property
    def next_step(self) -> str:
        """What to do next; empty where nothing suggests itself."""
        return ""

    def __repr__(self) -> str:
        return f"{type(self).__name__}: {self.summary}" + (f"\n{self.next_step}" if self.next_step else "")

    def _repr_html_(self) -> str:
        from churnscope.project.notebook import html

        return html(self)


class WithRows(Summarised):
    """A result whose written rows can be had as tables."""

    @abstractmethod
    def frame(self) -> Frame:
        """The written rows."""

    def to_arrow(self) -> pa.Table:
        """The written rows as a table of PyArrow."""
        return self.frame().to_arrow()

    def to_pandas(self) -> pd.DataFrame:
        """The written rows as a frame of pandas."""
        return self.frame().to_pandas()

    def to_polars(self) -> Any:
        """The written rows as a frame of Polars, where that is installed."""
        return self.frame().to_polars()


class WrittenRows(WithRows):
    """A result whose rows and figures were written as one output set."""

    name: str
    as_of: int
    run_id: str
    outputs: tuple[Path, ...]
    manifest: Path
    was_done: bool
    figures: Any  # has to_json()

    def to_json(self) -> dict[str, Any]:
        """JSON-ready, days as dates."""
        return {
            "name": self.name,
            "as_of": iso(self.as_of),
            "run_id": self.run_id,
            **self.figures.to_json(),
            "outputs": [str(path) for path in self.outputs],
            "manifest": str(self.manifest),
            "was_done": self.was_done,
        }
