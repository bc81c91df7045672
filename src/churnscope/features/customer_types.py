"""Which types a customer is of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from churnscope.customer_types import TYPES
from churnscope.features.family import family
from churnscope.features.feature import EITHER, FALLING, Feature
from churnscope.features.log import Log

_STAYING: Final = frozenset({"is_recent_purchaser", "is_loyal"})


@family()
def customer_types(log: Log) -> Iterator[Feature]:
    """Which types a customer is of, such as loyal or recent purchaser; the config's `[stages]` has their numbers."""
    for kind in TYPES:
        if kind.name in log.types:
            yield Feature(
                name=kind.name,
                unit="1 or 0",
                concept="customer type",
                sentence=kind.words,
                at_zero=kind.otherwise,
                direction=FALLING if kind.name in _STAYING else EITHER,
                values=log.types[kind.name]().astype(np.float64),
            )
