"""What customers are worth by the channel they came through: what they have bought, and what they are expected to buy."""

from __future__ import annotations

import numpy as np

from churnscope.config.models import Config
from churnscope.errors import InputError
from churnscope.lifecycle.budget import ChannelValue, channel_values
from churnscope.project.lifecycle.parts import Context
from churnscope.survival import Floats
from churnscope.value.forecast import ValueModel
from churnscope.value.histories import Histories, View, look
from churnscope.value.judging import CANDIDATES

CHANNEL = "acquisition_channel"


def values_by_channel(context: Context) -> tuple[ChannelValue, ...]:
    """The mean value of customers by acquisition channel; empty where no channel or no money is told.

    Notes
    -----
    The value is the margin of all net purchases so far, and of those to come, discounted (`value`); who has bought nothing is
    worth nothing. Where no model of the purchases to come can be fitted, it is that so far.
    """
    group = context.life.groups.get(CHANNEL)
    if group is None or not tells_money(context.config):
        return ()
    labels = np.array([*group.labels, None], object)
    return channel_values(labels[group.code.astype(np.int64)], _worth(context))


def tells_money(config: Config) -> bool:
    """Whether every source of purchases tells amounts."""
    amounts = ["amount" in source.columns for source in config.sources.values() if source.role == "purchases"]
    return bool(amounts) and all(amounts)


def _worth(context: Context) -> Floats:
    loaded, config = context.loaded, context.config
    day, days = loaded.as_of, max(1, loaded.as_of - loaded.first_day)
    (seen,) = look(loaded.blocks(), (View(day, day, days),), loaded.columns["purchases"], config.resolution)
    histories = seen.histories()
    worth = np.zeros(loaded.n_customers)
    if len(histories.customer):
        worth[histories.customer] = config.value.margin * histories.recent_spend + _to_come(config, histories)
    return worth


def _to_come(config: Config, histories: Histories) -> Floats:
    """The discounted margin of purchases to come, by the first model that the histories allow."""
    settings = config.value
    for kind in CANDIDATES if settings.model == "auto" else (settings.model,):
        try:
            model = ValueModel.fit(kind, histories)
        except InputError:
            continue
        return model.worth(histories, margin=settings.margin, yearly_discount=settings.discount_rate)
    return np.zeros(len(histories.customer))
