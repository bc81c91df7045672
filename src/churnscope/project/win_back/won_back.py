"""What the win-back commands answer: what is done today, what came of answers, and whether it brings customers back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from churnscope.decisions.campaign import Effect
from churnscope.project.results import Summarised, WrittenRows, iso, near
from churnscope.reports.wording import counted

if TYPE_CHECKING:
    from churnscope.project.frames import Frame


@dataclass(frozen=True)
class WinBackToday:
    """A day of winning customers back, in figures.

    Parameters
    ----------
    scores_of : the day of the scores that were read; None without any.
    entered, control : customers who entered, and those of them who are left alone.
    waiting : customers who could have entered and for whom there was no room.
    steps : by name, customers who get it.
    states : customers on the way who get none, by what holds them or ended it.
    """

    campaign: str
    control_share: float
    scores_of: str | None
    entered: int
    control: int
    waiting: int
    steps: Mapping[str, int]
    states: Mapping[str, int]

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> WinBackToday:
        """What `to_json` wrote."""
        return cls(**saved)


@dataclass(frozen=True, repr=False)
class WinBackResult(WrittenRows):
    """Who gets which step on a day.

    Parameters
    ----------
    was_done : whether the very same run had been done before and its files were intact: nothing was written.
    """

    name: str
    as_of: int
    run_id: str
    figures: WinBackToday
    outputs: tuple[Path, ...]
    manifest: Path
    was_done: bool

    @property
    def summary(self) -> str:
        """What came out."""
        steps, entered = sum(self.figures.steps.values()), counted(self.figures.entered, "customers")
        return f"{counted(steps, 'steps')} on {iso(self.as_of)}, {entered} entered: {near(self.outputs[0])}"

    @property
    def next_step(self) -> str:
        """What to do next."""
        return "The steps: to_pandas(), to_arrow(), to_polars()"

    def frame(self) -> Frame:
        """The written steps.

        Raises
        ------
        StorageError : when the file is gone or cannot be read.
        """
        from churnscope.operations.exports import read_export
        from churnscope.project.frames import Frame

        parquet = [path for path in self.outputs if path.suffix == ".parquet" and "control" not in path.name]
        return Frame(read_export((parquet or list(self.outputs))[0]), "a customer and the step they get")


@dataclass(frozen=True, repr=False)
class AnswersResult(Summarised):
    """What became of the rows of a file of answers: `rows` is the sum of the others.

    Parameters
    ----------
    stored, known : answers that are new, and that were stored before or stand in the file twice.
    refused : by rule, the rows that are not used.
    """

    name: str
    file: Path
    rows: int
    stored: int
    known: int
    without_answer: int
    refused: Mapping[str, int]

    @property
    def summary(self) -> str:
        """What came out."""
        said = f"{counted(self.rows, 'rows')} of {self.file.name}: {self.stored:,} stored, {self.known:,} known already"
        return f"{said}, {self.without_answer:,} without an answer, {sum(self.refused.values()):,} not used"

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self) | {"file": str(self.file), "refused": dict(self.refused)}


@dataclass(frozen=True)
class StepUse:
    """A step: customers who got it, and what sending it cost."""

    customers: int
    cost: float


@dataclass(frozen=True, repr=False)
class WinBackReport(Summarised):
    """Whether winning customers back works.

    Parameters
    ----------
    window_days : in which a customer who entered may come back to count.
    entered, open : customers who entered, and those of them whose days are not over, who are left out of the comparison.
    steps : by name.
    answers : how many gave each answer.
    effect : those to be contacted against those left alone; None where nobody's days are over.
    """

    name: str
    campaign: str
    as_of: int
    window_days: int
    entered: int
    open: int
    steps: Mapping[str, StepUse]
    answers: Mapping[str, int]
    effect: Effect | None
    outputs: tuple[Path, ...]
    manifest: Path

    @property
    def summary(self) -> str:
        """What came out."""
        verdict = "unknown yet" if self.effect is None else self.effect.verdict
        return f"{counted(self.entered, 'customers')} entered; effect: {verdict}"

    def figures(self) -> dict[str, Any]:
        """As the file keeps it."""
        return {
            "campaign": self.campaign,
            "as_of": iso(self.as_of),
            "window_days": self.window_days,
            "entered": self.entered,
            "open": self.open,
            "steps": {name: asdict(use) for name, use in self.steps.items()},
            "answers": dict(self.answers),
            "effect": None if self.effect is None else self.effect.to_json(),
        }

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        places = {"outputs": [str(path) for path in self.outputs], "manifest": str(self.manifest)}
        return {"name": self.name, **self.figures(), **places}
