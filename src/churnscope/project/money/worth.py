"""What each customer who stays is worth as of a cutoff, from what was known then: for judging a model in money."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from churnscope.config.models import Config
from churnscope.engines.duckdb import Loaded
from churnscope.errors import InputError
from churnscope.operations.logs import Progress
from churnscope.project.money.list_inputs import LEAST_ALIVE
from churnscope.value import REPEAT_PURCHASE_MODELS
from churnscope.value.forecast import ValueModel
from churnscope.value.histories import Histories, View, look
from churnscope.value.judging import CANDIDATES


def worth_if_kept(config: Config, loaded: Loaded, cutoff: int, progress: Progress) -> NDArray[np.float64] | None:
    """Of every customer, shape (n_customers,), by the purchase model of `[value]`; None where one value counts for all.

    A value of a later day would know who left: it is made anew from the purchases before the cutoff. Who had bought nothing
    by then counts as worth what the others are on average.

    Raises
    ------
    InputError : when the purchases before the cutoff do not tell it.
    """
    if config.profit is None or config.profit.one_value is not None:
        return None
    view, settings, customers = View(cutoff, cutoff, config.prediction.horizon_days), config.value, loaded.n_customers
    (seen,) = look(
        loaded.blocks(),
        [view],
        loaded.columns["purchases"],
        config.resolution,
        lambda done: progress("values", done, customers),
    )
    histories = seen.histories()
    model = _fitted(settings.model, histories)
    worth = model.worth(histories, margin=settings.margin, yearly_discount=settings.discount_rate)
    kept = worth / np.maximum(model.purchases.alive_probability(histories.rows), LEAST_ALIVE)
    answer = np.full(customers, float(kept.mean()))
    answer[histories.customer] = kept
    return answer


def _fitted(asked: str, histories: Histories) -> ValueModel:
    """The model asked for by name, else the first that these histories allow."""
    refused = []
    for kind in (asked,) if asked in REPEAT_PURCHASE_MODELS else CANDIDATES:
        try:
            return ValueModel.fit(kind, histories)
        except InputError as error:
            refused.append(error)
    raise refused[0]
