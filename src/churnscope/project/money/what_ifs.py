"""What `what-if` answers: the best list under each of the terms tried, and where the table and the picture are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from churnscope.decisions.what_if import Outlook
from churnscope.project.results import WrittenRows, near
from churnscope.reports.what_if_chart import present_of, what_if_sentence

if TYPE_CHECKING:
    from churnscope.project.frames import Frame


@dataclass(frozen=True)
class WhatIfFigures:
    """What was tried.

    Parameters
    ----------
    campaign : whose list it would be.
    scored : customers in the scores.
    minutes, budget : what there is as the config has it; no budget is no limit.
    outlooks : the best list at every point: along the budget, along the minutes, and over the terms of the offers.
    """

    campaign: str
    scored: int
    minutes: float
    budget: float | None
    outlooks: tuple[Outlook, ...]

    @property
    def present(self) -> Outlook:
        """As the config has it."""
        return present_of(self.outlooks, self.minutes)

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self) | {"outlooks": [asdict(each) for each in self.outlooks]}

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> WhatIfFigures:
        """What `to_json` wrote."""
        return cls(**{**saved, "outlooks": tuple(Outlook(**each) for each in saved["outlooks"])})


@dataclass(frozen=True, repr=False)
class WhatIfResult(WrittenRows):
    """A written table of what would be.

    Parameters
    ----------
    as_of : the day of the scores.
    figures : what was tried, and what each would bring.
    was_done : whether the very same run had been done before and its files were intact: nothing was written.
    """

    name: str
    as_of: int
    run_id: str
    figures: WhatIfFigures
    outputs: tuple[Path, ...]
    manifest: Path
    was_done: bool

    @property
    def picture(self) -> Path:
        """The picture, an SVG file."""
        return next(path for path in self.outputs if path.suffix == ".svg")

    @property
    def summary(self) -> str:
        """What came out."""
        return f"{what_if_sentence(self.figures.present)}: {near(self.outputs[0])}"

    @property
    def next_step(self) -> str:
        """What to do next."""
        return "The rows: to_pandas(), to_arrow(), to_polars()"

    def frame(self) -> Frame:
        """The written rows: one for every point that was tried.

        Raises
        ------
        StorageError : when the file is gone or cannot be read.
        """
        from churnscope.operations.exports import read_export
        from churnscope.project.frames import Frame

        return Frame(read_export(self.outputs[0]), "the best list under some terms")
