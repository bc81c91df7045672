"""Rules that speak with one voice: the mean of their log-odds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from churnscope.model.baselines import LogisticRule
from churnscope.model.blocks import Matrix
from churnscope.model.logistic import Floats
from churnscope.model.no_purchase import KIND as P0
from churnscope.model.no_purchase import NoPurchase

KIND = "together"

Rule = LogisticRule | NoPurchase


@dataclass(frozen=True, eq=False)
class Together:
    """The mean of the log-odds of some rules, at least one, on matrices of the same columns."""

    rules: tuple[Rule, ...]

    def margin(self, features: Matrix) -> Floats:
        """Mean log-odds, shape (n_rows,)."""
        mean: Floats = np.mean([rule.margin(features) for rule in self.rules], axis=0)
        return mean

    def contributions(self, features: Matrix) -> Floats:
        """What each feature adds on average, shape (n_rows, n_features + 1); they sum to the margin."""
        mean: Floats = np.mean([rule.contributions(features) for rule in self.rules], axis=0)
        return mean

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return {"kind": KIND, "rules": [rule.to_json() for rule in self.rules]}

    @classmethod
    def from_json(cls, saved: Mapping[str, Any], names: Sequence[str]) -> Self:
        """What `to_json` wrote, for a matrix with these columns.

        Raises
        ------
        KeyError, TypeError, ValueError : when it is damaged or a column is not among the names.
        """
        rules = tuple(_rule(rule, names) for rule in saved["rules"])
        if not rules:
            raise ValueError("no rule is left")
        return cls(rules)


def _rule(saved: Mapping[str, Any], names: Sequence[str]) -> Rule:
    kinds: dict[str, type[Rule]] = {"logistic": LogisticRule, P0: NoPurchase}
    return kinds[saved["kind"]].from_json(saved, names)
