"""From probability to money: what a contact costs and brings, how many to contact, and what a ranking is worth."""

from __future__ import annotations

from churnscope.decisions.figures import OwnValues, ProfitFigures, profit_figures
from churnscope.decisions.lists import ListChoice, SensitivityRow, best_list, sensitivity
from churnscope.decisions.offer import Offer
from churnscope.decisions.profit import Profit, empc, mpc, profit_curve

__all__ = [
    "ListChoice",
    "Offer",
    "OwnValues",
    "Profit",
    "ProfitFigures",
    "SensitivityRow",
    "best_list",
    "empc",
    "mpc",
    "profit_curve",
    "profit_figures",
    "sensitivity",
]
