"""What `call-list` answers: how the list was chosen, what it is expected to bring, and where it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from churnscope.decisions.list_figures import ListFigures
from churnscope.project.results import WrittenRows, near
from churnscope.reports.wording import counted, share

if TYPE_CHECKING:
    from churnscope.project.frames import Frame


@dataclass(frozen=True, repr=False)
class CallListResult(WrittenRows):
    """A written call list.

    Parameters
    ----------
    as_of : the day of the scores.
    run_id : of the run, which is the list's id too.
    figures : how it was chosen and what it is expected to bring.
    was_done : whether the very same run had been done before and its files were intact: nothing was written.
    """

    name: str
    as_of: int
    run_id: str
    figures: ListFigures
    outputs: tuple[Path, ...]
    manifest: Path
    was_done: bool

    @property
    def summary(self) -> str:
        """What came out."""
        figures = self.figures
        lines, control = counted(figures.lines, "lines"), counted(figures.control, "customers")
        missing = f"{share(figures.gap, 2)} below what no list can exceed"
        return (
            f"{lines} for {figures.campaign}, expected to bring {figures.gain:,.0f} ({missing}); {control} left alone: "
            + str(near(self.outputs[0]))
        )

    @property
    def next_step(self) -> str:
        """What to do next."""
        return "The lines: to_pandas(), to_arrow(), to_polars()"

    def frame(self) -> Frame:
        """The written lines, first the customer to call first.

        Raises
        ------
        ConfigError : when only a workbook was written.
        StorageError : when the file is gone or cannot be read.
        """
        from churnscope.errors import ConfigError
        from churnscope.operations.exports import read_export
        from churnscope.project.frames import Frame

        lines = [path for path in self.outputs if path.suffix in {".parquet", ".csv"} and "control" not in path.name]
        if not lines:
            raise ConfigError("Only a workbook was written.", "Name a .csv or .parquet file, or none: then all are written.")
        lines.sort(key=lambda path: path.suffix == ".csv")
        return Frame(read_export(lines[0]), "a customer to call, the first one first")
