"""What `uplift` answers: what the offers changed, how well the learners know whom, and where the list is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from churnscope.evaluation.intervals import Estimate
from churnscope.project.results import WrittenRows, near
from churnscope.reports.wording import counted
from churnscope.uplift import CONVENTION, ArmRate, PolicyValue, UpliftFigures

if TYPE_CHECKING:
    from churnscope.project.frames import Frame

RETAINED = "retained"  # the outcome of who did not churn


@dataclass(frozen=True)
class OfferFigures:
    """An offer of the campaign.

    Parameters
    ----------
    rate : its customers, and what it changed on average.
    cost : per customer who gets it.
    assignment : AUROC with which its customers are told from control by what was known before, with the 99.9 % interval.
    learners : by kind, how well its order by uplift finds whom it changes, out of fold.
    listed : customers of the list for whom it is the best.
    """

    rate: ArmRate
    cost: float
    assignment: Estimate
    learners: Mapping[str, UpliftFigures]
    listed: int


@dataclass(frozen=True)
class CampaignFigures:
    """A campaign, and what was learned from it.

    Parameters
    ----------
    outcome : what was wanted: the source's `outcome`, or `retained` by the label.
    value : of an outcome, in currency.
    learner : the kind that ranks the list.
    control : the customers without an offer.
    offers : in the order of their names.
    policies : rules, and what they would have brought per customer.
    left_out : why customers of the campaign are left out -> how many.
    notes : what to know before using the numbers.
    listed : customers on the list.
    values : name of the file that says what each of them is worth; empty where all are worth `value`.
    """

    outcome: str
    value: float
    learner: str
    control: ArmRate
    offers: tuple[OfferFigures, ...]
    policies: tuple[PolicyValue, ...]
    left_out: Mapping[str, int]
    notes: tuple[str, ...]
    listed: int
    values: str = ""

    @property
    def arms(self) -> list[str]:
        """The names of the offers."""
        return [offer.rate.name for offer in self.offers]

    @property
    def customers(self) -> int:
        """In the campaign, with a known outcome."""
        return self.control.customers + sum(offer.rate.customers for offer in self.offers)

    @property
    def worth_it(self) -> int:
        """Customers of the list for whom an offer is expected to bring more than it costs."""
        return sum(offer.listed for offer in self.offers)

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self) | {"convention": CONVENTION}

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> CampaignFigures:
        """What `to_json` wrote."""
        parts = {
            "control": _rate(saved["control"]),
            "offers": tuple(_offer(offer) for offer in saved["offers"]),
            "policies": tuple(
                PolicyValue(**{**rule, "value": Estimate(**rule["value"]), "gain": Estimate(**rule["gain"])})
                for rule in saved["policies"]
            ),
            "notes": tuple(saved["notes"]),
        }
        return cls(**{key: value for key, value in saved.items() if key != "convention"} | parts)


def _rate(saved: Mapping[str, Any]) -> ArmRate:
    return ArmRate(**{**saved, "effect": None if saved["effect"] is None else Estimate(**saved["effect"])})


def _offer(saved: Mapping[str, Any]) -> OfferFigures:
    learners = {
        kind: UpliftFigures(
            Estimate(**found["qini"]), Estimate(**found["auuc"]), tuple((taken, gained) for taken, gained in found["curve"])
        )
        for kind, found in saved["learners"].items()
    }
    return OfferFigures(_rate(saved["rate"]), saved["cost"], Estimate(**saved["assignment"]), learners, saved["listed"])


@dataclass(frozen=True, repr=False)
class UpliftResult(WrittenRows):
    """A written list by uplift.

    Parameters
    ----------
    figures : of the campaign and the learners.
    was_done : whether the very same run had been done before and its files were intact: nothing was written.
    """

    name: str
    as_of: int
    run_id: str
    figures: CampaignFigures
    outputs: tuple[Path, ...]
    manifest: Path
    was_done: bool

    @property
    def summary(self) -> str:
        """What came out."""
        figures = self.figures
        who = f"{counted(figures.worth_it, 'customers')} of {figures.listed:,}"
        learned = f"learned from {counted(figures.customers, 'customers')} of a randomised campaign"
        return f"An offer is worth its cost for {who}, {learned}: {near(self.outputs[0])}"

    @property
    def next_step(self) -> str:
        """What to do next."""
        return "The rows: to_pandas(), to_arrow(), to_polars()"

    def frame(self) -> Frame:
        """The written rows, the largest expected net gain first.

        Raises
        ------
        StorageError : when the file is gone or cannot be read.
        """
        from churnscope.operations.exports import read_export
        from churnscope.project.frames import Frame

        tables = [path for path in self.outputs if path.suffix in {".csv", ".parquet"}]
        parquet = [path for path in tables if path.suffix == ".parquet"]
        return Frame(read_export((parquet or tables)[0]), "a customer, the largest expected net gain first")
