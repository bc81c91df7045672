"""The evaluation of a model beside its baselines: every figure with its interval, ready for a page, a table or a file."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import isnan
from typing import TYPE_CHECKING, Any

import numpy as np

from churnscope.evaluation.calibration import Reliability, ReliabilityBin, reliability
from churnscope.evaluation.intervals import Estimate, customer_draws, estimates
from churnscope.evaluation.measures import Measured, Outcomes, Tops
from churnscope.evaluation.segments import SEGMENT_METRICS, Segment, Segmentation, segment_figures
from churnscope.predicted import CHURN, Words, words_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from churnscope.config.models import Evaluation as Settings
    from churnscope.evaluation.ranking import Gains

MODEL = "model"  # the predictor that the others are compared with
FORMAT = 1


@dataclass(frozen=True)
class Decile:
    """A tenth of the customers by falling risk, 1 the riskiest.

    `captured` is the share of all churned customers in this decile and the riskier ones. Inside a tie `churned` is an
    expectation.
    """

    decile: int
    rows: int
    churned: float
    churn_rate: float
    predicted: float
    lift: float
    captured: float


@dataclass(frozen=True)
class PredictorFigures:
    """How good one predictor is.

    Parameters
    ----------
    metrics : each metric with its interval.
    deciles : the decile table.
    reliability : the reliability table, and the band of a perfect forecast's calibration error.
    captured : shape (101,), share of the churned customers among the riskiest 0, 1, ..., 100 %.
    """

    metrics: dict[str, Estimate]
    deciles: tuple[Decile, ...]
    reliability: Reliability
    captured: tuple[float, ...]


@dataclass(frozen=True)
class Evaluation:
    """A model judged on rows it was not trained on.

    Parameters
    ----------
    rows, customers, churned : counts; a row is one customer at one cutoff.
    predictors : the model (under `MODEL`) and each baseline.
    differences : by baseline, the model's metric minus the baseline's, with the interval of the paired difference.
    capacity : customers the team can contact, where declared.
    bootstraps : resamplings behind each interval.
    segments : the model on parts of the rows.
    predicted : `churn` or `reactivation`; of the latter, whoever came back counts as churned in all names.
    """

    rows: int
    customers: int
    churned: int
    predictors: dict[str, PredictorFigures]
    differences: dict[str, dict[str, Estimate]]
    capacity: int | None
    bootstraps: int
    segments: tuple[Segment, ...] = ()
    predicted: str = "churn"

    @property
    def words(self) -> Words:
        """How sentences speak of what is predicted."""
        return words_of(self.predicted)

    @property
    def base_rate(self) -> float:
        """Share of the rows that churned."""
        return self.churned / self.rows if self.rows else np.nan

    @property
    def model(self) -> PredictorFigures:
        """The model's own figures."""
        return self.predictors[MODEL]

    def to_json(self) -> dict[str, Any]:
        """Plain values for a JSON file; what is not defined is null."""
        order = {"predictors": list(self.predictors), "metrics": list(self.model.metrics)}  # files sort their keys
        written: dict[str, Any] = {"format": FORMAT, "base_rate": self.base_rate, "order": order, **asdict(self)}
        if self.words is CHURN:
            del written["predicted"]  # as files have always said it
        return dict(_without_nan(written))

    @classmethod
    def from_json(cls, written: Mapping[str, Any]) -> Evaluation:
        """What `to_json` wrote."""
        order = written.get("order", {"predictors": written["predictors"], "metrics": written["predictors"][MODEL]["metrics"]})
        names, metrics = list(order["predictors"]), list(order["metrics"])
        own = {name: written[name] for name in ("rows", "customers", "churned", "capacity", "bootstraps")}
        return cls(
            **own,
            predictors={name: _predictor(written["predictors"][name], metrics) for name in names},
            differences={name: _estimates(written["differences"][name], metrics) for name in names if name != MODEL},
            segments=tuple(_segment(segment) for segment in written.get("segments", ())),
            predicted=written.get("predicted", "churn"),
        )


def evaluate(
    churned: ArrayLike,
    customer: ArrayLike,
    probabilities: Mapping[str, ArrayLike],
    settings: Settings,
    rng: np.random.Generator,
    *,
    segmentations: Sequence[Segmentation] = (),
    predicted: str = "churn",
) -> Evaluation:
    """Judge the model and each baseline on the same rows and the same resampled customers.

    Parameters
    ----------
    churned : shape (n,), 1 churned, 0 stayed.
    customer : shape (n,), any number that tells customers apart; their rows are resampled together.
    probabilities : shape (n,) each; the model under "model", baselines under their names.
    settings : cuts of the list and number of resamplings.
    rng : source of all randomness.
    segmentations : ways to divide the rows; the model is judged on each part.
    predicted : `churn` or `reactivation`, of which the figures speak.

    Raises
    ------
    ValueError : when there are no rows, lengths differ, an outcome is not 0 or 1, or a probability is not within [0, 1].
    """
    outcomes = Outcomes.of(churned, customer)
    forecasts = {name: np.asarray(values, dtype=np.float64) for name, values in probabilities.items()}
    _check(outcomes, forecasts)
    tops = Tops(settings.lift_shares, settings.capacity)
    measured = {name: Measured(outcomes, forecast, tops) for name, forecast in forecasts.items()}
    values, drawn = _measure(measured, outcomes.customers, settings.bootstraps, rng)
    intervals = {name: estimates(values[name], drawn[name]) for name in forecasts}
    differences = {
        name: estimates(values[MODEL] - values[name], drawn[MODEL] - drawn[name]) for name in forecasts if name != MODEL
    }
    tables = {name: reliability(outcomes.churned, p, rng, draws=settings.bootstraps) for name, p in forecasts.items()}
    return Evaluation(
        rows=len(outcomes.churned),
        customers=outcomes.customers,
        churned=int(outcomes.churned.sum()),
        predictors={name: _figures(measured[name], forecasts[name], intervals[name], tables[name]) for name in forecasts},
        differences={name: _named(measured[name], figures) for name, figures in differences.items()},
        capacity=settings.capacity,
        bootstraps=settings.bootstraps,
        segments=tuple(
            segment_figures(outcomes.churned, customer, forecasts[MODEL], segmentations, draws=settings.bootstraps, rng=rng)
        ),
        predicted=predicted,
    )


