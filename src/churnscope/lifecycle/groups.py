"""What customers are divided by when their lives are compared: a type, the first product, the plan, the month they came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

NOT_TOLD: Final = -1
"""The code of a customer of whom the group is not told."""
OTHER: Final = "other"
"""The label of all that is too rare to be told apart."""


@dataclass(frozen=True, eq=False)
class Group:
    """One thing customers are divided by.

    Parameters
    ----------
    name : such as `first_product`.
    labels : the values, in the order of their codes.
    code : shape (n_customers,), int16, places in `labels`, or `NOT_TOLD`.
    """

    name: str
    labels: tuple[str, ...]
    code: NDArray[np.int16]

    def members(self, label: str) -> NDArray[np.bool_]:
        """Who has this value, shape (n_customers,)."""
        members: NDArray[np.bool_] = self.code == self.labels.index(label)
        return members
