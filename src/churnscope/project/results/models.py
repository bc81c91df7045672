"""What the steps answer that make or use a model: train, evaluate, score, report, sync."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from churnscope.config.models import Config
from churnscope.decisions import ProfitFigures
from churnscope.evaluation.backtest import Fold
from churnscope.evaluation.figures import Evaluation
from churnscope.evaluation.grade import CHANCE, Grade
from churnscope.evaluation.leak_audit import Finding
from churnscope.model.tuning import Tuned
from churnscope.project.results.summarised import Summarised, iso, near
from churnscope.reports.wording import churned_customers, counted
from churnscope.timeline import Split

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from churnscope.project.frames import Frame


def split_dates(split: Split) -> dict[str, list[str]]:
    """The cutoffs of a split as dates."""
    return {use: [iso(cutoff) for cutoff in cutoffs] for use, cutoffs in asdict(split).items()}


def fold_json(fold: Fold) -> dict[str, Any]:
    """A fold of a backtest, JSON-ready."""
    newcomers = None if fold.newcomers is None else fold.newcomers.to_json()
    return {
        "cutoff": iso(fold.cutoff),
        "split": split_dates(fold.split),
        "evaluation": fold.evaluation.to_json(),
        "newcomers": newcomers,
    }


@dataclass(frozen=True)
class Tracking:
    """Where a run was logged: `run_id` is empty and `pending` says why where it was not, or not yet."""

    run_id: str = ""
    look: str = ""
    pending: str = ""


@dataclass(frozen=True)
class StandIn:
    """A simple rule that serves as the champion because no model has won yet; `version` is its bundle."""

    rule: str
    version: str

    @property
    def is_chance(self) -> bool:
        """Whether it is the base rate, which orders nobody."""
        return self.rule == CHANCE


@dataclass(frozen=True)
class LabelSaid:
    """What churned means, or coming back: the kind of label, who that is in words, and which of the two is predicted."""

    kind: str
    churned: str
    predicted: str = "churn"

    @classmethod
    def of(cls, config: Config) -> LabelSaid:
        """As a config has it."""
        return cls(config.label.kind, churned_customers(config), config.prediction.of)


@dataclass(frozen=True, repr=False)
class TrainResult(Summarised):
    """A trained model and how it did on the test cutoff, which its evaluation twin never saw.

    Parameters
    ----------
    folder : the bundle.
    split : cutoffs by use.
    rows, churned : snapshots trained on and how many of them churned.
    unlabelled : snapshots whose outcome is known, and that the kind of label leaves out.
    rounds : boosting rounds of each seed, or 0 for the small-data recipe.
    features : how many the model was given.
    promoted : whether it became the champion, and `promotion` why or why not.
    stand_in : the rule that became the champion in its place; None where the model did, or there is an earlier champion.
    looks : how many runs have looked at the test cutoff by now.
    findings : of the leak audit; leaks among them are accepted ones.
    tuned : what a search for settings of the trees found; None where none was made.
    label : what churned means.
    left_out : what is told of customers and is no feature, why, and what to do.
    """

    name: str
    version: str
    folder: Path
    as_of: int
    split: Split
    rows: int
    churned: int
    rounds: tuple[int, ...]
    features: int
    evaluation: Evaluation
    grade: Grade
    promoted: bool
    promotion: str
    tracking: Tracking
    stand_in: StandIn | None = None
    looks: int = 1
    findings: tuple[Finding, ...] = ()
    tuned: Tuned | None = None
    left_out: tuple[str, ...] = ()
    unlabelled: int = 0
    label: LabelSaid | None = None

    @property
    def summary(self) -> str:
        """What came out."""
        serves = "it serves as champion" if self.promoted else f"not promoted: {self.promotion}"
        return f"{self.name} {self.version}: {self.grade.text}; {serves}"

    @property
    def next_step(self) -> str:
        """What to do next."""
        served = self.promoted or self.stand_in is not None
        return "Next: project.score()" if served else 'Next: project.score(model="latest"), or see project.models()'

    def to_json(self) -> dict[str, Any]:
        """JSON-ready, days as dates."""
        return {
            "name": self.name,
            "version": self.version,
            "folder": str(self.folder),
            "as_of": iso(self.as_of),
            "split": split_dates(self.split),
            "rows": self.rows,
            "churned": self.churned,
            "unlabelled": self.unlabelled,
            "label": None if self.label is None else asdict(self.label),
            "rounds": list(self.rounds),
            "tuned": None if self.tuned is None else self.tuned.to_json(),
            "features": self.features,
            "evaluation": self.evaluation.to_json(),
            "grade": self.grade.to_json(),
            "promoted": self.promoted,
            "promotion": self.promotion,
            "looks": self.looks,
            "stand_in": None if self.stand_in is None else asdict(self.stand_in),
            "findings": [finding.to_json() for finding in self.findings],
            "left_out": list(self.left_out),
            "tracking": asdict(self.tracking),
        }


@dataclass(frozen=True, repr=False)
class EvaluateResult(Summarised):
    """A saved model beside its baselines at the newest cutoff whose outcome is known and which it never saw.

    Parameters
    ----------
    trained_through : the day by which the outcomes it learned from had closed.
    looks : how many runs have looked at this cutoff by now.
    unlabelled : customers of the cutoff whom the kind of label leaves out.
    label : what churned means.
    backtest : models of the same recipe, trained before earlier cutoffs and judged there, oldest first.
    profit : the model in money, where `[profit]` is given.
    """

    name: str
    version: str
    as_of: int
    cutoff: int
    trained_through: int
    evaluation: Evaluation
    grade: Grade
    outputs: tuple[Path, ...]
    tracking: Tracking
    looks: int = 1
    backtest: tuple[Fold, ...] = ()
    unlabelled: int = 0
    label: LabelSaid | None = None
    profit: ProfitFigures | None = None

    @property
    def summary(self) -> str:
        """What came out."""
        return f"{self.name} {self.version} at {iso(self.cutoff)}, {self.evaluation.rows:,} customers: {self.grade.text}"

    @property
    def next_step(self) -> str:
        """What to do next."""
        return "Next: project.report()" if self.grade.is_good else ""

    def to_json(self) -> dict[str, Any]:
        """JSON-ready, days as dates."""
        return {
            "name": self.name,
            "version": self.version,
            "as_of": iso(self.as_of),
            "cutoff": iso(self.cutoff),
            "looks": self.looks,
            "unlabelled": self.unlabelled,
            "label": None if self.label is None else asdict(self.label),
            "backtest": [fold_json(fold) for fold in self.backtest],
            "trained_through": iso(self.trained_through),
            "evaluation": self.evaluation.to_json(),
            "grade": self.grade.to_json(),
            **({} if self.profit is None else {"profit": self.profit.to_json()}),
            "outputs": [str(path) for path in self.outputs],
            "tracking": asdict(self.tracking),
        }


@dataclass(frozen=True, repr=False)
class ScoreResult(Summarised):
    """A written score file.

    Parameters
    ----------
    counts : customers by state (active, inactive, no_history, and not_due where only terms that end soon are looked at) and
        active ones by risk band; of `predicted` reactivation, inactive ones by their band.
    was_done : whether the very same run had been done before and its files were intact: nothing was written.
    """

    name: str
    version: str
    as_of: int
    run_id: str
    counts: Mapping[str, int]
    outputs: tuple[Path, ...]
    manifest: Path
    was_done: bool
    predicted: str = "churn"

    @property
    def summary(self) -> str:
        """What came out."""
        if self.predicted == "reactivation":
            likely, inactive = self.counts["likely"], counted(self.counts["inactive"], "inactive customers")
            return f"{inactive} as of {iso(self.as_of)}, {likely:,} of them likely to return: {near(self.outputs[0])}"
        high, active = self.counts["high"], counted(self.counts["active"], "active customers")
        return f"{active} as of {iso(self.as_of)}, {high:,} of them at high risk: {near(self.outputs[0])}"

    @property
    def next_step(self) -> str:
        """What to do next."""
        return "Next: project.report(); the rows: to_pandas(), to_arrow(), to_polars()"

    def frame(self) -> Frame:
        """The written rows, riskiest first; of returns, those first of whom most is to be expected.

        Raises
        ------
        StorageError : when the file is gone or cannot be read.
        """
        from churnscope.operations.exports import read_export
        from churnscope.project.frames import Frame

        parquet = [path for path in self.outputs if path.suffix == ".parquet"]
        first = "riskiest" if self.predicted == "churn" else "likeliest or most valuable"
        return Frame(read_export((parquet or self.outputs)[0]), f"a customer, {first} first")

    def to_arrow(self) -> pa.Table:
        """The written rows as a table of PyArrow."""
        return self.frame().to_arrow()

    def to_pandas(self) -> pd.DataFrame:
        """The written rows as a frame of pandas."""
        return self.frame().to_pandas()

    def to_polars(self) -> Any:
        """The written rows as a frame of Polars, where that is installed."""
        return self.frame().to_polars()

    def to_json(self) -> dict[str, Any]:
        """JSON-ready, days as dates."""
        return {
            "name": self.name,
            "version": self.version,
            "as_of": iso(self.as_of),
            "run_id": self.run_id,
            "counts": dict(self.counts),
            "outputs": [str(path) for path in self.outputs],
            "manifest": str(self.manifest),
            "was_done": self.was_done,
            "predicted": self.predicted,
        }


@dataclass(frozen=True, repr=False)
class ReportResult(Summarised):
    """A written report.

    Parameters
    ----------
    grade : of the model it speaks of.
    names_customers : whether customers stand in it, so that its owner alone may read it.
    was_done : whether the very same report had been written before and is intact: nothing was written.
    """

    name: str
    version: str
    as_of: int
    run_id: str
    grade: Grade
    names_customers: bool
    page: Path
    manifest: Path
    was_done: bool

    @property
    def summary(self) -> str:
        """What came out."""
        return f"The page on {self.name} {self.version} ({self.grade.text}): {near(self.page)}"

    def to_json(self) -> dict[str, Any]:
        """JSON-ready, days as dates."""
        return {
            "name": self.name,
            "version": self.version,
            "as_of": iso(self.as_of),
            "run_id": self.run_id,
            "grade": self.grade.to_json(),
            "names_customers": self.names_customers,
            "page": str(self.page),
            "manifest": str(self.manifest),
            "was_done": self.was_done,
        }


@dataclass(frozen=True, repr=False)
class SyncResult(Summarised):
    """What became of the runs that had not reached the tracking store: sent ones have a `run_id`, others say why not."""

    runs: tuple[Tracking, ...]

    @property
    def summary(self) -> str:
        """What came out."""
        sent = sum(bool(run.run_id) for run in self.runs)
        return f"{counted(sent, 'runs')} sent, {len(self.runs) - sent} still waiting" if self.runs else "No run was waiting"

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return {"runs": [asdict(run) for run in self.runs]}