def _figures(
    measured: Measured, forecast: NDArray[np.float64], intervals: tuple[Estimate, ...], table: Reliability
) -> PredictorFigures:
    gains = measured.gains()
    return PredictorFigures(_named(measured, intervals), decile_table(gains, forecast), table, _captured(gains))


def _named(measured: Measured, figures: tuple[Estimate, ...]) -> dict[str, Estimate]:
    return dict(zip(measured.names, figures, strict=True))


def _check(outcomes: Outcomes, forecasts: Mapping[str, NDArray[np.float64]]) -> None:
    rows = len(outcomes.churned)
    if not rows or len(outcomes.customer) != rows:
        raise ValueError(f"{rows} outcomes and {len(outcomes.customer)} customers: one of each per row is needed, and a row.")
    if not np.isin(outcomes.churned, (0, 1)).all():
        raise ValueError("Outcomes are 1 (churned) or 0 (stayed); leave censored rows out.")
    for name, forecast in forecasts.items():
        if forecast.shape != (rows,) or not ((forecast >= 0) & (forecast <= 1)).all():
            raise ValueError(f"{name} has shape {forecast.shape}; {rows} probabilities within [0, 1] are needed.")


def _measure(
    measured: Mapping[str, Measured], customers: int, draws: int, rng: np.random.Generator
) -> tuple[dict[str, NDArray[np.float64]], dict[str, NDArray[np.float64]]]:
    """Each predictor's metrics, shape (metrics,), and their draws, shape (draws, metrics); one set of draws for all."""
    once = np.ones((1, customers))
    values = {name: predictor.measure(once)[0] for name, predictor in measured.items()}
    drawn = {name: [np.empty((0, len(value)))] for name, value in values.items()}
    for counts in customer_draws(customers, draws, rng):
        for name, predictor in measured.items():
            drawn[name].append(predictor.measure(counts))
    return values, {name: _recentred(np.concatenate(drawn[name]), values[name], measured[name].names) for name in measured}


def _recentred(drawn: NDArray[np.float64], values: NDArray[np.float64], names: tuple[str, ...]) -> NDArray[np.float64]:
    """The draws with those of the calibration error moved onto its value.

    Resampling adds noise to each bin, and noise only ever raises the error: its draws lie above the value itself.
    """
    ece = names.index("ece")
    if len(drawn):
        drawn[:, ece] = np.maximum(drawn[:, ece] - drawn[:, ece].mean() + values[ece], 0)
    return drawn


def decile_table(gains: Gains, probability: NDArray[np.float64]) -> tuple[Decile, ...]:
    """Ten groups by falling probability; decile d ends after ceil(d/10 of the rows). Fewer than ten rows leave some out."""
    cuts = np.unique([0, *(gains.count(decile / 10) for decile in range(1, 11))])
    rows = np.diff(cuts)
    churned = np.diff([gains.found(cut) for cut in cuts])
    predicted = np.add.reduceat(np.sort(probability)[::-1], cuts[:-1]) / rows
    total, rate = gains.churned_rows or np.nan, churned / rows
    columns = (rows, churned, rate, predicted, rate * gains.rows / total, np.cumsum(churned) / total)
    numbered = enumerate(zip(*(column.tolist() for column in columns), strict=True), start=1)
    return tuple(Decile(number, *cells) for number, cells in numbered)


def _captured(gains: Gains) -> tuple[float, ...]:
    total = gains.churned_rows or np.nan
    return tuple(gains.found(percent / 100 * gains.rows) / total for percent in range(101))


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nan(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nan(inner) for inner in value]
    return None if isinstance(value, float) and isnan(value) else value


def _predictor(written: Mapping[str, Any], metrics: Sequence[str]) -> PredictorFigures:
    table = written["reliability"]
    return PredictorFigures(
        metrics=_estimates(written["metrics"], metrics),
        deciles=tuple(Decile(**_with_nan(row)) for row in written["deciles"]),
        reliability=Reliability(
            tuple(ReliabilityBin(**_with_nan(row)) for row in table["bins"]),
            (_number(table["noise"][0]), _number(table["noise"][1])),
        ),
        captured=tuple(_number(share) for share in written["captured"]),
    )


def _segment(written: Mapping[str, Any]) -> Segment:
    return Segment(**{**written, "metrics": _estimates(written["metrics"], SEGMENT_METRICS)})


def _estimates(written: Mapping[str, Mapping[str, Any]], metrics: Sequence[str]) -> dict[str, Estimate]:
    return {metric: Estimate(**_with_nan(written[metric])) for metric in metrics}


def _with_nan(written: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _number(value) for name, value in written.items()}


def _number(value: float | None) -> float:
    return np.nan if value is None else value
