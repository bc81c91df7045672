"""Trees and a line: boosters and a logistic regression, averaged on the log-odds scale."""

from __future__ import annotations

from dataclasses import dataclass

from churnscope.model.baselines import LogisticRule
from churnscope.model.blocks import Matrix
from churnscope.model.boosters import Boosters
from churnscope.model.logistic import Floats

KIND = "blend"


@dataclass(frozen=True, eq=False)
class Blend:
    """The mean of the log-odds of boosters and of a rule, on matrices of the same columns.

    Notes
    -----
    Where a few thousand customers are told by a few columns, most of what these say adds up, and trees need many splits to say
    so. What the two get wrong differs: on the telco file the mean orders better than either part.
    """

    boosters: Boosters
    rule: LogisticRule

    @property
    def rounds(self) -> tuple[int, ...]:
        """Boosting rounds of each seed."""
        return self.boosters.rounds

    def margin(self, features: Matrix) -> Floats:
        """Mean log-odds, shape (n_rows,)."""
        return (self.boosters.margin(features) + self.rule.margin(features)) / 2

    def contributions(self, features: Matrix) -> Floats:
        """What each feature adds on average, shape (n_rows, n_features + 1); they sum to the margin."""
        return (self.boosters.contributions(features) + self.rule.contributions(features)) / 2
