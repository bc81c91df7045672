"""What each customer who stays is worth as of a cutoff, from what was known then: for judging a model in money."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from churnscope.config.models import Config
from churnscope.engines.duckdb import Loaded
from churnscope.errors import InputError
from churnscope.operations.logs import Progress
from churnscope.project.money.contract_value import money_of, pricing_of
from churnscope.project.money.list_inputs import LEAST_ALIVE
from churnscope.value import REPEAT_PURCHASE_MODELS
from churnscope.value.contracts import contracts_on
from churnscope.value.forecast import INTERVAL_SHARE, ValueModel
from churnscope.value.histories import Histories, View, look
from churnscope.value.judging import CANDIDATES
from churnscope.value.lasting import Lasting, forecast
from churnscope.value.repeat_rows import Array


def worth_if_kept(config: Config, loaded: Loaded, cutoff: int, progress: Progress) -> NDArray[np.float64] | None:
    """Of every customer, shape (n_customers,), by the model of `[value]`; None where one value counts for all.

    A value of a later day would know who left: it is made anew from what was known at the cutoff. Who had bought nothing by
    then, or had no contract, counts as worth what the others are on average.

    Raises
    ------
    InputError : when what was known at the cutoff does not tell it.
    """
    if config.profit is None or config.profit.one_value is not None:
        return None
    if config.values_contracts:
        customer, kept = _of_contracts(config, loaded, cutoff, progress)
    else:
        customer, kept = _of_purchases(config, loaded, cutoff, progress)
    answer = np.full(loaded.n_customers, float(kept.mean()) if len(kept) else 0.0)
    answer[customer] = kept
    return answer


def _of_contracts(config: Config, loaded: Loaded, cutoff: int, progress: Progress) -> tuple[NDArray[np.int64], Array]:
    pricing, customers = pricing_of(config), loaded.n_customers
    terms = contracts_on(loaded.blocks(), pricing, cutoff, lambda done: progress("values", done, customers))
    money = money_of(config, config.prediction.horizon_days)
    lasting = Lasting.of(terms, cutoff, pricing.grace_days)
    made = forecast(lasting, terms, cutoff, pricing.grace_days, money, share=INTERVAL_SHARE)
    return made.customer, made.worth_if_kept


def _of_purchases(config: Config, loaded: Loaded, cutoff: int, progress: Progress) -> tuple[NDArray[np.int64], Array]:
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
    return histories.customer, worth / np.maximum(model.purchases.alive_probability(histories.rows), LEAST_ALIVE)


def _fitted(asked: str, histories: Histories) -> ValueModel:
    """The model asked for by name, else the first that these histories allow."""
    refused = []
    for kind in (asked,) if asked in REPEAT_PURCHASE_MODELS else CANDIDATES:
        try:
            return ValueModel.fit(kind, histories)
        except InputError as error:
            refused.append(error)
    raise refused[0]
