"""What `value` answers: the totals, the models they rest on, and where the rows are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from churnscope.project.models.past import day_of
from churnscope.project.money.contract_valued import ContractFigures
from churnscope.project.results import WrittenRows, iso, near
from churnscope.reports.wording import counted
from churnscope.value.forecast import ValueModel
from churnscope.value.judging import Judgement

if TYPE_CHECKING:
    from churnscope.project.frames import Frame

GAMMA_GAMMA = "gamma_gamma"


@dataclass(frozen=True)
class ValueTenth:
    """A tenth of the customers by falling value; totals."""

    customers: int
    purchase_days: float
    spend: float
    value: float


@dataclass(frozen=True)
class ValueFigures:
    """What a value file was made from, and what it sums to.

    Parameters
    ----------
    horizon_days : that expected purchases and spend cover.
    margin, discount_rate : of the value; the rate is per year.
    model : the models used, with how the fits went.
    judgement : how the models did on purchases they had not seen; None where there is no history for it.
    notes : what to know before using the numbers.
    customers : who had bought, each with a row.
    never_bought : customers without a purchase, who have none.
    tenths : of the customers, the most valuable first.
    spend_by : what tells the spend in the horizon: the spend model of `model`, or boosted trees.
    """

    horizon_days: int
    margin: float
    discount_rate: float
    model: ValueModel
    judgement: Judgement | None
    notes: tuple[str, ...]
    customers: int
    never_bought: int
    tenths: tuple[ValueTenth, ...]
    spend_by: str = GAMMA_GAMMA

    @property
    def used(self) -> frozenset[str]:
        """Names of the models that are used, as a judgement has them."""
        return frozenset({self.kind} if self.spend_by == GAMMA_GAMMA else {self.kind, self.spend_by})

    @property
    def kind(self) -> str:
        """Name of the purchase model."""
        return self.model.purchases.kind

    @property
    def counts(self) -> dict[str, int]:
        """For the manifest."""
        return {"customers": self.customers, "never_bought": self.never_bought}

    def total(self, what: str) -> float:
        """Sum over all customers of purchase_days, spend or value."""
        return float(sum(getattr(tenth, what) for tenth in self.tenths))

    def to_json(self) -> dict[str, Any]:
        """JSON-ready; the day of the judgement as a date."""
        judged = None if self.judgement is None else _with_days(self.judgement.to_json(), iso)
        return {
            "horizon_days": self.horizon_days,
            "margin": self.margin,
            "discount_rate": self.discount_rate,
            "model": self.model.to_json(),
            "judgement": judged,
            "notes": list(self.notes),
            "customers": self.customers,
            "never_bought": self.never_bought,
            "tenths": [asdict(tenth) for tenth in self.tenths],
            "spend_by": self.spend_by,
        }

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> ValueFigures:
        """What `to_json` wrote."""
        judged = saved["judgement"]
        parts = {
            "model": ValueModel.from_json(saved["model"]),
            "judgement": None if judged is None else Judgement.from_json(_with_days(judged, day_of)),
            "notes": tuple(saved["notes"]),
            "tenths": tuple(ValueTenth(**tenth) for tenth in saved["tenths"]),
        }
        return cls(**{**saved, **parts})


def _with_days(judged: Mapping[str, Any], written: Callable[[Any], Any]) -> dict[str, Any]:
    """A judgement with its days written otherwise."""
    choice = judged["choice"]
    choice = None if choice is None else {**choice, "cutoff": written(choice["cutoff"])}
    return {**judged, "cutoff": written(judged["cutoff"]), "choice": choice}


@dataclass(frozen=True, repr=False)
class ValueResult(WrittenRows):
    """A written value file.

    Parameters
    ----------
    figures : the models, how they were chosen, and the totals.
    was_done : whether the very same run had been done before and its files were intact: nothing was written.
    """

    name: str
    as_of: int
    run_id: str
    figures: ValueFigures | ContractFigures
    outputs: tuple[Path, ...]
    manifest: Path
    was_done: bool

    @property
    def summary(self) -> str:
        """What came out."""
        figures = self.figures
        money = f"{figures.total('spend'):,.0f} expected in {counted(figures.horizon_days, 'days')}"
        who = counted(figures.customers, "customers")
        return f"{who} as of {iso(self.as_of)}, {money}, worth {figures.total('value'):,.0f}: {near(self.outputs[0])}"

    @property
    def next_step(self) -> str:
        """What to do next."""
        return "The rows: to_pandas(), to_arrow(), to_polars()"

    def frame(self) -> Frame:
        """The written rows, the most valuable customer first.

        Raises
        ------
        StorageError : when the file is gone or cannot be read.
        """
        from churnscope.operations.exports import read_export
        from churnscope.project.frames import Frame

        tables = [path for path in self.outputs if path.suffix != ".json"]
        parquet = [path for path in tables if path.suffix == ".parquet"]
        return Frame(read_export((parquet or tables)[0]), "a customer, the most valuable first")
