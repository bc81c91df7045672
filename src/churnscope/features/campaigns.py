"""What was done to keep the customer. The outcome of it is told later, nobody knows when: it is no feature."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from churnscope.events import Events, Observed, Signal
from churnscope.features.family import family
from churnscope.features.feature import Feature, none, suffix, within
from churnscope.features.log import Log
from churnscope.roles import CONTROL


@family("campaigns")
def treatments(log: Log) -> Iterator[Feature]:
    """How often the customer was treated; to be in a control group is no treatment."""
    treated = _treated(log)
    yield Feature(
        name="days_since_last_treatment",
        unit="days",
        concept="treatments",
        sentence="last campaign {value:.0f} days ago",
        missing="in no campaign yet",
        values=treated.days_since_last(),
    )
    for window in log.windows:
        yield Feature(
            name=f"treatment_count_{suffix(window)}",
            unit="treatments",
            window=window,
            concept="treatments",
            sentence=f"treated by campaigns {{value:.0f}} times {within(window)}",
            values=treated.count(window),
        )


@family("campaigns", needs=("campaign",))
def treatment_campaigns(log: Log) -> Iterator[Feature]:
    """By how many campaigns the customer was treated."""
    for window in log.main_windows:
        yield Feature(
            name=f"treatment_campaign_count_{suffix(window)}",
            unit="campaigns",
            window=window,
            concept="treatments",
            sentence=f"in {{value:.0f}} different campaigns {within(window)}",
            values=_treated(log).distinct("campaign", window),
        )


@family("campaigns", needs=("cost",))
def treatment_costs(log: Log) -> Iterator[Feature]:
    """What was spent to keep the customer."""
    for window in log.long_windows:
        yield Feature(
            name=f"treatment_cost_{suffix(window)}",
            unit="currency",
            window=window,
            concept="treatments",
            sentence=f"{{value:,.2f}} spent on campaigns for the customer {within(window)}",
            spoken=False,
            missing=none("treatment", window),
            values=np.where(_treated(log).count(window) > 0, _treated(log).total("cost", window) * log.resolution, np.nan),
        )


def _treated(log: Log) -> Observed:
    control = log.role.column("arm").code(CONTROL)

    def is_treated(rows: Events) -> Signal:
        return ~np.isin(rows.signals["arm"], (control, 0))

    return log.rows.select(log.rows.derive("is treated", is_treated))
