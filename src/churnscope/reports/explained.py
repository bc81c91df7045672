"""The scores of a day and what is behind them: what the second half of a report is written from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from churnscope.model.predictor import Predictor
from churnscope.model.profile import Profile
from churnscope.model.reasons import reasons
from churnscope.predicted import CHURN, REACTIVATION, Words
from churnscope.reports.drivers import Driver, Matrix, drivers
from churnscope.reports.effects import Effect, strongest_effects
from churnscope.scoring import MOST_REASONS, Bands, risk_order
from churnscope.snapshots import INACTIVE, NO_HISTORY, NOT_DUE, ScoringRows

MOST_EXPLAINED = 20_000  # evenly spaced customers say as much of what moves the scores as all of them


@dataclass(frozen=True)
class Listed:
    """A customer on the list of the riskiest."""

    customer_id: str
    probability: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Explained:
    """The customers of a day.

    Parameters
    ----------
    probability : shape (n_active,), of churn; of a return, of the inactive.
    bands : what is called a high and a low risk.
    inactive, no_history, not_due : customers without a probability.
    drivers, effects : what moves the scores.
    listed : the riskiest, by falling risk.
    types : by the name of every type of customers that the sources tell, shape (n_active,), who is of it.
    words : how sentences speak of what is predicted.
    """

    probability: NDArray[np.float64]
    bands: Bands
    inactive: int
    no_history: int
    drivers: tuple[Driver, ...]
    effects: tuple[Effect, ...]
    listed: tuple[Listed, ...]
    types: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)
    not_due: int = 0
    words: Words = CHURN


def explain(
    ids: NDArray[np.object_],
    rows: ScoringRows,
    predictor: Predictor,
    as_of: int,
    bands: Bands,
    *,
    listed: int,
    usual: Profile | None = None,
    words: Words = CHURN,
) -> Explained:
    """Score the active customers, or the inactive ones by their chance of a return, and say what moves their scores.

    Parameters
    ----------
    ids : shape (n_customers,), by dense code.
    rows : features of the active customers, and the status of all.
    as_of : the day of the scores.
    listed : how many of the riskiest to name.
    usual : how the customers the model learned from were distributed; the reasons tell what sets a customer apart.
    words : of what is predicted.
    """
    features = rows.table.features
    probability, of_return = predictor.predict(features, as_of), words is REACTIVATION
    some = features[:: max(1, -(-len(features) // MOST_EXPLAINED))]
    found = drivers(predictor.contributions(some), some, predictor.specs)
    return Explained(
        probability=probability,
        bands=bands,
        inactive=0 if of_return else int((rows.status == INACTIVE).sum()),
        no_history=int((rows.status == NO_HISTORY).sum()),
        drivers=found,
        effects=strongest_effects(found),
        listed=_riskiest(ids[rows.table.customer], features, probability, predictor, listed, usual=usual, of_return=of_return),
        not_due=int((rows.status == NOT_DUE).sum()),
        types={name: flags[rows.table.customer] for name, flags in rows.types.items()},
        words=words,
    )


def _riskiest(
    ids: NDArray[np.object_],
    features: Matrix,
    probability: NDArray[np.float64],
    predictor: Predictor,
    most: int,
    *,
    usual: Profile | None,
    of_return: bool,
) -> tuple[Listed, ...]:
    top = risk_order(probability, ids)[:most]
    phi = predictor.contributions(features[top])
    why = reasons(phi, features[top], predictor.specs, MOST_REASONS, usual=usual, of_return=of_return)
    named = zip(ids[top], probability[top].tolist(), why, strict=True)
    return tuple(Listed(str(customer), chance, tuple(filter(None, texts))) for customer, chance, texts in named)
