"""Active against inactive customers, what recent ones buy, their processes and occasions: figures, and rows of tables."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from churnscope.evaluation.intervals import Estimate
from churnscope.evaluation.side_by_side import Contrast, Side
from churnscope.lifecycle.buying import BEFORE, NOW, YEAR_BEFORE
from churnscope.lifecycle.concentration import Concentration
from churnscope.lifecycle.processes import ProcessFigures

Array = NDArray[np.float64]
CHANGES: Final = {1: "rises", -1: "falls", 0: ""}
MOST_SHOWN = 20  # of what is bought, and of what rises or falls, in the figures; all that is named stands in the table
_STRETCHES: Final = (("", NOW), ("_before", BEFORE), ("_year_before", YEAR_BEFORE))
_DIGITS = 6


@dataclass(frozen=True)
class MeasureCompared:
    """A measure, and active against inactive customers by it; `lifecycle/measures.py` says what each field means."""

    name: str
    topic: str
    words: str
    unit: str
    is_flag: bool
    defines_activity: bool
    stands_for: str
    contrast: Contrast

    @property
    def remark(self) -> str:
        """What to know before reading the difference; empty where there is nothing."""
        if self.defines_activity:
            return "part of the definition of active, so that the groups must differ"
        return f"stands in for {self.stands_for}, which no source tells" if self.stands_for else ""

    def row(self) -> dict[str, Any]:
        """As a row of the table."""
        one, other = self.contrast.one, self.contrast.other
        named = {"topic": self.topic, "measure": self.name, "words": self.words, "unit": self.unit, "is_flag": self.is_flag}
        numbers = _side("active", one) | _side("inactive", other) | _estimate("difference", self.contrast.difference)
        return named | numbers | {"active_part_of_total": known(self.contrast.part), "remark": self.remark}


@dataclass(frozen=True, eq=False)
class Purchased:
    """What recent purchasers bought, what most of them bought first.

    Parameters
    ----------
    column : product or category.
    days : length of a stretch of days.
    purchasers : who bought anything: in the last days, in those before them, in the same days a year ago.
    names : shape (n,), of what was bought.
    customers, revenue : shape (3, n), by stretch.
    ratio, low, high : shape (n,), the share of purchasers who bought it over that before, with the exact 95 % interval.
    rate : of false discoveries; NaN for what too few bought.
    direction : 1 rises, -1 falls, 0 cannot be told from chance.
    different : how many there are, named here or not.
    """

    column: str
    days: int
    purchasers: tuple[int, ...]
    names: tuple[str, ...]
    customers: NDArray[np.int64]
    revenue: Array
    ratio: Array
    low: Array
    high: Array
    rate: Array
    direction: NDArray[np.int8]
    has_money: bool
    different: int

    def rows(self) -> list[dict[str, Any]]:
        """A row for each that has a name."""
        return [self._row(place) for place in range(len(self.names))]

    def to_json(self) -> dict[str, Any]:
        """The stretches, what most buy, and what changes, JSON-ready; all else stands in the table."""
        rising, falling = (np.flatnonzero(self.direction == way).tolist() for way in (1, -1))
        return {
            "column": self.column,
            "days": self.days,
            "purchasers": list(self.purchasers),
            "different": self.different,
            "most": [self._row(place) for place in range(min(MOST_SHOWN, len(self.names)))],
            "rising": len(rising),
            "falling": len(falling),
            "most_rising": [self._row(place) for place in rising[:MOST_SHOWN]],
            "most_falling": [self._row(place) for place in falling[:MOST_SHOWN]],
        }

    def _row(self, place: int) -> dict[str, Any]:
        money = {f"revenue{word}": round(float(self.revenue[stretch, place]), 2) for word, stretch in _STRETCHES}
        return {
            "by": self.column,
            "name": self.names[place],
            **{f"customers{word}": int(self.customers[stretch, place]) for word, stretch in _STRETCHES},
            **(money if self.has_money else dict.fromkeys(money)),
            **{name: known(float(getattr(self, name)[place])) for name in ("ratio", "low", "high", "rate")},
            "change": CHANGES[int(self.direction[place])],
        }


@dataclass(frozen=True, eq=False)
class Occurring:
    """Customers with an occasion in the next days, the nearest first; their ids, and the days."""

    name: str
    days: int
    ids: NDArray[np.object_]
    day: NDArray[np.int64]


@dataclass(frozen=True)
class Compared:
    """Active against inactive customers on a day, and what else one pass over the rows tells.

    Parameters
    ----------
    as_of : the day; nothing of it or later was seen.
    active, inactive, neither : customers who are active, who were once, and who never were.
    measures : what they are compared by, topic by topic.
    concentration : how much of the revenue few make; None where there is none.
    purchased : what recent purchasers buy, by category and product.
    processes : what customers go through, step by step.
    occasions : who has one in the next days.
    """

    as_of: str
    active: int
    inactive: int
    neither: int
    measures: tuple[MeasureCompared, ...]
    concentration: Concentration | None
    purchased: tuple[Purchased, ...]
    processes: tuple[ProcessFigures, ...]
    occasions: tuple[Occurring, ...]


def process_json(figures: ProcessFigures) -> dict[str, Any]:
    """A process JSON-ready, None for what cannot be said."""
    shares = {name: known(getattr(figures, name)) for name in ("failure_share", "low", "high")}
    return asdict(figures) | shares | {"between": [asdict(each) for each in figures.between]}


def known(value: float) -> float | None:
    """A figure JSON-ready: None where it is not there or has no end."""
    return round(value, _DIGITS) if np.isfinite(value) else None


def _side(group: str, side: Side) -> dict[str, Any]:
    return {
        f"{group}_customers": side.customers,
        **_estimate(f"{group}_mean", side.mean),
        **_estimate(f"{group}_median", side.median),
        **_estimate(f"{group}_share_above_0", side.share),
        f"{group}_total": round(side.total, _DIGITS),
    }


def _estimate(name: str, estimate: Estimate) -> dict[str, float | None]:
    return {name: known(estimate.value), f"{name}_low": known(estimate.low), f"{name}_high": known(estimate.high)}
