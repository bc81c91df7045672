"""What a report is written from: figures and small tables, no file and no model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from churnscope.config.models import Config
from churnscope.decisions import ProfitFigures
from churnscope.decisions.list_figures import ListFigures
from churnscope.evaluation.figures import Evaluation
from churnscope.evaluation.grade import Grade
from churnscope.evaluation.leak_audit import Finding
from churnscope.predicted import Words
from churnscope.reports.explained import Explained
from churnscope.sources.report import SourceReport


@dataclass(frozen=True)
class Judged:
    """How the model did at a cutoff it never saw."""

    cutoff: int
    evaluation: Evaluation
    grade: Grade
    profit: ProfitFigures | None = None


@dataclass(frozen=True)
class Stamp:
    """What the report was made from.

    Parameters
    ----------
    model : name and version.
    version : of churnscope.
    config : hash of the config as it was understood.
    inputs : hash of every file.
    evaluations : hash of every file of evaluations that was read.
    """

    model: str
    version: str
    run_id: str
    config: str
    inputs: Mapping[str, str]
    evaluations: Mapping[str, str]


@dataclass(frozen=True, eq=False)
class Findings:
    """All that a report says.

    Parameters
    ----------
    config : what was asked.
    as_of : first day that is not read.
    learned_from : cutoffs of the model that scores, rising.
    stands_in : name of the simple rule that serves as the model; empty for a model.
    features : how many it reads, and `dropped`, how many it was not given because they tell nobody apart.
    judged : how it did.
    looks : how many runs have looked at the cutoff it was judged at; 0 where nobody counted.
    past : every evaluation there is, by cutoff, the judged one among them.
    newcomers : of the cutoffs of a backtest, the evaluation on customers that were never trained on, where there were any.
    customers : their scores and what is behind them.
    names_customers : whether the riskiest are listed.
    sources : what was found in the files.
    audit : what the leak audit found when the model was trained; None where it was not asked.
    call_list : the newest list's day and figures; None where none was made.
    """

    config: Config
    as_of: int
    learned_from: tuple[int, ...]
    stands_in: str
    features: int
    dropped: int
    judged: Judged
    looks: int
    past: Mapping[int, Evaluation]
    newcomers: Mapping[int, Evaluation]
    customers: Explained
    names_customers: bool
    sources: tuple[SourceReport, ...]
    audit: tuple[Finding, ...] | None
    stamp: Stamp
    call_list: tuple[int, ListFigures] | None = None

    @property
    def words(self) -> Words:
        """How sentences speak of what is predicted."""
        return self.config.words
